//! The setting `filter`: an expression, or a file that contains one.

use percent_encoding::percent_decode_str;

use crate::{
    Place, Settings,
    encoding::{self, NotText},
    filter::{criteria::Criterion, expression::Formula, parser::parse},
    settings::{Located, PlaceKind, SettingProblem},
};

pub(super) const KEY: &str = "filter";

/// The message for an error in a file that messages must not quote.
const NOT_QUOTED: &str = "the file is not a valid filter from here on; its text is not shown, because the file is outside \
                          the scanner's home or may contain secrets";

/// Maximum size of an expression in bytes, which is also that of a file that contains one.
const MAX_BYTES: usize = 16_000_000;

pub(super) fn read(settings: &mut Settings, criteria: &[Criterion]) -> Option<(Formula, Place)> {
    let written = settings.text_up_to(KEY, MAX_BYTES)?;
    match file_path(&written.value) {
        Some(path) => {
            let path = Located {
                value: path,
                place: written.place,
            };
            read_file(settings, criteria, path)
        }
        None => read_inline(settings, criteria, written),
    }
}

fn read_inline(
    settings: &mut Settings,
    criteria: &[Criterion],
    written: Located<String>,
) -> Option<(Formula, Place)> {
    let Located { value, place } = written;
    match parse(&value, criteria) {
        Ok(node) => Some((node, place)),
        Err(error) => {
            settings.record(SettingProblem {
                key: KEY.to_owned(),
                place,
                message: format!("`{KEY}`: {error}"),
                within: Some(error.span.start),
                hint: error.hint,
                place_kind: PlaceKind::Setting,
            });
            None
        }
    }
}

fn read_file(
    settings: &mut Settings,
    criteria: &[Criterion],
    path: Located<String>,
) -> Option<(Formula, Place)> {
    let file = settings.file_at(KEY, path)?;
    let name = file.path.as_str();
    let may_quote = settings.may_quote_file(name);
    let (place, message, hint) = match encoding::text(&file.bytes) {
        Ok(text) => match parse(text, criteria) {
            Ok(node) => return Some((node, Place::new(name, 1, 1))),
            Err(error) => {
                let place = Place::new(name, error.position.line, error.position.column);
                match may_quote {
                    true => (place, format!("`{KEY}`: {}", error.bare()), error.hint),
                    false => (place, format!("`{KEY}`: {NOT_QUOTED}"), None),
                }
            }
        },
        Err(not_text) => {
            let (what, hint) = match not_text {
                NotText::NotUtf8(at) => (
                    format!("is not UTF-8 text, at byte {at}"),
                    "save it as UTF-8",
                ),
                other => other.explain(),
            };
            let message = format!("the file `{name}` of `{KEY}` {what}");
            (file.place, message, Some(hint.to_owned()))
        }
    };
    settings.record(SettingProblem {
        key: KEY.to_owned(),
        place,
        message,
        hint,
        place_kind: PlaceKind::Setting,
        within: None,
    });
    None
}

/// Returns the path of a `file:///…` URL, in several common forms. Relative paths start at the home.
fn file_path(text: &str) -> Option<String> {
    let text = text.trim();
    let scheme = text.get(..5)?;
    if !scheme.eq_ignore_ascii_case("file:") {
        return None;
    }
    let rest = &text[5..];
    let path = match rest.strip_prefix("//") {
        Some(path) => path.strip_prefix("localhost/").map_or(path, |_| &path[9..]),
        None => rest,
    };
    // `file:///C:/rules.txt`
    let drive = path.strip_prefix('/').filter(|path| {
        let mut characters = path.chars();
        characters
            .next()
            .is_some_and(|letter| letter.is_ascii_alphabetic())
            && characters.next() == Some(':')
    });
    let path = drive.unwrap_or(path);
    // A `%` that does not begin an escape is kept.
    Some(percent_decode_str(path).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_url_is_accepted_in_all_common_forms() {
        for (text, path) in [
            ("file:///etc/rules.txt", Some("/etc/rules.txt")),
            ("file:/etc/rules.txt", Some("/etc/rules.txt")),
            ("file://localhost/etc/rules.txt", Some("/etc/rules.txt")),
            ("file://conf/rules.txt", Some("conf/rules.txt")),
            (" file:conf/rules.txt ", Some("conf/rules.txt")),
            ("FILE:conf/my%20rules.txt", Some("conf/my rules.txt")),
            ("file:conf/100%.txt", Some("conf/100%.txt")),
            ("file:///C:/rules.txt", Some("C:/rules.txt")),
            ("stream = 'file:'", None),
            ("é", None),
            ("abcdé", None),
        ] {
            assert_eq!(file_path(text).as_deref(), path, "{text}");
        }
    }
}
