//! What OpenMetadata knows items and containers as.

use catalog_followers::openmetadata::{
    Wanted,
    mapping::{self, Tag, name},
};
use catalog_model::{Contacts, Properties, PropertyValue};
use serde_json::{Value, json};

use crate::support::Sample;

#[test]
fn an_app_and_a_sheet_are_described_as_openmetadata_expects() {
    let sample = Sample::new();
    let chart = mapping::chart(&sample.sheet, "sheet");
    let fqn = name::qualified(&["qlik-prod", &chart.name]);
    let dashboard = mapping::dashboard(&sample.app, Some("Finance"), vec![fqn]);
    let body = |mapped, owners| Wanted { mapped, owners }.create("qlik-prod");
    let ann = "34e357a3-efc7-4020-93a9-c9a01890a977".to_owned();
    let described = [
        mapping::service(&sample.connection),
        body(chart, Some(vec![ann])),
        body(dashboard, None),
    ];
    let expected: Value =
        serde_json::from_str(include_str!("golden/openmetadata_entities.json")).unwrap();
    assert_eq!(
        serde_json::to_string_pretty(&described).unwrap(),
        serde_json::to_string_pretty(&expected).unwrap()
    );
}

#[test]
fn what_is_absent_is_nothing_and_what_is_unknown_is_left_out() {
    let mut sheet = Sample::new().sheet;
    sheet.name = " ".to_owned();
    sheet.description = None;
    sheet.contacts = Contacts::Unknown;
    sheet.properties = Properties::default();
    sheet.properties.put_unknown("tags");
    sheet.properties.put_unknown("sheet_url");
    // A time that means "never".
    let never = PropertyValue::Instant("1753-01-01T00:00:00.000Z".parse().unwrap());
    sheet.properties.put("creation_date", never);
    let chart = mapping::chart(&sheet, "sheet");
    assert_eq!((&chart.tags, &chart.emails), (&None, &None));
    assert!(chart.life_cycle.is_empty());
    assert_eq!(
        json!(chart.fields),
        json!({
            "displayName": "(untitled sheet 2ca64e0c-ac4e-4df5-a696-13634b5ae665)",
            "description": null,
        })
    );
}

#[test]
fn tags_occur_once_and_have_a_fully_qualified_name() {
    for (text, expected) in [
        ("Finance", "QlikSense.Finance"),
        ("a.b", "QlikSense.\"a.b\""),
    ] {
        assert_eq!(Tag::new(text).qualified(), expected);
    }
    let mut sheet = Sample::new().sheet;
    let tags = ["a", "b", "a", ""].map(str::to_owned).to_vec();
    sheet.properties.put("tags", PropertyValue::Tags(tags));
    let chart = mapping::chart(&sheet, "sheet");
    assert_eq!(chart.tags, Some(vec![Tag::new("a"), Tag::new("b")]));
}

#[test]
fn the_content_changes_with_every_field() {
    let sample = Sample::new();
    let content = mapping::chart(&sample.sheet, "sheet").content();
    let mut renamed = sample.sheet.clone();
    renamed.name.push('2');
    let mut left = sample.sheet.clone();
    left.contacts = Contacts::Known(Vec::new());
    for other in [renamed, left] {
        assert_ne!(mapping::chart(&other, "sheet").content(), content);
    }
}
