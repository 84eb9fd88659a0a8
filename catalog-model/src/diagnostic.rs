//! Diagnostics: errors and warnings about settings, files and scans, for administrators.

use std::fmt;

use crate::Place;

/// Something that an administrator should know: what happened, where, and what to do.
///
/// The texts follow one form: `message` is lower case, has no full stop and puts names in backticks; `hint` says what
/// to do and is printed after it, one piece of advice per line. Neither contains a secret.
///
/// ```
/// use catalog_model::{Diagnostic, Place};
///
/// let diagnostic = Diagnostic::error("`port` is not a number", "write `port = 443`".to_owned())
///     .at(Place::new("a.conf", 7, 3));
/// assert_eq!(diagnostic.to_string(), "a.conf:7:3: `port` is not a number");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How serious it is.
    pub severity: Severity,
    /// Where it is, if it is in a file.
    pub place: Option<Place>,
    /// What happened.
    pub message: String,
    /// What to do: one piece of advice per line.
    pub hint: Option<String>,
}

/// How serious a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It must be fixed before the file, connection or catalog can be used.
    Error,
    /// It does not change the outcome, but may not be intended.
    Warning,
}

impl Diagnostic {
    /// Creates an error without a place.
    #[must_use]
    pub fn error(message: impl Into<String>, hint: impl Into<Option<String>>) -> Self {
        Self {
            severity: Severity::Error,
            place: None,
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// Creates a warning without a place.
    #[must_use]
    pub fn warning(message: impl Into<String>, hint: impl Into<Option<String>>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(message, hint)
        }
    }

    /// Sets the place.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        Self {
            place: Some(place),
            ..self
        }
    }

    /// Applies `change` to its texts, for example to redact secrets.
    #[must_use]
    pub fn map_texts(self, mut change: impl FnMut(String) -> String) -> Self {
        Self {
            message: change(self.message),
            hint: self.hint.map(change),
            ..self
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)
    }
}
