//! Reads a file and everything that it includes.

use std::{collections::BTreeMap, path::Path};

use catalog_model::{Place, settings::Object};

use super::{
    diagnostic::{Secrecy, SourceDiagnostic},
    parser::parse,
    path::short_path,
    pending::PendingKind,
    reader::{Files, IncludeContext, NoFiles, Reader},
    resolve::{Unresolved, UnresolvedReason, Variables, resolve},
    show::settings,
    source::Source,
    syntax_error::SyntaxError,
};

/// A file, with everything that it includes.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The settings.
    pub root: Object,
    /// Warnings about the file.
    pub warnings: Vec<SourceDiagnostic>,
}

/// Reads the file at `path`, whose content is given, and the files that it includes.
///
/// ```
/// use std::{collections::BTreeMap, path::Path};
/// use hocon_reader::{Colors, NoFiles, read};
///
/// let environment = BTreeMap::from([("QLIK_URL".to_owned(), "https://qlik.example.com/vp".to_owned())]); let text =
/// b"connection { url = ${QLIK_URL}, auth.key = }"; let errors = read(Path::new("qlik.conf"), text, &environment,
/// &NoFiles).unwrap_err(); assert_eq!(errors[0].to_string(), "qlik.conf:1:33: `connection.auth.key` has no value");
/// assert!(errors[0].render(Colors::None).contains("fill it in"));
/// ```
///
/// # Errors
///
/// Returns all settings without a value, and the first other error.
pub fn read(
    path: &Path,
    content: &[u8],
    variables: &dyn Variables,
    files: &dyn Files,
) -> Result<Document, Vec<SourceDiagnostic>> {
    let mut reader = Reader::new(files, parse);
    let tree = reader.file(path, content, &IncludeContext::default());
    let Reader {
        sources,
        errors,
        warnings,
        effort,
        ..
    } = reader;
    match tree {
        Some(tree) if errors.is_empty() => match resolve(&tree, variables, effort) {
            Ok(root) => Ok(Document { root, warnings }),
            Err(unresolved) => Err(vec![unresolved_substitution(&sources, &unresolved)]),
        },
        _ => Err(errors),
    }
}

/// Parses a path as it is written in a file: `connection.auth.key`, `hosts."a.b".port`. `None` if the text is not a
/// single path.
pub fn parse_path(text: &str) -> Option<Vec<String>> {
    let is_plain =
        |c: char| !c.is_control() && !matches!(c, '=' | ':' | '{' | '}' | '[' | ']' | ',');
    if !text.chars().all(is_plain) || text.trim_start().starts_with("include") {
        return None;
    }
    let line = format!("{text} = 0");
    let document = read(Path::new(""), line.as_bytes(), &BTreeMap::new(), &NoFiles).ok()?;
    let [setting] = &settings(&document.root)[..] else {
        return None;
    };
    Some(setting.path.clone())
}

fn unresolved_substitution(sources: &[Source], unresolved: &Unresolved) -> SourceDiagnostic {
    let path = match &unresolved.at.kind {
        PendingKind::Reference(reference) if reference.nameable => {
            Some(&reference.path[reference.prefix..])
        }
        _ => None,
    };
    let name = path.map_or_else(
        || "this substitution".to_owned(),
        |path| format!("`${{{}}}`", short_path(path)),
    );
    let (message, hint) = match unresolved.reason {
        UnresolvedReason::Unknown => (
            format!("{name} is neither a setting of the file nor an environment variable"),
            "set the variable or correct the name; if it is optional, write `${?NAME}`",
        ),
        UnresolvedReason::Cycle => (
            format!("{name} refers to itself"),
            "use the name of another setting",
        ),
        UnresolvedReason::TooDeep => (
            format!("{name} refers to too many others in turn"),
            "write the value itself",
        ),
        UnresolvedReason::TooLarge => (
            "the value of this substitution is too large".to_owned(),
            "write the value itself",
        ),
        UnresolvedReason::TooNested => (
            "the value of this substitution is nested too deeply".to_owned(),
            "write the value itself",
        ),
        UnresolvedReason::TooManySteps => (
            format!("{name} takes too many steps to resolve"),
            "write the value itself",
        ),
        UnresolvedReason::TooManyNames => (
            "the file has too many settings in blocks that are nested too deeply".to_owned(),
            "split it, shorten its keys, and use fewer levels of blocks",
        ),
        UnresolvedReason::Unjoinable => (
            "a text cannot be joined with a block or list".to_owned(),
            "check the value to which the `${…}` or `+=` on this line adds",
        ),
    };
    let is_unknown = matches!(unresolved.reason, UnresolvedReason::Unknown);
    let diagnostic = at_substitution(sources, &unresolved.at.place, message, hint);
    SourceDiagnostic {
        unresolved: path.filter(|_| is_unknown).map(|path| path.to_vec().into()),
        ..diagnostic
    }
}

/// Creates an error for the `${…}` at `place`.
fn at_substitution(
    sources: &[Source],
    place: &Place,
    message: String,
    hint: &str,
) -> SourceDiagnostic {
    let source = sources.iter().find(|source| source.file == place.file);
    match source.filter(|source| source.quotable) {
        Some(source) => {
            let start = source.offset(place);
            let rest = &source.text[start..source.line_around(start).end.max(start)];
            let first = rest.chars().next().map_or(0, char::len_utf8);
            let end = start + rest.find('}').map_or(first, |at| at + 1);
            SourceDiagnostic::at(
                source,
                SyntaxError::new(start..end, message).hint(hint),
                Secrecy::Open,
            )
        }
        None => SourceDiagnostic::bare(place.clone(), message, Some(hint)),
    }
}
