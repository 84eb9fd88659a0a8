//! Splits texts into words as the full-text index of SQLite does, for stores that have another one.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use rusqlite::Connection;

use crate::error::{Operation, StoreError};

/// The words of texts, with the tokenizer of SQLite's index. `texts` holds those of one call only.
const TABLES: &str = "CREATE VIRTUAL TABLE texts USING fts5 (text, content = '', tokenize = 'unicode61 remove_diacritics 2'); \
     CREATE VIRTUAL TABLE word USING fts5vocab (texts, 'instance')";

/// Splits texts into words, in lower case and without diacritics.
pub struct Tokenizer {
    /// Never locked, so that a reference can be sent to other threads.
    memory: Mutex<Connection>,
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tokenizer").finish_non_exhaustive()
    }
}

impl Tokenizer {
    /// Creates it, with a database in memory.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn new() -> Result<Self, StoreError> {
        let new = || {
            let memory = Connection::open_in_memory()?;
            memory.execute_batch(TABLES)?;
            Ok(memory)
        };
        Ok(Self {
            memory: Mutex::new(new().map_err(failed)?),
        })
    }

    /// Returns the words of each text, in their order.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn words(&mut self, texts: &[&str]) -> Result<Vec<Vec<String>>, StoreError> {
        let mut words: Vec<_> = texts.iter().map(|text| plain_words(text)).collect();
        let others = (0..texts.len()).filter(|index| !texts[*index].is_ascii());
        let others: Vec<_> = others.collect();
        if !others.is_empty() {
            self.find(texts, &others, &mut words).map_err(failed)?;
        }
        Ok(words)
    }

    /// Finds the words of the texts at these positions.
    fn find(
        &mut self,
        texts: &[&str],
        others: &[usize],
        words: &mut [Vec<String>],
    ) -> rusqlite::Result<()> {
        // Dropped without a commit, so that the table is empty again.
        let memory = self.memory.get_mut();
        let memory = memory.unwrap_or_else(PoisonError::into_inner);
        let memory = memory.transaction()?;
        let mut insert =
            memory.prepare_cached("INSERT INTO texts (rowid, text) VALUES (?1, ?2)")?;
        for (row, index) in (1_i64..).zip(others) {
            insert.execute((row, texts[*index]))?;
        }
        let mut find = memory.prepare_cached("SELECT doc, term FROM word ORDER BY doc, offset")?;
        let mut rows = find.query([])?;
        while let Some(row) = rows.next()? {
            let doc = usize::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
            let index = doc.checked_sub(1).and_then(|doc| others.get(doc));
            if let Some(words) = index.and_then(|index| words.get_mut(*index)) {
                words.push(row.get(1)?);
            }
        }
        Ok(())
    }
}

/// The words of a text in ASCII; nothing of another one.
fn plain_words(text: &str) -> Vec<String> {
    if !text.is_ascii() {
        return Vec::new();
    }
    text.split(|char: char| !char.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect()
}

fn failed(error: rusqlite::Error) -> StoreError {
    StoreError::from_sqlite(Path::new("memory"), Operation::Read, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_index_of_sqlite() {
        let mut tokenizer = Tokenizer::new().unwrap();
        let texts = [
            "a-B 9c",
            "",
            "Über  Änderungen, größer",
            "売\u{1f}上",
            "é\u{301} 🦀 ﷺ",
        ];
        let found = tokenizer.words(&texts).unwrap();
        assert_eq!(found[0], ["a", "b", "9c"]);
        assert!(found[1].is_empty());
        assert_eq!(found[2], ["uber", "anderungen", "großer"]);
        assert_eq!(found[3], ["売", "上"]);
        assert_eq!(
            tokenizer.words(&texts).unwrap(),
            found,
            "nothing is left of the first call"
        );
        // Whatever is not taken from SQLite is the same as if it were.
        let ascii: String = (0_u8..128)
            .map(char::from)
            .filter(|char| !char.is_control())
            .collect();
        let by_sqlite = tokenizer.words(&[&format!("{ascii} ü")]).unwrap().remove(0);
        let plain = tokenizer.words(&[&format!("{ascii} u")]).unwrap().remove(0);
        assert_eq!(by_sqlite, plain);
    }
}
