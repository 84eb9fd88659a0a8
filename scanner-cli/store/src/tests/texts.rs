//! Long texts, which are stored once.

use catalog_model::{Origin, PropertyValue};

use super::{super::stored_item::StoredItem, *};

/// An item with a long description of its app.
fn of_app(key: &str, description: &str) -> Visualization {
    let mut properties = Properties::default();
    let text = PropertyValue::LongText(description.to_owned());
    properties.put("folder_description", text);
    Visualization {
        properties,
        ..item(key, "A", Contacts::Unknown)
    }
}

/// Runs a complete scan of 20 items of one app.
async fn scan_app(scratch: &Scratch, day: i64, description: &str) {
    let mut scan = scratch.begin(day).await;
    for number in 0..20 {
        scan.item(
            &of_app(&number.to_string(), description),
            &Origin::default(),
        )
        .unwrap();
    }
    close(scan, day).await.unwrap();
}

fn number(scratch: &Scratch, sql: &str) -> i64 {
    let path = scratch.folder.path().join("data").join("catalog.db");
    let db = rusqlite::Connection::open(path).unwrap();
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_long_text_of_an_app_is_stored_once_and_its_change_is_a_change_of_each_item() {
    let scratch = Scratch::new();
    let texts = |scratch: &Scratch| {
        let uses = "SELECT coalesce(sum(uses), 0) FROM text";
        let bytes = "SELECT coalesce(sum(length(body)), 0) FROM text_body";
        (number(scratch, uses), number(scratch, bytes))
    };
    let long = "long ".repeat(20_000);
    for (day, description, changes, kept) in [
        (0, long.as_str(), 20, (20, 100_000)),
        (1, long.as_str(), 20, (20, 100_000)),
        (2, &long[1..], 40, (20, 99_999)),
        (3, "short", 60, (0, 0)),
        (4, long.as_str(), 80, (20, 100_000)),
    ] {
        scan_app(&scratch, day, description).await;
        let found = scratch.changes();
        assert_eq!(found.len(), changes, "day {day}");
        if day > 1 {
            assert_eq!(
                found[changes - 20],
                "changed 0 folder_description",
                "day {day}"
            );
        }
        assert_eq!(texts(&scratch), kept, "day {day}");
        let catalog = scratch.catalog();
        let item = catalog.item("c/7").unwrap().unwrap();
        assert_eq!(
            item.item.properties.text("folder_description"),
            Some(description)
        );
    }
    assert!(number(&scratch, "SELECT max(length(content)) FROM content") < 1_000);
}

#[tokio::test]
async fn a_text_that_an_earlier_version_wrote_into_the_item_is_not_a_change() {
    let scratch = Scratch::new();
    let long = "long ".repeat(1_000);
    scan_app(&scratch, 0, &long).await;
    let path = scratch.folder.path().join("data").join("catalog.db");
    let db = rusqlite::Connection::open(path).unwrap();
    let former = serde_json::to_string(&StoredItem::from_item(&of_app("0", &long))).unwrap();
    db.execute("UPDATE content SET content = ?1, texts = NULL", [former])
        .unwrap();
    db.execute("UPDATE item SET fingerprint = zeroblob(16)", [])
        .unwrap();
    drop(db);
    let read = |scratch: &Scratch| {
        let catalog = scratch.catalog();
        let item = catalog.item("c/3").unwrap().unwrap();
        item.item
            .properties
            .text("folder_description")
            .map(str::to_owned)
    };
    assert_eq!(read(&scratch).as_ref(), Some(&long));
    scan_app(&scratch, 1, &long).await;
    assert_eq!(read(&scratch).as_ref(), Some(&long));
    assert_eq!(scratch.changes().len(), 20, "nothing but `added`");
    assert_eq!(number(&scratch, "SELECT sum(uses) FROM text"), 20);
}
