//! The code that a person may have meant by one that no connection has.

use std::path::Path;

use catalog_model::nearest;

/// From how many characters on a part of a code suggests it.
const MIN_PART: usize = 3;

/// The one of the known codes that is near to `code`: misspelt, in other letters, or only a part of it.
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

/// The question after an unknown code: `did you mean …? `, or nothing where no code is near.
pub fn did_you_mean(code: &str, known: &[&str]) -> String {
    near_code(code, known).map_or(String::new(), |near| format!("did you mean `{near}`? "))
}

/// Whether `code` is the name of this file, with or without its folder and its ending.
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
            // It may be either.
            ("qlik", None),
            ("fi", None),
            ("warehouse", None),
            ("", None),
        ] {
            assert_eq!(near_code(code, &known), expected, "{code}");
        }
    }

    #[test]
    fn a_file_is_known_by_its_name() {
        let path = Path::new("home/connections/qlik.conf");
        for code in ["qlik", "qlik.conf", "connections/qlik.conf", "./qlik.conf"] {
            assert!(is_name_of(code, path), "{code}");
        }
        for code in ["", "conf", "qlik-prod", "connections"] {
            assert!(!is_name_of(code, path), "{code}");
        }
    }
}
