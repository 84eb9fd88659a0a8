//! What a search finds.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
};

use rusqlite::{Connection, params};

use super::{
    super::{
        BrowseError, Highlight, SearchHit, TextPart,
        columns::Bits,
        document::{COLUMN_NAMES, COLUMNS},
        words::{self, Expression},
    },
    Session,
};
use crate::error::{Operation, StoreError};

/// The items and containers that a search finds.
#[derive(Clone, Debug)]
pub(super) struct TextHits {
    /// Those that the text names by their keys or ids.
    pub(super) named: Bits,
    /// Those that have all words in their names.
    pub(super) in_name: Bits,
    pub(super) all: Bits,
}

/// The table of texts that [`Session::mark`] fills, in memory. Its tokenizer is that of the index.
const PAGE_TABLE: &str = "CREATE VIRTUAL TABLE IF NOT EXISTS page USING fts5 \
     (name, description, containers, owners, tags, more, tokenize = 'unicode61 remove_diacritics 2')";
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
        match expression {
            Expression::Everything => return Ok(None),
            Expression::Nothing => return Ok(Some(Arc::new(nothing()))),
            Expression::Matching(_) => {}
        }
        let basis = format!(
            "{} {} {text}",
            self.catalog().store_id(),
            self.columns.generation
        );
        let find = || {
            let matching = self.reader.matching(&expression)?;
            let mut found = TextHits {
                named: Bits::empty(self.columns.len()),
                in_name: self.columns.positions(matching.in_name),
                all: self.columns.positions(matching.all),
            };
            self.add_named(text, &mut found)?;
            Ok(Arc::new(found))
        };
        self.shared.hits.get(basis, find).map(Some)
    }

    /// Adds the texts of hits in which the search found something.
    ///
    /// The items are searched again in a table of their own. In the index, each of them would cost as much as the search:
    /// the beginning of a word is looked up by merging the rows of all words that begin with it.
    pub(super) fn mark(
        &self,
        expression: &Expression,
        hits: &mut [(i64, SearchHit)],
    ) -> Result<(), BrowseError> {
        let Some(expression) = expression.to_sqlite() else {
            return Ok(());
        };
        let ids: Vec<i64> = hits.iter().map(|(id, _)| *id).collect();
        let texts = self.reader.texts(&ids)?;
        let mut memory = self
            .shared
            .memory
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut find = || {
            let page = match &mut *memory {
                Some(page) => page,
                none => none.insert(Connection::open_in_memory()?),
            };
            page.execute_batch(PAGE_TABLE)?;
            // Dropped without a commit, so that the table is empty again.
            let page = page.transaction()?;
            insert_texts(&page, &texts)?;
            read_highlights(&page, &expression)
        };
        let failed = |error| StoreError::from_sqlite("memory".as_ref(), Operation::Read, error);
        let mut found = find().map_err(failed)?;
        for (id, hit) in hits {
            hit.highlights = found.remove(id).unwrap_or_default();
        }
        Ok(())
    }
}

/// Copies the texts of items into the table in memory.
fn insert_texts(page: &Connection, texts: &[(i64, [String; COLUMNS])]) -> rusqlite::Result<()> {
    let mut write = page.prepare_cached(
        "INSERT INTO page (rowid, name, description, containers, owners, tags, more) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (id, [name, description, containers, owners, tags, more]) in texts {
        let values = params![id, name, description, containers, owners, tags, more];
        write.execute(values)?;
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
