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

/// An error or warning at a place of a file. Neither its texts nor its line contain a secret.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceDiagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Where it is.
    pub place: Place,
    /// How many characters it covers, from its place on.
    pub length: u32,
    /// What is wrong: lower case, no full stop, names in backticks.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The line at `place`, with stars for secrets; `None` if there is nothing to show.
    pub line: Option<String>,
    /// The path in the `${…}` that this is about, if nothing has that name.
    pub unresolved: Option<std::sync::Arc<Vec<String>>>,
}

/// A problem that a reader of the settings found at a place of the file.
#[derive(Clone, Debug)]
pub struct LocatedProblem {
    /// Where it is.
    pub place: Place,
    /// What is wrong: lower case, no full stop, names in backticks.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether the value at the place may be quoted. An unknown setting may be a misspelt secret.
    pub value: Shown,
}

/// Whether something may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// It may be seen.
    Yes,
    /// It is replaced by stars.
    No,
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
    /// An error about a file as a whole, or about a spot of it that cannot be shown.
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

    /// An error at a spot of `source`. The quotes in its hint are shown only in a setting that is not a secret.
    pub(super) fn at(source: &Source, fault: SyntaxError, setting: Secrecy) -> Self {
        if !source.quotable {
            return not_quoted(source.place(fault.span.start));
        }
        let hint = fault.hint.map(|hint| match hint {
            Hint::Plain(sentence) => sentence,
            Hint::Quoting(rewrite, general) => {
                let line = &source.text[source.line_around(fault.span.start)];
                let can_show = can_show_line(source, fault.span.start);
                if !can_show || setting == Secrecy::Secret || announces_secret(line) {
                    general.to_owned()
                } else {
                    rewrite.sentence(&source.text)
                }
            }
        });
        Self {
            severity: Severity::Error,
            place: source.place(fault.span.start),
            length: count(source.text[fault.span.clone()].chars().count()),
            message: fault.message,
            hint,
            line: shown_line(source, fault.span.start),
            unresolved: None,
        }
    }

    /// A problem that a reader of the settings found at `place` of a file with this content. A place in another file,
    /// which was included, is shown without its line.
    pub fn in_file(file: &Path, content: &[u8], severity: Severity, found: LocatedProblem) -> Self {
        let LocatedProblem {
            place,
            message,
            hint,
            value,
        } = found;
        let name = file.display().to_string();
        // What is missing in a whole file is at its beginning, where nothing would be shown but stars.
        let is_whole_file = value == Shown::No && (place.line, place.column) == (1, 1);
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

    /// The same, as a warning.
    pub(super) fn warning(self) -> Self {
        Self {
            severity: Severity::Warning,
            ..self
        }
    }

    /// Writes the diagnostic out for people: message, place, the line with a caret, and the hint.
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
            Some(hint) => group.element(Level::HELP.message(printable(hint))),
            None => group,
        };
        let renderer = match colors {
            Colors::Ansi => Renderer::styled(),
            Colors::None => Renderer::plain(),
        };
        renderer.render(&[group])
    }

    /// The bytes of `line` that the diagnostic covers.
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

/// A mistake in a file that must not be quoted: it may be any file that somebody linked or included.
pub(super) fn not_quoted(place: Place) -> SourceDiagnostic {
    let message = "this file has a mistake here; its text is not shown, because the file is outside of the folder of \
                   connection files";
    let hint = "check that it is meant to be read, and look at the line in an editor";
    SourceDiagnostic::bare(place, message, Some(hint))
}

/// The line of a file at a place. `value` determines whether the value there is shown.
fn line_at(name: String, content: &[u8], place: &Place, value: Shown) -> Option<String> {
    let mut source = Source::new(name.into(), &String::from_utf8_lossy(content));
    let offset = source.offset(place);
    if !can_show_line(&source, offset) {
        return None;
    }
    let open = open_string(&source, offset).filter(|_| value == Shown::Yes);
    source.open = Some(open.unwrap_or_default());
    if value == Shown::No {
        source.secrets.push(offset..value_end(&source, offset));
    }
    Some(masked_line(&source, offset))
}

/// The line around an offset with stars for secrets, unless it is too long to help anybody.
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

/// Whether the setting in which something was found may be quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrecy {
    Open,
    Secret,
}
