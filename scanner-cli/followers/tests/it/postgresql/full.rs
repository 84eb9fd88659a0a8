//! Deliveries that compare everything with the tables and repair the difference.

use catalog_model::ChangeKind;

use super::{
    database::{Database, deliver},
    feed::{TestFeed, containers, item},
};

const ITEMS: &str = "SELECT key, name, label, description, tags, contacts, state, gone_since, first_seen, connection, owner
    FROM qlik_catalog.items WHERE key LIKE 'east/a1/s%' ORDER BY key";
const CONTAINERS: &str = "SELECT key, kind, name, parent, tags, custom_properties, state
    FROM qlik_catalog.containers WHERE key LIKE '%1' ORDER BY key";

/// What somebody does: tables, views and columns of their own, and rows that are not theirs.
const EDITS: &str = "ALTER TABLE qlik_catalog.items ADD COLUMN steward text;
    UPDATE qlik_catalog.items SET steward = 'Bea';
    CREATE TABLE qlik_catalog.notes (key text, note text);
    INSERT INTO qlik_catalog.notes VALUES ('east/a1/s1', 'Ask Bea');
    CREATE VIEW qlik_catalog.mine AS SELECT key, steward FROM qlik_catalog.items;
    COMMENT ON TABLE qlik_catalog.items IS 'Ours';
    INSERT INTO qlik_catalog.connections (code, name) VALUES ('manual', 'By hand');
    INSERT INTO qlik_catalog.items (id, key, type, label, name, connection, state, first_seen)
    VALUES ('', 'east/a1/a', 'x', '', 'First', 'east', 'present', now()),
       ('', 'east/a1/s2x', 'x', '', 'Between', 'east', 'present', now()),
       ('', 'east/zz', 'x', '', 'Last', 'east', 'present', now()),
       ('', 'manual/1', 'x', '', 'By hand', 'manual', 'present', now());
    INSERT INTO qlik_catalog.containers (key, kind, id, connection, state, first_seen)
    VALUES ('east/app:foreign', 'app', '', 'east', 'present', now());
    UPDATE qlik_catalog.items SET name = 'Edited', tags = '{x}', contacts = NULL, owner = NULL,
       first_seen = now() WHERE key = 'east/a1/s1';
    UPDATE qlik_catalog.items SET state = 'gone', gone_since = now(), connection = 'manual'
    WHERE key = 'east/a1/s2';
    DELETE FROM qlik_catalog.items WHERE key = 'east/a1/s3';
    UPDATE qlik_catalog.items SET state = 'present', gone_since = NULL WHERE key = 'east/a1/s5';
    UPDATE qlik_catalog.containers SET name = 'Edited', custom_properties = '[]'
    WHERE kind = 'app';
    DELETE FROM qlik_catalog.containers WHERE kind = 'stream';
    INSERT INTO qlik_catalog.refused (connection, key, message) VALUES ('east', 'east/a1/s1', 'by hand')";

fn feed() -> TestFeed {
    let items = ["s1", "s2", "s3", "s4", "s5"].map(|id| item("east", id, "A"));
    let gone = items[4].clone();
    let mut feed = TestFeed::new("east", items.to_vec());
    feed.containers = containers("east");
    feed.then(10, vec![(ChangeKind::Removed, gone)]).full()
}

/// What differs after each write to a table: every row has the number of the transaction that wrote it.
async fn writes(database: &Database) -> Vec<String> {
    let mut writes = Vec::new();
    for table in [
        "items",
        "containers",
        "changes",
        "connections",
        "refused",
        "properties",
    ] {
        let sql = format!("SELECT count(*), sum(xmin::text::bigint) FROM qlik_catalog.{table}");
        writes.extend(database.texts(&sql).await);
    }
    writes
}

/// Rows that the store does not know are gone, and what is not the scanner's is as it was.
async fn others_are_kept(database: &Database) {
    for (query, expected) in [
        (
            "SELECT key, state, gone_since IS NOT NULL FROM qlik_catalog.items WHERE type = 'x' ORDER BY key",
            &[
                "(east/a1/a,gone,t)",
                "(east/a1/s2x,gone,t)",
                "(east/zz,gone,t)",
                "(manual/1,present,f)",
            ][..],
        ),
        (
            "SELECT state FROM qlik_catalog.containers WHERE key = 'east/app:foreign'",
            &["(gone)"],
        ),
        (
            "SELECT key, steward FROM qlik_catalog.mine WHERE key < 'east/a1/s4' AND key >= 'east/a1/s1' ORDER BY key",
            &[
                "(east/a1/s1,Bea)",
                "(east/a1/s2,Bea)",
                "(east/a1/s2x,)",
                "(east/a1/s3,)",
            ],
        ),
        ("SELECT note FROM qlik_catalog.notes", &["(\"Ask Bea\")"]),
        (
            "SELECT obj_description('qlik_catalog.items'::regclass)",
            &["(Ours)"],
        ),
        ("SELECT message FROM qlik_catalog.refused", &[]),
    ] {
        assert_eq!(database.texts(query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn what_somebody_changed_in_the_tables_is_repaired() {
    let database = Database::new().await;
    deliver(&database, &feed()).await;
    let (items, containers) = (
        database.texts(ITEMS).await,
        database.texts(CONTAINERS).await,
    );
    assert_eq!((items.len(), containers.len()), (5, 2));
    database.execute(EDITS).await;
    let delivery = deliver(&database, &feed()).await;
    assert!(delivery.refused.is_empty(), "{delivery:?}");
    let repaired = database.texts(ITEMS).await;
    let (foreign, own): (Vec<_>, Vec<_>) =
        (repaired.into_iter()).partition(|row| row.contains("s2x"));
    assert_eq!(own, items);
    assert_eq!(database.texts(CONTAINERS).await, containers);
    assert_eq!(foreign.len(), 1);
    others_are_kept(&database).await;
    // The next one finds nothing to repair.
    let before = writes(&database).await;
    let delivery = deliver(&database, &feed()).await;
    assert!(delivery.delivered.is_empty(), "{delivery:?}");
    assert_eq!(writes(&database).await, before);
}

#[tokio::test]
async fn a_column_of_a_property_that_somebody_dropped_comes_back() {
    let database = Database::new().await;
    deliver(&database, &feed()).await;
    let items = database.texts(ITEMS).await;
    database
        .execute("ALTER TABLE qlik_catalog.items DROP COLUMN owner")
        .await;
    deliver(&database, &feed()).await;
    assert_eq!(database.texts(ITEMS).await, items);
}
