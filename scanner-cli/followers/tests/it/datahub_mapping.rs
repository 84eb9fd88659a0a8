//! What DataHub knows items and containers as.

use catalog_followers::datahub::mapping::{Hierarchy, Mapped, Mapping, OwnerId, Shared};
use catalog_model::{Contacts, Properties, PropertyValue};
use serde_json::{Map, Value, json};

use crate::support::Sample;

fn hierarchy(sample: &Sample) -> Hierarchy {
    let mut hierarchy = Hierarchy::new(&sample.connection);
    hierarchy.add(&sample.containers());
    hierarchy
}

/// The entity as a whole, as one that is new in the catalog is written.
fn whole(mapped: &Mapped) -> Value {
    let mut entity = Map::from_iter([("urn".to_owned(), json!(mapped.urn))]);
    for (name, aspect) in &mapped.aspects {
        entity.insert((*name).to_owned(), json!({ "value": aspect.value() }));
    }
    for shared in Shared::ALL {
        let urns = mapped.shared(shared).unwrap_or_default();
        if !urns.is_empty() {
            let value = json!({ "value": shared.value(&urns).value() });
            entity.insert(shared.aspect().to_owned(), value);
        }
    }
    Value::Object(entity)
}

#[test]
fn a_stream_an_app_and_a_sheet_are_described_as_datahub_expects() {
    let sample = Sample::new();
    let (mapping, hierarchy) = (Mapping::default(), hierarchy(&sample));
    let mapped = [
        mapping.container(&sample.stream, &hierarchy),
        mapping.container(&sample.app, &hierarchy),
        mapping.dashboard(&sample.sheet, &hierarchy).unwrap(),
    ];
    let entities: Vec<_> = mapped.iter().map(whole).collect();
    let expected: Value =
        serde_json::from_str(include_str!("golden/datahub_entities.json")).unwrap();
    for (entity, expected) in entities.iter().zip(expected.as_array().unwrap()) {
        assert_eq!(
            serde_json::to_string_pretty(entity).unwrap(),
            serde_json::to_string_pretty(expected).unwrap()
        );
    }
    assert_eq!(expected.as_array().unwrap().len(), entities.len());
}

#[test]
fn an_app_outside_of_streams_and_a_sheet_in_an_unknown_app_begin_at_the_instance() {
    let sample = Sample::new();
    let none = Hierarchy::new(&sample.connection);
    let sheet = Mapping::default().dashboard(&sample.sheet, &none).unwrap();
    let app = Mapping::default().container(&sample.app, &none);
    for mapped in [sheet, app] {
        assert!(!mapped.aspects.contains_key("container"));
        let path = mapped.aspects["browsePathsV2"].value();
        let path = path["path"].as_array().unwrap();
        assert_eq!(path.len(), 1, "{path:?}");
    }
}

#[test]
fn what_is_absent_is_left_out_and_what_is_required_is_empty() {
    let sample = Sample::new();
    let mut sheet = sample.sheet.clone();
    sheet.name = " ".to_owned();
    sheet.description = None;
    sheet.contacts = Contacts::Unknown;
    sheet.properties = Properties::default();
    sheet.properties.put_unknown("tags");
    // A time that means "never".
    let never = PropertyValue::Instant("1753-01-01T00:00:00.000Z".parse().unwrap());
    for property in ["creation_date", "application_reload_date"] {
        sheet.properties.put(property, never.clone());
    }
    let mapped = Mapping::default()
        .dashboard(&sheet, &hierarchy(&sample))
        .unwrap();
    assert_eq!((&mapped.tags, &mapped.owners), (&None, &None));
    let unknown = json!({ "time": 0, "actor": "urn:li:corpuser:unknown" });
    assert_eq!(
        mapped.aspects["dashboardInfo"].value(),
        json!({
            "title": "(untitled sheet 2ca64e0c-ac4e-4df5-a696-13634b5ae665)",
            "description": "",
            "lastModified": { "created": unknown, "lastModified": unknown },
            "customProperties": { "key": sheet.key.to_string() },
        })
    );
}

#[test]
fn tags_get_the_prefix_and_occur_once() {
    let mut sample = Sample::new();
    let tags = ["a", "b,c", "a", ""].map(str::to_owned).to_vec();
    sample
        .sheet
        .properties
        .put("tags", PropertyValue::Tags(tags));
    let mapping = Mapping {
        tag_prefix: "qlik:".to_owned(),
        owner_id: OwnerId::default(),
    };
    let mapped = mapping
        .dashboard(&sample.sheet, &hierarchy(&sample))
        .unwrap();
    let tags: Vec<_> = (mapped.tags.iter().flatten())
        .map(|tag| (tag.urn.as_str(), tag.name.as_str()))
        .collect();
    assert_eq!(
        tags,
        [
            ("urn:li:tag:qlik:a", "qlik:a"),
            ("urn:li:tag:qlik:b%2Cc", "qlik:b,c")
        ]
    );
}

#[test]
fn values_of_one_custom_property_are_joined_and_do_not_replace_ours() {
    let mut sample = Sample::new();
    let properties = [("Class", "A"), ("connection", "theirs"), ("Class", "B")];
    sample.app.custom_properties = properties
        .map(|(name, value)| catalog_model::CustomProperty {
            name: name.to_owned(),
            value: value.to_owned(),
        })
        .to_vec();
    let mapped = Mapping::default().container(&sample.app, &hierarchy(&sample));
    let properties = &mapped.aspects["containerProperties"].value()["customProperties"];
    assert_eq!(properties["Class"], "A; B");
    assert_eq!(properties["connection"], "qlik-prod");
    assert_eq!(properties["connection (custom property)"], "theirs");
}

#[test]
fn the_revision_follows_the_settings() {
    let prefixed = Mapping {
        tag_prefix: "qlik:".to_owned(),
        ..Mapping::default()
    };
    let login = Mapping {
        owner_id: OwnerId::Login,
        ..Mapping::default()
    };
    let revisions = [Mapping::default(), prefixed, login].map(|mapping| mapping.revision());
    assert_ne!(revisions[0], revisions[1]);
    assert_ne!(revisions[0], revisions[2]);
    assert_eq!(revisions[0], Mapping::default().revision());
}

/// The texts are hashed: another order of fields would send everything again.
#[test]
fn fields_are_in_the_order_of_their_names() {
    let sample = Sample::new();
    let hierarchy = hierarchy(&sample);
    let mapping = Mapping::default();
    for mapped in [
        mapping.container(&sample.stream, &hierarchy),
        mapping.container(&sample.app, &hierarchy),
        mapping.dashboard(&sample.sheet, &hierarchy).unwrap(),
    ] {
        let shared =
            Shared::ALL.map(|shared| shared.value(&mapped.shared(shared).unwrap_or_default()));
        for aspect in mapped.aspects.values().chain(&shared) {
            assert_eq!(aspect.json(), aspect.value().to_string());
        }
    }
}
