//! Quotes that HOCON does not support: they become part of the text.

use super::{Role, Sources, TextProblem};
use crate::hocon::{LocatedProblem, Node, ValueVisibility, is_secret};

/// The settings in which such quotes make the file invalid. Codes and connector ids are permanent, and addresses and
/// credentials do not work with quotes.
const NAMES: [&str; 2] = ["code", "connector_id"];
const URL: &str = "url";
const AUTH: &str = "auth";

/// Where the value of a setting comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The text itself.
    Written,
    /// A variable or another setting, which may contain quotes on purpose.
    Substituted,
}

/// Whether quotes are an error in the setting.
pub(super) fn is_strict(path: &[String]) -> bool {
    is_name(path) || is_url(path) || is_auth(path)
}

fn is_name(path: &[String]) -> bool {
    matches!(path, [name] if NAMES.contains(&&**name))
}

/// Whether the setting holds a URL.
pub(super) fn is_url(path: &[String]) -> bool {
    let name = path.last().map(|name| name.to_ascii_lowercase());
    name.is_some_and(|name| name == URL || name.ends_with("_url"))
}

fn is_auth(path: &[String]) -> bool {
    path.iter().rev().skip(1).any(|block| block == AUTH)
}

/// Finds such quotes at the start or the end of a value. A text in double quotes may contain them.
pub(super) fn find(
    path: &[String],
    node: &Node,
    text: &str,
    (sources, role): (&Sources<'_>, Role),
) -> Option<TextProblem> {
    let text = text.trim();
    let (first, last) = (text.chars().next()?, text.chars().next_back()?);
    let kind = quote_kind(first).or_else(|| quote_kind(last))?;
    if text.len() == first.len_utf8() {
        return None;
    }
    let is_enclosed = quote_kind(first).is_some() && quote_kind(first) == quote_kind(last);
    let origin = match sources.first_character(node)? {
        '"' => return None,
        '$' => Origin::Substituted,
        _ => Origin::Written,
    };
    if origin == Origin::Substituted && !is_enclosed {
        return None;
    }
    let (name, where_it_is) = (
        crate::hocon::render_path(path),
        match is_enclosed {
            true => format!("is in {kind} quotes, which become"),
            false => format!("begins or ends with a {kind} quote, which becomes"),
        },
    );
    let inner = text.trim_matches(|char| quote_kind(char).is_some());
    let hint = match origin {
        Origin::Substituted => "remove them where the value is set".to_owned(),
        Origin::Written if is_name(path) => {
            format!("write `{name} = \"{inner}\"`")
        }
        Origin::Written if role == Role::Element => "write double quotes instead".to_owned(),
        Origin::Written => format!("write `{name} = \"…\"`"),
    };
    let found = LocatedProblem {
        place: node.place.clone(),
        message: format!(
            "`{name}` {where_it_is} part of the text: HOCON supports double quotes only"
        ),
        hint: Some(hint),
        value: match is_name(path) && !is_secret(path) {
            true => ValueVisibility::Shown,
            false => ValueVisibility::Hidden,
        },
    };
    let may_be_meant = origin == Origin::Substituted && is_auth(path);
    Some(match is_strict(path) && !may_be_meant {
        true => TextProblem::Error(found),
        false => TextProblem::Warning(found),
    })
}

/// The kind of a quote that HOCON does not support.
fn quote_kind(char: char) -> Option<&'static str> {
    match char {
        '\'' => Some("single"),
        '`' => Some("back"),
        '‘' | '’' | '‚' | '‛' | '“' | '”' | '„' | '‟' | '«' | '»' | '‹' | '›' | '″' | '′'
        | '＂' | '＇' | '´' | '❛' | '❜' | '❝' | '❞' | '〝' | '〞' | '〟' => {
            Some("typographic")
        }
        _ => None,
    }
}
