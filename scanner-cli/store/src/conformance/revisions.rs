//! Fields that a new version of the program adds are not changes of the source, and unknown fields keep their values.

use catalog_model::{AccountStatus, Origin, PropertyValue};

use super::*;
use crate::Beginning;

pub(crate) const FIRST: &[FieldRevision] = &[];
pub(crate) const SECOND: &[FieldRevision] = &[revision("contacts", 2), revision("status", 2)];
pub(crate) const THIRD: &[FieldRevision] = &[
    revision("contacts", 2),
    revision("label", 3),
    revision("status", 2),
];

pub(crate) const fn revision(field: &'static str, revision: u32) -> FieldRevision {
    FieldRevision { field, revision }
}

/// An item with a property that every version has, and one that is new in the second version.
pub(crate) fn one(key: &str, name: &str, status: Option<&str>) -> Visualization {
    let mut item = item(key, name, Contacts::Known(Vec::new()));
    let text = |text: &str| PropertyValue::Text(text.to_owned());
    item.properties.put("owner", text("ann"));
    if let Some(status) = status {
        item.properties.put("status", text(status));
    }
    item.properties.put("tag", text(name));
    item
}

pub(crate) fn unknown(mut item: Visualization, names: &[&'static str]) -> Visualization {
    for name in names {
        item.properties.put_unknown(name);
    }
    item
}

/// A complete scan by a version of the connector.
pub(crate) async fn scan(
    scratch: &Scratch,
    day: i64,
    revisions: &[FieldRevision],
    items: &[Visualization],
) -> crate::Counts {
    let mut scan = scratch.begin_with(day, revisions).await;
    for item in items {
        scan.item(item, &Origin::default()).unwrap();
    }
    close(scan, day).await.unwrap().counts
}

/// Number of items that were changed, and that were rewritten.
pub(crate) fn written(counts: crate::Counts) -> (i64, i64) {
    assert_eq!(counts.removed + counts.returned, 0);
    (counts.changed, counts.rewritten)
}

/// The stored text of a property of an item.
pub(crate) fn text(scratch: &Scratch, key: &str, name: &str) -> Option<String> {
    let catalog = scratch.catalog();
    let found = catalog.item(&format!("c/{key}")).unwrap().unwrap();
    found.item.properties.text(name).map(str::to_owned)
}

pub async fn a_new_property_rewrites_an_item_once_and_is_not_a_change() {
    let scratch = Scratch::new();
    scan(
        &scratch,
        0,
        FIRST,
        &[one("a", "A", None), one("b", "B", None)],
    )
    .await;
    let new = [
        one("a", "A", Some("active")),
        one("b", "B2", Some("active")),
    ];
    // An item that changed on the source at the same time has changed, in these fields.
    assert_eq!(written(scan(&scratch, 1, SECOND, &new).await), (1, 1));
    assert_eq!(scratch.changes()[2..], ["changed b name tag"]);
    assert_eq!(text(&scratch, "a", "status").as_deref(), Some("active"));
    assert_eq!(written(scan(&scratch, 2, SECOND, &new).await), (0, 0));
    let later = [one("a", "A", Some("removed")), one("b", "B2", None)];
    assert_eq!(written(scan(&scratch, 3, SECOND, &later).await), (2, 0));
    assert_eq!(
        scratch.changes()[3..],
        ["changed a status", "changed b status"]
    );
}

pub async fn a_new_format_of_labels_is_not_a_change_and_neither_is_a_downgrade() {
    let scratch = Scratch::new();
    let labelled = |name: &str, label: &str| {
        let mut item = one("a", name, Some("active"));
        item.label = vec![label.to_owned()];
        item
    };
    scan(&scratch, 0, SECOND, &[labelled("A", "old")]).await;
    let new = [labelled("A", "new")];
    assert_eq!(written(scan(&scratch, 1, THIRD, &new).await), (0, 1));
    // The older version again, then a version without the property.
    let old = [labelled("A", "old")];
    assert_eq!(written(scan(&scratch, 2, SECOND, &old).await), (0, 1));
    let mut oldest = old;
    oldest[0].properties = one("a", "A", None).properties;
    assert_eq!(written(scan(&scratch, 3, FIRST, &oldest).await), (0, 1));
    assert_eq!(text(&scratch, "a", "status"), None);
    // An upgrade over two versions, together with a change of the source.
    let changed = [labelled("A2", "new")];
    assert_eq!(written(scan(&scratch, 4, THIRD, &changed).await), (1, 0));
    assert_eq!(scratch.changes()[1..], ["changed a name tag"]);
    let moved = [labelled("A2", "newer")];
    assert_eq!(written(scan(&scratch, 5, THIRD, &moved).await), (1, 0));
    assert_eq!(scratch.changes()[2..], ["changed a label"]);
}

pub async fn an_item_that_the_first_scan_of_a_version_did_not_read_is_rewritten_later() {
    let scratch = Scratch::new();
    let mut first = scratch.begin(0).await;
    for key in ["a", "b"] {
        let id = SourceId(format!("id-{key}"));
        first
            .item(&one(key, "A", None), &Origin::from(Some(id.clone())))
            .unwrap();
    }
    close(first, 0).await.unwrap();
    let mut second = scratch.begin_with(1, SECOND).await;
    let id = SourceId("id-a".to_owned());
    second
        .item(
            &one("a", "A", Some("active")),
            &Origin::from(Some(id.clone())),
        )
        .unwrap();
    second.unreadable(&SourceId("id-b".to_owned()));
    assert_eq!(written(close(second, 1).await.unwrap().counts), (0, 1));
    let mut third = scratch.begin_with(2, SECOND).await;
    for key in ["a", "b"] {
        let id = SourceId(format!("id-{key}"));
        let item = one(key, "A", Some("active"));
        third.item(&item, &Origin::from(Some(id.clone()))).unwrap();
    }
    assert_eq!(written(close(third, 2).await.unwrap().counts), (0, 1));
    assert_eq!(scratch.changes(), ["added a", "added b"]);
}

pub async fn a_new_attempt_counts_a_rewritten_item_once() {
    let scratch = Scratch::new();
    scan(&scratch, 0, FIRST, &[one("a", "A", None)]).await;
    let mut again = scratch.begin_with(1, SECOND).await;
    for attempt in 0..2 {
        if attempt > 0 {
            again.restart().unwrap();
        }
        again
            .item(&one("a", "A", Some("active")), &Origin::default())
            .unwrap();
        again.flush().await.unwrap();
    }
    assert_eq!(written(close(again, 1).await.unwrap().counts), (0, 1));
    assert_eq!(scratch.changes(), ["added a"]);
}

pub async fn an_unknown_property_keeps_its_value_and_its_position() {
    let scratch = Scratch::new();
    let known = one("a", "A", Some("active"));
    scan(&scratch, 0, SECOND, std::slice::from_ref(&known)).await;
    for (day, names) in [(1, &["status"][..]), (2, &["status", "owner", "tag"])] {
        let hidden = unknown(known.clone(), names);
        let counts = scan(&scratch, day, SECOND, &[hidden]).await;
        assert_eq!(written(counts), (0, 0), "{names:?}");
    }
    for name in ["status", "owner", "tag"] {
        assert!(text(&scratch, "a", name).is_some(), "{name}");
    }
    // Other changes are written together with the kept values.
    let renamed = unknown(one("a", "B", None), &["status"]);
    assert_eq!(written(scan(&scratch, 3, SECOND, &[renamed]).await), (1, 0));
    assert_eq!(scratch.changes()[1..], ["changed a name tag"]);
    assert_eq!(text(&scratch, "a", "status").as_deref(), Some("active"));
    let same = [one("a", "B", Some("active"))];
    assert_eq!(written(scan(&scratch, 4, SECOND, &same).await), (0, 0));
    let without = [one("a", "B", None)];
    assert_eq!(written(scan(&scratch, 5, SECOND, &without).await), (1, 0));
}

pub async fn a_new_property_that_becomes_known_later_is_not_a_change() {
    let scratch = Scratch::new();
    scan(&scratch, 0, FIRST, &[one("a", "A", None)]).await;
    let hidden = unknown(one("a", "A", None), &["status"]);
    let counts = scan(&scratch, 1, SECOND, std::slice::from_ref(&hidden)).await;
    assert_eq!(counts.changed, 0);
    let counts = scan(&scratch, 2, SECOND, &[hidden]).await;
    assert_eq!(written(counts), (0, 0));
    let known = [one("a", "A", Some("active"))];
    assert_eq!(written(scan(&scratch, 3, SECOND, &known).await), (0, 1));
    assert_eq!(scratch.changes(), ["added a"]);
}

pub async fn long_texts_keep_their_positions_beside_unknown_properties() {
    let scratch = Scratch::new();
    let long = |status| {
        let mut item = one("a", "A", status);
        let text = PropertyValue::LongText("long ".repeat(1_000));
        item.properties.put("description", text);
        item
    };
    scan(&scratch, 0, FIRST, &[long(None)]).await;
    let known = [long(Some("active"))];
    assert_eq!(written(scan(&scratch, 1, SECOND, &known).await), (0, 1));
    let hidden = [unknown(long(None), &["status"])];
    assert_eq!(written(scan(&scratch, 2, SECOND, &hidden).await), (0, 0));
    assert_eq!(text(&scratch, "a", "description").unwrap().len(), 5_000);
    assert_eq!(text(&scratch, "a", "tag").as_deref(), Some("A"));
}

/// Returns the contacts of an item with one person.
pub(crate) fn person(
    email: Option<&str>,
    email_since: u32,
    status: Option<AccountStatus>,
) -> Contacts {
    Contacts::Known(vec![Contact {
        role: "owner".into(),
        email: email.map(str::to_owned),
        name: Some("Ann".to_owned()),
        account: Some("ACME\\ann".to_owned()),
        status,
        email_since,
    }])
}

pub async fn addresses_and_statuses_that_a_new_version_adds_are_not_changes_and_others_are() {
    let active = Some(AccountStatus::Active);
    let (ann, bob) = (Some("ann@example.com"), Some("bob@example.com"));
    for (before, after, changed) in [
        ((None, 1), (ann, 2), false),
        ((ann, 1), (ann, 1), false),
        // A different address, an address that was added to the directory, and an address that was removed from it.
        ((ann, 1), (bob, 1), true),
        ((None, 1), (ann, 1), true),
        ((ann, 1), (None, 1), true),
        ((ann, 1), (bob, 2), true),
    ] {
        let scratch = Scratch::new();
        let old = [item("a", "A", person(before.0, before.1, None))];
        scan(&scratch, 0, FIRST, &old).await;
        let new = [item("a", "A", person(after.0, after.1, active))];
        let counts = scan(&scratch, 1, SECOND, &new).await;
        let expected = (i64::from(changed), i64::from(!changed));
        assert_eq!(written(counts), expected, "{before:?} {after:?}");
        assert_eq!(written(scan(&scratch, 2, SECOND, &new).await), (0, 0));
        // Back to the previous version.
        let old = [item("a", "A", person(before.0.and(after.0), 1, None))];
        let counts = scan(&scratch, 3, FIRST, &old).await;
        assert_eq!(counts.rewritten + counts.changed, 1);
    }
}

pub async fn contacts_that_the_first_scan_of_a_version_could_not_read_are_not_a_change_later() {
    let scratch = Scratch::new();
    let old = [item("a", "A", person(None, 1, None))];
    scan(&scratch, 0, FIRST, &old).await;
    let hidden = [item("a", "A", Contacts::Unknown)];
    assert_eq!(scan(&scratch, 1, SECOND, &hidden).await.changed, 0);
    let status = Some(AccountStatus::Removed);
    let new = [item("a", "A", person(Some("ann@example.com"), 2, status))];
    assert_eq!(written(scan(&scratch, 2, SECOND, &new).await), (0, 1));
    let hidden = [item("a", "A", Contacts::Unknown)];
    assert_eq!(written(scan(&scratch, 3, SECOND, &hidden).await), (0, 0));
    assert_eq!(written(scan(&scratch, 4, SECOND, &new).await), (0, 0));
    assert_eq!(scratch.changes(), ["added a"]);
}

pub async fn a_new_version_of_a_connector_does_not_affect_items_of_another() {
    let scratch = Scratch::new();
    let other = |day, status: &'static str| {
        let scratch = &scratch;
        async move {
            let begun = scratch.store.begin(Beginning {
                code: ConnectionCode::new("d").unwrap(),
                name: "Other".to_owned(),
                key_parts: vec!["app"],
                revisions: Vec::new(),
                time: at(day),
            });
            let mut scan = begun.await.unwrap();
            let mut item = one("a", "A", Some(status));
            item.key = ItemKey::new(["d", "a"]).unwrap();
            scan.item(&item, &Origin::default()).unwrap();
            close(scan, day).await.unwrap().counts
        }
    };
    other(0, "x").await;
    scan(&scratch, 0, FIRST, &[one("a", "A", None)]).await;
    let new = [one("a", "A", Some("active"))];
    assert_eq!(written(scan(&scratch, 1, SECOND, &new).await), (0, 1));
    // This connector has always had the property with the same name.
    assert_eq!(written(other(1, "x").await), (0, 0));
    assert_eq!(written(other(2, "y").await), (1, 0));
}
