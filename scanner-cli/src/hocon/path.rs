//! Paths of settings: `connection.auth.key`, with quotes around what is not plain.

/// Writes a path as a file would: `connection.auth.key`, `hosts."a.b".port`.
#[must_use]
pub fn render_path(path: &[String]) -> String {
    let keys: Vec<String> = path.iter().map(|key| render_key(key)).collect();
    keys.join(".")
}

/// A piece of a path expression: what stood in quotes, or what did not and is split at its dots.
pub(super) enum Piece<'a> {
    Quoted(&'a str),
    Plain(&'a str),
}

/// Puts the pieces of a path together; `None` if an element of it is empty and not quoted.
pub(super) fn path_of<'a>(pieces: impl IntoIterator<Item = Piece<'a>>) -> Option<Vec<String>> {
    let mut path = vec![String::new()];
    let mut quoted = vec![false];
    for piece in pieces {
        let (text, is_quoted) = match piece {
            Piece::Quoted(text) => (text, true),
            Piece::Plain(text) => (text, false),
        };
        if is_quoted {
            extend_last(&mut path, text);
            extend_flag(&mut quoted);
            continue;
        }
        for (index, element) in text.split('.').enumerate() {
            if index > 0 {
                path.push(String::new());
                quoted.push(false);
            }
            extend_last(&mut path, element);
        }
    }
    let complete = path
        .iter()
        .zip(quoted)
        .all(|(key, quoted)| quoted || !key.is_empty());
    complete.then_some(path)
}

fn extend_last(path: &mut [String], text: &str) {
    if let Some(last) = path.last_mut() {
        last.push_str(text);
    }
}

fn extend_flag(quoted: &mut [bool]) {
    if let Some(last) = quoted.last_mut() {
        *last = true;
    }
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
