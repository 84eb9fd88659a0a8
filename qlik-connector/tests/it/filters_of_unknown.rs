//! Filters on unreadable values: the sheet is undecided, not excluded.

use catalog_model::Completeness;
use qrs_client::fake_site::{Account, Content, Entity, FakeSite, Fault};

use crate::site::{connect, scan};

/// Criteria that come only from the list of apps.
const OF_APPS: [&str; 4] = [
    "any t in app_tag match t = 'Certified'",
    "not any t in app_tag match t = 'Certified'",
    "custom_property.Department is null",
    "reloaded is null",
];

#[tokio::test]
async fn properties_of_a_hidden_app_are_unknown_not_absent() {
    for filter in OF_APPS {
        let site = FakeSite::start().await;
        let account = Account::new(&site.header_value());
        site.set_account(account.sees(Entity::App, |_| false));
        let connection = connect(&site, &[("filter", filter)]);
        let scan = scan(connection.as_ref()).await;
        // No sheet is known to be kept, so even an export without a store must not become empty.
        let closing = scan.closing.as_ref().unwrap();
        assert!(matches!(closing, Completeness::Partial(_)), "{closing:?}");
        assert_eq!(scan.seen.items.len(), 0, "{filter}");
        assert_eq!(scan.seen.excluded.len(), 0, "{filter}");
        let sheets = site.content().sheets().count();
        assert_eq!(scan.seen.undecided.len(), sheets, "{filter}");
        for record in &scan.seen.undecided {
            assert!(record.id.is_some());
            assert!(record.reason.contains("not visible"), "{}", record.reason);
            assert!(record.reason.contains("connections/test.conf:4:1"));
        }
        let hints = scan
            .seen
            .warnings
            .iter()
            .filter_map(|one| one.hint.as_ref());
        let of_apps: Vec<_> = hints.filter(|hint| hint.contains("`App_*`")).collect();
        assert_eq!(of_apps.len(), 1, "{:?}", scan.seen.warnings);
    }
}

#[tokio::test]
async fn an_unreadable_date_is_unknown_not_absent() {
    let mut content = Content::empty();
    let app = content.add_app("Sales");
    for (sheet, date) in [("Odd", "yesterday"), ("Never", "1753-01-01T00:00:00.000Z")] {
        let sheet = content.add_sheet(&app, sheet);
        content.set(&sheet, "modifiedDate", date.into());
    }
    content.set(&app, "lastReloadTime", "yesterday".into());
    let site = FakeSite::builder().content(content).start().await;
    for (filter, decided) in [("modified is null", 1), ("reloaded is null", 0)] {
        let scan = scan(connect(&site, &[("filter", filter)]).as_ref()).await;
        assert_eq!(scan.seen.items.len(), decided, "{filter}");
        assert_eq!(scan.seen.undecided.len(), 2 - decided, "{filter}");
        assert_eq!(scan.seen.excluded.len(), 0, "{filter}");
        let reason = &scan.seen.undecided[0].reason;
        assert!(reason.ends_with("that date could not be read"), "{reason}");
    }
}

#[tokio::test]
async fn properties_of_the_sheet_can_decide_without_its_app() {
    let site = FakeSite::start().await;
    let sees_all = scan(connect(&site, &[("filter", "stream = 'Everyone'")]).as_ref()).await;
    let account = Account::new(&site.header_value());
    site.set_account(account.sees(Entity::App, |_| false));
    let filter =
        "stream = 'Everyone' and (app_tag is null or app_tag is not null or published = 'x')";
    let scan = scan(connect(&site, &[("filter", filter)]).as_ref()).await;
    assert_eq!(scan.seen.excluded.len(), sees_all.seen.excluded.len());
    assert_eq!(scan.seen.undecided.len(), sees_all.seen.items.len());
    assert_eq!(scan.seen.items.len(), 0);
    assert!(!scan.seen.excluded.is_empty() && !scan.seen.undecided.is_empty());
}

#[tokio::test]
async fn an_app_with_an_unreadable_record_is_not_reported_as_hidden() {
    let site = FakeSite::start().await;
    let app = site
        .content()
        .app_named("Sales Overview")
        .unwrap()
        .to_owned();
    let record = format!(r#"{{"id":"{app}","name":"Sales Overview","tags":5}}"#);
    site.fail(Fault::record(0, record).on("/qrs/app/full"));
    let filter = format!("app = 'Sales Overview' and {}", OF_APPS[0]);
    let scan = scan(connect(&site, &[("filter", &filter)]).as_ref()).await;
    let [first, ..] = &scan.seen.undecided[..] else {
        panic!("{:?}", scan.warnings());
    };
    assert!(!first.reason.contains("not visible"), "{}", first.reason);
    assert!(first.reason.contains("`app_tag`"), "{}", first.reason);
    let hints = scan
        .seen
        .warnings
        .iter()
        .filter_map(|one| one.hint.as_ref());
    assert_eq!(hints.filter(|hint| hint.contains("App_*")).count(), 0);
}
