//! What a person has to mend or should know about files, wherever it was found.

use std::collections::BTreeSet;

use catalog_model::{Place, printable};

use crate::hocon::{Colors, Severity, SourceDiagnostic};

/// Something wrong or odd with the scanner's files.
#[derive(Clone, Debug)]
pub enum Problem {
    /// At a place of a file.
    InFile(SourceDiagnostic),
    /// Not at a place: a folder that is missing, a file that cannot be read.
    General {
        /// Whether it is an error or a warning.
        severity: Severity,
        /// What is wrong, and where.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

impl From<SourceDiagnostic> for Problem {
    fn from(diagnostic: SourceDiagnostic) -> Self {
        Self::InFile(diagnostic)
    }
}

impl Problem {
    /// An error that is not at a place of a file.
    pub fn general(message: impl Into<String>, hint: impl Into<Option<String>>) -> Self {
        Self::General {
            severity: Severity::Error,
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// A warning that is not about a place of a file.
    pub fn warning(message: impl Into<String>, hint: impl Into<Option<String>>) -> Self {
        Self::General {
            severity: Severity::Warning,
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// Whether it keeps something from being scanned.
    pub fn is_error(&self) -> bool {
        let severity = match self {
            Self::InFile(diagnostic) => diagnostic.severity,
            Self::General { severity, .. } => *severity,
        };
        severity == Severity::Error
    }

    /// Whether it is news to somebody who was told these, to which it is added. What is at a place of a file always is;
    /// the rest may come of each file that leads to the same other one.
    pub fn is_news_after(&self, told: &mut BTreeSet<String>) -> bool {
        match self {
            Self::InFile(_) => true,
            Self::General { message, .. } => told.insert(message.clone()),
        }
    }

    /// Its place in a file, if it has one.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::InFile(diagnostic) => Some(&diagnostic.place),
            Self::General { .. } => None,
        }
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        match self {
            Self::InFile(diagnostic) => &diagnostic.message,
            Self::General { message, .. } => message,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::InFile(diagnostic) => diagnostic.hint.as_deref(),
            Self::General { hint, .. } => hint.as_deref(),
        }
    }

    /// The problem for people, without a line end.
    pub fn render(&self, colors: Colors) -> String {
        match self {
            Self::InFile(diagnostic) => diagnostic.render(colors),
            Self::General { message, hint, .. } => {
                let word = if self.is_error() { "error" } else { "warning" };
                let hint = hint
                    .as_ref()
                    .map(|hint| format!("\n  help: {}", printable(hint)));
                format!("{word}: {}{}", printable(message), hint.unwrap_or_default())
            }
        }
    }
}
