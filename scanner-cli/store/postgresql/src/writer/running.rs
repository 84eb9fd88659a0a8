//! A running scan: its session, and what it has counted.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use catalog_model::UnchangedRest;
use catalog_store::{Counts, backend::KnownRecords, spool::Duplicates};

use crate::{connecting::Database, lease::Lease};

/// The writer's state of a running scan.
pub(super) struct Running {
    pub(super) db: Database,
    pub(super) lease: Lease,
    pub(super) scan: i64,
    pub(super) connection: i64,
    pub(super) attempt: i64,
    /// When the scan began.
    pub(super) time: i64,
    /// Whether the connection had no items when it began, so that none need to be looked up.
    pub(super) is_empty: bool,
    /// When the last scan that read everything began, according to the connection's checkpoint.
    pub(super) full_read: Option<i64>,
    pub(super) attempted: Attempt,
    /// Numbers that new items may have.
    pub(super) free_ids: Vec<i64>,
    /// The numbers of the kinds of containers.
    pub(super) kinds: HashMap<&'static str, i32>,
    /// The records that the scan recognizes.
    pub(super) known: Arc<KnownRecords>,
    /// The highest number of an item that may be among them.
    pub(super) known_up_to: i64,
}

/// What the current attempt of a scan has seen, apart from what is in its temporary tables.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    /// Items that it saw as they were, and that are not in a temporary table.
    pub(super) seen: i64,
    pub(super) unreadable: i64,
    /// Number of rows in the temporary table of observations.
    pub(super) rows: i64,
    pub(super) has_unreadable: bool,
    pub(super) duplicates: Duplicates,
    /// Items that were recognized, and whose record lost against another one with the same key.
    pub(super) displaced: HashSet<i64>,
    /// Ids of the kinds of containers of which this attempt may not see all instances.
    pub(super) hidden_containers: BTreeSet<&'static str>,
    pub(super) unread: Option<UnchangedRest>,
    pub(super) state: Option<Vec<u8>>,
    /// Hashes of the long texts in the temporary table.
    pub(super) texts: HashSet<String>,
}

/// The temporary tables of a scan. Their content is never seen by others.
pub(super) const TABLES: &str = "
CREATE TEMP TABLE sighting (
    ordinal bigint NOT NULL,
    -- The number of the item, and whether the item is new.
    id bigint NOT NULL, is_new boolean NOT NULL,
    -- 0 present, 1 excluded, 2 undecided.
    decision smallint NOT NULL,
    container_kind integer,
    key text COLLATE \"C\", key_print bytea NOT NULL,
    standing smallint NOT NULL, modified bigint, source_id text NOT NULL,
    -- 0 add, 1 mark as seen, 2 write; a state below 0 leaves the item as it is.
    action smallint NOT NULL, new_state smallint NOT NULL,
    change_kind smallint, fields text, change_values text,
    fingerprint bytea, contacts_fingerprint bigint, contacts text, content text, texts text, digest bytea
);
CREATE TEMP TABLE unreadable (source_id text NOT NULL);
CREATE TEMP TABLE sighted_text (hash text COLLATE \"C\" NOT NULL, body text NOT NULL);
CREATE TEMP TABLE unseen (item bigint NOT NULL, is_present boolean NOT NULL, is_unreadable boolean NOT NULL);
CREATE TEMP TABLE unseen_container (item bigint NOT NULL);
";

/// Empties them for another attempt.
pub(super) const CLEAR: &str = "TRUNCATE sighting, unreadable, sighted_text";

/// The numbers of the items that a scan found, before its end.
pub(super) fn counted(counts: &[(i16, i64)]) -> Counts {
    use catalog_model::ChangeKind;
    use catalog_store::backend::NumericCode;

    let mut all = Counts::default();
    for (kind, count) in counts {
        if let Some(kind) = ChangeKind::from_code(i64::from(*kind)) {
            *all.of_kind(kind) += count;
        }
    }
    all
}
