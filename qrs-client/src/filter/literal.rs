//! Values as QRS reads them.

use crate::id::{
    AppId, AppObjectId, ContentLibraryId, CustomPropertyDefinitionId, CustomPropertyId,
    DataConnectionId, EngineObjectId, ExecutionResultId, ExtensionId, NodeId, StreamId,
    SystemRuleId, TagId, TaskId, UserId, is_guid,
};
use crate::timestamp::{NEVER, Timestamp};

/// A value to compare a field with, in the syntax of QRS: text and times in quotes; GUIDs, booleans and numbers without.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Literal(String);

impl Literal {
    /// The literal as QRS reads it.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Quotes and backslashes are escaped by a backslash; QRS refuses a doubled quote.
    fn quoted(text: &str) -> Self {
        let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
        Self(format!("'{escaped}'"))
    }

    fn guid(id: &str) -> Self {
        if is_guid(id) {
            Self(id.to_owned())
        } else {
            Self::quoted(id)
        }
    }
}

impl From<&str> for Literal {
    fn from(text: &str) -> Self {
        Self::quoted(text)
    }
}

impl From<&String> for Literal {
    fn from(text: &String) -> Self {
        Self::quoted(text)
    }
}

impl From<bool> for Literal {
    fn from(value: bool) -> Self {
        Self(value.to_string())
    }
}

impl From<i64> for Literal {
    fn from(number: i64) -> Self {
        Self(number.to_string())
    }
}

/// `Never` becomes the date that sites write for it.
impl From<&Timestamp> for Literal {
    fn from(timestamp: &Timestamp) -> Self {
        match timestamp {
            Timestamp::Never => Self::quoted(NEVER),
            at => Self::quoted(&at.to_string()),
        }
    }
}

/// A point in time, as [`Timestamp`].
impl From<std::time::SystemTime> for Literal {
    fn from(time: std::time::SystemTime) -> Self {
        Self::from(&Timestamp::from(time))
    }
}

/// A point in time, as [`Timestamp`].
#[cfg(feature = "with-jiff-0_2")]
impl From<jiff::Timestamp> for Literal {
    fn from(time: jiff::Timestamp) -> Self {
        Self::from(&Timestamp::from(time))
    }
}

/// Always in quotes: the field is text, and only some of its values look like GUIDs.
impl From<&EngineObjectId> for Literal {
    fn from(id: &EngineObjectId) -> Self {
        Self::quoted(id.as_str())
    }
}

macro_rules! guid_literals {
    ($($id:ident)*) => {
        $(
            impl From<&$id> for Literal {
                fn from(id: &$id) -> Self {
                    Self::guid(id.as_str())
                }
            }
        )*
    };
}

guid_literals! {
    AppId AppObjectId ContentLibraryId CustomPropertyDefinitionId CustomPropertyId DataConnectionId
    ExecutionResultId ExtensionId NodeId StreamId SystemRuleId TagId TaskId UserId
}
