//! Items that the database refuses, and texts that it must not refuse.

use catalog_model::{ChangeKind, Contacts, PropertyValue, follower::Delivery, with_causes};

use super::{
    database::{Database, deliver},
    feed::{TestFeed, containers, item},
};

/// Keys and messages of what was refused.
fn refused(delivery: &Delivery) -> Vec<String> {
    let refused = delivery.refused.iter();
    refused
        .map(|one| format!("{}: {}", one.key, one.message))
        .collect()
}

/// A text that cannot be compressed.
fn random_text(length: usize) -> String {
    let mut state = 7_u64;
    let random = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from_u32(0x4e00 + u32::try_from(state >> 40).unwrap() % 0x5000).unwrap()
    };
    (0..length).map(random).collect()
}

#[tokio::test]
async fn hostile_texts_are_stored() {
    let database = Database::new().await;
    let long = "a\u{0}b \u{202e}\u{feff}\u{1f4c8}'\"\\\u{e000}\u{10ffff}$1 ".repeat(100_000);
    let mut hostile = item("east", "s\u{202e}'\"\\; --", &long);
    hostile.description = Some(long.clone());
    hostile.catalog = Some("\u{0}".into());
    hostile.properties.put(
        "tags",
        PropertyValue::Tags(vec![long.clone(), String::new(), "\u{0}".to_owned()]),
    );
    hostile
        .properties
        .put("owner", PropertyValue::Text("\\u0000 \u{1b}[2J".to_owned()));
    if let Contacts::Known(contacts) = &mut hostile.contacts {
        contacts[0].name = Some("\u{0}".to_owned());
    }
    let mut feed = TestFeed::new("east", vec![hostile]);
    feed.containers = containers("east");
    feed.containers[0].entity.name = "\u{0}".to_owned();
    feed.containers[1].entity.tags = vec!["\u{0}".to_owned()];
    assert!(refused(&deliver(&database, &feed).await).is_empty());
    let stored = database
        .rows("SELECT key, name, tags, owner FROM qlik_catalog.items", &[])
        .await;
    let (key, name, tags, owner): (String, String, Vec<String>, String) = (
        stored[0].get(0),
        stored[0].get(1),
        stored[0].get(2),
        stored[0].get(3),
    );
    let expected = long.replace('\0', "\u{fffd}");
    assert_eq!(key, "east/a1/s\u{202e}'\"\\; --");
    assert!(name == expected && tags == [expected.as_str(), "", "\u{fffd}"]);
    assert_eq!(owner, "\\u0000 \u{1b}[2J");
}

#[tokio::test]
async fn a_bad_item_is_refused_alone_and_tried_again() {
    let database = Database::new().await;
    let mut items: Vec<_> = (0..1_200)
        .map(|n| item("east", &format!("s{n:04}"), "A"))
        .collect();
    let long = random_text(1_500);
    items.push(item("east", &long, "Long"));
    items.push(item("east", "nul\u{0}", "Nul"));
    let mut early = item("east", "early", "Early");
    let date = "-009998-01-01T00:00:00.000Z".parse().unwrap();
    early
        .properties
        .put("creation_date", PropertyValue::Instant(date));
    items.push(early.clone());
    items[7].properties.put("owner", PropertyValue::Number(1.0));
    let feed = TestFeed::new("east", items);
    let first = refused(&deliver(&database, &feed).await);
    assert_eq!(first.len(), 4);
    assert_eq!(database.count("qlik_catalog.items").await, 1_199);
    for part in [
        "east/a1/early: timestamp out of range",
        "east/a1/nul\u{fffd}: its key contains the character NUL",
        "east/a1/s0007: the property `owner` is of the type double precision, but its column is text",
        "index row",
    ] {
        assert!(first.iter().any(|one| one.contains(part)), "{part}");
    }
    // Until it is better, each delivery says so, and writes nothing for it.
    let xmin = "SELECT max(xmin::text::bigint) FROM qlik_catalog.refused";
    let before = database.texts(xmin).await;
    let feed = feed.then(10, Vec::new());
    assert_eq!(refused(&deliver(&database, &feed).await), first);
    assert_eq!(database.texts(xmin).await, before);
    early.properties.put_unknown("creation_date");
    let feed = feed.then(10, vec![(ChangeKind::Changed, early)]);
    let second = refused(&deliver(&database, &feed).await);
    assert_eq!(second.len(), 3);
    assert_eq!(database.count("qlik_catalog.refused").await, 3);
    assert_eq!(database.count("qlik_catalog.items").await, 1_200);
}

#[tokio::test]
async fn a_constraint_of_people_refuses_a_row_until_it_is_removed() {
    let database = Database::new().await;
    let feed = TestFeed::new("east", ["s1", "s2"].map(|id| item("east", id, "A")).into());
    deliver(&database, &feed).await;
    let constraint = "ALTER TABLE qlik_catalog.items ADD CONSTRAINT polite CHECK (name <> 'rude')";
    database.execute(constraint).await;
    let feed = feed.then(
        10,
        vec![
            (ChangeKind::Changed, item("east", "s1", "rude")),
            (ChangeKind::Changed, item("east", "s2", "nice")),
        ],
    );
    let found = refused(&deliver(&database, &feed).await);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("east/a1/s1: ") && found[0].contains("polite"),
        "{found:?}"
    );
    let remove = "ALTER TABLE qlik_catalog.items DROP CONSTRAINT polite";
    database.execute(remove).await;
    assert!(
        deliver(&database, &feed.then(12, Vec::new()))
            .await
            .refused
            .is_empty()
    );
    let names = "SELECT name FROM qlik_catalog.items ORDER BY key";
    assert_eq!(database.texts(names).await, ["(rude)", "(nice)"]);
}

#[tokio::test]
async fn many_bad_items_hold_back_no_others() {
    let database = Database::new().await;
    deliver(&database, &TestFeed::new("west", Vec::new())).await;
    let constraint = "ALTER TABLE qlik_catalog.items ADD CONSTRAINT polite CHECK (name <> 'rude')";
    database.execute(constraint).await;
    let named = |n| if n % 9 == 0 { "nice" } else { "rude" };
    let items = (0..1_500).map(|n| item("east", &format!("s{n:04}"), named(n)));
    let feed = TestFeed::new("east", items.collect());
    assert_eq!(refused(&deliver(&database, &feed).await).len(), 1_333);
    let count = "SELECT count(*)::text FROM qlik_catalog.items WHERE name = 'nice'";
    assert_eq!(database.texts(count).await, ["(167)"]);
}

#[tokio::test]
async fn a_database_that_refuses_everything_ends_the_delivery() {
    let database = Database::new().await;
    deliver(&database, &TestFeed::new("east", Vec::new())).await;
    let constraint = "ALTER TABLE qlik_catalog.items ADD CONSTRAINT never CHECK (false)";
    database.execute(constraint).await;
    let items = (0..1_500).map(|n| item("west", &format!("s{n:04}"), "A"));
    let feed = TestFeed::new("west", items.collect());
    let error = database.follower().follow(&feed).await.unwrap_err();
    assert!(
        with_causes(&error).contains("refuses more than 1000 items and accepts none"),
        "{error:?}"
    );
    assert_eq!(*feed.acknowledged.lock().unwrap(), None);
}
