//! A field of an unexpected type is ignored. The record is unreadable only if the field identifies it.

use catalog_model::{Completeness, Contacts};
use qrs_client::fake_site::{Content, FakeSite};
use serde_json::{Value, json};

use crate::site::{Scan, connect, scan};

/// Scans a site with two sheets, after `change` has changed its content.
async fn scan_changed(more: &[(&str, &str)], change: impl FnOnce(&mut Content)) -> Scan {
    let mut content = Content::empty();
    let ann = content.add_user("ACME", "ann", "Ann");
    let attributes = json!([{"attributeType": "email", "attributeValue": "ann@acme.example"}]);
    content.set(&ann, "attributes", attributes);
    let stream = content.add_stream("Finance");
    let app = content.add_app("Sales");
    content.add_sheet(&app, "one");
    content.add_sheet(&app, "two");
    content.publish(&app, &stream);
    let owner = content.get(&ann).unwrap().clone();
    for object in &mut content.objects {
        object["owner"] = owner.clone();
    }
    change(&mut content);
    let site = FakeSite::builder().content(content).start().await;
    scan(connect(&site, more).as_ref()).await
}

fn check_complete(scan: &Scan) {
    let complete = matches!(scan.closing, Ok(Completeness::Complete));
    assert!(complete, "{:?}", scan.closing);
}

/// Checks that a scan has one warning of the field, with this count.
fn check_warning(scan: &Scan, field: &str, count: &str) {
    let wanted =
        format!("the field `{field}` of {count} has an unexpected type and was ignored; first: ");
    let warnings = scan.warnings();
    let found = warnings
        .iter()
        .filter(|warning| warning.starts_with(&wanted));
    assert_eq!(found.count(), 1, "{wanted} in {warnings:?}");
}

#[tokio::test]
async fn an_unexpected_type_affects_only_its_field() {
    let odd = [
        json!(5),
        json!("true"),
        json!([]),
        json!({}),
        json!([[1], {"name": 5}]),
        json!(true),
    ];
    for field in [
        "name",
        "description",
        "tags",
        "createdDate",
        "modifiedDate",
        "publishTime",
        "published",
        "approved",
        "owner",
    ] {
        for value in &odd {
            let scan = scan_changed(&[], |content| {
                for object in &mut content.objects {
                    object[field] = value.clone();
                }
            });
            let scan = scan.await;
            check_complete(&scan);
            let others = scan.seen.unreadable.len() + scan.seen.excluded.len();
            let items = scan.seen.items.len();
            assert_eq!((items, others), (2, 0), "{field} {value}");
        }
    }
}

#[tokio::test]
async fn each_field_causes_one_warning_with_a_count_and_the_first_record() {
    let scan = scan_changed(&[], |content| {
        for object in &mut content.objects {
            object["name"] = json!(5);
            object["approved"] = json!("true");
        }
        content.objects[1]["tags"] = json!({"name": "tag"});
        content.objects[0]["app"]["stream"] = json!("Finance");
        content.apps[0]["customProperties"] = json!(7);
        content.users[0]["attributes"] = json!("none");
    });
    let scan = scan.await;
    for (field, count) in [
        ("name", "2 sheets"),
        ("approved", "2 sheets"),
        ("tags", "1 sheet"),
        ("app.stream", "1 sheet"),
        ("customProperties", "1 app"),
        ("attributes", "1 user"),
    ] {
        check_warning(&scan, field, count);
    }
    let first = scan.seen.items[0].1.as_ref().unwrap().to_string();
    let warnings = scan.warnings();
    let named = warnings.iter().find(|warning| warning.contains("`name`"));
    assert!(
        named
            .unwrap()
            .ends_with(&format!("first: a number in the record {first}"))
    );
    assert!(scan.seen.items.iter().all(|(item, _)| item.name.is_empty()));
    assert_eq!(scan.seen.items[0].0.label, ["Finance", "Sales", ""]);
}

#[tokio::test]
async fn an_unexpected_type_of_an_id_makes_the_record_unreadable() {
    for (field, value) in [
        ("id", json!(5)),
        ("engineObjectId", json!([])),
        ("app", json!("an app")),
        ("app", json!({"id": {}, "name": "Sales"})),
    ] {
        let set = |content: &mut Content| content.objects[0][field] = value.clone();
        let mut content = Content::empty();
        let app = content.add_app("Sales");
        content.add_sheet(&app, "one");
        content.add_sheet(&app, "two");
        set(&mut content);
        let site = FakeSite::builder().content(content).start().await;
        let scan = scan(connect(&site, &[]).as_ref()).await;
        let (items, unreadable) = (scan.seen.items.len(), scan.seen.unreadable.len());
        assert_eq!((items, unreadable), (1, 1), "{field} {value}");
        // Without an id of its own it may hide any item.
        let partial = matches!(scan.closing, Ok(Completeness::Partial(_)));
        assert_eq!(partial, field == "id", "{:?}", scan.closing);
    }
}

#[tokio::test]
async fn an_ignored_field_is_unknown_to_filters_not_absent() {
    for (field, value, filter) in [
        ("approved", json!("true"), "approved = 'true'"),
        ("published", json!(1), "published = 'true'"),
        ("approved", json!("true"), "sheet_status = 'base'"),
        ("name", json!(5), "sheet = 'one'"),
        ("tags", json!("kpi"), "any x in tag match x = 'kpi'"),
        ("owner", json!([]), "owner is not null"),
        (
            "createdDate",
            json!(1_550_245_580_997_i64),
            "created is not null",
        ),
        ("modifiedDate", json!({}), "modified is not null"),
    ] {
        let filter_set = [("filter", filter)];
        let scan = scan_changed(&filter_set, |content| {
            content.objects[0][field] = value.clone();
        });
        let scan = scan.await;
        assert_eq!(
            scan.seen.undecided.len(),
            1,
            "{filter}: {:?}",
            scan.seen.items
        );
    }
    for (field, filter) in [
        ("name", "app = 'Sales'"),
        ("tags", "app_tag is not null"),
        ("stream", "stream = 'Finance'"),
        ("customProperties", "custom_property.Department is null"),
        ("lastReloadTime", "reloaded is not null"),
        ("published", "sheet_status = 'base'"),
    ] {
        let filter_set = [("filter", filter)];
        let scan = scan_changed(&filter_set, |content| {
            content.apps[0][field] = json!(5);
        });
        let scan = scan.await;
        assert_eq!(
            scan.seen.undecided.len(),
            2,
            "{filter}: {:?}",
            scan.seen.items
        );
    }
}

#[tokio::test]
async fn ignored_contacts_are_unknown_not_empty() {
    let contacts = |scan: &Scan| -> Vec<Contacts> {
        let items = scan.seen.items.iter();
        items.map(|(item, _)| item.contacts.clone()).collect()
    };
    for change in [
        |content: &mut Content| content.objects[0]["owner"] = json!("ACME\\ann"),
        |content: &mut Content| content.objects[0]["owner"]["id"] = json!(5),
        |content: &mut Content| content.objects[0]["owner"]["userId"] = json!([]),
    ] {
        let scan = scan_changed(&[], change).await;
        let contacts = contacts(&scan);
        assert_eq!(contacts[0], Contacts::Unknown);
        assert_ne!(contacts[1], Contacts::Unknown);
    }
    let scan = scan_changed(&[], |content| {
        content.users[1]["attributes"] = json!({"email": "ann@acme.example"});
    });
    assert_eq!(
        contacts(&scan.await),
        [Contacts::Unknown, Contacts::Unknown]
    );
    let owners = [("connection.contacts.app_owner", "true")];
    let scan = scan_changed(&owners, |content| content.apps[0]["owner"] = Value::from(5));
    assert_eq!(
        contacts(&scan.await),
        [Contacts::Unknown, Contacts::Unknown]
    );
}
