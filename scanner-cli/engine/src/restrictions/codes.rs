//! The codes of the connections that may use a secret.

use crate::hocon::Value;

/// The codes of the connections that may use a secret or a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes(Option<Vec<String>>);

impl Codes {
    /// Every connection.
    pub const ALL: Self = Self(None);

    /// Reads a list of texts, or one text. Returns `None` for any other value.
    pub fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) | Value::Number(text) => Some(Self(Some(vec![text.clone()]))),
            Value::List(nodes) => {
                let texts = nodes.iter().map(|node| match &node.value {
                    Value::String(text) | Value::Number(text) => Some(text.clone()),
                    _ => None,
                });
                texts
                    .collect::<Option<Vec<_>>>()
                    .map(|codes| Self(Some(codes)))
            }
            _ => None,
        }
    }

    /// Whether only the listed connections are allowed.
    pub fn is_limited(&self) -> bool {
        self.0.is_some()
    }

    /// Whether the connection with this code is allowed. A connection whose code is unknown is allowed only if all are.
    pub fn contain(&self, code: Option<&str>) -> bool {
        match &self.0 {
            None => true,
            Some(codes) => code.is_some_and(|code| codes.iter().any(|known| known == code)),
        }
    }
}
