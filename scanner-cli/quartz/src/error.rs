//! The error of a text that is not a valid expression.

/// The error of a text that is not a valid expression. The message names the field, the characters and their column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QuartzError {
    message: String,
    /// What to write instead.
    hint: Option<String>,
}

impl QuartzError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What to write instead, if known.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}
