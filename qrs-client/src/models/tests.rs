use serde_json::json;

use super::*;

#[test]
fn a_record_of_nulls_or_nothing_is_read() {
    /// Reads a record in which each field is null, and one without fields.
    fn check<T>()
    where
        T: Default + Serialize + for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug,
    {
        let default = serde_json::to_value(T::default()).unwrap();
        let names = default.as_object().unwrap().keys().cloned();
        let optional = ["owner", "app", "stream", "size", "fileSize", "definition"];
        let names = names.filter(|name| !optional.contains(&name.as_str()));
        let nulls: Extra = names.map(|name| (name, json!(null))).collect();
        for record in [json!({}), json!(nulls)] {
            assert_eq!(T::deserialize(&record).unwrap(), T::default());
        }
    }
    check::<App>();
    check::<AppObject>();
    check::<User>();
    check::<Stream>();
    check::<About>();
    let nulls = json!({"owner": null, "stream": null, "fileSize": null});
    assert_eq!(App::deserialize(&nulls).unwrap(), App::default());
    let nulls = json!({"owner": null, "app": null, "size": null});
    assert_eq!(
        AppObject::deserialize(&nulls).unwrap(),
        AppObject::default()
    );
}

#[test]
fn a_record_that_is_read_and_written_loses_nothing() {
    let app = json!({
        "id": "a-1", "name": "Sales", "createdDate": "2019-02-15T15:46:20.997Z",
        "modifiedDate": "2019-02-16T15:46:20.997Z", "modifiedByUserName": "ACME\\dana",
        "publishTime": "1753-01-01T00:00:00.000Z", "published": false, "description": "",
        "fileSize": 5, "lastReloadTime": "1753-01-01T00:00:00.000Z", "thumbnail": "",
        "savedInProductVersion": "12.1", "migrationHash": "f00", "dynamicColor": null,
        "owner": {"id": "u-1", "userId": "dana", "userDirectory": "ACME", "name": "Dana",
            "privileges": null},
        "tags": [{"id": "t-1", "name": "kpi", "privileges": null}],
        "customProperties": [{"id": "p-1", "value": "Sales", "schemaPath": "CustomPropertyValue",
            "definition": {"id": "d-1", "name": "Department", "choiceValues": ["Sales"]}}],
        "schemaPath": "App",
    });
    let read = App::deserialize(&app).unwrap();
    assert_eq!(read.extra["migrationHash"], "f00");
    assert_eq!(read.tags[0].id.as_str(), "t-1");
    assert_eq!(serde_json::to_value(&read).unwrap(), app);
}

#[test]
fn an_unknown_field_that_is_not_unicode_costs_only_that_field() {
    let json = br#"{"id":"1","name":"n","unknown":"\ud83d","other":1}"#;
    let app: App = lenient::record(json).unwrap();
    assert_eq!((app.name.as_str(), app.extra.len()), ("n", 1));
    assert_eq!(app.extra["other"], 1);
}

#[test]
fn an_array_is_refused_as_a_record_at_any_depth() {
    let array = "[]";
    assert!(serde_json::from_str::<About>(array).is_err());
    assert!(serde_json::from_str::<App>(array).is_err());
    assert!(serde_json::from_str::<AppObject>(array).is_err());
    assert!(serde_json::from_str::<User>(array).is_err());
    assert!(serde_json::from_str::<Stream>(array).is_err());
    assert!(serde_json::from_str::<Option<App>>(array).is_err());
    for nested in [
        r#"{"owner":[]}"#,
        r#"{"stream":["id"]}"#,
        r#"{"tags":[[]]}"#,
        r#"{"customProperties":[{"definition":[]}]}"#,
    ] {
        assert!(serde_json::from_str::<App>(nested).is_err(), "{nested}");
    }
}

#[test]
fn a_sheet_is_read_with_its_app_and_owner() {
    let sheet = AppObject::deserialize(json!({
        "id": "o-1", "objectType": "sheet", "name": "Overview", "approved": true,
        "engineObjectId": "JDWuPK", "size": -1, "publishTime": "1753-01-01T00:00:00Z",
        "owner": {"id": "u-1", "userId": "dana", "userDirectory": "ACME", "name": null},
        "app": {"id": "a-1", "name": "Sales", "stream": {"id": "s-1", "name": "Everyone"}},
        "tags": [{"id": "t-1", "name": "kpi"}, null],
    }))
    .unwrap();
    assert_eq!(sheet.engine_object_id.as_str(), "JDWuPK");
    assert_eq!(sheet.size, None);
    assert!(sheet.approved && !sheet.published && sheet.publish_time.is_never());
    assert_eq!(sheet.owner.unwrap().user_id, "dana");
    assert_eq!(sheet.app.unwrap().stream.unwrap().name, "Everyone");
    assert_eq!(sheet.tags.len(), 1);
}

#[test]
fn an_app_and_a_user_are_read_with_their_lists() {
    let app = App::deserialize(json!({
        "fileSize": 52_428_800, "lastReloadTime": null,
        "customProperties": [{"value": "Production", "definition": {"name": "Environment"}}],
    }))
    .unwrap();
    let property = &app.custom_properties[0];
    assert_eq!(property.value, "Production");
    assert_eq!(property.definition.as_ref().unwrap().name, "Environment");
    assert_eq!(app.file_size, Some(52_428_800));
    let user = User::deserialize(json!({
        "attributes": [{"attributeType": "Email", "attributeValue": "d@acme.example"}],
    }))
    .unwrap();
    assert_eq!(user.attributes[0].attribute_value, "d@acme.example");
}

#[test]
fn an_attribute_keeps_its_id_and_a_new_one_has_none() {
    let user = json!({
        "id": "u-1",
        "attributes": [{"id": "a-1", "attributeType": "email", "attributeValue": "d@example.com"}],
    });
    let mut user = User::deserialize(user).unwrap();
    assert_eq!(user.attributes[0].id.as_str(), "a-1");
    user.attributes.push(UserAttribute::default());
    let written = serde_json::to_value(&user.attributes).unwrap();
    assert_eq!(written[0]["id"], "a-1");
    assert_eq!(written[1].get("id"), None);
    let license = License::deserialize(json!({"id": "l-1", "serial": "1"})).unwrap();
    assert_eq!(serde_json::to_value(&license).unwrap()["id"], "l-1");
}

#[test]
fn debug_shows_no_password_of_a_data_connection() {
    let connection = json!({
        "id": "c-1", "name": "Sales", "username": "reader", "password": "s3cret",
        "connectionstring": "CUSTOM CONNECT TO \"provider=QvOdbc;password=s3cret\"",
    });
    let shown = format!("{:?}", DataConnection::deserialize(connection).unwrap());
    assert!(
        shown.contains("Sales") && shown.contains("reader"),
        "{shown}"
    );
    assert!(!shown.contains("s3cret"), "{shown}");
}
