//! Takes what a scan saw into the database, a batch in one transaction.
//!
//! The way of an item that did not change is the short one: a look at the index, one narrow row read and written.

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::{
    change::{ChangeKind, State},
    sighting::{Seen, Sighting, hash},
    stored_item::StoredItem,
};

/// A scan that is running, as the writer knows it.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) scan: i64,
    pub(super) connection: i64,
    pub(super) attempt: i64,
    /// When the scan began.
    pub(super) time: i64,
    /// Items that were there when it began.
    pub(super) known: Share,
    pub(super) counts: Counts,
    pub(super) twins: Twins,
}

/// So many items, and so many of them that were present rather than unreadable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) all: i64,
    pub(super) present: i64,
}

/// What a scan found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Items that the last attempt saw, each key once.
    pub(crate) seen: i64,
    pub(crate) added: i64,
    pub(crate) changed: i64,
    pub(crate) removed: i64,
    pub(crate) returned: i64,
    /// Records that the last attempt could not read although it knows their ids.
    pub(crate) unreadable: i64,
    /// Items that the last attempt saw and a filter left out.
    pub(crate) filtered: i64,
    /// Those of them that were in the catalog before. Not kept with the scan.
    pub(crate) newly_filtered: i64,
}

/// Items that came twice in one attempt: the second was left out.
#[derive(Clone, Debug, Default)]
pub(super) struct Twins {
    pub(super) count: u64,
    /// The first of them.
    pub(super) first: Vec<Twin>,
}

/// An item that came twice, and the source's id of the record that was left out.
#[derive(Clone, Debug)]
pub(super) struct Twin {
    pub(super) item: i64,
    pub(super) dropped: String,
}

/// So many are told of.
const TWINS: usize = 100;

/// What the narrow row of an item says.
struct Known {
    id: i64,
    fingerprint: [u8; 16],
    contacts: Option<i64>,
    state: i64,
    scan: i64,
    attempt: i64,
}

impl Known {
    /// Whether the scan has seen it in this attempt.
    fn is_of(&self, running: &Running) -> bool {
        (self.scan, self.attempt) == (running.scan, running.attempt)
    }

    /// Whether followers were told that it is not there.
    fn is_out(&self) -> bool {
        self.state == State::Gone.code() || self.state == State::Filtered.code()
    }
}

/// The statements of a batch.
struct Statements<'a> {
    find: CachedStatement<'a>,
    key_of: CachedStatement<'a>,
    mark: CachedStatement<'a>,
    set_state: CachedStatement<'a>,
    load: CachedStatement<'a>,
    insert: CachedStatement<'a>,
    insert_content: CachedStatement<'a>,
    update: CachedStatement<'a>,
    update_content: CachedStatement<'a>,
    log: CachedStatement<'a>,
    unlog: CachedStatement<'a>,
    was_gone: CachedStatement<'a>,
    unreadable: CachedStatement<'a>,
}

/// Takes a batch; the caller's transaction makes it count.
pub(super) fn take(
    db: &Connection,
    running: &mut Running,
    batch: Vec<Sighting>,
) -> rusqlite::Result<()> {
    let mut statements = Statements::prepare(db)?;
    for sighting in batch {
        match sighting {
            Sighting::Item(seen) => statements.item(db, running, seen)?,
            Sighting::Unreadable(id) => {
                running.counts.unreadable += 1;
                let Running { scan, attempt, .. } = *running;
                statements.unreadable.execute(params![scan, attempt, id])?;
            }
            Sighting::Filtered(key, rule) => statements.filtered(running, &key, rule)?,
            Sighting::Undecided(key) => statements.undecided(running, &key)?,
        }
    }
    Ok(())
}

impl<'a> Statements<'a> {
    fn prepare(db: &'a Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            find: db.prepare_cached(
                "SELECT id, fingerprint, contacts_fingerprint, state, scan, attempt FROM item WHERE key_hash = ?1",
            )?,
            key_of: db.prepare_cached("SELECT 1 FROM content WHERE item = ?1 AND key = ?2")?,
            mark: db.prepare_cached(
                "UPDATE item SET scan = ?2, attempt = ?3, state = 0 WHERE id = ?1",
            )?,
            set_state: db.prepare_cached(
                "UPDATE item SET scan = ?2, attempt = ?3, state = ?4 WHERE id = ?1",
            )?,
            load: db.prepare_cached("SELECT content FROM content WHERE item = ?1")?,
            insert: db.prepare_cached(
                "INSERT INTO item (connection, key_hash, fingerprint, contacts_fingerprint, state, scan, attempt) \
                 VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6)",
            )?,
            insert_content: db.prepare_cached(
                "INSERT INTO content (item, key, source_id, first_seen, changed_by, contacts, content) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?,
            update: db.prepare_cached(
                "UPDATE item SET fingerprint = ?2, contacts_fingerprint = coalesce(?3, contacts_fingerprint), \
                 scan = ?4, attempt = ?5, state = 0, gone_since = NULL WHERE id = ?1",
            )?,
            update_content: db.prepare_cached(
                "UPDATE content SET source_id = ?2, changed_by = coalesce(?3, changed_by), \
                 contacts = coalesce(?4, contacts), content = ?5 WHERE item = ?1",
            )?,
            log: db.prepare_cached(
                "INSERT INTO change (scan, item, kind, fields, time) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?,
            was_gone: db.prepare_cached("SELECT gone_since IS NOT NULL FROM item WHERE id = ?1")?,
            unlog: db.prepare_cached(
                "DELETE FROM change WHERE scan = ?1 AND item = ?2 AND kind = ?3",
            )?,
            unreadable: db.prepare_cached("INSERT INTO unreadable VALUES (?1, ?2, ?3)")?,
        })
    }

    fn item(&mut self, db: &Connection, running: &mut Running, seen: Seen) -> rusqlite::Result<()> {
        let Some(mut known) = self.find(seen.key_hash, &seen.key, Some(seen.fingerprint))? else {
            return self.add(db, running, &seen);
        };
        let twice = known.is_of(running);
        if twice && known.state == State::Filtered.code() {
            self.put_back(running, &mut known)?;
        } else if twice && known.state != State::Unreadable.code() {
            let Twins { count, first } = &mut running.twins;
            *count += 1;
            if first.len() < TWINS {
                let (item, dropped) = (known.id, seen.source_id);
                first.push(Twin { item, dropped });
            }
            return Ok(());
        }
        running.counts.seen += 1;
        let contacts = seen.contacts.as_ref().map(|contacts| contacts.fingerprint);
        let same = known.fingerprint == seen.fingerprint
            && (contacts.is_none() || contacts == known.contacts);
        if same && !known.is_out() {
            let Running { scan, attempt, .. } = *running;
            self.mark.execute(params![known.id, scan, attempt])?;
            return Ok(());
        }
        self.change(running, &known, &seen)
    }

    /// Undoes what `filtered` did in this scan for another record with the key: of two records one stays, in any order.
    fn put_back(&mut self, running: &mut Running, known: &mut Known) -> rusqlite::Result<()> {
        running.counts.filtered -= 1;
        let kind = ChangeKind::Filtered.code();
        let logged = self.unlog.execute(params![running.scan, known.id, kind])?;
        if logged > 0 {
            running.counts.newly_filtered -= 1;
            // What was gone before has its date still.
            let was_gone = self.was_gone.query_row([known.id], |row| row.get(0))?;
            let before = if was_gone {
                State::Gone
            } else {
                State::Present
            };
            known.state = before.code();
        }
        Ok(())
    }

    /// Takes an item that a filter leaves out. One that the store does not have stays away.
    fn filtered(&mut self, running: &mut Running, key: &str, rule: String) -> rusqlite::Result<()> {
        let known = self.find(hash(key), key, None)?;
        if known.as_ref().is_some_and(|known| known.is_of(running)) {
            return Ok(());
        }
        running.counts.filtered += 1;
        let Some(known) = known else { return Ok(()) };
        let Running { scan, attempt, .. } = *running;
        self.set_state
            .execute(params![known.id, scan, attempt, State::Filtered.code()])?;
        if known.state == State::Filtered.code() {
            return Ok(());
        }
        self.log(running, known.id, ChangeKind::Filtered, Some(&[rule]))
    }

    /// Takes an item of which nobody knows whether a filter leaves it out: it is there, and stays as it was.
    fn undecided(&mut self, running: &mut Running, key: &str) -> rusqlite::Result<()> {
        running.counts.unreadable += 1;
        let Some(known) = self.find(hash(key), key, None)? else {
            return Ok(());
        };
        if known.state == State::Gone.code() || known.is_of(running) {
            return Ok(());
        }
        let state = match known.is_out() {
            true => State::Filtered,
            false => State::Unreadable,
        };
        let Running { scan, attempt, .. } = *running;
        let marks = params![known.id, scan, attempt, state.code()];
        self.set_state.execute(marks).map(|_| ())
    }

    /// The item with this key, if the store has it.
    fn find(
        &mut self,
        key_hash: i64,
        key: &str,
        fingerprint: Option<[u8; 16]>,
    ) -> rusqlite::Result<Option<Known>> {
        let mut rows = self.find.query([key_hash])?;
        while let Some(row) = rows.next()? {
            let known = Known {
                id: row.get(0)?,
                fingerprint: row.get(1)?,
                contacts: row.get(2)?,
                state: row.get(3)?,
                scan: row.get(4)?,
                attempt: row.get(5)?,
            };
            // The fingerprint is of the key, too. Only where it differs may this be another key with the same hash.
            if Some(known.fingerprint) == fingerprint
                || self.key_of.exists(params![known.id, key])?
            {
                return Ok(Some(known));
            }
        }
        Ok(None)
    }

    fn add(&mut self, db: &Connection, running: &mut Running, seen: &Seen) -> rusqlite::Result<()> {
        let Running {
            scan,
            connection,
            attempt,
            time,
            ..
        } = *running;
        let contacts = seen.contacts.as_ref();
        self.insert.execute(params![
            connection,
            seen.key_hash,
            seen.fingerprint,
            contacts.map(|contacts| contacts.fingerprint),
            scan,
            attempt,
        ])?;
        let id = db.last_insert_rowid();
        self.insert_content.execute(params![
            id,
            seen.key,
            seen.source_id,
            time,
            scan,
            contacts.map(|contacts| &contacts.json),
            seen.content,
        ])?;
        running.counts.seen += 1;
        self.log(running, id, ChangeKind::Added, None)
    }

    fn change(
        &mut self,
        running: &mut Running,
        known: &Known,
        seen: &Seen,
    ) -> rusqlite::Result<()> {
        let former = self.load.query_row([known.id], |row| row.get(0));
        let former = former.optional()?;
        let fields = changed_fields(former, known, seen);
        let kind = if known.is_out() {
            Some(ChangeKind::Returned)
        } else {
            // The source's id alone may be another: an app that was exported and imported again.
            (!fields.is_empty()).then_some(ChangeKind::Changed)
        };
        let contacts = seen.contacts.as_ref();
        let Running { scan, attempt, .. } = *running;
        self.update.execute(params![
            known.id,
            seen.fingerprint,
            contacts.map(|contacts| contacts.fingerprint),
            scan,
            attempt,
        ])?;
        self.update_content.execute(params![
            known.id,
            seen.source_id,
            kind.map(|_| scan),
            contacts.map(|contacts| &contacts.json),
            seen.content,
        ])?;
        match kind {
            Some(kind) => self.log(running, known.id, kind, Some(&fields)),
            None => Ok(()),
        }
    }

    fn log(
        &mut self,
        running: &mut Running,
        item: i64,
        kind: ChangeKind,
        fields: Option<&[String]>,
    ) -> rusqlite::Result<()> {
        let counts = &mut running.counts;
        match kind {
            ChangeKind::Added => counts.added += 1,
            ChangeKind::Changed => counts.changed += 1,
            ChangeKind::Removed => counts.removed += 1,
            ChangeKind::Returned => counts.returned += 1,
            ChangeKind::Filtered => counts.newly_filtered += 1,
        }
        let fields = fields.filter(|fields| !fields.is_empty());
        let fields = fields.map(|fields| serde_json::json!(fields).to_string());
        self.log.execute(params![
            running.scan,
            item,
            kind.code(),
            fields,
            running.time
        ])?;
        Ok(())
    }
}

/// The fields in which an item differs from what the store holds of it.
fn changed_fields(former: Option<String>, known: &Known, seen: &Seen) -> Vec<String> {
    let parsed = |content: &str| StoredItem::read(content, None);
    let former = former.and_then(|content| parsed(&content).ok());
    let mut fields = match (former, parsed(&seen.content)) {
        (Some(former), Ok(new)) => new.differences(&former),
        // Nothing that this program wrote reads like that; all may have changed then.
        _ => vec!["content".to_owned()],
    };
    let contacts = seen.contacts.as_ref();
    if contacts.is_some_and(|contacts| Some(contacts.fingerprint) != known.contacts) {
        fields.push("contacts".to_owned());
    }
    fields
}
