//! What a kind of store must be able to do so that people can browse it. [`Browser`](super::Browser) does the rest: filters,
//! facets, orders, pages and marks.
//!
//! Each store has an *index*: a copy of its items and containers in the form in which lists are read, which follows the store
//! after scans. The kind of store keeps it, and finds words in it.

use std::{
    sync::atomic::AtomicBool,
    time::{Duration, Instant},
};

use super::{
    IndexState, Sort,
    document::{COLUMNS, FacetKind},
    words::Expression,
};
use crate::{
    ChangedValue, Cursor, StoreError, StoredScan,
    catalog::{CatalogReader, Found},
};

/// The length of an hour in milliseconds.
pub const HOUR_MILLIS: i64 = 3_600_000;

/// A store that people browse.
pub trait BrowseStore: Send + Sync {
    /// Opens a connection for reading. `None` if the store does not exist.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn reader(&self) -> Result<Option<Box<dyn BrowseReader>>, StoreError>;

    /// How long a connection stays open after a request.
    fn idle_time(&self) -> Duration;

    /// Brings the index up to date, and waits for it. Ends early once `stop` is set. If more than `max_items` are missing from
    /// the index, and finding out which of them costs more than they do, it does nothing.
    ///
    /// # Errors
    /// If the store cannot be read, or the index cannot be written.
    fn update(&self, max_items: i64, stop: &AtomicBool) -> Result<(), StoreError>;

    /// Ends what a running update waits for, from another thread.
    fn interrupt(&self);
}

/// A connection for reading. Between [`begin`](Self::begin) and [`rest`](Self::rest) it sees one snapshot of store and index.
/// All methods fail if the store cannot be read, or the time of the request is over. Without an index all lists are empty.
pub trait BrowseReader: Send {
    /// Begins a snapshot. Statements that are still running at `end` fail.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn begin(&mut self, end: Instant) -> Result<(), StoreError>;

    /// Ends the snapshot.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn rest(&mut self) -> Result<(), StoreError>;

    /// What ends a running statement, from another thread. Not needed if the statements end by themselves.
    fn interrupter(&self) -> Option<Box<dyn Fn() + Send>>;

    /// The store.
    fn catalog(&self) -> &dyn CatalogReader;

    /// Returns how far the index is.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn index_state(&self) -> Result<IndexState, StoreError>;

    /// Returns a number that changes whenever the rest of the index may have changed.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn generation(&self) -> Result<i64, StoreError>;

    /// Returns the highest number of an item or container, which is at least how many there are. Without any, 0.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn last_entity(&self) -> Result<i64, StoreError>;

    /// Reads all items and containers, in the order of their numbers.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn each_entity(&self, each: &mut dyn FnMut(IndexedEntity)) -> Result<(), StoreError>;

    /// Reads all sets of facets in the order of their numbers: the number, and the numbers of the facets, of four bytes each.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn each_facet_set(&self, each: &mut dyn FnMut(i64, &[u8])) -> Result<(), StoreError>;

    /// Reads all facets: the number, the code of the kind, and the number of the kind of containers.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn each_facet(&self, each: &mut dyn FnMut(i64, u8, u8)) -> Result<(), StoreError>;

    /// Reads the existing items that have a container, with others of the same connection and last part of the key if they
    /// have another container. In this order: connection and last part, number of the container.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn each_shared(&self, each: &mut dyn FnMut((i64, i64), i64)) -> Result<(), StoreError>;

    /// Reads all owners.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn each_owner(&self, each: &mut dyn FnMut(IndexedOwner)) -> Result<(), StoreError>;

    /// Returns the items and containers that contain these words.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn matching(&self, words: &Expression) -> Result<Matching, StoreError>;

    /// Returns the items and containers with this key, this id in the source, or this last part of the key of an item.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn named(&self, name: &str) -> Result<Vec<i64>, StoreError>;

    /// Reads the numbers of all items and containers in an order, which is never [`Sort::Relevance`].
    ///
    /// # Errors
    /// If the index cannot be read.
    fn each_in_order(&self, sort: Sort, each: &mut dyn FnMut(i64)) -> Result<(), StoreError>;

    /// Returns the first item or container after a place in an order.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn next_after(&self, sort: Sort, place: (&OrderValue, i64)) -> Result<Option<i64>, StoreError>;

    /// Returns the value by which an item or container is sorted.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn order_value(&self, sort: Sort, id: i64) -> Result<Option<OrderValue>, StoreError>;

    /// Finds the facet of a value: its number, and the number of the kind of containers.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn facet(&self, kind: FacetKind, value: &str) -> Result<Option<(u32, u8)>, StoreError>;

    /// Returns the values and labels of facets, in no particular order.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn facet_values(&self, facets: &[u32]) -> Result<Vec<(u32, FacetText)>, StoreError>;

    /// Returns the facets of the containers with these keys that hold something, in no particular order.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn facets_of(&self, containers: &[String]) -> Result<Vec<(String, u32)>, StoreError>;

    /// Returns the containers whose date with this name is before a time, sorted by number.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn dated_before(&self, property: &str, before: i64) -> Result<Vec<i64>, StoreError>;

    /// Returns the indexed texts of items and containers, in no particular order.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn texts(&self, ids: &[i64]) -> Result<Vec<(i64, [String; COLUMNS])>, StoreError>;

    /// Returns the positions of the newest changes that are wanted, the newest first.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn events(&self, wanted: &EventQuery) -> Result<Vec<i64>, StoreError>;

    /// Returns the numbers of changes of items by hour since a full hour: hour, connection, kind, number.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn hours(&self, since: i64) -> Result<Vec<[i64; 4]>, StoreError>;

    /// Returns the positions of the last changes of the item or container with this key, the newest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn history(&self, key: &str, limit: usize) -> Result<Vec<i64>, StoreError>;

    /// Reads the changes at these positions that the store still has, in this order.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn logged(&self, seqs: &[i64]) -> Result<Vec<LoggedChange>, StoreError>;

    /// Finds the containers with these keys, in no particular order.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn containers(&self, keys: &[String]) -> Result<Vec<Found<'_>>, StoreError>;

    /// Returns the newest scans with numbers below `before`, of these connections and with these outcomes; an empty list is all.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn scans_before(
        &self,
        before: i64,
        of: [&[String]; 2],
        limit: usize,
    ) -> Result<Vec<StoredScan>, StoreError>;

    /// Returns the followers with their positions, sorted by name.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn followers(&self) -> Result<Vec<FollowerPosition>, StoreError>;

    /// Returns the followers whose catalogs refuse the item with this key, with their messages.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn refusals_of(&self, key: &str) -> Result<Vec<(String, String)>, StoreError>;
}

/// What is kept in memory of an item or container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexedEntity {
    /// Its number.
    pub id: i64,
    /// The number of the connection.
    pub connection: i64,
    /// The number of the kind of containers; 0 of an item.
    pub kind: u8,
    /// The code of the state.
    pub state: u8,
    /// Bits.
    pub flags: u8,
    /// Length of the name in characters, up to 255.
    pub name_length: u8,
    /// The number of the set of facets.
    pub set: u32,
}

/// An owner of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedOwner {
    /// The number of the facet.
    pub facet: i64,
    /// The number of the connection.
    pub connection: i64,
    /// The value of the facet.
    pub value: String,
    /// The account.
    pub account: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// The word of the account's status.
    pub status: Option<String>,
    /// By what owners are sorted.
    pub sort_name: String,
}

/// The value of a facet, and how people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetText {
    /// The value for the filter.
    pub value: String,
    /// The display name.
    pub label: String,
}

/// The items and containers that contain all words of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    /// Their numbers, sorted.
    pub all: Vec<i64>,
    /// The numbers of those that have all words in their names, sorted.
    pub in_name: Vec<i64>,
}

/// The value by which an item or container is sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderValue {
    /// By name or key.
    Text(String),
    /// By a time.
    Number(i64),
}

/// Which changes are wanted. All conditions must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventQuery {
    /// Numbers of connections.
    pub connections: Vec<i64>,
    /// Codes of kinds of changes.
    pub kinds: Vec<i64>,
    /// Of containers, of items, or of both.
    pub is_container: Vec<bool>,
    /// Found by the scan with this number.
    pub scan: Option<i64>,
    /// At or after this time.
    pub since: Option<i64>,
    /// Before this time.
    pub until: Option<i64>,
    /// Before this position.
    pub before: i64,
    /// Maximum number of changes.
    pub limit: usize,
}

/// A change as the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedChange {
    /// The position.
    pub seq: i64,
    /// The number of the scan that found it.
    pub scan: i64,
    /// When that scan began.
    pub time: i64,
    /// The code of the kind.
    pub kind: i64,
    /// The names of fields, or the rule of a filter.
    pub fields: Vec<String>,
    /// The number of the item or container.
    pub entity: i64,
    /// The values of the fields.
    pub values: Vec<ChangedValue>,
}

/// The position of a follower.
#[derive(Clone, Debug)]
pub struct FollowerPosition {
    /// The name.
    pub name: String,
    /// What its position depends on. The lines after the first one are codes of connections.
    pub basis: Option<String>,
    /// The position.
    pub cursor: Cursor,
}
