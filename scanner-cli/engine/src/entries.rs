//! Reads files of entries, such as a mapping of users to addresses. The extension determines the format, HOCON or CSV.
//! Both result in the same tree, with places.

use std::{collections::BTreeMap, path::Path};

use catalog_model::{Diagnostic, settings::Entries};

use crate::{
    hocon::{self, Files, render_path},
    home::shown,
};

mod table;

/// Reads the file at `path` with this content. `files` reads the included files. Environment variables are not
/// available, so the meaning of the file does not depend on the machine.
///
/// # Errors
/// If the format of the file is unknown, or its content is not valid.
pub fn read(
    path: &Path,
    content: &[u8],
    columns: &[&str],
    files: &dyn Files,
) -> Result<Entries, Diagnostic> {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    match extension.to_ascii_lowercase().as_str() {
        "csv" => table::read(path, content, columns),
        "conf" | "json" => read_hocon(path, content, files),
        _ => Err(Diagnostic::error(
            format!(
                "cannot determine the format of `{}` from its extension",
                shown(path)
            ),
            "use the extension `.csv`, or `.conf` for HOCON".to_owned(),
        )),
    }
}

fn read_hocon(path: &Path, content: &[u8], files: &dyn Files) -> Result<Entries, Diagnostic> {
    let read = hocon::read(path, content, &BTreeMap::new(), files);
    read.map(|document| document.root.into_all_settings().collect())
        .map_err(|found| {
            let first = found.into_iter().next();
            first.map_or_else(
                || Diagnostic::error(format!("the file `{}` cannot be read", shown(path)), None),
                without_variables,
            )
        })
}

/// The error, adapted for a file that cannot use environment variables.
fn without_variables(found: hocon::SourceDiagnostic) -> Diagnostic {
    let hocon::SourceDiagnostic {
        place,
        message,
        hint,
        unresolved,
        ..
    } = found;
    let found = match unresolved {
        Some(path) => Diagnostic::error(
            format!("`${{{}}}` is not a setting of the file", render_path(&path)),
            "environment variables cannot be used in this file: write the text itself".to_owned(),
        ),
        None => Diagnostic::error(message, hint),
    };
    found.at(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings_files::Disk;

    #[test]
    fn the_extension_determines_the_format() {
        let read = |name: &str, content: &str| {
            let read = read(Path::new(name), content.as_bytes(), &["user"], &Disk);
            read.map(|entries| entries[0].0.clone())
        };
        assert_eq!(read("a.CSV", "A\\u").as_deref(), Ok("A\\u"));
        assert_eq!(read("a.conf", r#""A\\u" = x"#).as_deref(), Ok("A\\u"));
        assert_eq!(read("a.json", r#"{"A\\u": "x"}"#).as_deref(), Ok("A\\u"));
        let error = read("a.xlsx", "").unwrap_err();
        assert_eq!(
            error.message,
            "cannot determine the format of `a.xlsx` from its extension"
        );
        let error = read("a.conf", "\n\"A\\x\" = x").unwrap_err();
        assert_eq!(error.place.unwrap().to_string(), "a.conf:2:3");
        assert!(error.hint.unwrap().contains("every backslash twice"));
        let error = read("a.conf", "x = ${NO_SUCH}").unwrap_err();
        assert_eq!(error.message, "`${NO_SUCH}` is not a setting of the file");
        assert!(error.hint.unwrap().contains("cannot be used in this file"));
    }
}
