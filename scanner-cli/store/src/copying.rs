//! Copies a whole store to another place, for a move: from a file to a server, and back.
//!
//! A kind of store gives its tables in one form, the rows of [`Table`], and takes them in the same form. The copy keeps the id
//! of the store and all numbers, so that followers and hooks continue where they were. What is not copied: the index of the
//! pages, which is filled again; the scanners that share a store with their leases and schedules, which belong to the place.

use std::fmt;

use crate::error::{StoreError, StoreErrorKind};

mod sqlite;
mod tables;

pub(crate) use sqlite::SqliteCopy;
pub use tables::{CellKind, Column, Table};

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// No value.
    Null,
    /// A number; true is 1.
    Integer(i64),
    /// A text.
    Text(String),
    /// Bytes, such as a digest.
    Bytes(Vec<u8>),
}

/// A row, with the columns of its [`Table`].
pub type Row = Vec<Cell>;

/// What a store has once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreState {
    /// The random id of the store.
    pub id: String,
    /// The random key of digests.
    pub digest_key: Vec<u8>,
    /// The number of the last change, and of the last one that was deleted because of its age.
    pub changes: (i64, i64),
    /// The number of the last scan.
    pub last_scan: i64,
}

/// A store that is read for a copy. Everything is read as it was at one instant.
pub trait CopySource: Send {
    /// Reads what the store has once.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn state(&mut self) -> Result<StoreState, StoreError>;

    /// Reads the next rows of a table, in the order of its first columns. No rows: the end; the next call begins again. A table
    /// is read to its end before another one.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn rows(&mut self, table: Table) -> Result<Vec<Row>, StoreError>;
}

/// An empty store that is written by a copy, in one transaction. Without [`commit`](Self::commit), it stays empty.
pub trait CopyTarget: CopySource {
    /// Where it is, without secrets, for messages.
    fn address(&self) -> String;

    /// Whether its texts may contain the character U+0000. If not, U+FFFD is written instead.
    fn keeps_nul(&self) -> bool;

    /// Writes rows of a table. The tables come in the order of [`Table::ALL`].
    ///
    /// # Errors
    /// If the store cannot be written.
    fn write(&mut self, table: Table, rows: Vec<Row>) -> Result<(), StoreError>;

    /// Writes what the store has once, and what depends on the rows of several tables.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn finish(&mut self, state: &StoreState) -> Result<(), StoreError>;

    /// Ends the transaction, so that others see what was written.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// What a copy does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyStep {
    /// It writes rows.
    Copy,
    /// It compares the rows of both stores.
    Compare,
}

/// Number of rows that were copied and compared, by table.
pub type Copied = Vec<(Table, u64)>;

/// Copies everything to an empty store, and compares each row of both before the copy becomes visible. `progress` receives the
/// number of rows of a table so far.
///
/// # Errors
/// If the source cannot be read, or the target cannot be written, or a row differs. The target is then empty.
pub fn copy(
    source: &mut dyn CopySource,
    mut target: Box<dyn CopyTarget>,
    progress: &mut dyn FnMut(CopyStep, Table, u64),
) -> Result<Copied, StoreError> {
    let state = source.state()?;
    for table in Table::ALL {
        let mut written = 0;
        loop {
            let rows = read(source, &*target, table)?;
            if rows.is_empty() {
                break;
            }
            written += rows.len() as u64;
            target.write(table, rows)?;
            progress(CopyStep::Copy, table, written);
        }
    }
    target.finish(&state)?;
    let mut copied = Vec::new();
    for table in Table::ALL {
        copied.push((table, compare(source, &mut *target, table, progress)?));
    }
    if target.state()? != state {
        return Err(differs(&*target, "id and last numbers", None));
    }
    target.commit()?;
    Ok(copied)
}

/// Reads the next rows, as the target can store them.
fn read(
    source: &mut dyn CopySource,
    target: &dyn CopyTarget,
    table: Table,
) -> Result<Vec<Row>, StoreError> {
    let mut rows = source.rows(table)?;
    if !target.keeps_nul() {
        for cell in rows.iter_mut().flatten() {
            if let Cell::Text(text) = cell
                && text.contains('\0')
            {
                *text = text.replace('\0', "\u{FFFD}");
            }
        }
    }
    Ok(rows)
}

/// Compares all rows of a table. Returns their number.
fn compare(
    source: &mut dyn CopySource,
    target: &mut dyn CopyTarget,
    table: Table,
    progress: &mut dyn FnMut(CopyStep, Table, u64),
) -> Result<u64, StoreError> {
    let (mut found, mut same) = (Vec::new(), 0);
    loop {
        let expected = read(source, target, table)?;
        while found.len() < expected.len() {
            let more = target.rows(table)?;
            if more.is_empty() {
                break;
            }
            found.extend(more);
        }
        if expected.is_empty() {
            // The end of the target, unless it has more.
            if found.is_empty() {
                found = target.rows(table)?;
            }
            return match found.first() {
                None => Ok(same),
                Some(row) => Err(differs(target, table.name(), Some(row))),
            };
        }
        let mut others = found.drain(..expected.len().min(found.len()));
        if let Some(row) = expected
            .iter()
            .find(|row| others.next().as_ref() != Some(*row))
        {
            return Err(differs(target, table.name(), Some(row)));
        }
        drop(others);
        same += expected.len() as u64;
        progress(CopyStep::Compare, table, same);
    }
}

/// The error that both stores are not the same.
fn differs(target: &dyn CopyTarget, what: &str, row: Option<&Row>) -> StoreError {
    let which = row.map(|row| format!(", first at {}", Identity(row)));
    let message = format!(
        "differs from its source after the copy: {what}{}; it was left empty",
        which.unwrap_or_default()
    );
    StoreError::on_server(&target.address(), StoreErrorKind::Other, &message)
}

/// The first columns of a row, which say which one it is.
struct Identity<'a>(&'a Row);

impl fmt::Display for Identity<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, cell) in self.0.iter().take(3).enumerate() {
            if number > 0 {
                formatter.write_str(", ")?;
            }
            match cell {
                Cell::Integer(value) => write!(formatter, "{value}")?,
                Cell::Text(text) => write!(
                    formatter,
                    "`{}`",
                    text.chars().take(200).collect::<String>()
                )?,
                Cell::Null | Cell::Bytes(_) => formatter.write_str("…")?,
            }
        }
        Ok(())
    }
}
