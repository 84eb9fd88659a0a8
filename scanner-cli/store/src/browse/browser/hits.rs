//! What a search finds.

use std::sync::Arc;

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
    /// Those that have all words in their names.
    pub(super) in_name: Bits,
    pub(super) all: Bits,
}

/// The parts of texts around the hits. Names are complete.
const HIGHLIGHT: &str = "SELECT highlight(search, 0, char(2), char(3)), snippet(search, 1, char(2), char(3), '…', 24), \
     highlight(search, 2, char(2), char(3)), highlight(search, 3, char(2), char(3)), \
     highlight(search, 4, char(2), char(3)), snippet(search, 5, char(2), char(3), '…', 24) \
     FROM search WHERE search MATCH ?1 AND rowid = ?2";

impl Session<'_> {
    /// Finds what matches an expression. `None` is everything.
    pub(super) fn hits(
        &self,
        expression: &Expression,
    ) -> Result<Option<Arc<TextHits>>, BrowseError> {
        let nothing = || {
            let none = Bits::empty(self.columns.len());
            TextHits {
                in_name: none.clone(),
                all: none,
            }
        };
        let expression = match expression {
            Expression::Everything => return Ok(None),
            Expression::Nothing => return Ok(Some(Arc::new(nothing()))),
            Expression::Matching(expression) => expression,
        };
        let basis = format!(
            "{} {} {expression}",
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
                    in_name: self.columns.positions(in_name)?,
                    all,
                })
            })?;
            Ok(Arc::new(found.unwrap_or_else(nothing)))
        };
        self.shared.hits.get(basis, find).map(Some)
    }

    /// Returns the texts of an item in which the search found something.
    pub(super) fn highlights(
        &self,
        expression: &Expression,
        id: i64,
    ) -> Result<Vec<Highlight>, BrowseError> {
        let Expression::Matching(expression) = expression else {
            return Ok(Vec::new());
        };
        let texts = self.index(|db| {
            let mut find = db.prepare_cached(HIGHLIGHT)?;
            let mut rows = find.query(rusqlite::params![expression, id])?;
            let mut highlights = Vec::new();
            let Some(row) = rows.next()? else {
                return Ok(highlights);
            };
            for (column, field) in COLUMN_NAMES.into_iter().enumerate().take(COLUMNS) {
                let text = row.get_ref(column)?.as_str()?;
                if text.contains(words::HIT_BEGIN) {
                    let parts = parts(text);
                    highlights.push(Highlight { field, parts });
                }
            }
            Ok(highlights)
        })?;
        Ok(texts.unwrap_or_default())
    }
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
