//! What a search finds.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
};

use rusqlite::{Connection, params};

use super::{
    super::{
        BrowseError, Highlight, TextPart,
        columns::Bits,
        index::document::{COLUMN_NAMES, COLUMNS},
        words::{self, Expression},
    },
    Session,
};

/// The items and containers that a search finds.
#[derive(Clone, Debug)]
pub(super) struct TextHits {
    /// Those that the text names by their keys or ids.
    pub(super) named: Bits,
    /// Those that have all words in their names.
    pub(super) in_name: Bits,
    pub(super) all: Bits,
}

/// The table of texts that [`Session::highlights`] fills, in memory. Its tokenizer is that of the index.
const PAGE_TABLE: &str = "CREATE VIRTUAL TABLE IF NOT EXISTS page USING fts5 \
     (name, description, containers, owners, tags, more, tokenize = 'unicode61 remove_diacritics 2')";
/// The texts of an item.
const TEXTS: &str =
    "SELECT name, description, containers, owners, tags, more FROM search WHERE rowid = ?1";
/// The parts of texts around the hits. Names are complete.
const HIGHLIGHTS: &str = "SELECT rowid, highlight(page, 0, char(2), char(3)), \
     snippet(page, 1, char(2), char(3), '…', 24), highlight(page, 2, char(2), char(3)), \
     highlight(page, 3, char(2), char(3)), highlight(page, 4, char(2), char(3)), \
     snippet(page, 5, char(2), char(3), '…', 24) FROM page WHERE page MATCH ?1";

impl Session<'_> {
    /// Finds what matches a text. `None` is everything.
    pub(super) fn hits(&self, text: &str) -> Result<Option<Arc<TextHits>>, BrowseError> {
        let nothing = || {
            let none = Bits::empty(self.columns.len());
            TextHits {
                named: none.clone(),
                in_name: none.clone(),
                all: none,
            }
        };
        let expression = words::expression(text)?;
        let expression = match &expression {
            Expression::Everything => return Ok(None),
            Expression::Nothing => return Ok(Some(Arc::new(nothing()))),
            Expression::Matching(expression) => expression,
        };
        let basis = format!(
            "{} {} {expression} {text}",
            self.catalog().store_id(),
            self.columns.generation
        );
        let find = || {
            let found = self.index(|db| {
                let mut find =
                    db.prepare_cached("SELECT rowid FROM search WHERE search MATCH ?1")?;
                let all = find.query_map([expression], |row| row.get(0))?;
                let all = self.columns.positions(all)?;
                let in_name = format!("{{name}} : ({expression})");
                let in_name = find.query_map([in_name], |row| row.get(0))?;
                Ok(TextHits {
                    named: Bits::empty(self.columns.len()),
                    in_name: self.columns.positions(in_name)?,
                    all,
                })
            })?;
            let mut found = found.unwrap_or_else(nothing);
            self.add_named(text, &mut found)?;
            Ok(Arc::new(found))
        };
        self.shared.hits.get(basis, find).map(Some)
    }

    /// Returns the texts of some items in which the search found something, by the ids of the items.
    ///
    /// The items are searched again in a table of their own. In the index, each of them would cost as much as the search:
    /// the beginning of a word is looked up by merging the rows of all words that begin with it.
    pub(super) fn highlights(
        &self,
        expression: &Expression,
        ids: &[i64],
    ) -> Result<HashMap<i64, Vec<Highlight>>, BrowseError> {
        let Expression::Matching(expression) = expression else {
            return Ok(HashMap::new());
        };
        let mut memory = self
            .shared
            .memory
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let found = self.index(|db| {
            let page = match &mut *memory {
                Some(page) => page,
                none => none.insert(Connection::open_in_memory()?),
            };
            page.execute_batch(PAGE_TABLE)?;
            // Dropped without a commit, so that the table is empty again.
            let page = page.transaction()?;
            copy_texts(db, &page, ids)?;
            read_highlights(&page, expression)
        })?;
        Ok(found.unwrap_or_default())
    }
}

/// Copies the texts of items into the table in memory.
fn copy_texts(db: &Connection, page: &Connection, ids: &[i64]) -> rusqlite::Result<()> {
    let mut read = db.prepare_cached(TEXTS)?;
    let mut write = page.prepare_cached(
        "INSERT INTO page (rowid, name, description, containers, owners, tags, more) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for id in ids {
        let mut rows = read.query([id])?;
        if let Some(row) = rows.next()? {
            write.execute(params![
                id,
                row.get_ref(0)?.as_str()?,
                row.get_ref(1)?.as_str()?,
                row.get_ref(2)?.as_str()?,
                row.get_ref(3)?.as_str()?,
                row.get_ref(4)?.as_str()?,
                row.get_ref(5)?.as_str()?,
            ])?;
        }
    }
    Ok(())
}

fn read_highlights(
    page: &Connection,
    expression: &str,
) -> rusqlite::Result<HashMap<i64, Vec<Highlight>>> {
    let mut find = page.prepare_cached(HIGHLIGHTS)?;
    let mut rows = find.query([expression])?;
    let mut all = HashMap::new();
    while let Some(row) = rows.next()? {
        let mut highlights = Vec::new();
        for (column, field) in COLUMN_NAMES.into_iter().enumerate().take(COLUMNS) {
            let text = row.get_ref(column + 1)?.as_str()?;
            if text.contains(words::HIT_BEGIN) {
                let parts = parts(text);
                highlights.push(Highlight { field, parts });
            }
        }
        all.insert(row.get(0)?, highlights);
    }
    Ok(all)
}

/// Splits a text with marks around its hits.
fn parts(text: &str) -> Vec<TextPart> {
    let text = words::restored(text);
    let mut parts: Vec<TextPart> = Vec::new();
    let mut add = |text: &str, is_hit| {
        if !text.is_empty() {
            parts.push(TextPart {
                text: text.to_owned(),
                is_hit,
            });
        }
    };
    let mut pieces = text.split(words::HIT_BEGIN);
    add(pieces.next().unwrap_or_default(), false);
    for piece in pieces {
        let (hit, rest) = piece.split_once(words::HIT_END).unwrap_or((piece, ""));
        add(hit, true);
        add(rest, false);
    }
    parts
}
