//! Causes of an error as text.

use std::error::Error as StdError;
use std::fmt;

/// One link of a chain of causes, as text. The libraries' own errors contain URLs and types that must not be shown.
#[derive(Debug)]
pub(crate) struct Cause {
    pub(super) text: String,
    pub(super) source: Option<Box<Self>>,
}

impl Cause {
    /// The texts of an error and of its sources, outermost first, as one chain.
    pub(crate) fn chain(texts: impl DoubleEndedIterator<Item = String>) -> Option<Self> {
        texts.rev().fold(None, |source, text| {
            Some(Self {
                text,
                source: source.map(Box::new),
            })
        })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}
