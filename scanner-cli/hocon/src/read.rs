//! Reads a file with all that it includes.

use std::{collections::BTreeMap, path::Path};

use catalog_model::{Place, settings::Object};

use super::{
    diagnostic::{Secrecy, SourceDiagnostic},
    parser::parse,
    path::short_path,
    pending::Kind,
    reader::{Files, NoFiles, Reader, Within},
    resolve::{Unresolved, Variables, Why, resolve},
    show::settings,
    source::Source,
    syntax_error::SyntaxError,
};

/// A file that was read, with all that it includes.
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
/// All settings without a value, and the first error of another kind.
pub fn read(
    path: &Path,
    content: &[u8],
    variables: &dyn Variables,
    files: &dyn Files,
) -> Result<Document, Vec<SourceDiagnostic>> {
    let mut reader = Reader::new(files, parse);
    let tree = reader.file(path, content, &Within::default());
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

/// Reads a path as a file would write it: `connection.auth.key`, `hosts."a.b".port`; nothing if the text is not one
/// path.
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
        Kind::Reference(reference) if reference.nameable => {
            Some(&reference.path[reference.prefix..])
        }
        _ => None,
    };
    let name = path.map_or_else(
        || "this substitution".to_owned(),
        |path| format!("`${{{}}}`", short_path(path)),
    );
    let (message, hint) = match unresolved.why {
        Why::Unknown => (
            format!("{name} is neither a setting of the file nor an environment variable"),
            "set the variable, or correct the name; `${?NAME}` may be missing",
        ),
        Why::Circle => (
            format!("{name} leads back to itself"),
            "use the name of another setting",
        ),
        Why::TooDeep => (
            format!("{name} leads through too many others"),
            "write the value itself",
        ),
        Why::TooLarge => (
            "the value of this substitution is too large".to_owned(),
            "write the value itself",
        ),
        Why::TooHigh => (
            "the value of this substitution is nested too deep".to_owned(),
            "write the value itself",
        ),
        Why::TooMuchEffort => (
            format!("{name}, with what it leads to, takes too many steps to read"),
            "write the value itself",
        ),
        Why::TooManyNames => (
            "the file has too many settings in blocks that are nested too deep".to_owned(),
            "split it, shorten its keys, and nest its blocks less deep",
        ),
        Why::Unjoinable => (
            "a text cannot be joined with a block or list".to_owned(),
            "look at what the `${…}` or `+=` on this line add to",
        ),
    };
    let is_unknown = matches!(unresolved.why, Why::Unknown);
    let diagnostic = at_substitution(sources, &unresolved.at.place, message, hint);
    SourceDiagnostic {
        unresolved: path.filter(|_| is_unknown).map(|path| path.to_vec().into()),
        ..diagnostic
    }
}

/// An error at the `${…}` at `place`.
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
