//! Containers: what only a store on SQLite does.

use catalog_model::{Container, Inclusion, Origin, PropertyValue};

use super::*;
use crate::conformance::containers::*;

mod copies;

#[tokio::test]
async fn a_new_attempt_deletes_containers_that_only_the_first_attempt_saw() {
    let scratch = Scratch::new();
    scratch
        .scan_containers(0, &[folder("1", "One"), folder("2", "Two")])
        .await;
    let mut scan = scratch.begin(1).await;
    for container in [folder("1", "Other"), folder("3", "Three"), folder("4", "F")] {
        scan.container(&container).unwrap();
    }
    scan.hidden_containers(FOLDER);
    scan.flush().await.unwrap();
    scan.restart().unwrap();
    see(&mut scan, "a", "A", Contacts::Unknown);
    let excluded = Container {
        inclusion: Inclusion::Excluded,
        ..folder("4", "F")
    };
    for container in [folder("1", "One"), excluded] {
        scan.container(&container).unwrap();
    }
    close(scan, 1).await.unwrap();
    assert_eq!(scratch.container("1").unwrap().1.name, "One");
    assert_eq!(scratch.container_state("2"), Some(ItemState::Gone));
    assert_eq!(scratch.container_state("4"), None);
    assert_eq!(
        scratch.container_changes(),
        [
            "added folder:1",
            "added folder:2",
            "added folder:3",
            "removed folder:2",
            "removed folder:3"
        ]
    );
}

#[tokio::test]
async fn a_long_description_is_stored_once_for_a_container_and_its_items() {
    let scratch = Scratch::new();
    let long = "long ".repeat(1_000);
    let mut properties = Properties::default();
    properties.put("folder_description", PropertyValue::LongText(long.clone()));
    let item = Visualization {
        properties,
        ..item("a", "A", Contacts::Unknown)
    };
    let container = Container {
        description: Some(long.clone()),
        ..folder("1", "One")
    };
    let mut scan = scratch.begin(0).await;
    scan.item(&item, &Origin::default()).unwrap();
    scan.container(&container).unwrap();
    close(scan, 0).await.unwrap();
    let db = rusqlite::Connection::open(scratch.path()).unwrap();
    let texts = db.query_row("SELECT count(*), sum(uses) FROM text", [], |row| {
        Ok((row.get(0)?, row.get(1)?))
    });
    assert_eq!(texts.unwrap(), (1, 2));
    assert_eq!(scratch.container("1").unwrap().1.description, Some(long));
}
