//! The paths that a Rust source names from its crate's root: `crate::x`, `self::x`, `super::x`, alone and in `use` trees.

/// A path that begins at the crate's root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// Its segments, `crate` left out.
    pub(super) path: Vec<String>,
    /// The name under which the last segment is known, if the path is imported.
    pub(super) name: Option<String>,
}

/// Finds the paths in the source of `module`. Tests are left out.
pub(super) fn imports(text: &str, module: &[String]) -> Vec<Import> {
    let tokens = without_tests(&tokens(text));
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_path = tokens.get(at + 1).is_some_and(|next| next == "::");
        let continues = at > 0 && tokens[at - 1] == "::";
        let start = match tokens[at].as_str() {
            _ if !is_path || continues => None,
            "crate" => Some(Vec::new()),
            "self" => Some(module.to_vec()),
            "super" => Some(parent(module)),
            _ => None,
        };
        match start {
            Some(start) => at = tree(&tokens, at + 2, start, &mut found),
            None => at += 1,
        }
    }
    found
}

fn parent(module: &[String]) -> Vec<String> {
    module[..module.len().saturating_sub(1)].to_vec()
}

/// Reads what follows a `::`: names, or a group of trees. Returns the position after it.
fn tree(tokens: &[String], mut at: usize, mut path: Vec<String>, found: &mut Vec<Import>) -> usize {
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("{") => return group(tokens, at + 1, &path, found),
            Some("super") => path = parent(&path),
            Some("self") => {}
            Some(name) if is_name(name) => path.push(name.to_owned()),
            _ => {
                found.push(Import { path, name: None });
                return at;
            }
        }
        at += 1;
        if tokens.get(at).is_none_or(|next| next != "::") {
            let is_renamed = tokens.get(at).is_some_and(|next| next == "as");
            let name = if is_renamed {
                tokens.get(at + 1)
            } else {
                path.last()
            };
            let name = name.cloned();
            found.push(Import { path, name });
            return if is_renamed { at + 2 } else { at };
        }
        at += 1;
    }
}

/// Reads the trees of a group up to its `}`. Returns the position after it.
fn group(tokens: &[String], mut at: usize, path: &[String], found: &mut Vec<Import>) -> usize {
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            "}" => return at + 1,
            "," => at += 1,
            token if is_name(token) => at = tree(tokens, at, path.to_vec(), found),
            _ => at += 1,
        }
    }
    at
}

fn is_name(token: &str) -> bool {
    token.starts_with(|char: char| char.is_alphabetic() || char == '_')
}

/// The tokens without the modules under `#[cfg(test)]`.
fn without_tests(tokens: &[String]) -> Vec<String> {
    const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].iter().take(TEST.len()).eq(TEST.iter()) {
            at = end_of_item(tokens, at + TEST.len());
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// The position after the item that begins at `at`: after its `;`, or its block.
fn end_of_item(tokens: &[String], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token.as_str() {
            "{" => depth += 1,
            "}" if depth <= 1 => break,
            "}" => depth -= 1,
            ";" if depth == 0 => break,
            _ => {}
        }
    }
    at
}

/// Names, `::` and single characters; comments and texts are left out.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '"' => text_length(rest),
            'r' if rest.starts_with("r\"") || rest.starts_with("r#") => raw_length(rest),
            '\'' => character_length(rest),
            ':' if rest.starts_with("::") => {
                tokens.push("::".to_owned());
                2
            }
            first if first.is_alphabetic() || first == '_' => {
                let is_end = |char: char| !char.is_alphanumeric() && char != '_';
                let length = rest.find(is_end).unwrap_or(rest.len());
                tokens.push(rest[..length].to_owned());
                length
            }
            first => {
                if !first.is_whitespace() {
                    tokens.push(first.to_string());
                }
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of a text in quotes.
fn text_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|(_, char)| {
        let is_end = *char == '"' && !is_escaped;
        is_escaped = *char == '\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// The length of a raw text, or of an `r` that begins none.
fn raw_length(text: &str) -> usize {
    let marks = text[1..].chars().take_while(|char| *char == '#').count();
    let start = 1 + marks + 1;
    if !text[1 + marks..].starts_with('"') {
        return 1;
    }
    let end = format!("\"{}", "#".repeat(marks));
    let found = text[start..].find(&end);
    found.map_or(text.len(), |at| start + at + end.len())
}

/// The length of a character in quotes, or of the quote of a lifetime.
fn character_length(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => text[2..]
            .find('\'')
            .map_or(1, |at| if at == 0 { 4 } else { 3 + at }),
        Some(_) => match chars.next() {
            Some((at, '\'')) => at + 1,
            _ => 1,
        },
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let module = ["a".to_owned(), "b".to_owned()];
        let found = imports(text, &module).into_iter();
        found.map(|import| import.path.join("::")).collect()
    }

    #[test]
    fn paths_from_the_root_are_found_alone_and_in_groups() {
        for (text, expected) in [
            ("use crate::x::Y;", &["x::Y"][..]),
            ("use crate::{x::{self, Y}, z};", &["x", "x::Y", "z"]),
            ("fn f() { crate::x::y(); other::crate_(); }", &["x::y"]),
            ("use super::x;", &["a::x"]),
            ("use super::super::x::Y as Z;", &["x::Y"]),
            ("use self::x::Y;", &["a::b::x::Y"]),
            ("pub(crate) use crate::x::*;", &["x"]),
            (
                "// crate::x\nlet a = \"crate::y\\\"\"; let b = '\"'; let c = r#\"crate::z\"#;",
                &[],
            ),
            (
                "#[cfg(test)] mod tests { use crate::x; } use crate::y;",
                &["y"],
            ),
            ("#[cfg(test)] use crate::x; use crate::y;", &["y"]),
        ] {
            assert_eq!(paths(text), expected, "{text}");
        }
    }

    #[test]
    fn an_import_has_the_name_under_which_it_is_known() {
        let found = imports("pub use self::{x::Y, z::Y as Z};", &[]);
        let names: Vec<_> = found.into_iter().filter_map(|one| one.name).collect();
        assert_eq!(names, ["Y", "Z"]);
    }
}
