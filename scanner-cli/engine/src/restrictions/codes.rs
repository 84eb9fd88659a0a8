//! The codes of the connections that may use a secret.

use crate::hocon::Value;

/// The codes of the connections that may use something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes(Option<Vec<String>>);

impl Codes {
    /// Every connection.
    pub const ALL: Self = Self(None);

    /// The codes of a list of texts, or of one text; nothing if the value is something else.
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

    /// Whether only some connections are meant.
    pub fn is_limited(&self) -> bool {
        self.0.is_some()
    }

    /// Whether the connection with this code is among them; one whose code is unknown only if all are.
    pub fn contain(&self, code: Option<&str>) -> bool {
        match &self.0 {
            None => true,
            Some(codes) => code.is_some_and(|code| codes.iter().any(|known| known == code)),
        }
    }
}
