//! The edge cases of the sample site that other tests rely on.

use std::collections::{BTreeMap, BTreeSet};

use qrs_client::fake_site::{Content, FakeSite};
use serde_json::Value;

use super::get;

#[test]
fn its_size() {
    let content = Content::sample();
    let sizes = [
        content.streams.len(),
        content.users.len(),
        content.apps.len(),
        content.objects.len(),
        content.sheets().count(),
    ];
    assert_eq!(sizes, [3, 10, 12, 173, 53]);
}

#[test]
fn it_is_the_same_in_every_run() {
    assert_eq!(Content::sample(), Content::sample());
    let content = Content::sample();
    let app = content.app_named("Sales Overview").unwrap();
    assert_eq!(app, "ab8864f2-90a4-4c48-a837-8b69817e599a");
}

#[test]
fn ids_are_unique() {
    let content = Content::sample();
    let lists = [
        &content.streams,
        &content.users,
        &content.apps,
        &content.objects,
    ];
    let all: Vec<_> = lists
        .into_iter()
        .flatten()
        .map(|record| record["id"].to_string())
        .collect();
    let unique: BTreeSet<_> = all.iter().collect();
    assert_eq!(unique.len(), all.len());
}

#[test]
fn sheets_are_of_every_state() {
    let content = Content::sample();
    let mut states = BTreeMap::new();
    for sheet in content.sheets() {
        let flag = |value: &Value| value.as_bool().unwrap();
        let app = flag(&sheet["app"]["published"]);
        let state = (app, flag(&sheet["published"]), flag(&sheet["approved"]));
        *states.entry(state).or_insert(0) += 1;
    }
    let base = ((true, true, true), 26);
    let community = ((true, true, false), 5);
    let private = ((true, false, false), 2);
    let unpublished = ((false, false, false), 20);
    assert_eq!(
        states,
        BTreeMap::from([base, community, private, unpublished])
    );
}

#[test]
fn dates_have_every_form() {
    let content = Content::sample();
    let text = serde_json::to_string(&(&content.apps, &content.objects)).unwrap();
    for date in [
        r#""1753-01-01T00:00:00.000Z""#,
        r#""1753-01-01T00:00:00Z""#,
        r#""9999-12-31T00:00:00""#,
        r#""0000-00-00T00:00:00.000Z""#,
        r#""2024-02-29T23:59:59Z""#,
        r#""lastReloadTime":"the day before yesterday""#,
        r#""lastReloadTime":null"#,
        r#""modifiedDate":null"#,
        r#""publishTime":null"#,
    ] {
        assert!(text.contains(date), "{date}");
    }
}

#[test]
fn names_contain_characters_that_break_programs() {
    let content = Content::sample();
    for name in [
        "",
        "a/b//c?d=e&f",
        "O'Brien's \"view\" of C:\\Finance\\",
        "Cash\nflow\t(new)",
        "概要",
        "👩‍👩‍👧‍👦 Families 🇯🇵",
        "تقرير المبيعات",
        "Cafe\u{301} ≠ café",
    ] {
        assert!(content.sheet_named(name).is_some(), "{name}");
    }
    let regions = content
        .sheets()
        .filter(|sheet| sheet["name"] == "Regions" && sheet["app"]["name"] == "Sales Overview");
    assert_eq!(regions.count(), 2);
}

#[test]
fn a_sheet_may_belong_to_an_app_that_is_not_listed() {
    let content = Content::sample();
    let apps: BTreeSet<_> = content.apps.iter().map(|app| app["id"].as_str()).collect();
    let orphans = content
        .sheets()
        .filter(|sheet| !apps.contains(&sheet["app"]["id"].as_str()));
    assert_eq!(orphans.count(), 1);
}

#[test]
fn copies_repeat_the_engine_ids() {
    let content = Content::sample();
    let short = content
        .sheets()
        .filter(|sheet| sheet["engineObjectId"] == "JDWuPK");
    let apps: BTreeSet<_> = short
        .map(|sheet| sheet["app"]["name"].as_str().unwrap())
        .collect();
    let copies = ["Sales Overview", "Sales Overview(1)", "Sales Overview(2)"];
    assert_eq!(apps, BTreeSet::from(copies));
}

#[test]
fn users_have_and_lack_addresses_in_every_way() {
    let content = Content::sample();
    let addresses = |user_id: &str| -> Option<Vec<&str>> {
        let mut users = content.users.iter();
        let user = users.find(|user| user["userId"] == user_id).unwrap();
        let attributes = user["attributes"].as_array()?.iter();
        let addresses = attributes.filter(|attribute| {
            let kind = attribute["attributeType"].as_str().unwrap().to_lowercase();
            kind == "email" || kind == "mail"
        });
        Some(
            addresses
                .map(|address| address["attributeValue"].as_str().unwrap())
                .collect(),
        )
    };
    assert_eq!(
        addresses("ada.moreau"),
        Some(vec!["ada.moreau@acme.example"])
    );
    assert_eq!(
        addresses("ben.okafor"),
        Some(vec!["Ben.Okafor@ACME.example"])
    );
    assert_eq!(addresses("chloé.öz"), Some(vec!["chloe.oz@acme.example"]));
    assert_eq!(addresses("dmitri"), Some(vec![""]));
    assert_eq!(addresses("emi").unwrap().len(), 2);
    assert_eq!(addresses("farid@partner.example"), Some(vec![]));
    assert_eq!(addresses("scanner"), None);
}

#[test]
fn a_record_is_as_long_as_a_real_one() {
    let site = FakeSite::start_in_thread();
    let length = get(&site, "/qrs/app/object/full").body.len() / site.content().objects.len();
    assert!((1300..=1700).contains(&length), "{length}");
}
