//! Brings the index up to date with the store: reads what scans have written, in small transactions. One process at a time does
//! it, and any other one continues.

use std::{
    cmp::Ordering,
    collections::{BTreeSet, HashMap},
};

use catalog_store::{
    backend::{
        Document, DocumentSource, Holder, MAX_DEPTH, StoredItem, Tokenizer, missing_container,
        places, put,
    },
    browse::BrowseSettings,
};
use postgresql_client::Target;

use crate::{
    connecting::Database,
    error::{DatabaseError, Result},
    schema::is_there,
    texts::long_texts,
    values::{key_print, storable},
};

mod facets;
pub(crate) mod words;
mod writing;

pub(crate) use facets::delete_unused;
pub(crate) use writing::delete;

/// Number of items of a step.
const STEP: i64 = 1_000;
/// Number of deleted rows after which `to_index` is vacuumed during an update. Each request and each step reads the first rows, and
/// would have to skip all deleted ones before them.
const VACUUM_AFTER: i64 = 100_000;
/// Number of deleted rows from which `to_index` is vacuumed at the end of an update.
const VACUUM_AT_END_AFTER: i64 = 10_000;
/// Number of items and containers that were written after which `doc_words` is vacuumed before the index counts as complete.
const VACUUM_WORDS_AFTER: usize = 100_000;
/// Incremented whenever the contents of the tables change. An index of a lower version is filled again.
const VERSION: u32 = 1;

/// Held by who writes to the index, until the end of the transaction.
pub(crate) const LOCK: &str =
    "SELECT pg_advisory_xact_lock(hashtext('scanner-cli index ' || current_schema()))";

/// What updates the index, with its session.
pub(crate) struct Indexer {
    db: Database,
    settings: BrowseSettings,
    basis: String,
    tokenizer: Tokenizer,
    /// Number of rows of `to_index` that were deleted since it was vacuumed.
    deleted: i64,
    /// Number of items and containers that were written since `doc_words` was vacuumed.
    written: usize,
}

/// The containers around items, by key. Only for a step: another process may index a container after it.
type Holders = HashMap<String, Option<Holder>>;

/// The items and containers that are read.
const SOURCES: &str = "SELECT item.id, item.connection, code, container_kind, key, source_id, first_seen, \
     coalesce(scan.started, first_seen), content, contacts, texts FROM item \
     JOIN content ON content.item = item.id JOIN connection ON connection.id = item.connection \
     LEFT JOIN scan ON scan.id = changed_by WHERE item.id = ANY($1) ORDER BY item.id";

/// The containers around them.
const HOLDERS: &str = "SELECT item.id, container_kind, key, content, texts FROM item \
     JOIN content ON content.item = item.id WHERE key_print = ANY($1) AND container_kind IS NOT NULL";

impl Indexer {
    /// Opens a session. `None` if there is no store.
    pub(crate) async fn open(target: &Target, settings: BrowseSettings) -> Result<Option<Self>> {
        let db = Database::open(target).await?;
        if !is_there(&db, target).await? {
            return Ok(None);
        }
        let (tags, status) = (&settings.tag_properties, &settings.status_property);
        Ok(Some(Self {
            db,
            basis: format!("{VERSION:05} {tags:?} {status:?}"),
            settings,
            tokenizer: Tokenizer::new()?,
            deleted: 0,
            written: 0,
        }))
    }

    /// Takes one step, unless more than `max_items` are missing. Returns whether there is more to do.
    pub(crate) async fn step(&mut self, max_items: i64) -> Result<bool> {
        let missing = self.missing(max_items).await?;
        if missing.unwrap_or_default() == 0 && self.written >= VACUUM_WORDS_AFTER {
            // Otherwise, the first search for a frequent word would write all pages of the table.
            self.db.batch("VACUUM doc_words").await?;
            self.written = 0;
        }
        let has_more = missing.is_some() && {
            self.db.begin().await?;
            self.db.run(LOCK, &[]).await?;
            let has_more = self.work().await?;
            self.db.batch("COMMIT").await?;
            has_more
        };
        let max = match has_more {
            true => VACUUM_AFTER,
            false => VACUUM_AT_END_AFTER,
        };
        if self.deleted >= max {
            self.db.batch("VACUUM to_index").await?;
            self.deleted = 0;
        }
        Ok(has_more)
    }

    /// The number of items that are missing, as far as a step needs to know it. `None` if there is nothing to do.
    async fn missing(&self, max_items: i64) -> Result<Option<i64>> {
        let max = max_items.min(STEP).saturating_add(1);
        let sql = "SELECT basis, is_complete, (SELECT count(*) FROM (SELECT FROM to_index LIMIT $1) AS few), \
                   (SELECT count(*) FROM (SELECT FROM item LIMIT $1) AS few) FROM index_state";
        let row = self.db.row(sql, &[&max]).await?;
        let (missing, items): (i64, i64) = (row.get(2), row.get(3));
        if self.is_outdated(row.get(0)) {
            return Ok((items <= max_items).then_some(items));
        }
        let has_work = missing <= max_items && (missing > 0 || !row.get::<_, bool>(1));
        Ok(has_work.then_some(missing))
    }

    /// Whether the index was made with less. Programs of several versions that share a store must not replace each other's, so
    /// the greater basis stays.
    fn is_outdated(&self, basis: &str) -> bool {
        self.basis.as_str().cmp(basis) == Ordering::Greater
    }

    async fn work(&mut self) -> Result<bool> {
        let row = self.db.row("SELECT basis FROM index_state", &[]).await?;
        if self.is_outdated(row.get(0)) {
            let sql = "UPDATE index_state SET basis = $1, is_complete = false, generation = generation + 1";
            self.db.run(sql, &[&self.basis]).await?;
            self.db
                .batch("DELETE FROM to_index; INSERT INTO to_index SELECT id FROM item ORDER BY id")
                .await?;
            return Ok(true);
        }
        let sql = "DELETE FROM to_index WHERE ctid = ANY(ARRAY(SELECT ctid FROM to_index LIMIT $1)) RETURNING item";
        let taken = self.db.rows(sql, &[&STEP]).await?;
        self.deleted += i64::try_from(taken.len()).unwrap_or(i64::MAX);
        let ids: BTreeSet<i64> = taken.iter().map(|row| row.get(0)).collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let complete = match ids.is_empty() {
            true => ", is_complete = true",
            false => "",
        };
        if !ids.is_empty() {
            self.index(&ids).await?;
        }
        let sql = format!("UPDATE index_state SET generation = generation + 1{complete}");
        self.db.batch(&sql).await?;
        Ok(!ids.is_empty())
    }

    /// Indexes items and containers, and removes those that the store no longer has.
    async fn index(&mut self, ids: &[i64]) -> Result<()> {
        let sources = self.sources(ids).await?;
        let holders = self.holders(&sources).await?;
        let mut documents = Vec::with_capacity(sources.len());
        for source in sources {
            let mut holder = |key: &str| Ok(holders.get(key).cloned().flatten());
            documents.extend(Document::new::<DatabaseError>(
                source,
                &self.settings,
                &mut holder,
            )?);
        }
        self.written += documents.len();
        self.note_renamed(&documents).await?;
        writing::write(&self.db, &mut self.tokenizer, (ids, &documents)).await
    }

    async fn sources(&self, ids: &[i64]) -> Result<Vec<DocumentSource>> {
        let rows = self.db.rows(SOURCES, &[&ids]).await?;
        let bodies = long_texts(&self.db, &rows, 10).await?;
        let sources = rows.iter().filter_map(|row| {
            Some(DocumentSource {
                id: row.get(0),
                connection: row.get(1),
                code: row.get(2),
                kind: row.get::<_, Option<i32>>(3).map(i64::from),
                key: row.get(4),
                source_id: row.get(5),
                first_seen: row.get(6),
                changed: row.get(7),
                stored: stored((row.get(8), row.get(9), row.get(10)), &bodies)?,
            })
        });
        Ok(sources.collect())
    }

    /// Finds the containers around items, all of a level at once.
    async fn holders(&self, sources: &[DocumentSource]) -> Result<Holders> {
        let mut holders = Holders::new();
        let mut wanted = missing_holders(&holders, sources);
        while !wanted.is_empty() {
            let prints = wanted.iter().map(|key| key_print(&storable(key)).to_vec());
            let prints: Vec<_> = prints.collect();
            let rows = self.db.rows(HOLDERS, &[&prints]).await?;
            let bodies = long_texts(&self.db, &rows, 4).await?;
            for row in &rows {
                let kind = i64::from(row.get::<_, i32>(1));
                let stored = stored((row.get(3), None, row.get(4)), &bodies);
                let holder = stored.and_then(|one| Holder::new(row.get(0), kind, row.get(2), one));
                holders.insert(row.get(2), holder);
            }
            for key in wanted {
                holders.entry(key).or_insert(None);
            }
            wanted = missing_holders(&holders, sources);
        }
        Ok(holders)
    }

    /// Notes what is in containers that are new, have another name now, or are in another one: it is found by the names of all
    /// containers around it.
    async fn note_renamed(&self, documents: &[Document]) -> Result<()> {
        let containers: Vec<&Document> = documents.iter().filter(|one| one.kind > 0).collect();
        if containers.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = containers.iter().map(|one| one.id).collect();
        let sql = "SELECT doc.id, parent, columns[1] FROM doc JOIN doc_text ON doc_text.id = doc.id WHERE doc.id = ANY($1)";
        let rows = self.db.rows(sql, &[&ids]).await?;
        let former: HashMap<i64, (i64, &str)> = rows
            .iter()
            .map(|row| (row.get(0), (row.get(1), row.get(2))))
            .collect();
        let (mut roots, mut renamed) = (Vec::new(), Vec::new());
        for container in containers {
            match former.get(&container.id) {
                None => roots.push(missing_container(&container.key)),
                Some((parent, name)) => {
                    if **name != *storable(&container.columns[0]) {
                        renamed.push(container);
                        roots.push(container.id);
                    } else if *parent != container.parent {
                        roots.push(container.id);
                    }
                }
            }
        }
        let sql = "WITH RECURSIVE held (id) AS (SELECT id FROM doc WHERE parent = ANY($1) AND parent <> 0 \
                   UNION SELECT doc.id FROM held JOIN doc ON doc.parent = held.id AND doc.parent <> 0) \
                   INSERT INTO to_index SELECT id FROM held";
        self.db.run(sql, &[&roots]).await?;
        // Also if it holds nothing now.
        facets::rename(&self.db, &renamed).await
    }
}

/// The keys of containers around items that were not looked up.
fn missing_holders(holders: &Holders, sources: &[DocumentSource]) -> BTreeSet<String> {
    let mut missing = BTreeSet::new();
    for source in sources {
        let mut next = source.holder();
        for _ in 0..MAX_DEPTH {
            let Some(key) = next else { break };
            let Some(known) = holders.get(key) else {
                missing.insert(key.to_owned());
                break;
            };
            next = known.as_ref().and_then(|holder| holder.parent.as_deref());
        }
    }
    missing
}

/// Reads the stored form of an item with its long texts.
fn stored(
    (content, contacts, texts): (&str, Option<&str>, Option<&str>),
    bodies: &HashMap<String, String>,
) -> Option<StoredItem<'static>> {
    let mut stored = StoredItem::read(content, contacts).ok()?;
    for (place, hash) in places(texts) {
        if let Some(body) = bodies.get(&hash) {
            put(&mut stored, &place, body.clone());
        }
    }
    Some(stored)
}
