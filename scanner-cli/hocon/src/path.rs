//! Paths of settings, such as `connection.auth.key`, with quotes around elements that need them.

use super::limits::MAX_SHOWN_PATH;

/// Formats a path as in a file: `connection.auth.key`, `hosts."a.b".port`.
#[must_use]
pub fn render_path(path: &[String]) -> String {
    let keys: Vec<String> = path.iter().map(|key| render_key(key)).collect();
    keys.join(".")
}

/// Formats a path for a message. Truncates a very long path.
pub(super) fn short_path(path: &[String]) -> String {
    let mut text = String::new();
    for key in path {
        if !text.is_empty() {
            text.push('.');
        }
        if text.len() + key.len() > MAX_SHOWN_PATH {
            text.push('…');
            break;
        }
        text.push_str(&render_key(key));
    }
    text
}

/// A piece of a path expression: a quoted text, or an unquoted one, which is split at its dots.
pub(super) enum Piece<'a> {
    Quoted(&'a str),
    Plain(&'a str),
}

/// Joins the pieces of a path. `None` if an unquoted element is empty.
pub(super) fn path_of<'a>(pieces: impl IntoIterator<Item = Piece<'a>>) -> Option<Vec<String>> {
    let mut path = Vec::new();
    let mut element = String::new();
    let mut is_quoted = false;
    for piece in pieces {
        match piece {
            Piece::Quoted(text) => {
                element.push_str(text);
                is_quoted = true;
            }
            Piece::Plain(text) => {
                let mut parts = text.split('.');
                element.push_str(parts.next().unwrap_or_default());
                for part in parts {
                    if element.is_empty() && !is_quoted {
                        return None;
                    }
                    path.push(std::mem::replace(&mut element, part.to_owned()));
                    is_quoted = false;
                }
            }
        }
    }
    if element.is_empty() && !is_quoted {
        return None;
    }
    path.push(element);
    Some(path)
}

fn render_key(key: &str) -> String {
    let plain = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || c == '-' || c == '_');
    if plain {
        key.to_owned()
    } else {
        serde_json::Value::from(key).to_string()
    }
}
