//! What appears in the tables and views, and what stays.

use catalog_model::{ChangeKind, Contacts, PropertyValue, follower::Position};

use super::{
    database::Database,
    feed::{TestFeed, containers, instant, item},
};

async fn deliver(database: &Database, feed: &TestFeed) {
    let delivery = database.follower().follow(feed).await.unwrap();
    assert!(delivery.refused.is_empty(), "{delivery:?}");
    assert_eq!(
        *feed.acknowledged.lock().unwrap(),
        Some(Position::new(feed.end))
    );
}

#[tokio::test]
async fn every_field_has_its_column_and_views_show_the_parts() {
    let database = Database::new().await;
    let mut feed = TestFeed::new("east", vec![item("east", "s1", "Regions / 1")]);
    feed.containers = containers("east");
    deliver(&database, &feed).await;
    let columns = "id, key, type, label, name, description, catalog, application_name, sheet_url, tags, owner,
        application_custom_properties, connection, container, state, gone_since,
        to_char(creation_date AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS creation_date,
        to_char(first_seen AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS first_seen";
    let rows = database
        .texts(&format!("SELECT {columns} FROM qlik_catalog.items"))
        .await;
    assert_eq!(
        rows,
        [concat!(
            "(/app=a1/sheet=s1,east/a1/s1,visualization,\"Finance/Sales/Regions ∕ 1\",\"Regions / 1\",\"About\r\nit\",",
            "Money,Sales,https://qlik.example/sheet/2,\"{\"\"a,\\\\\"\"b\\\\\"\"\"\",\"\"{c}\"\",\"\"NULL\"\"}\",",
            "\"ACME\\\\ann\",{Department=Sales},east,east/app:a1,present,,\"2024-01-01 02:00\",\"2024-01-01 01:00\")"
        )]
    );
    for (query, expected) in [
        (
            "SELECT key, id, name, stream, stream_key, link, tags, state FROM qlik_catalog.apps",
            "(east/app:a1,a1,Sales,Finance,east/stream:s1,https://qlik.example/app/a1,{Certified},present)",
        ),
        (
            "SELECT key, id, name, state FROM qlik_catalog.streams",
            "(east/stream:s1,s1,Finance,present)",
        ),
        (
            "SELECT key, kind, role, email, name, account, status FROM qlik_catalog.contacts",
            "(east/a1/s1,item,owner,ann@example.com,Ann,\"ACME\\\\ann\",active)",
        ),
        (
            "SELECT key, kind, tag FROM qlik_catalog.tags WHERE kind = 'app'",
            "(east/app:a1,app,Certified)",
        ),
        (
            "SELECT key, kind, name, value FROM qlik_catalog.custom_properties",
            "(east/app:a1,app,Department,Sales)",
        ),
        (
            "SELECT code, name, store_id, position, unconfirmed FROM qlik_catalog.connections",
            "(east,\"The east\",store-1,10,f)",
        ),
        ("SELECT contacts FROM qlik_catalog.apps", "([])"),
    ] {
        assert_eq!(database.texts(query).await, [expected], "{query}");
    }
}

#[tokio::test]
async fn every_table_and_column_has_a_comment() {
    let database = Database::new().await;
    deliver(&database, &TestFeed::new("east", Vec::new())).await;
    let missing = database
        .texts(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'qlik_catalog' AND c.relkind IN ('r', 'v') AND obj_description(c.oid) IS NULL
             UNION ALL
             SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
             WHERE n.nspname = 'qlik_catalog' AND c.relkind IN ('r', 'v') AND col_description(c.oid, a.attnum) IS NULL",
        )
        .await;
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn unknown_values_leave_what_was_known() {
    let database = Database::new().await;
    let known = item("east", "s1", "Regions");
    let feed = TestFeed::new("east", vec![known.clone()]);
    deliver(&database, &feed).await;
    let mut unknown = known.clone();
    unknown.name = "Renamed".to_owned();
    unknown.contacts = Contacts::Unknown;
    unknown.properties.put_unknown("owner");
    unknown.properties.put_unknown("tags");
    unknown.properties.put_unknown("creation_date");
    let mut absent = known;
    absent.key = "east/a1/s2".parse().unwrap();
    absent.contacts = Contacts::Unknown;
    absent.description = None;
    absent.properties.put_unknown("owner");
    let feed = feed.then(
        10,
        vec![(ChangeKind::Changed, unknown), (ChangeKind::Added, absent)],
    );
    deliver(&database, &feed).await;
    let query = "SELECT name, owner, tags[2], creation_date IS NOT NULL, contacts -> 0 ->> 'email', description IS NULL
        FROM qlik_catalog.items ORDER BY key";
    assert_eq!(
        database.texts(query).await,
        [
            "(Renamed,\"ACME\\\\ann\",{c},t,ann@example.com,f)",
            "(Regions,,{c},t,,t)"
        ]
    );
    // A full comparison does not forget it either.
    let mut again = TestFeed::new(
        "east",
        feed.items
            .iter()
            .map(|entry| entry.entity.clone())
            .collect(),
    );
    again.end = 20;
    deliver(&database, &again).await;
    assert_eq!(
        database.texts(query).await[0],
        "(Renamed,\"ACME\\\\ann\",{c},t,ann@example.com,f)"
    );
}

#[tokio::test]
async fn a_new_property_gets_a_column_and_peoples_columns_and_views_stay() {
    let database = Database::new().await;
    let feed = TestFeed::new("east", vec![item("east", "s1", "A")]);
    deliver(&database, &feed).await;
    database
        .execute(
            "ALTER TABLE qlik_catalog.items ADD COLUMN steward text;
             UPDATE qlik_catalog.items SET steward = 'Bea';
             CREATE VIEW qlik_catalog.mine AS SELECT key, steward FROM qlik_catalog.items",
        )
        .await;
    let mut changed = item("east", "s1", "A2");
    changed.properties.put("views", PropertyValue::Number(12.5));
    changed
        .properties
        .put("checked", PropertyValue::Instant(instant(5)));
    changed
        .properties
        .put("state", PropertyValue::Text("approved".to_owned()));
    changed
        .properties
        .put("odd \"name's", PropertyValue::Tags(vec!["x".to_owned()]));
    deliver(
        &database,
        &feed.then(10, vec![(ChangeKind::Changed, changed)]),
    )
    .await;
    let query = "SELECT name, views, checked IS NULL, state, property_state, \"odd \"\"name's\", steward FROM qlik_catalog.items";
    assert_eq!(
        database.texts(query).await,
        ["(A2,12.5,f,present,approved,{x},Bea)"]
    );
    assert_eq!(
        database.texts("SELECT * FROM qlik_catalog.mine").await,
        ["(east/a1/s1,Bea)"]
    );
}

#[tokio::test]
async fn gone_excluded_and_returned_items_stay_with_their_changes() {
    let database = Database::new().await;
    let items = ["s1", "s2", "s3"].map(|id| item("east", id, "A"));
    let feed = TestFeed::new("east", items.to_vec());
    deliver(&database, &feed).await;
    let [one, two, three] = items;
    let feed = feed.then(
        10,
        vec![
            (ChangeKind::Removed, one.clone()),
            (ChangeKind::Excluded, two),
            (ChangeKind::Rewritten, three),
        ],
    );
    deliver(&database, &feed).await;
    let states = "SELECT key, state, gone_since IS NOT NULL FROM qlik_catalog.items ORDER BY key";
    assert_eq!(
        database.texts(states).await,
        [
            "(east/a1/s1,gone,t)",
            "(east/a1/s2,excluded,f)",
            "(east/a1/s3,present,f)"
        ]
    );
    deliver(&database, &feed.then(13, vec![(ChangeKind::Returned, one)])).await;
    assert_eq!(database.texts(states).await[0], "(east/a1/s1,present,f)");
    let changes = "SELECT key, kind, change, time IS NOT NULL, fields, rule FROM qlik_catalog.changes ORDER BY number";
    assert_eq!(
        database.texts(changes).await,
        [
            "(east/a1/s1,item,added,t,{},)",
            "(east/a1/s2,item,added,t,{},)",
            "(east/a1/s3,item,added,t,{},)",
            "(east/a1/s1,item,removed,t,{name},)",
            "(east/a1/s2,item,excluded,t,{},name)",
            "(east/a1/s1,item,returned,t,{name},)",
        ]
    );
}

#[tokio::test]
async fn an_item_that_the_store_no_longer_has_is_gone() {
    let database = Database::new().await;
    let feed = TestFeed::new(
        "east",
        vec![item("east", "s1", "A"), item("east", "s2", "B")],
    );
    deliver(&database, &feed).await;
    let mut feed = feed.then(10, vec![(ChangeKind::Removed, item("east", "s1", "A"))]);
    feed.items
        .retain(|entry| entry.entity.key.as_str() != "east/a1/s1");
    deliver(&database, &feed).await;
    let states = "SELECT key, state, gone_since IS NOT NULL FROM qlik_catalog.items ORDER BY key";
    assert_eq!(
        database.texts(states).await,
        ["(east/a1/s1,gone,t)", "(east/a1/s2,present,f)"]
    );
}

#[tokio::test]
async fn listeners_are_notified_of_changes() {
    use std::{future::poll_fn, time::Duration};
    use tokio_postgres::{AsyncMessage, NoTls};
    let database = Database::new().await;
    let mut config = tokio_postgres::Config::new();
    config
        .host("127.0.0.1")
        .port(database.port)
        .user("postgres")
        .dbname(&database.name);
    config.password(super::cluster::SUPERUSER_PASSWORD);
    let (client, mut connection) = config.connect(NoTls).await.unwrap();
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(one) = message {
                let _ = sender.send((one.channel().to_owned(), one.payload().to_owned()));
            }
        }
    });
    client.batch_execute("LISTEN qlik_catalog").await.unwrap();
    let feed = TestFeed::new(
        "east",
        vec![item("east", "s1", "A"), item("east", "s2", "B")],
    );
    deliver(&database, &feed).await;
    let feed = feed.then(10, vec![(ChangeKind::Changed, item("east", "s1", "A2"))]);
    deliver(&database, &feed).await;
    // Nothing changes, so nobody is notified.
    let feed = feed.then(11, Vec::new());
    deliver(&database, &feed).await;
    let feed = feed.then(11, vec![(ChangeKind::Removed, item("east", "s1", "A2"))]);
    deliver(&database, &feed).await;
    for (changes, last) in [(2, 2), (1, 3), (1, 4)] {
        let next = tokio::time::timeout(Duration::from_secs(30), receiver.recv());
        let (channel, payload) = next.await.unwrap().unwrap();
        assert_eq!(channel, "qlik_catalog");
        let payload: serde_json::Value = serde_json::from_str(&payload).unwrap();
        let expected =
            serde_json::json!({ "connection": "east", "changes": changes, "last": last });
        assert_eq!(payload, expected);
    }
}
