//! Invisible characters in keys, names, addresses and other values. They come from web pages and word processors.

use catalog_model::{InvisibleCharacter, Place};

use super::{FILTERS, MAX_LISTED, Sources, TextProblem, quotes::is_url};
use crate::hocon::{
    LocatedProblem, Node, Object, Value, ValueVisibility, is_secret, place_within, render_path,
};

/// Finds an invisible character in a value. A text may have line breaks and tabs, unless it is a name or a URL. Secrets
/// are skipped.
pub(super) fn in_value(
    path: &[String],
    node: &Node,
    text: &str,
    sources: &Sources<'_>,
) -> Option<TextProblem> {
    if (1..=path.len()).any(|length| is_secret(&path[..length])) || *path == ["code"] {
        return None;
    }
    let is_one_line = is_url(path) || *path == ["name"];
    let (offset, found) = match is_one_line {
        true => InvisibleCharacter::find(text)?,
        false => {
            let mut characters = text.char_indices();
            characters.find_map(|(offset, char)| {
                let is_layout = matches!(char, '\t' | '\n' | '\r');
                let found = InvisibleCharacter::new(char).filter(|_| !is_layout)?;
                Some((offset, found))
            })?
        }
    };
    let place = &node.place;
    Some(TextProblem::Warning(LocatedProblem {
        place: character_place(sources, place, offset),
        message: format!(
            "`{}` has an invisible character: {found}",
            render_path(path)
        ),
        hint: Some("type the value again, without it".to_owned()),
        value: ValueVisibility::Hidden,
    }))
}

/// Finds invisible characters in the keys of a file.
pub(super) fn in_keys(root: &Object, sources: &Sources<'_>) -> Vec<TextProblem> {
    let mut found_texts = Vec::new();
    collect(root, sources, &mut found_texts);
    found_texts
}

fn collect(object: &Object, sources: &Sources<'_>, found_texts: &mut Vec<TextProblem>) {
    for entry in object.iter() {
        if found_texts.len() > MAX_LISTED {
            return;
        }
        if let Some((offset, found)) = InvisibleCharacter::find(&entry.key) {
            found_texts.push(TextProblem::Warning(LocatedProblem {
                place: character_place(sources, &entry.key_place, offset),
                message: format!(
                    "the key `{}` has an invisible character: {found}",
                    entry.key
                ),
                hint: Some("type the key again, without it".to_owned()),
                value: ValueVisibility::Hidden,
            }));
        }
        if !FILTERS.contains(&&*entry.key) {
            collect_within(&entry.value, sources, found_texts);
        }
    }
}

fn collect_within(node: &Node, sources: &Sources<'_>, found_texts: &mut Vec<TextProblem>) {
    match &node.value {
        Value::Object(inner) => collect(inner, sources, found_texts),
        Value::List(nodes) => {
            for node in nodes {
                collect_within(node, sources, found_texts);
            }
        }
        _ => {}
    }
}

/// The place of the byte at `offset` in a text that starts at `place`, or `place` if the file cannot be read.
fn character_place(sources: &Sources<'_>, place: &Place, offset: usize) -> Place {
    let content = sources.content_at(place);
    content.map_or_else(
        || place.clone(),
        |content| place_within(&content, place, offset),
    )
}
