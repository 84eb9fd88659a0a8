//! Identifiers, each with its own type, so that they cannot be confused.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::lenient;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The identifier as the site writes it; empty if the site sent none.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether the site sent none.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        /// Compares and hashes as the text does.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                lenient::identifier(deserializer).map(Self)
            }
        }
    };
}

id! {
    /// The id of an app, a GUID.
    AppId
}
id! {
    /// The id of an app object in the repository, a GUID; it differs in every copy of an app.
    AppObjectId
}
id! {
    /// The id of an app object in its app, as in links to sheets: a GUID or a short id such as
    /// `JDWuPK`. It is unique within one app and the same in every copy of it.
    EngineObjectId
}
id! {
    /// The id of a stream, a GUID.
    StreamId
}
id! {
    /// The id of a user in the repository, a GUID; not the name that the user logs in with.
    UserId
}

id! {
    /// The id of a tag, a GUID.
    TagId
}
id! {
    /// The id of one value of a custom property, a GUID.
    CustomPropertyId
}
id! {
    /// The id of the definition of a custom property, a GUID.
    CustomPropertyDefinitionId
}
id! {
    /// The id of a data connection, a GUID.
    DataConnectionId
}
id! {
    /// The id of a task, a GUID.
    TaskId
}
id! {
    /// The id of the result of an execution, a GUID.
    ExecutionResultId
}
id! {
    /// The id of an extension, a GUID.
    ExtensionId
}
id! {
    /// The id of a content library, a GUID.
    ContentLibraryId
}
id! {
    /// The id of a node, a GUID.
    NodeId
}
id! {
    /// The id of a rule, a GUID.
    SystemRuleId
}
id! {
    /// The id of a selection, a GUID.
    SelectionId
}
id! {
    /// The id of the licence of a site, a GUID.
    LicenseId
}
id! {
    /// The id of an attribute of a user, a GUID.
    UserAttributeId
}

/// Whether the text has the shape of a GUID: hexadecimal digits in groups of 8-4-4-4-12.
pub(crate) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lenient::MAX_ID_BYTES;

    #[test]
    fn a_guid_is_distinguished_from_similar_texts() {
        assert!(is_guid("aaec8d41-5201-43ab-809f-3063750dfafd"));
        assert!(is_guid("AAEC8D41-5201-43AB-809F-3063750DFAFD"));
        for text in [
            "",
            "JDWuPK",
            "aaec8d41-5201-43ab-809f-3063750dfafg",
            "aaec8d4105201043ab0809f03063750dfafd",
            "aaec8d41-5201-43ab-809f-3063750dfafd ",
        ] {
            assert!(!is_guid(text), "{text}");
        }
    }

    #[test]
    fn an_id_that_is_too_long_is_refused_rather_than_cut() {
        let read = |length: usize| {
            let json = format!("\"{}\"", "x".repeat(length));
            serde_json::from_str::<AppId>(&json).map_err(|error| error.to_string())
        };
        assert_eq!(read(MAX_ID_BYTES).unwrap().as_str().len(), MAX_ID_BYTES);
        let message = read(MAX_ID_BYTES + 1).unwrap_err();
        assert!(
            message.starts_with("an id of 1025 bytes, longer than 1024"),
            "{message}"
        );
    }

    #[test]
    fn an_id_reads_and_writes_as_its_text() {
        let id: AppId = serde_json::from_str("\"a-1\"").unwrap();
        assert_eq!(id.as_str(), "a-1");
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"a-1\"");
        assert!(serde_json::from_str::<AppId>("null").unwrap().is_empty());
    }
}
