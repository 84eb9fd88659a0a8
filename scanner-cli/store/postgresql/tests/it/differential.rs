//! Random scans, which lead to the same catalog on SQLite and in PostgreSQL.

use std::fmt::Write;

use catalog_model::{
    Completeness, ConnectionCode, Contact, Contacts, Instant, ItemKey, ItemState, Origin, Place,
    Precedence, Properties, PropertyValue, RecordDigest, ScanState, SourceId, UnchangedRest,
    Visualization,
    filter::{FilterRule, RuleId},
};
use catalog_store::{
    Beginning, Catalog, Closing, ItemScope, LastScan, Store, StoreError, StoreLocation, StoreScan,
    copying::{self, Table},
    fuse::Removals,
};
use jiff::{SignedDuration, Timestamp};

use crate::{random::Random, server::new_store};

/// Number of scans of a run.
const SCANS: i64 = 25;

/// A record of the source.
#[derive(Clone, Debug)]
struct Record {
    key: u64,
    id: u64,
    name: u64,
    standing: u8,
    decision: Decision,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Keep,
    Exclude,
    Undecided,
    Unreadable,
}

/// What a scan sees and how it ends.
#[derive(Clone, Debug)]
struct Script {
    records: Vec<Record>,
    recognizes: bool,
    has_contacts: bool,
    statement: Result<Completeness, String>,
    removals: Removals,
    /// The keys that a scan for changes has read.
    read: Option<Vec<u64>>,
}

fn script(random: &mut Random) -> Script {
    let mut records = Vec::new();
    for key in 0..24 {
        if random.one_in(8) {
            continue;
        }
        let copies = if random.one_in(6) { 2 } else { 1 };
        for copy in 0..copies {
            records.push(Record {
                key,
                id: key * 10 + copy,
                name: if random.one_in(5) { random.below(3) } else { 0 },
                standing: u8::try_from(random.below(2)).unwrap(),
                decision: match random.below(24) {
                    0 | 1 => Decision::Exclude,
                    2 => Decision::Undecided,
                    3 => Decision::Unreadable,
                    _ => Decision::Keep,
                },
            });
        }
    }
    for index in (1..records.len()).rev() {
        let other = random.below(index as u64 + 1);
        records.swap(index, usize::try_from(other).unwrap());
    }
    let statement = match random.below(8) {
        0 => Err("broken".to_owned()),
        1 => Ok(Completeness::Partial(vec!["some".to_owned()])),
        _ => Ok(Completeness::Complete),
    };
    let read = random
        .one_in(4)
        .then(|| (0..24).filter(|_| random.one_in(2)).collect::<Vec<u64>>());
    if let Some(read) = &read {
        records.retain(|record| read.contains(&record.key));
    }
    Script {
        records,
        recognizes: !random.one_in(3),
        has_contacts: random.one_in(2),
        statement,
        removals: match random.one_in(3) {
            true => Removals::Limited,
            false => Removals::Accepted,
        },
        read,
    }
}

fn key_of(number: u64) -> ItemKey {
    ItemKey::new(["c", &format!("k{number:02}")]).unwrap()
}

impl Record {
    fn precedence(&self) -> Precedence {
        Precedence {
            standing: self.standing,
            modified: Instant::from_unix_millis(1).ok(),
        }
    }

    fn see(&self, scan: &mut StoreScan, script: &Script) {
        let (key, id) = (key_of(self.key), SourceId(format!("id{:03}", self.id)));
        let record = (self.precedence(), Some(&id));
        match self.decision {
            Decision::Keep => self.keep(scan, script, key, id),
            Decision::Exclude => scan.excluded(&key, record, &rule()),
            Decision::Undecided => scan.undecided(&key, record),
            Decision::Unreadable => scan.unreadable(&id),
        }
    }

    fn keep(&self, scan: &mut StoreScan, script: &Script, key: ItemKey, id: SourceId) {
        let contacts = u128::from(script.has_contacts);
        let digest = u128::from(self.id) << 64 | u128::from(self.name) << 8 | contacts << 4;
        let digest = RecordDigest((digest | u128::from(self.standing)) ^ (u128::MAX << 90));
        if script.recognizes && scan.recognizes(digest) {
            return;
        }
        let mut properties = Properties::default();
        let text = format!("text {}", self.name).repeat(if self.name == 2 { 400 } else { 1 });
        properties.put("p", PropertyValue::LongText(text));
        let item = Visualization {
            key,
            container: None,
            label: vec!["way".to_owned()],
            name: format!("name {}", self.name),
            description: None,
            contacts: match script.has_contacts {
                true => Contacts::Known(vec![Contact {
                    role: "owner".into(),
                    email: Some("a@example.com".to_owned()),
                    name: None,
                    account: None,
                    status: None,
                    email_since: 1,
                }]),
                false => Contacts::Unknown,
            },
            catalog: None,
            precedence: self.precedence(),
            properties,
        };
        let origin = Origin {
            id: Some(id),
            digest: Some(digest),
        };
        scan.item(&item, &origin).unwrap();
    }
}

fn rule() -> FilterRule {
    FilterRule {
        id: RuleId(0),
        name: "rule".to_owned(),
        place: Place::new("a.conf", 9, 3),
        text: String::new(),
    }
}

fn at(scan: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + scan * 3_600).unwrap()
}

/// Runs a scan, and returns its result as text.
async fn run(store: &Store, number: i64, script: &Script) -> String {
    let beginning = Beginning {
        code: ConnectionCode::new("c").unwrap(),
        name: "Connection".to_owned(),
        key_parts: vec!["app"],
        revisions: Vec::new(),
        time: at(number),
    };
    let mut scan = store.begin(beginning).await.unwrap();
    let is_for_changes = script.read.is_some() && scan.checkpoint().is_some();
    if script.recognizes && !is_for_changes {
        scan.digest_key().await.unwrap();
    }
    for record in &script.records {
        scan.ready().await.unwrap();
        record.see(&mut scan, script);
    }
    if let (Some(read), true) = (&script.read, is_for_changes) {
        scan.unchanged(UnchangedRest {
            read: read.iter().copied().map(key_of).collect(),
            excluded: 0,
        });
    }
    scan.state(ScanState(vec![1]));
    let closing = Closing {
        statement: script.statement.clone(),
        time: at(number),
        site_version: None,
        bytes: 7,
        removals: script.removals,
        advice: "advice".to_owned(),
    };
    let (closed, duplicates) = scan.close(closing).await.unwrap();
    let mut counts = closed.counts;
    // A record that a filter excludes and that loses against a new item counts on SQLite, if it comes first.
    counts.excluded = 0;
    format!("{:?} {counts:?} {}", closed.statement, duplicates.count)
}

/// The catalog as text.
fn content(location: &StoreLocation) -> String {
    let catalog = Catalog::open(location).unwrap().unwrap();
    let mut text = String::new();
    let scope = ItemScope {
        connection: None,
        states: &ItemState::ALL,
    };
    catalog
        .each_item(scope, |item| {
            let seen = (
                item.first_seen,
                item.last_seen,
                item.last_read,
                item.gone_since,
            );
            writeln!(
                text,
                "{} {:?} {seen:?} {} {} {:?}",
                item.key, item.state, item.source_id, item.item.name, item.item.contacts
            )
            .unwrap();
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let mut log = Vec::new();
    catalog
        .each_change(|change| {
            log.push(format!(
                "{} {} {:?} {}",
                change.scan,
                change.key,
                change.fields,
                change.kind.word()
            ));
            Ok::<_, StoreError>(())
        })
        .unwrap();
    // The order of changes within a scan depends on when they were compared.
    log.sort();
    let mut scans = catalog.last_scans(LastScan::OfEachOutcome).unwrap();
    scans.sort_by_key(|scan| scan.id);
    for scan in scans {
        writeln!(text, "{} {:?} {:?}", scan.id, scan.outcome, scan.reasons).unwrap();
    }
    text + &log.join("\n")
}

#[tokio::test]
async fn random_scans_have_the_same_result_on_sqlite_and_in_postgresql() {
    for seed in 0..8 {
        let mut random = Random(seed * 7_919 + 1);
        let folder = tempfile::tempdir().unwrap();
        let sqlite = StoreLocation::from(folder.path().join("catalog.db"));
        let postgresql = new_store();
        let keep = SignedDuration::from_hours(24 * 365);
        let stores = [&sqlite, &postgresql].map(|location| Store::open(location, keep).unwrap());
        for number in 0..SCANS {
            let script = script(&mut random);
            let mut results = Vec::new();
            for store in &stores {
                results.push(run(store, number, &script).await);
            }
            assert_eq!(
                results[0], results[1],
                "seed {seed}, scan {number}: {script:?}"
            );
            let (one, other) = (content(&sqlite), content(&postgresql));
            let differs = one
                .lines()
                .zip(other.lines())
                .find(|(one, other)| one != other);
            assert!(
                one == other,
                "seed {seed}, scan {number}: {differs:?}\n{script:?}"
            );
        }
    }
}

/// Copies a store, and returns the copy.
fn copied(from: &StoreLocation, to: StoreLocation) -> StoreLocation {
    let mut source = from.copy_source().unwrap().unwrap();
    let rows = copying::copy(&mut *source, to.copy_target().unwrap(), &mut |_, _, _| {}).unwrap();
    let items = rows.iter().find(|(table, _)| *table == Table::Items);
    assert!(items.is_some_and(|(_, count)| *count > 0), "{rows:?}");
    to
}

#[tokio::test]
async fn copies_of_stores_are_the_same_and_random_scans_go_on_in_the_same_way() {
    for seed in 0..3 {
        let mut random = Random(seed * 15_485_863 + 5);
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| StoreLocation::from(folder.path().join(name));
        let keep = SignedDuration::from_hours(24 * 365);
        let (sqlite, postgresql) = (file("catalog.db"), new_store());
        for location in [&sqlite, &postgresql] {
            let store = Store::open(location, keep).unwrap();
            let mut random = Random(seed * 104_729 + 11);
            for number in 0..SCANS {
                run(&store, number, &script(&mut random)).await;
            }
        }
        let mut all = vec![
            copied(&sqlite, new_store()),
            copied(&sqlite, file("file.db")),
            copied(&postgresql, file("back.db")),
            copied(&postgresql, new_store()),
        ];
        let back = copied(&all[0], file("and-back.db"));
        all.extend([back, sqlite, postgresql]);
        let stores: Vec<_> = all
            .iter()
            .map(|location| Store::open(location, keep).unwrap())
            .collect();
        for number in SCANS..SCANS + 8 {
            let expected = content(&all[0]);
            for location in &all {
                assert_eq!(content(location), expected, "seed {seed}, {location}");
            }
            let script = script(&mut random);
            let mut results = Vec::new();
            for store in &stores {
                results.push(run(store, number, &script).await);
            }
            let first = results[0].clone();
            assert_eq!(results, vec![first; all.len()], "seed {seed}, {script:?}");
        }
    }
}
