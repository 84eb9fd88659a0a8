//! A connection to a store on SQLite and to its index.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Instant,
};

use rusqlite::{Connection, InterruptHandle};

use super::{
    super::{
        IndexState, Sort,
        backend::{
            BrowseReader, EventQuery, FacetText, FollowerPosition, IndexedEntity, IndexedOwner,
            LoggedChange, Matching, OrderValue,
        },
        document::{COLUMNS, FacetKind},
        index,
        index::update::{last_id, settled},
        words::Expression,
    },
    lists, lock, log,
};
use crate::{
    StoreError, StoredScan,
    catalog::{CatalogReader, Found, SqliteReader, Which},
    database,
    error::Operation,
};

/// Cache of a connection to the store, in KiB. A request reads the rows of a page.
const CACHE_KIB: i64 = 1024;

/// A snapshot of the store, and the index if there is one.
pub(super) struct SqliteBrowseReader {
    store: SqliteReader,
    index: Option<Connection>,
    /// Where the index is. It may be moved.
    index_path: Arc<Mutex<PathBuf>>,
}

impl SqliteBrowseReader {
    pub(super) fn open(
        path: &Path,
        index_path: Arc<Mutex<PathBuf>>,
    ) -> Result<Option<Self>, StoreError> {
        let Some(store) = SqliteReader::open(path)? else {
            return Ok(None);
        };
        store.query(|db| database::cache(db, CACHE_KIB))?;
        Ok(Some(Self {
            store,
            index: None,
            index_path,
        }))
    }

    /// The index, if it belongs to this store.
    fn index_of_store(&self) -> rusqlite::Result<Option<&Connection>> {
        let Some(index) = &self.index else {
            return Ok(None);
        };
        let basis: Option<String> = index::meta(index, "settings")?;
        let is_own = basis.is_some_and(|basis| basis.starts_with(self.store.store_id()));
        Ok(is_own.then_some(index))
    }

    /// Runs a query on the index. Without an index, the answer is the default.
    fn read<T: Default>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let index = self.index_of_store().map_err(|error| self.failed(error))?;
        let found = index.map(work).transpose();
        Ok(found
            .map_err(|error| self.failed(error))?
            .unwrap_or_default())
    }

    fn failed(&self, error: rusqlite::Error) -> StoreError {
        StoreError::from_sqlite(&lock(&self.index_path), Operation::Read, error)
    }
}

impl BrowseReader for SqliteBrowseReader {
    fn begin(&mut self, _end: Instant) -> Result<(), StoreError> {
        self.store.refresh()?;
        if self.index.is_none() {
            let index = index::open_to_read(&lock(&self.index_path));
            self.index = index.map_err(|error| self.failed(error))?;
        }
        if let Some(index) = &self.index {
            let begun = index.execute_batch("BEGIN");
            begun.map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    fn rest(&mut self) -> Result<(), StoreError> {
        if let Some(index) = &self.index {
            let ended = index.execute_batch("COMMIT");
            ended.map_err(|error| self.failed(error))?;
        }
        self.store.rest()
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send>> {
        let mut handles = vec![self.store.interrupt_handle()];
        handles.extend(self.index.as_ref().map(Connection::get_interrupt_handle));
        Some(Box::new(move || {
            handles.iter().for_each(InterruptHandle::interrupt);
        }))
    }

    fn catalog(&self) -> &dyn CatalogReader {
        &self.store
    }

    fn index_state(&self) -> Result<IndexState, StoreError> {
        let total = || Ok::<_, StoreError>(self.store.query(last_id)?.unsigned_abs());
        let index = self.index_of_store().map_err(|error| self.failed(error))?;
        let Some(index) = index else {
            return Ok(IndexState::Building {
                indexed: 0,
                total: total()?,
            });
        };
        let number = |name| index::meta::<i64>(index, name).map_err(|error| self.failed(error));
        if number("last_scan")?.is_none() {
            return Ok(IndexState::Building {
                indexed: number("pass")?.unwrap_or_default().unsigned_abs(),
                total: total()?,
            });
        }
        let position = number("position")?.unwrap_or_default();
        let behind = self.store.query(settled)? - position;
        Ok(match u64::try_from(behind) {
            Ok(changes @ 1..) => IndexState::Behind { changes },
            _ => IndexState::Current,
        })
    }

    fn generation(&self) -> Result<i64, StoreError> {
        let found = self.read(|db| index::meta::<i64>(db, "generation"))?;
        Ok(found.unwrap_or_default())
    }

    fn last_entity(&self) -> Result<i64, StoreError> {
        self.read(lists::last_entity)
    }

    fn each_entity(&self, each: &mut dyn FnMut(IndexedEntity)) -> Result<(), StoreError> {
        self.read(|db| lists::each_entity(db, each))
    }

    fn each_facet_set(&self, each: &mut dyn FnMut(i64, &[u8])) -> Result<(), StoreError> {
        self.read(|db| lists::each_facet_set(db, each))
    }

    fn each_facet(&self, each: &mut dyn FnMut(i64, u8, u8)) -> Result<(), StoreError> {
        self.read(|db| lists::each_facet(db, each))
    }

    fn each_shared(&self, each: &mut dyn FnMut((i64, i64), i64)) -> Result<(), StoreError> {
        self.read(|db| lists::each_shared(db, each))
    }

    fn each_owner(&self, each: &mut dyn FnMut(IndexedOwner)) -> Result<(), StoreError> {
        self.read(|db| lists::each_owner(db, each))
    }

    fn matching(&self, words: &Expression) -> Result<Matching, StoreError> {
        self.read(|db| lists::matching(db, words))
    }

    fn named(&self, name: &str) -> Result<Vec<i64>, StoreError> {
        let connections = self.store.connections();
        self.read(|db| lists::named(db, connections, name))
    }

    fn each_in_order(&self, sort: Sort, each: &mut dyn FnMut(i64)) -> Result<(), StoreError> {
        self.read(|db| lists::each_in_order(db, sort, each))
    }

    fn next_after(&self, sort: Sort, place: (&OrderValue, i64)) -> Result<Option<i64>, StoreError> {
        self.read(|db| lists::next_after(db, sort, place))
    }

    fn order_value(&self, sort: Sort, id: i64) -> Result<Option<OrderValue>, StoreError> {
        self.read(|db| lists::order_value(db, sort, id))
    }

    fn facet(&self, kind: FacetKind, value: &str) -> Result<Option<(u32, u8)>, StoreError> {
        self.read(|db| lists::facet(db, kind, value))
    }

    fn facet_values(&self, facets: &[u32]) -> Result<Vec<(u32, FacetText)>, StoreError> {
        self.read(|db| lists::facet_values(db, facets))
    }

    fn facets_of(&self, containers: &[String]) -> Result<Vec<(String, u32)>, StoreError> {
        self.read(|db| {
            let mut facets = Vec::with_capacity(containers.len());
            for key in containers {
                let found = lists::facet(db, FacetKind::Container, key)?;
                facets.extend(found.map(|(facet, _)| (key.clone(), facet)));
            }
            Ok(facets)
        })
    }

    fn dated_before(&self, property: &str, before: i64) -> Result<Vec<i64>, StoreError> {
        self.read(|db| lists::dated_before(db, property, before))
    }

    fn texts(&self, ids: &[i64]) -> Result<Vec<(i64, [String; COLUMNS])>, StoreError> {
        self.read(|db| lists::texts(db, ids))
    }

    fn events(&self, wanted: &EventQuery) -> Result<Vec<i64>, StoreError> {
        let after = match wanted.since {
            Some(since) => self.store.query(|db| log::scan_long_before(db, since))?,
            None => None,
        };
        self.read(|db| log::events(db, wanted, after))
    }

    fn hours(&self, since: i64) -> Result<Vec<[i64; 4]>, StoreError> {
        self.read(|db| log::hours(db, since))
    }

    fn history(&self, key: &str, limit: usize) -> Result<Vec<i64>, StoreError> {
        self.store.query(|db| log::history(db, key, limit))
    }

    fn logged(&self, seqs: &[i64]) -> Result<Vec<LoggedChange>, StoreError> {
        self.store.query(|db| log::logged(db, seqs))
    }

    fn containers(&self, keys: &[String]) -> Result<Vec<Found<'_>>, StoreError> {
        let mut containers = Vec::with_capacity(keys.len());
        for key in keys {
            containers.extend(self.store.found(key, Which::Containers(None))?);
        }
        Ok(containers)
    }

    fn scans_before(
        &self,
        before: i64,
        of: [&[String]; 2],
        limit: usize,
    ) -> Result<Vec<StoredScan>, StoreError> {
        self.store.scans_before(before, of, limit)
    }

    fn followers(&self) -> Result<Vec<FollowerPosition>, StoreError> {
        self.store.query(log::followers)
    }

    fn refusals_of(&self, key: &str) -> Result<Vec<(String, String)>, StoreError> {
        self.store.query(|db| log::refusals_of(db, key))
    }
}
