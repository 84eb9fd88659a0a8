//! Errors and warnings to show to people, in particular about files.

use std::collections::BTreeSet;

use catalog_model::{Diagnostic, Place, Severity, printable};

use crate::hocon::{Colors, SourceDiagnostic};

/// An error or a warning.
#[derive(Clone, Debug)]
pub enum Problem {
    /// At a place in a file.
    InFile(SourceDiagnostic),
    /// Without a place, such as a missing folder or a file that cannot be read.
    General(Diagnostic),
}

impl From<SourceDiagnostic> for Problem {
    fn from(diagnostic: SourceDiagnostic) -> Self {
        Self::InFile(diagnostic)
    }
}

impl Problem {
    /// An error without a place in a file.
    pub fn general(message: impl Into<String>, hint: impl Into<Option<String>>) -> Self {
        Self::General(Diagnostic::error(message, hint))
    }

    /// A warning without a place in a file.
    pub fn warning(message: impl Into<String>, hint: impl Into<Option<String>>) -> Self {
        Self::General(Diagnostic::warning(message, hint))
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        let severity = match self {
            Self::InFile(diagnostic) => diagnostic.severity,
            Self::General(diagnostic) => diagnostic.severity,
        };
        severity == Severity::Error
    }

    /// Whether it was not reported before. Adds its message to `reported`. Problems at a place in a file are always
    /// new; others may occur again for each file that depends on the same other file.
    pub fn is_new(&self, reported: &mut BTreeSet<String>) -> bool {
        match self {
            Self::InFile(_) => true,
            Self::General(diagnostic) => reported.insert(diagnostic.message.clone()),
        }
    }

    /// The place in a file, if there is one.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::InFile(diagnostic) => Some(&diagnostic.place),
            Self::General(_) => None,
        }
    }

    /// What happened.
    pub fn message(&self) -> &str {
        match self {
            Self::InFile(diagnostic) => &diagnostic.message,
            Self::General(diagnostic) => &diagnostic.message,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::InFile(diagnostic) => diagnostic.hint.as_deref(),
            Self::General(diagnostic) => diagnostic.hint.as_deref(),
        }
    }

    /// The problem as text, without a final line break.
    pub fn render(&self, colors: Colors) -> String {
        match self {
            Self::InFile(diagnostic) => diagnostic.render(colors),
            Self::General(Diagnostic { message, hint, .. }) => {
                let word = if self.is_error() { "error" } else { "warning" };
                let mut text = format!("{word}: {}", printable(message));
                for (number, advice) in hint.iter().flat_map(|hint| hint.lines()).enumerate() {
                    text += if number == 0 {
                        "\n  help: "
                    } else {
                        "\n        "
                    };
                    text += &printable(advice);
                }
                text
            }
        }
    }
}
