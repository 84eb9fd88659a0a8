//! Suggestions for codes that no connection has.

use std::path::Path;

use catalog_model::nearest;

/// Minimum number of characters of a part of a code to suggest that code.
const MIN_PART: usize = 3;

/// The known code that is similar to `code`: misspelt, in a different case, or with `code` as a part.
pub fn near_code<'a>(code: &str, known: &[&'a str]) -> Option<&'a str> {
    let code = code.trim();
    let lower = code.to_lowercase();
    let same = known.iter().find(|known| known.to_lowercase() == lower);
    let near = same
        .copied()
        .or_else(|| nearest(code, known.iter().copied()));
    near.or_else(|| {
        let is_part = |known: &&&str| {
            let known = known.to_lowercase();
            lower.chars().count() >= MIN_PART && known.contains(&lower)
        };
        let mut parts = known.iter().filter(is_part);
        let first = parts.next()?;
        parts.next().is_none().then_some(*first)
    })
}

/// The question after an unknown code: `did you mean …? `, or an empty text if no code is similar.
pub fn did_you_mean(code: &str, known: &[&str]) -> String {
    near_code(code, known).map_or(String::new(), |near| format!("did you mean `{near}`? "))
}

/// Whether `code` is the name of this file, with or without its folder and its extension.
pub fn is_name_of(code: &str, path: &Path) -> bool {
    let code = Path::new(code);
    let is = |name: Option<&std::ffi::OsStr>| name.is_some() && name == code.file_name();
    is(path.file_name()) || is(path.file_stem())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_code_is_suggested() {
        let known = ["qlik-prod", "qlik-test", "finance"];
        for (code, expected) in [
            ("qlik-pord", Some("qlik-prod")),
            ("QLIK-TEST", Some("qlik-test")),
            ("finanze", Some("finance")),
            (" finance", Some("finance")),
            ("prod", Some("qlik-prod")),
            ("fin", Some("finance")),
            // Two codes match.
            ("qlik", None),
            ("fi", None),
            ("warehouse", None),
            ("", None),
        ] {
            assert_eq!(near_code(code, &known), expected, "{code}");
        }
    }

    #[test]
    fn a_file_is_recognized_by_its_name() {
        let path = Path::new("home/connections/qlik.conf");
        for code in ["qlik", "qlik.conf", "connections/qlik.conf", "./qlik.conf"] {
            assert!(is_name_of(code, path), "{code}");
        }
        for code in ["", "conf", "qlik-prod", "connections"] {
            assert!(!is_name_of(code, path), "{code}");
        }
    }
}
