//! Errors and warnings about a file, for the person who wrote it.

use std::{fmt, path::Path};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use catalog_model::{Place, Severity, printable, printable_line};

use super::{
    limits::{MAX_SHOWN_FILE, MAX_SHOWN_LINE},
    secret::{announces_secret, masked_line, open_string, value_end},
    source::{Source, count},
    syntax_error::{Hint, SyntaxError},
};

/// An error or warning at a place in a file. Its texts and its line contain no secret.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceDiagnostic {
    /// The severity.
    pub severity: Severity,
    /// The place in the file.
    pub place: Place,
    /// Number of characters that it covers, starting at its place.
    pub length: u32,
    /// What is wrong: lower case, no full stop, names in backticks.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The line at `place`, with stars for secrets; `None` if there is nothing to show.
    pub line: Option<String>,
    /// The path in the `${…}` of this error, if there is no setting or variable with this path.
    pub unresolved: Option<std::sync::Arc<Vec<String>>>,
}

/// A problem with a setting, at its place in the file.
#[derive(Clone, Debug)]
pub struct LocatedProblem {
    /// The place in the file.
    pub place: Place,
    /// What is wrong: lower case, no full stop, names in backticks.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether the value at the place may be quoted. An unknown setting may be a misspelt secret.
    pub value: ValueVisibility,
}

/// Whether a value may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueVisibility {
    /// It is shown.
    Shown,
    /// It is replaced by stars.
    Hidden,
}

/// Whether a rendered diagnostic has colors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    /// Terminal escape sequences.
    Ansi,
    /// Plain text.
    None,
}

impl SourceDiagnostic {
    /// Creates an error about a whole file, or about a place that cannot be shown.
    pub(super) fn bare(place: Place, message: impl Into<String>, hint: Option<&str>) -> Self {
        Self {
            severity: Severity::Error,
            place,
            length: 1,
            message: message.into(),
            hint: hint.map(str::to_owned),
            line: None,
            unresolved: None,
        }
    }

    /// Creates an error at a place in `source`. Its hint quotes the file only if the setting is not a secret.
    pub(super) fn at(source: &Source, error: SyntaxError, setting: Secrecy) -> Self {
        if !source.quotable {
            return not_quoted(source.place(error.span.start));
        }
        let hint = error.hint.map(|hint| match hint {
            Hint::Plain(sentence) => sentence,
            Hint::Quoting(rewrite, general) => {
                let line = &source.text[source.line_around(error.span.start)];
                let can_show = can_show_line(source, error.span.start);
                if !can_show || setting == Secrecy::Secret || announces_secret(line) {
                    general.to_owned()
                } else {
                    rewrite.sentence(&source.text)
                }
            }
        });
        Self {
            severity: Severity::Error,
            place: source.place(error.span.start),
            length: count(source.text[error.span.clone()].chars().count()),
            message: error.message,
            hint,
            line: shown_line(source, error.span.start),
            unresolved: None,
        }
    }

    /// Creates a diagnostic for a problem in a file with this content. If the place is in an included file, its line is
    /// not shown.
    pub fn in_file(file: &Path, content: &[u8], severity: Severity, found: LocatedProblem) -> Self {
        let LocatedProblem {
            place,
            message,
            hint,
            value,
        } = found;
        let name = file.display().to_string();
        // A setting that is missing in the whole file has its place at the beginning, where only stars would be shown.
        let is_whole_file =
            value == ValueVisibility::Hidden && (place.line, place.column) == (1, 1);
        let can_show = *name == *place.file && content.len() <= MAX_SHOWN_FILE && !is_whole_file;
        let line = can_show.then(|| line_at(name, content, &place, value));
        let line = line.flatten();
        Self {
            severity,
            place,
            length: 1,
            message,
            hint,
            line,
            unresolved: None,
        }
    }

    /// Turns the error into a warning.
    pub(super) fn warning(self) -> Self {
        Self {
            severity: Severity::Warning,
            ..self
        }
    }

    /// Formats the diagnostic for people: message, place, line with a caret, and hint.
    #[must_use]
    pub fn render(&self, colors: Colors) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let place = printable(&self.place.to_string()).into_owned();
        let line = self.line.as_deref().map(printable_line);
        let title = level.primary_title(printable(&self.message));
        let group = match &line {
            Some(line) => {
                let snippet = Snippet::source(line.as_ref())
                    .path(printable(&self.place.file))
                    .line_start(self.place.line as usize)
                    .annotation(AnnotationKind::Primary.span(self.span_in(line)));
                title.element(snippet)
            }
            None => title.element(annotate_snippets::Origin::path(place)),
        };
        let group = match &self.hint {
            Some(hint) => group
                .element(Level::HELP.message(printable(&hint.replace('\n', "; ")).into_owned())),
            None => group,
        };
        let renderer = match colors {
            Colors::Ansi => Renderer::styled(),
            Colors::None => Renderer::plain(),
        };
        renderer.render(&[group])
    }

    /// Returns the byte range of `line` that the diagnostic covers.
    fn span_in(&self, line: &str) -> std::ops::Range<usize> {
        let byte = |column: usize| {
            line.char_indices()
                .nth(column)
                .map_or(line.len(), |(at, _)| at)
        };
        let start = self.place.column.saturating_sub(1) as usize;
        byte(start)..byte(start + self.length as usize)
    }
}

/// Creates an error in a file that must not be quoted, because it may be any file that somebody linked or included.
pub(super) fn not_quoted(place: Place) -> SourceDiagnostic {
    let message = "this file has a syntax error here; its text is not shown, because the file is outside the folder of \
                   connection files";
    let hint = "check that the correct file is included, and open the line in an editor";
    SourceDiagnostic::bare(place, message, Some(hint))
}

/// Returns the line at a place. `value` determines whether the value there is shown.
fn line_at(name: String, content: &[u8], place: &Place, value: ValueVisibility) -> Option<String> {
    let mut source = Source::new(name.into(), &String::from_utf8_lossy(content));
    let offset = source.offset(place);
    if !can_show_line(&source, offset) {
        return None;
    }
    let open = open_string(&source, offset).filter(|_| value == ValueVisibility::Shown);
    source.open = Some(open.unwrap_or_default());
    if value == ValueVisibility::Hidden {
        source.secrets.push(offset..value_end(&source, offset));
    }
    Some(masked_line(&source, offset))
}

/// Returns the line around an offset with stars for secrets, unless the line is too long to be useful.
fn shown_line(source: &Source, offset: usize) -> Option<String> {
    can_show_line(source, offset).then(|| masked_line(source, offset))
}

fn can_show_line(source: &Source, offset: usize) -> bool {
    let is_short = source.line_around(offset).len() <= MAX_SHOWN_LINE;
    is_short && source.text.len() <= MAX_SHOWN_FILE
}

impl fmt::Display for SourceDiagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Whether the setting with the error may be quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrecy {
    Open,
    Secret,
}
