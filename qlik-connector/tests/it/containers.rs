//! Apps and streams as containers of sheets.

use std::collections::BTreeMap;

use catalog_model::{
    AccountStatus, Completeness, Contacts, Container, ContainerField, CustomProperty, Inclusion,
};
use qrs_client::fake_site::{Account, Content, Entity, FakeSite, Fault};
use serde_json::json;

use crate::site::{Scan, connect, scan};

/// A site with the published app `Sales` of the stream `Finance`, which has two sheets, and the app `Draft` without
/// sheets.
fn content() -> Content {
    let mut content = Content::empty();
    let ann = content.add_user("ACME", "ann", "Ann");
    let attributes = json!([{"attributeType": "email", "attributeValue": "ann@acme.example"}]);
    content.set(&ann, "attributes", attributes);
    let stream = content.add_stream("Finance");
    let sales = content.add_app("Sales");
    content.add_sheet(&sales, "one");
    content.add_sheet(&sales, "two");
    content.publish(&sales, &stream);
    content.add_app("Draft");
    let owner = content.get(&ann).unwrap().clone();
    for app in &mut content.apps {
        app["owner"] = owner.clone();
    }
    content
}

async fn scan_of(content: Content, more: &[(&str, &str)]) -> Scan {
    let site = FakeSite::builder().content(content).start().await;
    scan(connect(&site, more).as_ref()).await
}

fn by_name(scan: &Scan) -> BTreeMap<&str, &Container> {
    let containers = scan.seen.containers.iter();
    containers.map(|one| (one.name.as_str(), one)).collect()
}

#[tokio::test]
async fn apps_and_streams_are_delivered_with_their_details() {
    let mut content = content();
    let sales = content.app_named("Sales").unwrap().to_owned();
    content.set(&sales, "description", "What we sell".into());
    content.set(&sales, "createdDate", "2024-01-31T12:00:00.000Z".into());
    content.set(&sales, "publishTime", "2024-02-01T12:00:00.000Z".into());
    content.set(&sales, "lastReloadTime", "2024-02-02T12:00:00.000Z".into());
    content.set(&sales, "tags", json!([{"id": "1", "name": "Certified"}]));
    let values = json!([
        {"value": "North", "definition": {"name": "Region"}},
        {"value": "South", "definition": {"name": "Region"}},
    ]);
    content.set(&sales, "customProperties", values);
    let scan = scan_of(content, &[]).await;
    let containers = by_name(&scan);
    assert_eq!(
        containers.keys().copied().collect::<Vec<_>>(),
        ["Draft", "Finance", "Sales"]
    );
    let (app, stream) = (containers["Sales"], containers["Finance"]);
    assert_eq!((app.kind.id, stream.kind.id), ("app", "stream"));
    assert_eq!(app.key.as_str(), format!("qlik%2Ftest/app:{sales}"));
    assert_eq!(app.parent.as_ref(), Some(&stream.key));
    assert_eq!(
        (&containers["Draft"].parent, &stream.parent),
        (&None, &None)
    );
    assert_eq!(app.description.as_deref(), Some("What we sell"));
    let dates = [app.created, app.published, app.refreshed];
    let dates = dates.map(|date| date.unwrap().to_string());
    assert!(dates[0].starts_with("2024-01-31"), "{dates:?}");
    assert!(dates[1].starts_with("2024-02-01"), "{dates:?}");
    assert!(dates[2].starts_with("2024-02-02"), "{dates:?}");
    assert_eq!(app.tags, ["Certified"]);
    let regions = ["North", "South"].map(|value| CustomProperty {
        name: "Region".to_owned(),
        value: value.to_owned(),
    });
    assert_eq!(app.custom_properties, regions);
    let path = format!("/sense/app/{sales}");
    assert!(app.link.as_ref().unwrap().path().ends_with(&path));
    let path = format!("/hub/stream/{}", stream.id);
    assert!(stream.link.as_ref().unwrap().path().ends_with(&path));
    let Contacts::Known(contacts) = &app.contacts else {
        panic!("{app:?}");
    };
    assert_eq!(contacts[0].email.as_deref(), Some("ann@acme.example"));
    assert_eq!(contacts[0].status, Some(AccountStatus::Active));
    assert!(app.unknown.is_empty(), "{:?}", app.unknown);
    assert!(
        scan.seen
            .items
            .iter()
            .all(|(item, _)| item.container.as_ref() == Some(&app.key))
    );
    assert!(scan.seen.hidden_containers.is_empty());
}

#[tokio::test]
async fn details_of_a_hidden_app_are_unknown() {
    let content = content();
    let site = FakeSite::builder().content(content).start().await;
    let account = Account::new(&site.header_value());
    site.set_account(account.sees(Entity::App, |_| false));
    let scan = scan(connect(&site, &[]).as_ref()).await;
    let containers = by_name(&scan);
    assert_eq!(
        containers.keys().copied().collect::<Vec<_>>(),
        ["Finance", "Sales"]
    );
    let app = containers["Sales"];
    assert_eq!(app.parent.as_ref(), Some(&containers["Finance"].key));
    assert_eq!(app.contacts, Contacts::Unknown);
    for field in [
        ContainerField::Description,
        ContainerField::Tags,
        ContainerField::Refreshed,
    ] {
        assert!(app.unknown.contains(&field), "{field:?}");
    }
    assert!(!app.unknown.contains(&ContainerField::Name));
}

#[tokio::test]
async fn a_stream_of_an_unexpected_type_hides_streams_and_nothing_else() {
    let mut content = content();
    let sales = content.app_named("Sales").unwrap().to_owned();
    content.set(&sales, "stream", json!(5));
    let scan = scan_of(content, &[]).await;
    let app = by_name(&scan)["Sales"];
    assert_eq!(app.unknown, [ContainerField::Parent]);
    let kinds: Vec<_> = scan
        .seen
        .hidden_containers
        .iter()
        .map(|kind| kind.id)
        .collect();
    assert_eq!(kinds, ["stream"]);
}

#[tokio::test]
async fn a_filter_excludes_containers_without_remaining_sheets() {
    use Inclusion::{Excluded, Included, Undecided};
    for (filter, sales, draft) in [
        ("stream = 'Finance'", Included, Excluded),
        ("stream is null", Excluded, Included),
        ("sheet = 'one'", Included, Included),
        ("sheet = 'three'", Excluded, Included),
        ("app = 'Other'", Excluded, Excluded),
        (
            "sheet starts with 't' and modified is null",
            Undecided,
            Included,
        ),
    ] {
        let mut content = content();
        let two = content.sheet_named("two").unwrap().to_owned();
        content.set(&two, "modifiedDate", "yesterday".into());
        let scan = scan_of(content, &[("filter", filter)]).await;
        let containers = by_name(&scan);
        assert_eq!(containers["Sales"].inclusion, sales, "{filter}");
        assert_eq!(containers["Draft"].inclusion, draft, "{filter}");
        assert_eq!(containers["Finance"].inclusion, sales, "{filter}");
    }
}

#[tokio::test]
async fn sheets_that_may_be_hidden_exclude_no_app() {
    let site = FakeSite::builder().content(content()).start().await;
    site.fail(Fault::missing_records(1).on("/qrs/app/object/full"));
    let scan = scan(connect(&site, &[("filter", "sheet = 'three'")]).as_ref()).await;
    assert!(matches!(scan.closing, Ok(Completeness::Partial(_))));
    assert_eq!(by_name(&scan)["Sales"].inclusion, Inclusion::Undecided);
}
