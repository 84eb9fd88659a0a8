//! Long texts, which are stored once. For example, an app's description is a text of each of its sheets.
//!
//! An item is written without its long texts, with a list of places and hashes instead. Short texts stay in the item.

use std::{borrow::Cow, fmt::Write, mem};

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::{
    hashes::fingerprint,
    stored_item::{StoredItem, StoredValue},
};

/// Minimum size in bytes of a text that is stored separately.
const MIN_LONG_TEXT_BYTES: usize = 1_024;

/// A long text of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongText {
    /// Its place in the item: `name`, `description`, `catalog`, `label/0`, `property/3`.
    place: String,
    hash: String,
    /// The text, or the JSON of a list of texts.
    body: String,
}

impl LongText {
    fn new(place: String, body: String) -> Self {
        let mut hash = String::new();
        for byte in fingerprint(&[&body]) {
            // Writing to a text cannot fail.
            let _ = write!(hash, "{byte:02x}");
        }
        Self { place, hash, body }
    }

    /// The hash by which items refer to it: hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The text, or the JSON of a list of texts.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Size in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.place.len() + self.hash.len() + self.body.len()
    }
}

/// Removes the long texts from an item, and returns them.
pub(super) fn extract(item: &mut StoredItem<'_>) -> Vec<LongText> {
    let mut texts = Vec::new();
    let mut one = |place: &dyn Fn() -> String, text: &mut Cow<'_, str>| {
        if text.len() >= MIN_LONG_TEXT_BYTES {
            texts.push(LongText::new(place(), mem::take(text).into_owned()));
        }
    };
    for (index, part) in item.label.iter_mut().enumerate() {
        one(&|| format!("label/{index}"), part);
    }
    one(&|| "name".to_owned(), &mut item.name);
    if let Some(description) = &mut item.description {
        one(&|| "description".to_owned(), description);
    }
    if let Some(catalog) = &mut item.catalog {
        one(&|| "catalog".to_owned(), catalog);
    }
    for (index, (_, value)) in item.properties.iter_mut().enumerate() {
        let place = || format!("property/{index}");
        match value {
            StoredValue::Text(text) | StoredValue::LongText(text) | StoredValue::Url(text) => {
                one(&place, text);
            }
            StoredValue::Tags(tags)
                if tags.iter().map(|tag| tag.len()).sum::<usize>() >= MIN_LONG_TEXT_BYTES =>
            {
                let mut list = Cow::Owned(serde_json::json!(tags).to_string());
                tags.clear();
                one(&place, &mut list);
            }
            StoredValue::Tags(_) | StoredValue::Number(_) | StoredValue::Instant(_) => {}
        }
    }
    texts
}

/// Inserts a text at its place. Does nothing if the item does not have the place.
pub fn put(item: &mut StoredItem<'_>, place: &str, body: String) {
    let (kind, index) = place.split_once('/').unwrap_or((place, ""));
    let index = index.parse().unwrap_or(usize::MAX);
    match kind {
        "name" => item.name = body.into(),
        "description" => item.description = Some(body.into()),
        "catalog" => item.catalog = Some(body.into()),
        "label" => {
            if let Some(part) = item.label.get_mut(index) {
                *part = body.into();
            }
        }
        _ => match item.properties.get_mut(index) {
            Some((
                _,
                StoredValue::Text(text) | StoredValue::LongText(text) | StoredValue::Url(text),
            )) => *text = body.into(),
            Some((_, StoredValue::Tags(tags))) => {
                let list: Vec<String> = serde_json::from_str(&body).unwrap_or_default();
                *tags = list.into_iter().map(Cow::Owned).collect();
            }
            _ => {}
        },
    }
}

/// Inserts texts into the item from which they were removed.
pub(super) fn put_all(item: &mut StoredItem<'_>, texts: &[LongText]) {
    for text in texts {
        put(item, &text.place, text.body.clone());
    }
}

/// Returns the list of places and hashes that the store keeps with the item.
#[must_use]
pub fn references(texts: &[LongText]) -> Option<String> {
    let pairs = texts.iter().map(|text| (&text.place, &text.hash));
    let pairs: Vec<_> = pairs.collect();
    (!pairs.is_empty()).then(|| serde_json::json!(pairs).to_string())
}

/// The places and hashes of the texts to which a stored item refers.
pub fn places(references: Option<&str>) -> Vec<(String, String)> {
    let pairs = references.map(serde_json::from_str);
    pairs.and_then(Result::ok).unwrap_or_default()
}

/// Reads the texts to which a stored item refers, and inserts them.
pub(super) fn load(
    db: &Connection,
    item: &mut StoredItem<'_>,
    references: Option<&str>,
) -> rusqlite::Result<()> {
    let mut bodies = db.prepare_cached(
        "SELECT body FROM text_body JOIN text ON text.id = text_body.text WHERE hash = ?1",
    )?;
    for (place, hash) in places(references) {
        // `store check` reports missing texts. The rest of the item is still valid.
        if let Some(body) = bodies.query_row([hash], |row| row.get(0)).optional()? {
            put(item, &place, body);
        }
    }
    Ok(())
}

/// The SQL statements that write texts.
pub(super) struct Texts<'a> {
    add: CachedStatement<'a>,
    add_body: CachedStatement<'a>,
}

impl<'a> Texts<'a> {
    pub(super) fn prepare(db: &'a Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            add: db.prepare_cached("INSERT INTO text (hash) VALUES (?1) ON CONFLICT DO NOTHING")?,
            add_body: db
                .prepare_cached("INSERT INTO text_body VALUES (last_insert_rowid(), ?1)")?,
        })
    }

    /// Writes the texts that the store does not have yet.
    pub(super) fn write(&mut self, texts: &[LongText]) -> rusqlite::Result<()> {
        for text in texts {
            if self.add.execute([&text.hash])? > 0 {
                self.add_body.execute(params![text.body])?;
            }
        }
        Ok(())
    }
}

/// Deletes unused texts, unless a scan is running: it may restore an item that used them.
pub(super) fn remove_unused(db: &Connection) -> rusqlite::Result<()> {
    let runs = db
        .query_row("SELECT 1 FROM scan WHERE outcome IS NULL", [], |_| Ok(()))
        .optional()?;
    if runs.is_none() {
        remove_all_unused(db)?;
    }
    Ok(())
}

/// Deletes unused texts. No scan may be running.
pub(super) fn remove_all_unused(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "DELETE FROM text_body WHERE text IN (SELECT id FROM text WHERE uses = 0); \
         DELETE FROM text WHERE uses = 0",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extracted_texts_are_restored_at_their_places() {
        let long =
            |letter: &str| -> Cow<'static, str> { letter.repeat(MIN_LONG_TEXT_BYTES).into() };
        let nothing = "{\"label\":[],\"name\":\"\",\"properties\":[]}";
        let mut item = StoredItem::read(nothing, None).unwrap();
        item.label = vec!["short".into(), long("l")];
        item.name = long("n");
        item.description = Some(long("d"));
        item.catalog = Some(long("c"));
        item.properties = vec![
            ("short".into(), StoredValue::Text("short".into())),
            ("text".into(), StoredValue::Text(long("t"))),
            ("same".into(), StoredValue::LongText(long("t"))),
            ("url".into(), StoredValue::Url(long("u"))),
            ("number".into(), StoredValue::Number(1.0)),
            (
                "tags".into(),
                StoredValue::Tags(vec!["\"a\"".into(); MIN_LONG_TEXT_BYTES / 3 + 1]),
            ),
        ];
        let mut taken = item.clone();
        let texts = extract(&mut taken);
        assert_eq!(texts.len(), 8);
        assert!(serde_json::to_string(&taken).unwrap().len() < MIN_LONG_TEXT_BYTES);
        put_all(&mut taken, &texts);
        assert_eq!(taken, item);
    }
}
