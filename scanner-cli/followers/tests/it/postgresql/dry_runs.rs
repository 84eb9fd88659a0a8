//! Dry runs: what they print, and that they leave nothing behind.

use std::sync::{Arc, Mutex};

use catalog_model::{
    ChangeKind, Contacts, Feed, FollowError, Follower, PropertyKind, PropertyValue,
    follower::{Delivery, Plan, Planned},
};

use super::{
    cluster::reserve_port,
    database::{Database, PASSWORD, deliver, open},
    feed::{TestFeed, containers, instant, item},
};

/// A statement of a dry run: its table, text and number of rows.
pub(crate) type Statement = (String, String, u64);

pub(crate) async fn plan(
    follower: &dyn Follower,
    feed: &dyn Feed,
) -> (Vec<Statement>, Result<Delivery, FollowError>) {
    let planned = Arc::new(Mutex::new(Vec::new()));
    let receiver = Arc::clone(&planned);
    let plan = Plan::new(move |one| match one {
        Planned::Statement { target, text, rows } => {
            receiver.lock().unwrap().push((target, text, rows));
        }
        other => panic!("{other:?}"),
    });
    let delivery = follower.dry_run(feed, &plan).await;
    let planned = std::mem::take(&mut *planned.lock().unwrap());
    for (_, text, _) in &planned {
        assert!(!text.contains(PASSWORD), "{text}");
    }
    (planned, delivery)
}

/// Tables and numbers of rows, without those of the schema.
pub(crate) fn rows(statements: &[Statement]) -> Vec<(&str, u64)> {
    let statements = statements.iter().filter(|(_, _, rows)| *rows > 0);
    statements
        .map(|(table, _, rows)| (table.as_str(), *rows))
        .filter(|(table, _)| *table != "schema_version")
        .collect()
}

async fn content(database: &Database) -> Vec<String> {
    let mut content = Vec::new();
    for query in [
        "SELECT to_jsonb(items) FROM qlik_catalog.items ORDER BY key",
        "SELECT to_jsonb(containers) FROM qlik_catalog.containers ORDER BY key",
        "SELECT number, key, kind, change, time, fields, rule FROM qlik_catalog.changes ORDER BY number",
        "SELECT code, name, store_id, position, revision, unconfirmed FROM qlik_catalog.connections",
        "SELECT connection, key, message FROM qlik_catalog.refused ORDER BY key",
        "SELECT name FROM qlik_catalog.properties ORDER BY number",
        "SELECT version FROM qlik_catalog.schema_version ORDER BY version",
        "SELECT attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum)
            FROM pg_attribute WHERE attrelid = 'qlik_catalog.items'::regclass AND attnum > 0 ORDER BY attnum",
    ] {
        content.extend(database.texts(query).await);
    }
    content
}

fn histories() -> Vec<TestFeed> {
    let items = || ["s1", "s2", "s3", "s'4"].map(|id| item("east", id, "A's $1 \\ \u{0} 📈"));
    let first = || {
        let mut feed = TestFeed::new("east", items().to_vec());
        feed.containers = containers("east");
        feed
    };
    let [one, two, three, _] = items();
    let mut changed = item("east", "s1", "B");
    changed.contacts = Contacts::Unknown;
    changed.properties.put_unknown("owner");
    changed
        .properties
        .put("odd \"name's $1", PropertyValue::Number(1.5));
    let mut bad = item("east", "s5", "Bad");
    let date = "-009998-01-01T00:00:00.000Z".parse().unwrap();
    bad.properties
        .put("creation_date", PropertyValue::Instant(date));
    let changes = vec![
        (ChangeKind::Changed, changed),
        (ChangeKind::Removed, two),
        (ChangeKind::Excluded, three),
        (ChangeKind::Added, bad),
    ];
    let mut lost = first().then(14, vec![(ChangeKind::Removed, one)]);
    lost.items
        .retain(|entry| entry.entity.key.as_str() != "east/a1/s1");
    lost.end = 15;
    lost.changes[0].position = catalog_model::follower::Position::new(15);
    vec![first(), first().then(10, changes), lost]
}

#[tokio::test]
async fn the_statements_do_what_the_delivery_does() {
    let (delivered, planned) = (Database::new().await, Database::new().await);
    for (number, feed) in histories().iter().enumerate() {
        let by_delivery = deliver(&delivered, feed).await;
        let (statements, by_plan) = plan(&*planned.follower(), feed).await;
        let by_plan = by_plan.unwrap();
        let counts = |delivery: &Delivery| {
            let counts = delivery.delivered.iter();
            counts.map(|one| one.items).collect::<Vec<_>>()
        };
        assert_eq!(counts(&by_plan), counts(&by_delivery), "{number}");
        assert_eq!(by_plan.refused, by_delivery.refused, "{number}");
        if number == 0 {
            let schemas = "pg_namespace WHERE nspname = 'qlik_catalog'";
            assert_eq!(planned.count(schemas).await, 0);
            assert!(
                statements[0].1.starts_with("CREATE SCHEMA"),
                "{statements:?}"
            );
            assert_eq!(
                rows(&statements),
                [
                    ("connections", 1),
                    ("containers", 2),
                    ("items", 4),
                    ("connections", 1)
                ]
            );
        }
        let session = planned.session(&planned.role).await;
        for (_, text, _) in &statements {
            (session.batch_execute(text).await).unwrap_or_else(|error| panic!("{error:?}: {text}"));
        }
        assert_eq!(
            content(&planned).await,
            content(&delivered).await,
            "{number}"
        );
        let (statements, delivery) = plan(&*planned.follower(), feed).await;
        assert!(statements.is_empty() && delivery.unwrap().delivered.is_empty());
    }
}

#[tokio::test]
async fn a_full_dry_run_shows_only_what_it_would_repair_and_needs_no_right_to_write() {
    let database = Database::new().await;
    let feed = || {
        let items = ["s1", "s2", "s3"].map(|id| item("east", id, "A"));
        let mut feed = TestFeed::new("east", items.to_vec());
        feed.containers = containers("east");
        feed.full()
    };
    deliver(&database, &feed()).await;
    let read_only = format!(
        "ALTER ROLE {} SET default_transaction_read_only = on",
        database.role
    );
    database.execute(&read_only).await;
    let (statements, _) = plan(&*database.follower(), &feed()).await;
    assert!(statements.is_empty(), "{statements:?}");
    database
        .execute(
            "UPDATE qlik_catalog.items SET name = 'Edited' WHERE key = 'east/a1/s1';
             DELETE FROM qlik_catalog.items WHERE key = 'east/a1/s2';
             INSERT INTO qlik_catalog.items (id, key, type, label, name, connection, state, first_seen)
             VALUES ('', 'east/a1/x', 'x', '', 'Foreign', 'east', 'present', now())",
        )
        .await;
    let before = content(&database).await;
    let (statements, delivery) = plan(&*database.follower(), &feed()).await;
    assert_eq!(rows(&statements), [("items", 2), ("items", 1)]);
    assert!(statements[1].1.contains("SET state = 'gone'"));
    assert_eq!(delivery.unwrap().delivered[0].items, 3);
    assert_eq!(content(&database).await, before);
}

#[tokio::test]
async fn a_new_table_has_the_columns_that_a_dry_run_assumes() {
    let (made, database) = (Database::new().await, Database::new().await);
    deliver(&made, &TestFeed::new("east", Vec::new())).await;
    let properties = made
        .rows(
            "SELECT name, format_type(atttypid, atttypmod) FROM qlik_catalog.properties
             JOIN pg_attribute ON attrelid = 'qlik_catalog.items'::regclass AND attname = name",
            &[],
        )
        .await;
    assert!(!properties.is_empty());
    let mut all = item("east", "s1", "A");
    for property in &properties {
        let value = match property.get(1) {
            "text" => PropertyValue::Text("x".to_owned()),
            "text[]" => PropertyValue::Tags(vec!["x".to_owned()]),
            "timestamp with time zone" => PropertyValue::Instant(instant(1)),
            other => panic!("{other}"),
        };
        all.properties.put(property.get::<_, String>(0), value);
    }
    assert!(
        all.properties
            .iter()
            .all(|(_, value)| value.kind() != PropertyKind::Number)
    );
    let (statements, delivery) =
        plan(&*database.follower(), &TestFeed::new("east", vec![all])).await;
    assert!(delivery.unwrap().refused.is_empty());
    assert!(
        statements
            .iter()
            .all(|(_, text, _)| !text.contains("ADD COLUMN"))
    );
}

#[tokio::test]
async fn without_the_database_it_says_what_it_assumes() {
    let (port, _reserved) = reserve_port().unwrap();
    let url = format!("postgresql://a@127.0.0.1:{port}/b");
    let follower = open(&[("url", &url), ("password", PASSWORD)]).unwrap();
    for (feed, expected) in histories()
        .iter()
        .zip(["is empty", "contains what was delivered"])
    {
        let (statements, delivery) = plan(&*follower, feed).await;
        assert!(delivery.unwrap().delivered[0].items > 1);
        let first = &statements[0].1;
        assert!(
            first.starts_with("-- `postgresql://a@127.0.0.1:"),
            "{first}"
        );
        let note = format!("-- This assumes that the database {expected}.\n");
        assert!(
            first.contains("connection refused") && first.contains(&note),
            "{first}"
        );
        assert!(
            statements
                .iter()
                .any(|(table, _, rows)| table == "items" && *rows > 1)
        );
    }
    let nothing = TestFeed::new("east", Vec::new()).then(10, Vec::new());
    let (statements, delivery) = plan(&*follower, &nothing).await;
    assert!(delivery.unwrap().delivered.is_empty());
    assert_eq!(statements.len(), 1);
    // A wrong password is not a database that cannot be reached.
    let database = Database::new().await;
    let follower = database.follower_with(&[("password", "wrong")]);
    let (statements, delivery) = plan(&*follower, &nothing).await;
    assert!(statements.is_empty());
    let error = delivery.unwrap_err().to_string();
    assert!(error.contains("refuses the login"), "{error}");
}

#[tokio::test]
async fn a_connection_of_another_store_is_named() {
    let database = Database::new().await;
    let feed = || TestFeed::new("east", vec![item("east", "s1", "A")]);
    deliver(&database, &feed()).await;
    let (statements, delivery) = plan(&*database.follower(), &feed().of_store("store-2")).await;
    assert!(statements.is_empty(), "{statements:?}");
    let error = delivery.unwrap_err().to_string();
    assert!(
        error.contains("belongs to the store of another scanner"),
        "{error}"
    );
    // Unless an administrator has released it.
    database
        .execute("UPDATE qlik_catalog.connections SET store_id = NULL")
        .await;
    let (statements, delivery) = plan(&*database.follower(), &feed().of_store("store-2")).await;
    delivery.unwrap();
    assert_eq!(rows(&statements), [("connections", 1), ("connections", 1)]);
}
