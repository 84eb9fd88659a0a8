//! Formats paths for messages, and texts as file names.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Formats a path for messages. A path below the current folder is shown without a prefix.
pub fn shown(path: &Path) -> String {
    let short = path.strip_prefix(".").unwrap_or(path);
    if short.as_os_str().is_empty() {
        return ".".to_owned();
    }
    without_verbatim(&short.display().to_string())
}

/// Formats an absolute path for messages that are read outside the current folder.
pub fn shown_absolute(path: &Path) -> String {
    let goes_up = (path.components()).any(|part| part == std::path::Component::ParentDir);
    let whole = match goes_up {
        // After a link, `..` is not the folder that the text shows.
        true => resolved(path).map_or_else(|| std::path::absolute(path), Ok),
        false => std::path::absolute(path),
    };
    // Removes `./` at the beginning and a slash at the end.
    let whole = whole.map(|whole| whole.components().collect::<PathBuf>());
    shown(whole.as_deref().unwrap_or(path))
}

/// Encodes a text, such as the code of a connection, as a file name. ASCII letters and digits, `_`, `-`, and `.` after
/// the first byte are kept. Every other byte becomes `%XX`, and so does the first letter of a name that Windows
/// reserves for a device. Different texts have different names, although some systems treat names that differ only in
/// case as one file.
#[must_use]
pub fn file_name(text: &str) -> String {
    let mut name = String::new();
    for (index, byte) in text.bytes().enumerate() {
        let stays = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => index > 0 || !names_device(text),
            b'_' | b'-' => true,
            b'.' => index > 0,
            _ => false,
        };
        if stays {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    name
}

/// Whether Windows treats a file with this name as a device. Its extension is ignored.
fn names_device(name: &str) -> bool {
    let stem = name
        .split('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let numbered = |device: &str| {
        let number = stem.strip_prefix(device);
        number.is_some_and(|number| number.len() == 1 && number.as_bytes()[0].is_ascii_digit())
    };
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

/// Resolves the links and `..` of the path, as far as it exists.
fn resolved(path: &Path) -> Option<PathBuf> {
    path.ancestors().find_map(|existing| {
        let whole = fs::canonicalize(existing).ok()?;
        Some(whole.join(path.strip_prefix(existing).ok()?))
    })
}

/// Removes the prefix `\\?\` of a canonical path of Windows.
fn without_verbatim(path: &str) -> String {
    if let Some(share) = path.strip_prefix(r"\\?\UNC\") {
        return format!(r"\\{share}");
    }
    match path.strip_prefix(r"\\?\") {
        Some(rest) if rest.get(1..3) == Some(r":\") => rest.to_owned(),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_below_the_current_folder_is_shown_relative_and_never_empty() {
        for (path, expected) in [
            ("./a/b", "a/b"),
            ("/a", "/a"),
            (".", "."),
            ("./", "."),
            ("", "."),
        ] {
            assert_eq!(shown(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn a_canonical_path_of_windows_is_shown_without_its_prefix() {
        for (path, expected) in [
            (r"\\?\C:\home\a.db", r"C:\home\a.db"),
            (r"\\?\UNC\server\share\a.db", r"\\server\share\a.db"),
            (r"\\?\Volume{1}\a.db", r"\\?\Volume{1}\a.db"),
            (r"\\server\share", r"\\server\share"),
            (r"C:\home", r"C:\home"),
        ] {
            assert_eq!(without_verbatim(path), expected, "{path}");
        }
    }

    #[test]
    fn an_encoded_name_stays_in_its_folder() {
        for (text, name) in [
            ("qlik-prod_1", "qlik-prod_1"),
            ("v1.2", "v1.2"),
            ("..", "%2E."),
            ("../etc", "%2E.%2Fetc"),
            ("a/b", "a%2Fb"),
            ("a%2Fb", "a%252Fb"),
            ("Straße", "Stra%C3%9Fe"),
            ("con", "%63on"),
            ("Com1.x", "%43om1.x"),
            ("console", "console"),
        ] {
            assert_eq!(file_name(text), name);
        }
    }
}
