//! The names of connections, connectors and followers.

use std::fmt;

/// The code of a connection: its identity, and the first part of the keys of its items.
///
/// It is set in the connection file (`code`). It must not change after its first use, or the catalog gets a new
/// connection with new items. A code must not be blank and must not contain control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionCode(Box<str>);

/// The id of a connector, the kind of source that it reads: for example `qlik-sense`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectorId(Box<str>);

/// The name of a follower, which identifies it and its position. A name must not be blank and must not contain control
/// characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FollowerName(Box<str>);

/// Why a text is not a valid name of a connection, connector or follower.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidName {
    /// Empty, or only white space.
    #[error("it is blank")]
    Blank,
    /// A line break, a tab or another control character.
    #[error("it contains a control character")]
    ControlCharacter,
}

fn checked(text: &str) -> Result<Box<str>, InvalidName> {
    if text.trim().is_empty() {
        return Err(InvalidName::Blank);
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidName::ControlCharacter);
    }
    Ok(text.into())
}

macro_rules! name {
    ($name:ident) => {
        impl $name {
            /// Uses `text` unchanged.
            ///
            /// # Errors
            /// If it is blank or contains a control character.
            pub fn new(text: &str) -> Result<Self, InvalidName> {
                checked(text).map(Self)
            }

            /// The name as it was written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), self.0)
            }
        }
    };
}

name!(ConnectionCode);
name!(ConnectorId);
name!(FollowerName);

impl FollowerName {
    /// Returns a placeholder for an invalid name.
    pub(crate) fn unnamed() -> Self {
        Self("-".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_any_text_that_is_not_blank() {
        for text in ["qlik-prod", "Qlik Prod / Ost", "日本", " padded "] {
            assert_eq!(ConnectionCode::new(text).unwrap().to_string(), text);
        }
        assert_eq!(ConnectionCode::new(""), Err(InvalidName::Blank));
        assert_eq!(ConnectionCode::new(" \u{a0}"), Err(InvalidName::Blank));
        assert_eq!(
            ConnectionCode::new("a\nb"),
            Err(InvalidName::ControlCharacter)
        );
    }
}
