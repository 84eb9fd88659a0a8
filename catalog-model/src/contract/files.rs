//! The rules of the files that settings name.

use super::{Violation, expect};
use crate::settings::FileSource;

/// The files of a [`FileSource`] under test.
#[derive(Clone, Copy, Debug)]
pub struct FilesUnderTest<'a> {
    /// A file of entries whose lines messages may quote, with the names of its entries, of which two are equal.
    pub entries: (&'a str, &'a [&'a str]),
    /// The columns of the entries.
    pub columns: &'a [&'a str],
    /// A file that exists, must not be quoted, and is not a file of entries.
    pub secret: &'a str,
    /// A text in `secret` that no message may contain.
    pub secret_text: &'a str,
    /// A path without a file.
    pub missing: &'a str,
}

/// Checks how files are read and quoted.
///
/// # Errors
/// The first rule that is violated.
pub fn check_files(source: &dyn FileSource, files: &FilesUnderTest<'_>) -> Result<(), Violation> {
    let (entries, names) = files.entries;
    for path in [entries, files.secret] {
        expect(source.read(path).is_ok(), || {
            format!("`{path}`, which exists, can be read")
        })?;
    }
    expect(source.read(files.missing).is_err(), || {
        "a missing file cannot be read".to_owned()
    })?;
    expect(source.may_quote(entries), || {
        format!("messages may quote `{entries}`")
    })?;
    expect(!source.may_quote(files.secret), || {
        format!("messages must not quote `{}`", files.secret)
    })?;
    check_names(source, files, names)?;
    check_refusals(source, files)
}

fn check_names(
    source: &dyn FileSource,
    files: &FilesUnderTest<'_>,
    names: &[&str],
) -> Result<(), Violation> {
    let path = files.entries.0;
    let found = source.entries(path, files.columns).map_err(|error| {
        Violation(format!(
            "`{path}` is read as entries, not `{}`",
            error.message
        ))
    })?;
    let found_names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
    expect(found_names == names, || {
        format!("`{path}` has the entries {names:?}, in this order, not {found_names:?}")
    })?;
    let misplaced = found
        .iter()
        .find(|(_, node)| !node.place.file.ends_with(path));
    expect(misplaced.is_none(), || {
        format!("each entry has a place in `{path}`, not {misplaced:?}")
    })
}

fn check_refusals(source: &dyn FileSource, files: &FilesUnderTest<'_>) -> Result<(), Violation> {
    for path in [files.missing, files.secret] {
        let Err(error) = source.entries(path, files.columns) else {
            return Err(Violation(format!(
                "`{path}` is not a file of entries, so an error says so"
            )));
        };
        let place = error.place.iter().map(ToString::to_string);
        let names_file = place
            .chain([error.message.clone()])
            .any(|text| text.contains(path));
        expect(names_file, || {
            format!("the error about `{path}` names it, unlike {error:?}")
        })?;
        expect(!format!("{error:?}").contains(files.secret_text), || {
            format!("no message quotes `{}`", files.secret)
        })?;
    }
    Ok(())
}
