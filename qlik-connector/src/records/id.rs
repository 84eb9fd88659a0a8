//! Identifiers in records that borrow from the response.

use std::{borrow::Cow, fmt, marker::PhantomData};

use qrs_client::lenient;
use serde::{Deserialize, Deserializer};

/// An identifier of the type `I`, such as an `AppId`, as a record contains it.
#[derive(Clone, Debug)]
pub(crate) struct Id<'a, I> {
    text: Cow<'a, str>,
    of: PhantomData<fn() -> I>,
}

impl<I> Id<'_, I> {
    /// The identifier as the site writes it; empty if the site sent none.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(crate) fn into_owned(self) -> Id<'static, I> {
        Id {
            text: self.text.into_owned().into(),
            of: PhantomData,
        }
    }
}

impl<'a, I: From<&'a str>> Id<'a, I> {
    /// The identifier without the record.
    pub(crate) fn to_id(&'a self) -> I {
        self.as_str().into()
    }
}

impl<I> Default for Id<'_, I> {
    fn default() -> Self {
        Self {
            text: Cow::default(),
            of: PhantomData,
        }
    }
}

impl<I> fmt::Display for Id<'_, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de: 'a, 'a, I> Deserialize<'de> for Id<'a, I> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = lenient::borrowed_identifier(deserializer)?;
        Ok(Self {
            text,
            of: PhantomData,
        })
    }
}
