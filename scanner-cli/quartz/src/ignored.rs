//! Parts of an expression that have no effect.

use super::part::Part;

/// A part of an expression that Quartz accepts but partly ignores. It is ignored here as well, with a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    message: String,
    hint: String,
}

impl Ignored {
    /// Records that `part` is read as if it were `meaning`.
    pub(super) fn new(part: Part<'_>, meaning: &str) -> Self {
        let Part { text, offset, .. } = part;
        let column = offset + 1;
        let name = part.field.name();
        Self {
            message: format!("{name}: Quartz reads `{text}` at column {column} as `{meaning}`"),
            hint: format!("write `{meaning}` if that is what you want"),
        }
    }

    pub(super) fn with_alternative(mut self, alternative: Option<String>) -> Self {
        if let Some(alternative) = alternative {
            self.hint.push_str(&format!(", or `{alternative}`"));
        }
        self
    }

    /// Returns a message with the field, the characters, their column, and how they are read.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to write instead.
    pub fn hint(&self) -> &str {
        &self.hint
    }
}
