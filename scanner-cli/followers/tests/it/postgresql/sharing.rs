//! Several scanners, and databases and feeds that do not know of each other's last steps.

use catalog_model::{
    ChangeKind, ConnectionCode,
    contract::follower::{Closing, FeedFault, MemoryStore},
    follower::Delivery,
};

use super::{
    database::{Database, deliver},
    dry_runs::plan,
    feed::{TestFeed, item},
};

#[tokio::test]
async fn several_scanners_share_a_database_and_not_a_connection() {
    let database = Database::new().await;
    deliver(
        &database,
        &TestFeed::new("east", vec![item("east", "s1", "A")]),
    )
    .await;
    let other = TestFeed::new("west", vec![item("west", "s1", "A")]).of_store("store-2");
    deliver(&database, &other).await;
    assert_eq!(database.count("qlik_catalog.items").await, 2);
    // The connection that another scanner owns is refused, and the others are delivered.
    let mut both = TestFeed::new(
        "east",
        vec![item("east", "s9", "B"), item("west", "s2", "B")],
    );
    both.connections.extend(other.connections.clone());
    both.end = 11;
    let both = both.of_store("store-2");
    let error = database.follower().follow(&both).await.unwrap_err();
    assert!(
        error.to_string().contains("the connection `east` in the schema `qlik_catalog` belongs to the store of another scanner"),
        "{error}"
    );
    let topic = "`scanner-cli docs catalogs/postgresql#another-scanner`";
    assert!(error.hint().unwrap().contains(topic), "{error:?}");
    assert_eq!(*both.acknowledged.lock().unwrap(), None);
    let keys = "SELECT key, state FROM qlik_catalog.items ORDER BY key";
    assert_eq!(
        database.texts(keys).await,
        [
            "(east/a1/s1,present)",
            "(west/a1/s1,gone)",
            "(west/a1/s2,present)"
        ]
    );
    // An administrator lets it take over.
    database
        .execute("UPDATE qlik_catalog.connections SET store_id = NULL WHERE code = 'east'")
        .await;
    deliver(&database, &both).await;
    assert_eq!(
        database.texts(keys).await,
        [
            "(east/a1/s1,gone)",
            "(east/a1/s9,present)",
            "(west/a1/s1,gone)",
            "(west/a1/s2,present)"
        ]
    );
    // Now the first scanner is refused.
    let first = TestFeed::new("east", vec![item("east", "s1", "A")]);
    assert!(database.follower().follow(&first).await.is_err());
}

#[tokio::test]
async fn the_position_in_the_database_counts() {
    let database = Database::new().await;
    let feed = TestFeed::new(
        "east",
        vec![item("east", "s1", "A"), item("east", "s2", "B")],
    );
    deliver(&database, &feed).await;
    let feed = feed.then(10, vec![(ChangeKind::Changed, item("east", "s1", "A2"))]);
    deliver(&database, &feed).await;
    let changes = "SELECT key, change FROM qlik_catalog.changes ORDER BY number";
    let written = [
        "(east/a1/s1,added)",
        "(east/a1/s2,added)",
        "(east/a1/s1,changed)",
    ];
    assert_eq!(database.texts(changes).await, written);
    // The acknowledgement was lost: the same changes come again, or everything.
    for feed in [
        feed,
        TestFeed {
            end: 11,
            ..TestFeed::new("east", vec![item("east", "s9", "not read")])
        },
    ] {
        deliver(&database, &feed).await;
        assert_eq!(database.texts(changes).await, written);
        assert_eq!(database.count("qlik_catalog.items").await, 2);
    }
    // The database is an older copy of itself: the feed believes that everything was delivered.
    database
        .execute(
            "UPDATE qlik_catalog.connections SET position = 10;
             UPDATE qlik_catalog.items SET name = 'A' WHERE key = 'east/a1/s1';
             DELETE FROM qlik_catalog.items WHERE key = 'east/a1/s2'",
        )
        .await;
    let mut feed = TestFeed::new(
        "east",
        vec![item("east", "s1", "A2"), item("east", "s2", "B")],
    );
    feed.end = 11;
    deliver(&database, &feed.then(11, Vec::new())).await;
    let names = "SELECT key, name FROM qlik_catalog.items ORDER BY key";
    assert_eq!(
        database.texts(names).await,
        ["(east/a1/s1,A2)", "(east/a1/s2,B)"]
    );
    // It was lost as a whole.
    database.execute("DROP SCHEMA qlik_catalog CASCADE").await;
    let mut feed = TestFeed::new("east", vec![item("east", "s1", "A2")]);
    feed.end = 11;
    deliver(&database, &feed.then(11, Vec::new())).await;
    assert_eq!(database.count("qlik_catalog.items").await, 1);
}

#[tokio::test]
async fn a_store_that_is_an_older_copy_of_itself_is_compared() {
    let database = Database::new().await;
    let names = "SELECT key, name FROM qlik_catalog.items ORDER BY key";
    let feed = TestFeed::new("east", ["s1", "s2"].map(|id| item("east", id, "B")).into());
    deliver(&database, &feed).await;
    // The position does not go back, and its numbers are not trusted.
    let ahead = "UPDATE qlik_catalog.connections SET position = 30";
    database.execute(ahead).await;
    let mut feed = TestFeed::new(
        "east",
        vec![item("east", "s1", "A3"), item("east", "s2", "B")],
    );
    feed.end = 12;
    let feed = feed.then(11, Vec::new());
    deliver(&database, &feed).await;
    assert_eq!(
        database.texts(names).await,
        ["(east/a1/s1,A3)", "(east/a1/s2,B)"]
    );
    let position = "SELECT position FROM qlik_catalog.connections";
    assert_eq!(database.texts(position).await, ["(30)"]);
    let mut feed = TestFeed::new(
        "east",
        vec![item("east", "s1", "A4"), item("east", "s2", "B")],
    );
    feed.end = 31;
    deliver(&database, &feed.then(12, Vec::new())).await;
    assert_eq!(
        database.texts(names).await,
        ["(east/a1/s1,A4)", "(east/a1/s2,B)"]
    );
}

#[tokio::test]
async fn a_scan_that_failed_leaves_no_trace_before_the_first_content() {
    let database = Database::new().await;
    let [east, west] = ["east", "west"].map(|code| ConnectionCode::new(code).unwrap());
    let store = MemoryStore::default();
    store.scan(&east, &[], Closing::Failed);
    for _ in 0..2 {
        let delivery = deliver(&database, &store.feed(FeedFault::None)).await;
        assert_eq!(delivery, Delivery::default());
    }
    let feed = store.feed(FeedFault::None);
    let (planned, _) = plan(database.follower().as_ref(), &feed).await;
    assert_eq!(planned, []);
    assert_eq!(
        database
            .count("pg_namespace WHERE nspname = 'qlik_catalog'")
            .await,
        0
    );
    store.scan(&west, &[("a", "A")], Closing::Complete);
    deliver(&database, &store.feed(FeedFault::None)).await;
    let codes = "SELECT code FROM qlik_catalog.connections ORDER BY code";
    assert_eq!(database.texts(codes).await, ["(west)"]);
    store.scan(&east, &[("a", "A")], Closing::Partial);
    deliver(&database, &store.feed(FeedFault::None)).await;
    assert_eq!(database.texts(codes).await, ["(east)", "(west)"]);
    assert_eq!(database.count("qlik_catalog.items").await, 2);
}
