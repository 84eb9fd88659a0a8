//! The folder of connection files.

use std::{
    io,
    path::{Path, PathBuf},
};

use catalog_model::documentation;

use crate::{home::shown_absolute, input_file, problem::Problem};

/// The files `*.conf` in `folder`, sorted by name.
///
/// # Errors
/// If the folder does not exist, cannot be read, or contains no connection file.
pub fn connection_files(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let (files, others) = match listed(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let message = format!("there is no folder `{}`", shown_absolute(folder));
            return Err(Problem::general(message, how_to_begin(folder)));
        }
        Err(error) => {
            let message = format!(
                "the folder `{}` cannot be read: {error}",
                shown_absolute(folder)
            );
            return Err(Problem::general(message, None));
        }
    };
    if files.is_empty() {
        let message = format!(
            "there is no connection file (`*.conf`) in `{}`",
            shown_absolute(folder)
        );
        let almost = others
            .iter()
            .find(|path| path.to_string_lossy().contains(".conf"));
        let hint = match almost {
            Some(path) => format!(
                "rename `{}` so that its name ends in `.conf`",
                shown_absolute(path)
            ),
            None => how_to_begin(folder),
        };
        return Err(Problem::general(message, hint));
    }
    Ok(files)
}

/// The files `*.conf` in `folder`, sorted by name, and the other files.
///
/// # Errors
/// If the folder cannot be read.
pub fn listed(folder: &Path) -> io::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let hidden = |path: &PathBuf| {
        (path.file_name()).is_some_and(|name| name.to_string_lossy().starts_with('.'))
    };
    let files = input_file::files_in(folder)?.into_iter();
    // Files that editors and systems leave beside a file, such as `.#qlik.conf`, are skipped.
    let files = files.filter(|path| !hidden(path));
    let files = files.map(|path| {
        path.strip_prefix(".")
            .map(Path::to_path_buf)
            .unwrap_or(path)
    });
    let (mut files, others): (Vec<_>, Vec<_>) = files.partition(|path| has_ending(path, "conf"));
    files.sort();
    Ok((files, others))
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case(ending))
}

fn how_to_begin(folder: &Path) -> String {
    let home = folder.parent().unwrap_or(folder);
    if home.file_name().is_some_and(|name| name == "connections") {
        return "the home is the folder above `connections`: set it with `--home`".to_owned();
    }
    format!(
        "run `scanner-cli init`, create a file such as `{}` (see {} for an example), or name another home with `--home` or \
         `SCANNER_HOME`",
        shown_absolute(&folder.join("qlik.conf")),
        documentation!("connection-file")
    )
}
