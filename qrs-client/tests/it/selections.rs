//! Selections: records that the fake site keeps together.

use qrs_client::fake_site::{Account, Content, Entity, FakeSite};
use qrs_client::{
    App, AppObject, AppObjectId, ErrorKind, Field, HeaderCredentials, Method, QrsClient, QrsPath,
    Selection, SelectionId, SelectionItem, SiteUrl, Tag, TagId, User, UserId,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::scripted::{Site, answer};

fn client_of(site: &FakeSite) -> QrsClient {
    let value = site.header_value().into();
    let credentials = HeaderCredentials::new(site.header_name(), value).unwrap();
    let url = SiteUrl::parse(&site.url()).unwrap();
    QrsClient::builder(url, credentials)
        .tries(1)
        .build()
        .unwrap()
}

async fn sample() -> (FakeSite, QrsClient) {
    let site = FakeSite::start().await;
    let client = client_of(&site);
    (site, client)
}

fn sheet_items(site: &FakeSite, number: usize) -> Vec<SelectionItem> {
    let content = site.content();
    let ids = content.sheets().take(number);
    let ids = ids.map(|sheet| AppObjectId::from(sheet["id"].as_str().unwrap()));
    ids.map(|id| SelectionItem::new::<AppObject>(&id)).collect()
}

async fn tag(client: &QrsClient, name: &str) -> TagId {
    let mut tag = Tag::default();
    tag.name = name.to_owned();
    client.entities::<Tag>().create(&tag).await.unwrap().id
}

fn record(site: &FakeSite, item: &SelectionItem) -> Value {
    site.content().get(&item.record_id).unwrap().clone()
}

fn tag_names(record: &Value) -> Vec<&str> {
    let tags = record["tags"].as_array().unwrap().iter();
    tags.map(|tag| tag["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_selection_lists_counts_and_tabulates_its_records_by_kind() {
    let (site, client) = sample().await;
    let mut items = sheet_items(&site, 5);
    let user = UserId::from(site.content().users[0]["id"].as_str().unwrap());
    items.push(SelectionItem::new::<User>(&user));
    let selection = client.select(items.clone()).await.unwrap();
    assert_eq!(selection.items().await.unwrap(), items);
    assert_eq!(selection.count::<AppObject>(None).await.unwrap(), 5);
    assert_eq!(selection.count::<User>(None).await.unwrap(), 1);
    assert_eq!(selection.count::<App>(None).await.unwrap(), 0);

    let mut sheets = selection.list::<AppObject>(None);
    let mut ids = Vec::new();
    while let Some(sheet) = sheets.try_next().await.unwrap() {
        ids.push(sheet.unwrap().id);
    }
    ids.sort();
    let mut expected: Vec<_> = items[..5].iter().map(|item| &item.record_id).collect();
    expected.sort();
    assert!(ids.iter().map(AppObjectId::as_str).eq(expected.clone()));
    let one = Field::ID.equals(&ids[2]);
    assert_eq!(selection.count::<AppObject>(Some(&one)).await.unwrap(), 1);

    #[derive(Deserialize)]
    struct Row {
        id: String,
    }
    let table = selection.table::<AppObject>().column(&Field::ID);
    let rows = client.table::<Row>(table.sort(&Field::ID).page_rows(2));
    let rows = rows.collect_all().await.unwrap();
    assert!(rows.iter().map(|row| &row.id).eq(expected));
}

#[tokio::test]
async fn all_records_that_meet_a_condition_are_selected_without_being_read() {
    let (site, client) = sample().await;
    let sheets_only = Field::OBJECT_TYPE.equals("sheet");
    let selection = client.select_all::<AppObject>(Some(&sheets_only)).await;
    let selection = selection.unwrap();
    let sheets = site.content().sheets().count();
    assert_eq!(
        selection.count::<AppObject>(None).await.unwrap(),
        sheets as u64
    );
    let apps = client.select_all::<App>(None).await.unwrap();
    let stored = site.content().apps.len();
    assert_eq!(apps.count::<App>(None).await.unwrap(), stored as u64);
    assert_ne!(apps.id(), selection.id());
    let again = client.selection(apps.id().clone()).unwrap();
    assert_eq!(again.items().await.unwrap().len(), stored);
}

#[tokio::test]
async fn a_selection_of_any_size_can_be_created() {
    let content = Content::generated(20, 500);
    let site = FakeSite::builder().content(content).start().await;
    let client = client_of(&site);
    // Its items have more than 1 MB, and are therefore not read.
    let selection = client.select_all::<AppObject>(None).await.unwrap();
    assert_eq!(selection.count::<AppObject>(None).await.unwrap(), 10_000);
    let error = selection.items().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let selection = client.select(sheet_items(&site, 10_000)).await.unwrap();
    let mut sheets = selection.list::<AppObject>(None);
    let mut number = 0;
    while let Some(sheet) = sheets.try_next().await.unwrap() {
        assert!(sheet.is_ok());
        number += 1;
    }
    assert_eq!(number, 10_000);
}

#[tokio::test]
async fn all_records_of_a_selection_are_changed_at_once() {
    let (site, client) = sample().await;
    let items = sheet_items(&site, 3);
    let other = sheet_items(&site, 4).pop().unwrap();
    let before = record(&site, &other);
    let (first, second) = (tag(&client, "first").await, tag(&client, "second").await);
    let owner = site.content().users[1].clone();
    let selection = client.select(items.clone()).await.unwrap();

    let edit = selection.edit::<AppObject>().await.unwrap();
    assert_eq!(edit.common_value("objectType"), Some(&json!("sheet")));
    assert_eq!(edit.common_value("name"), None);
    let edit = edit
        .set("approved", true)
        .set_owner(&UserId::from(owner["id"].as_str().unwrap()))
        .add_tag(&first)
        .add_tag(&second);
    selection.apply(&edit).await.unwrap();
    for item in &items {
        let sheet = record(&site, item);
        assert_eq!(sheet["approved"], true);
        assert_eq!(sheet["owner"]["userId"], owner["userId"]);
        let names = tag_names(&sheet);
        assert!(names.contains(&"first") && names.contains(&"second"));
    }
    assert_eq!(record(&site, &other), before);

    let edit = selection.edit::<AppObject>().await.unwrap();
    assert_eq!(edit.common_value("approved"), Some(&json!(true)));
    assert_eq!(edit.common_value("owner"), Some(&owner["id"]));
    selection.apply(&edit.remove_tag(&first)).await.unwrap();
    for item in &items {
        let sheet = record(&site, item);
        let names = tag_names(&sheet);
        assert!(!names.contains(&"first") && names.contains(&"second"));
    }
}

#[tokio::test]
async fn a_change_of_a_selection_conflicts_with_a_later_change_of_one_record() {
    let (site, client) = sample().await;
    let items = sheet_items(&site, 2);
    let selection = client.select(items.clone()).await.unwrap();
    let edit = selection.edit::<AppObject>().await.unwrap();
    let sheets = client.entities::<AppObject>();
    let id = AppObjectId::from(items[1].record_id.as_str());
    let mut sheet = sheets.get(&id).await.unwrap();
    sheet.name = "renamed meanwhile".to_owned();
    sheets.update(&sheet).await.unwrap();

    let edit = edit.set("approved", true);
    let error = selection.apply(&edit).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let edit = selection.edit::<AppObject>().await.unwrap();
    selection.apply(&edit.set("approved", true)).await.unwrap();
    assert_eq!(record(&site, &items[0])["approved"], true);
}

#[tokio::test]
async fn records_are_deleted_with_their_selection_or_stay_without_it() {
    let (site, client) = sample().await;
    let mut items = Vec::new();
    for name in ["a", "b"] {
        items.push(SelectionItem::new::<Tag>(&tag(&client, name).await));
    }
    let selection = client.select(items.clone()).await.unwrap();
    let same = client.selection(selection.id().clone()).unwrap();
    selection.remove().await.unwrap();
    assert_eq!(record(&site, &items[0])["name"], "a");
    let error = same.count::<Tag>(None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(same.remove().await.unwrap_err().kind(), ErrorKind::NotFound);

    let selection = client.select(items.clone()).await.unwrap();
    selection.delete_records::<Tag>().await.unwrap();
    let content = site.content();
    assert!(items.iter().all(|it| content.get(&it.record_id).is_none()));
    selection.remove().await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_selected_or_changed_is_refused() {
    let (site, client) = sample().await;
    let absent = SelectionItem::from_names("App", "12f964b0-0000-4000-8000-30749b21d192");
    let error = client.select([absent]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let odd = SelectionItem::from_names("Colour", "x");
    let error = client.select([odd]).await.unwrap_err();
    assert!(error.to_string().contains("not known"), "{error}");
    for id in ["", "a/b"] {
        let error = client.selection(SelectionId::from(id)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }

    let selection = client.select(sheet_items(&site, 2)).await.unwrap();
    for (property, value) in [
        ("colour", json!("red")),
        ("approved", json!("yes")),
        ("modifiedDate", json!("2024-01-01T00:00:00.000Z")),
        ("owner", json!("somebody")),
        ("app", json!({"id": "x"})),
    ] {
        let edit = selection.edit::<AppObject>().await.unwrap();
        let error = selection.apply(&edit.set(property, value)).await;
        assert!(error.is_err(), "{property}");
    }
    let before = site.content();
    let path = QrsPath::new(format!("selection/{}/app/object/synthetic", selection.id()));
    for body in [
        json!({"type": "App.Object", "properties": []}),
        json!({"type": "App", "latestModifiedDate": "2099-01-01T00:00:00.000Z", "properties": []}),
        json!({"type": "App.Object", "latestModifiedDate": "2099-01-01T00:00:00.000Z"}),
        json!({
            "type": "App.Object", "latestModifiedDate": "2099-01-01T00:00:00.000Z",
            "properties": [{"name": "approved", "value": true}],
        }),
    ] {
        let sent = client.send::<_, Value>(Method::PUT, path.clone(), Some(&body));
        assert!(sent.await.is_err(), "{body}");
    }
    assert_eq!(site.content(), before);
}

#[tokio::test]
async fn an_account_that_may_only_read_selects_nothing() {
    let account = Account::new(r"ACME\scanner").read_only();
    let site = FakeSite::builder().account(account).start().await;
    let error = client_of(&site).select_all::<App>(None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(site.content().records(Entity::App).len() > 1);
}

/// The error of a selection that a site answers in this way.
async fn error_of(response: &str) -> qrs_client::Error {
    let site = Site::start(vec![answer(201, &[], response)]).await;
    let created: Result<Selection, _> = site.client().select_all::<App>(None).await;
    created.unwrap_err()
}

#[tokio::test]
async fn an_odd_response_to_a_new_selection_is_an_error() {
    for response in ["{}", r#"{"id":""}"#, r#"{"id":null,"items":[]}"#, "[]"] {
        let error = error_of(response).await;
        assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer, "{response}");
    }
    let error = error_of("<html><form>log in</form></html>").await;
    assert_eq!(error.kind(), ErrorKind::LoginPage);
    let error = error_of(r#"{"id":"s-1","items":[{"type":"App","#).await;
    assert!(error.to_string().contains("complete"), "{error}");
}
