//! Brings the index up to date with the store.
//!
//! There are two ways. A *pass* compares the fingerprints of all items, in the order of their ids; it creates the index, and
//! follows each scan that read everything, because such a scan may write what the log does not contain. Otherwise only
//! the items in the log of changes are read. Each step is one transaction of the index that also records how far it is, so
//! that the next process continues after a kill.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use rusqlite::{Connection, InterruptHandle, TransactionBehavior};

use super::{
    meta, read, set_meta,
    write::{Known, Pass, Writer},
};
use crate::{
    browse::{BrowseSettings, backend::HOUR_MILLIS, document::Holder},
    closing::{self, SCANNED_CONNECTIONS},
    database::{self, Database},
    error::{Operation, StoreError},
    schema,
};

/// Number of items, or changes, of a step. Tests have several steps.
const STEP: i64 = if cfg!(all(test, debug_assertions)) {
    16
} else {
    2_000
};
/// Pause after a step while a scan is running, so that it gets most of the processor.
const PAUSE: Duration = Duration::from_millis(100);
/// Maximum number of containers that are remembered.
const MAX_HOLDERS: usize = 20_000;

/// The id, the state, and the fingerprints of an item.
type NarrowItem = (i64, i64, Vec<u8>);

/// Where the log of the store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Log {
    /// The last final change.
    settled: i64,
    /// The last change that was deleted.
    forgotten: i64,
    /// The last scan that has ended.
    last_scan: i64,
    is_scanning: bool,
}

/// Updates the index of a store.
pub(in crate::browse) struct Updater<'a> {
    index_path: PathBuf,
    store: Database,
    index: Connection,
    settings: &'a BrowseSettings,
    stop: &'a AtomicBool,
    holders: HashMap<String, Option<Holder>>,
}

impl<'a> Updater<'a> {
    /// Opens store and index. `None` if the store does not exist yet.
    pub(in crate::browse) fn open(
        path: &Path,
        index_path: &Path,
        settings: &'a BrowseSettings,
        stop: &'a AtomicBool,
    ) -> Result<Option<Self>, StoreError> {
        let Some(store) = database::open_to_read(path)? else {
            return Ok(None);
        };
        let failed = |error| StoreError::from_sqlite(path, Operation::Read, error);
        let store_id = schema::store_id(&store).map_err(failed)?;
        // What the contents of the index depend on.
        let basis = format!(
            "{store_id} {:?} {:?}",
            settings.tag_properties, settings.status_property
        );
        let index = super::open(index_path, &basis);
        let index = index.map_err(|error| index_error(index_path, error))?;
        Ok(Some(Self {
            index_path: index_path.to_path_buf(),
            store,
            index,
            settings,
            stop,
            holders: HashMap::new(),
        }))
    }

    /// Interrupts the update, from another thread.
    pub(in crate::browse) fn interrupt_handle(&self) -> InterruptHandle {
        self.index.get_interrupt_handle()
    }

    /// Updates the index until it contains everything, or `stop` is set. A pass takes place only if the store has at most
    /// `max_items` items and containers.
    pub(in crate::browse) fn run(&mut self, max_items: i64) -> Result<(), StoreError> {
        let path = self.index_path.clone();
        self.steps(max_items)
            .map_err(|error| index_error(&path, error))
    }

    fn steps(&mut self, max_items: i64) -> rusqlite::Result<()> {
        let log = self.log()?;
        if last_id(&self.store)? > max_items {
            let position: i64 = meta(&self.index, "position")?.unwrap_or_default();
            let has_all = meta::<i64>(&self.index, "last_scan")?.is_some();
            // Without these changes in the log, only a pass finds what they were.
            return match has_all && log.forgotten <= position {
                true => self.all_changes(log),
                false => Ok(()),
            };
        }
        if self.needs_pass(log)? {
            set_meta(&self.index, "pass", 0)?;
        }
        while let Some(after) = meta::<i64>(&self.index, "pass")? {
            if self.is_stopped()? {
                return Ok(());
            }
            self.pass(after, log)?;
        }
        self.index.execute_batch(include_str!("orders.sql"))?;
        self.all_changes(log)?;
        self.unreadable()?;
        if self.stop.load(Ordering::Relaxed)
            || meta(&self.index, "last_scan")? == Some(log.last_scan)
        {
            return Ok(());
        }
        set_meta(&self.index, "last_scan", log.last_scan)
    }

    fn all_changes(&mut self, log: Log) -> rusqlite::Result<()> {
        loop {
            let position = meta(&self.index, "position")?.unwrap_or_default();
            if position >= log.settled || self.is_stopped()? {
                return Ok(());
            }
            self.changes(position, log)?;
        }
    }

    /// Whether to end. Waits if a scan is running.
    fn is_stopped(&mut self) -> rusqlite::Result<bool> {
        if self.log()?.is_scanning {
            thread::sleep(PAUSE);
        }
        Ok(self.stop.load(Ordering::Relaxed))
    }

    fn log(&self) -> rusqlite::Result<Log> {
        let number = |sql: &str| self.store.query_row(sql, [], |row| row.get::<_, i64>(0));
        Ok(Log {
            settled: settled(&self.store)?,
            forgotten: number("SELECT seq FROM forgotten")?,
            last_scan: number("SELECT coalesce(max(id), 0) FROM scan WHERE outcome IS NOT NULL")?,
            is_scanning: number("SELECT EXISTS (SELECT 1 FROM scan WHERE outcome IS NULL)")? > 0,
        })
    }

    /// Whether all items must be compared: nothing was compared yet, the log no longer has the changes, or a scan read
    /// everything.
    fn needs_pass(&self, log: Log) -> rusqlite::Result<bool> {
        let Some(last_scan) = meta::<i64>(&self.index, "last_scan")? else {
            return Ok(true);
        };
        let position: i64 = meta(&self.index, "position")?.unwrap_or_default();
        if meta::<i64>(&self.index, "pass")?.is_some() {
            // Continues the one that was not finished.
            return Ok(false);
        }
        let full: bool = self.store.query_row(
            "SELECT EXISTS (SELECT 1 FROM scan WHERE id > ?1 AND id <= ?2 AND outcome IS NOT NULL AND unread = 0)",
            [last_scan, log.last_scan],
            |row| row.get(0),
        )?;
        Ok(full || log.forgotten > position)
    }

    /// Compares the next items after the id `after`.
    fn pass(&mut self, after: i64, log: Log) -> rusqlite::Result<()> {
        let sql = format!(
            "SELECT id, state, fingerprint, contacts_fingerprint FROM item WHERE id > ?1 \
             AND connection IN ({SCANNED_CONNECTIONS}) ORDER BY id LIMIT {STEP}"
        );
        let found = self.narrow(&sql, after)?;
        let is_last = found.len() < STEP as usize;
        let until = match is_last {
            true => i64::MAX,
            false => found.last().map_or(i64::MAX, |(id, ..)| *id),
        };
        self.step(&found, Known::Range(after, until), |index| match is_last {
            false => set_meta(index, "pass", until),
            true => {
                index.execute("DELETE FROM meta WHERE name = 'pass'", [])?;
                forget_events(index, log.forgotten)?;
                set_meta(index, "last_scan", log.last_scan)
            }
        })
    }

    /// Reads the next changes after `position`.
    fn changes(&mut self, position: i64, log: Log) -> rusqlite::Result<()> {
        let sql = format!(
            "SELECT seq, change.scan, item, connection, kind, container_kind IS NOT NULL, time FROM change \
             JOIN item ON item.id = change.item WHERE seq > ?1 AND seq <= ?2 \
             AND connection IN ({SCANNED_CONNECTIONS}) ORDER BY seq LIMIT {STEP}"
        );
        let events: Vec<[i64; 7]> = {
            let mut changes = self.store.prepare_cached(&sql)?;
            let rows = changes.query_map([position, log.settled], |row| {
                let mut event = [0; 7];
                for (column, value) in event.iter_mut().enumerate() {
                    *value = row.get(column)?;
                }
                Ok(event)
            })?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        let reached = match events.last() {
            Some(last) if events.len() == STEP as usize => last[0],
            _ => log.settled,
        };
        let items: BTreeSet<i64> = events.iter().map(|event| event[2]).collect();
        let items: Vec<i64> = items.into_iter().collect();
        let found = self.narrow_by_id(&items)?;
        self.step(&found, Known::Ids(&items), |index| {
            write_events(index, &events)?;
            set_meta(index, "position", reached)
        })
    }

    /// Looks again at the items that could not be read: the log does not say that they can be read again.
    fn unreadable(&mut self) -> rusqlite::Result<()> {
        let ids: Vec<i64> = {
            let mut docs = self
                .index
                .prepare_cached("SELECT id FROM doc WHERE state = 1")?;
            let ids = docs.query_map([], |row| row.get(0))?;
            ids.collect::<rusqlite::Result<_>>()?
        };
        for ids in ids.chunks(STEP as usize) {
            let found = self.narrow_by_id(ids)?;
            self.step(&found, Known::Ids(ids), |_| Ok(()))?;
        }
        Ok(())
    }

    fn narrow_by_id(&self, ids: &[i64]) -> rusqlite::Result<Vec<NarrowItem>> {
        let sql = "SELECT id, state, fingerprint, contacts_fingerprint FROM item WHERE id = ?1";
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.extend(self.narrow(sql, *id)?);
        }
        Ok(found)
    }

    fn narrow(&self, sql: &str, value: i64) -> rusqlite::Result<Vec<NarrowItem>> {
        let mut items = self.store.prepare_cached(sql)?;
        let rows = items.query_map([value], |row| {
            let print = read::print(row.get_ref(2)?.as_blob()?, row.get(3)?);
            Ok((row.get(0)?, row.get(1)?, print))
        })?;
        rows.collect()
    }

    /// Writes what differs, in one transaction.
    fn step(
        &mut self,
        found: &[NarrowItem],
        known: Known<'_>,
        finish: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let Self {
            store,
            index,
            settings,
            holders,
            ..
        } = self;
        let change = index.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut to_write = Vec::new();
        let pass = match meta::<i64>(&change, "last_scan")? {
            None => Pass::First,
            Some(_) => Pass::Later,
        };
        let mut writer = Writer::new(&change, pass);
        let mut known = writer.known(known)?;
        for (id, state, print) in found {
            match known.remove(id) {
                Some((former, printed)) if printed == *print => {
                    if former != *state {
                        writer.set_state(*id, *state, read::changed(store, *id)?)?;
                    }
                }
                _ => to_write.push(*id),
            }
        }
        // What the store does not have any more.
        for id in known.keys() {
            writer.delete(*id)?;
        }
        // Items of a container that was renamed are appended.
        let mut next = 0;
        while let Some(id) = to_write.get(next).copied() {
            next += 1;
            let mut holder = |key: &str| {
                if let Some(known) = holders.get(key) {
                    return Ok(known.clone());
                }
                let found = read::holder(store, key)?;
                if holders.len() >= MAX_HOLDERS {
                    holders.clear();
                }
                holders.insert(key.to_owned(), found.clone());
                Ok(found)
            };
            match read::read(store, id, settings, &mut holder)? {
                None => writer.delete(id)?,
                Some(found) => {
                    if found.document.kind > 0 {
                        holders.remove(&found.document.key);
                    }
                    to_write.extend(writer.write(&found)?);
                }
            }
        }
        writer.finish()?;
        finish(&change)?;
        change.commit()
    }
}

/// Returns the largest id of an item or container.
pub(in crate::browse) fn last_id(store: &Connection) -> rusqlite::Result<i64> {
    store.query_row("SELECT coalesce(max(id), 0) FROM item", [], |row| {
        row.get(0)
    })
}

/// Writes changes, which were not written before, and counts those of items.
fn write_events(index: &Connection, events: &[[i64; 7]]) -> rusqlite::Result<()> {
    let mut insert =
        index.prepare_cached("INSERT OR IGNORE INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    let mut hours: BTreeMap<(i64, i64, i64), i64> = BTreeMap::new();
    for event in events {
        let [_, _, _, connection, kind, is_container, time] = *event;
        if insert.execute(*event)? > 0 && is_container == 0 {
            let hour = time.div_euclid(HOUR_MILLIS) * HOUR_MILLIS;
            *hours.entry((hour, connection, kind)).or_default() += 1;
        }
    }
    let mut count = index.prepare_cached(
        "INSERT INTO hour VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET changes = changes + ?4",
    )?;
    for ((hour, connection, kind), changes) in hours {
        count.execute([hour, connection, kind, changes])?;
    }
    Ok(())
}

/// Deletes the changes that the store has deleted.
fn forget_events(index: &Connection, forgotten: i64) -> rusqlite::Result<()> {
    if index.execute("DELETE FROM event WHERE seq <= ?1", [forgotten])? > 0 {
        let kept = "SELECT coalesce(min(time), 0) / ?1 * ?1 FROM event";
        let sql = format!("DELETE FROM hour WHERE hour < ({kept})");
        index.execute(&sql, [HOUR_MILLIS])?;
    }
    Ok(())
}

/// Returns the last final change of the store.
pub(in crate::browse) fn settled(store: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT min(first_change) FROM scan WHERE outcome IS NULL";
    let open: Option<i64> = store.query_row(sql, [], |row| row.get(0))?;
    open.map_or_else(|| closing::last_change(store), |first| Ok(first - 1))
}

/// The error of the file of the index.
fn index_error(path: &Path, error: rusqlite::Error) -> StoreError {
    StoreError::from_sqlite(path, Operation::Write, error)
}
