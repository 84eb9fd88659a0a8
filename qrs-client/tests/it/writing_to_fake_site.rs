//! Requests that change a site, tables, tasks and files, against the fake site: a second reading of the wire.

use std::time::Duration;

use futures_util::stream;
use qrs_client::fake_site::{Account, Entity, FakeSite, FakeSiteBuilder};
use qrs_client::{
    App, AppExport, AppId, AppObject, Bytes, ContentLibrary, CustomPropertyDefinition,
    DataConnection, ErrorKind, ExecutionResult, ExecutionStatus, Extension, Field,
    HeaderCredentials, Node, Order, QrsClient, ReloadTask, SiteUrl, Stream, SystemRule, Tag, Task,
    TaskId, User,
};
use serde::Deserialize;
use serde_json::{Value, json};

fn client_of(site: &FakeSite) -> QrsClient {
    let value = site.header_value().into();
    let credentials = HeaderCredentials::new(site.header_name(), value).unwrap();
    let url = SiteUrl::parse(&site.url()).unwrap();
    QrsClient::builder(url, credentials).build().unwrap()
}

async fn start(builder: FakeSiteBuilder) -> (FakeSite, QrsClient) {
    let site = builder.start().await;
    let client = client_of(&site);
    (site, client)
}

async fn sample() -> (FakeSite, QrsClient) {
    start(FakeSite::builder()).await
}

fn tag(name: &str) -> Tag {
    let mut tag = Tag::default();
    tag.name = name.to_owned();
    tag
}

#[tokio::test]
async fn the_site_sets_ids_and_dates_and_compares_them() {
    let (site, client) = sample().await;
    let tags = client.entities::<Tag>();
    let before = tags.count(None).await.unwrap();
    let created = tags.create(&tag("finance")).await.unwrap();
    assert_eq!(created.id.as_str().len(), 36);
    assert_eq!(created.extra["createdDate"], created.extra["modifiedDate"]);
    assert_eq!(tags.count(None).await.unwrap(), before + 1);

    let mut first = tags.get(&created.id).await.unwrap();
    let mut second = first.clone();
    first.name = "Finance".to_owned();
    let updated = tags.update(&first).await.unwrap();
    let date = |tag: &Tag| tag.extra["modifiedDate"].to_string();
    assert!(date(&updated) > date(&created));
    second.name = "FINANCE".to_owned();
    let error = tags.update(&second).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(tags.get(&created.id).await.unwrap().name, "Finance");

    tags.delete(&created.id).await.unwrap();
    let error = tags.delete(&created.id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(tags.count(None).await.unwrap(), before);
    let methods: Vec<_> = site
        .requests()
        .iter()
        .map(|it| it.method().to_owned())
        .collect();
    assert_eq!(methods.iter().filter(|it| *it == "PUT").count(), 2);
}

#[tokio::test]
async fn every_kind_is_listed_counted_and_read_one_by_one() {
    async fn check<T: qrs_client::Entity>(client: &QrsClient, site: &FakeSite, entity: Entity) {
        let records = client.entities::<T>();
        let all = records.list(None).collect_all().await.unwrap();
        let stored = site.content().records(entity).len();
        assert!(stored > 0 && all.len() == stored, "{}", T::NAME);
        assert_eq!(records.count(None).await.unwrap(), stored as u64);
        let one = records.get(all[0].id()).await.unwrap();
        assert_eq!(one.id().as_ref(), all[0].id().as_ref());
    }
    let (site, client) = sample().await;
    check::<App>(&client, &site, Entity::App).await;
    check::<AppObject>(&client, &site, Entity::Object).await;
    check::<Stream>(&client, &site, Entity::Stream).await;
    check::<User>(&client, &site, Entity::User).await;
    check::<Tag>(&client, &site, Entity::Tag).await;
    check::<CustomPropertyDefinition>(&client, &site, Entity::CustomPropertyDefinition).await;
    check::<DataConnection>(&client, &site, Entity::DataConnection).await;
    check::<ReloadTask>(&client, &site, Entity::ReloadTask).await;
    check::<Task>(&client, &site, Entity::ReloadTask).await;
    check::<Extension>(&client, &site, Entity::Extension).await;
    check::<ContentLibrary>(&client, &site, Entity::ContentLibrary).await;
    check::<Node>(&client, &site, Entity::Node).await;
    check::<SystemRule>(&client, &site, Entity::SystemRule).await;
    assert_eq!(client.license().await.unwrap().unwrap().name, "ACME");
    site.edit(|content| content.license = Value::Null);
    assert_eq!(client.license().await.unwrap(), None);
}

#[tokio::test]
async fn every_kind_that_can_be_created_is_and_updated_and_deleted() {
    async fn check<T>(client: &QrsClient, record: T, rename: impl Fn(&mut T))
    where
        T: qrs_client::Create + qrs_client::Update + qrs_client::Delete,
    {
        let records = client.entities::<T>();
        let mut created = records.create(&record).await.unwrap();
        rename(&mut created);
        let updated = records.update(&created).await.unwrap();
        records.delete(updated.id()).await.unwrap();
    }
    let (site, client) = sample().await;
    macro_rules! made {
        ($kind:ident { $($field:ident = $value:expr),* }) => {{
            let mut record = $kind::default();
            $(record.$field = $value.into();)*
            check(&client, record, |record| record.name = "renamed".to_owned()).await;
        }};
    }
    made!(Stream { name = "new" });
    made!(User { user_id = "new", user_directory = "ACME", name = "New" });
    made!(Tag { name = "new" });
    let mut definition = CustomPropertyDefinition::default();
    definition.name = "New".to_owned();
    definition
        .extra
        .insert("valueType".to_owned(), json!("Text"));
    check(&client, definition, |it| it.name = "Renamed".to_owned()).await;
    made!(DataConnection { name = "new", connectionstring = r"C:\", type_name = "folder" });
    made!(ContentLibrary { name = "new" });
    made!(Node { name = "new", host_name = "new.acme.example" });
    made!(SystemRule { name = "new", category = "Security", rule = "true", resource_filter = "*" });
    let app = site.content().apps[0].clone();
    let mut task = ReloadTask::default();
    task.name = "new".to_owned();
    task.app = Some(serde_json::from_value(app).unwrap());
    check(&client, task, |task| task.name = "renamed".to_owned()).await;
}

#[tokio::test]
async fn a_renamed_app_has_its_new_name_in_its_sheets() {
    let (site, client) = sample().await;
    let id = site
        .content()
        .app_named("Sales Overview")
        .unwrap()
        .to_owned();
    let apps = client.entities::<App>();
    let mut app = apps.get(&AppId::from(id.as_str())).await.unwrap();
    app.name = "Sales".to_owned();
    apps.update(&app).await.unwrap();
    let filter = Field::APP_NAME.equals("Sales");
    let sheets = client.entities::<AppObject>().count(Some(&filter)).await;
    assert!(sheets.unwrap() > 0);
}

#[tokio::test]
async fn a_wrong_record_is_refused_with_the_reason() {
    let (_site, client) = sample().await;
    let tags = client.entities::<Tag>();
    let error = tags.create(&Tag::default()).await.unwrap_err();
    assert!(error.to_string().contains("name is required"), "{error}");
    let mut odd = tag("finance");
    odd.extra.insert("colour".to_owned(), json!("red"));
    let error = tags.create(&odd).await.unwrap_err();
    assert!(error.to_string().contains("colour is not valid"), "{error}");
}

#[tokio::test]
async fn an_account_that_may_only_read_changes_nothing() {
    let account = Account::new(r"ACME\scanner").read_only();
    let (site, client) = start(FakeSite::builder().account(account)).await;
    let before = site.content();
    let error = client.entities::<Tag>().create(&tag("x")).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Forbidden);
    let stream = client
        .entities::<Stream>()
        .list(None)
        .collect_all()
        .await
        .unwrap();
    let error = client.entities::<Stream>().delete(&stream[0].id).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Forbidden);
    assert_eq!(site.content(), before);
}

#[derive(Debug, PartialEq, Deserialize)]
struct Row {
    id: String,
    #[serde(rename = "app.name")]
    app: Option<String>,
}

#[tokio::test]
async fn a_table_is_filtered_sorted_and_read_page_by_page() {
    let (site, client) = sample().await;
    let sheets: Vec<_> = site.content().sheets().cloned().collect();
    let mut expected: Vec<_> = sheets.iter().map(|it| it["id"].as_str().unwrap()).collect();
    expected.sort_unstable();
    expected.reverse();
    let table = client.entities::<AppObject>().table();
    let table = table
        .column(&Field::ID)
        .column(&Field::APP_NAME)
        .filter(Field::OBJECT_TYPE.equals("sheet"))
        .sort_in_order(&Field::ID, Order::Descending)
        .skip(3)
        .page_rows(10);
    let rows = client
        .table::<Row>(table.clone())
        .collect_all()
        .await
        .unwrap();
    let ids: Vec<_> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, expected[3..]);
    assert!(
        rows.iter()
            .any(|row| row.app.as_deref() == Some("Sales Overview"))
    );
    assert_eq!(site.requests_of("/qrs/app/object/table").len(), 6);

    let unsorted = client.entities::<AppObject>().table().column(&Field::ID);
    let error = client
        .table::<Row>(unsorted.sort(&Field::NAME))
        .try_next()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("sort column"), "{error}");
}

#[tokio::test]
async fn a_task_is_started_and_followed() {
    let (site, client) = sample().await;
    let content = site.content();
    let id = content
        .named(Entity::ReloadTask, "Reload Sales Overview")
        .unwrap();
    let run = client.start_task(&TaskId::from(id)).await.unwrap();
    let first = run.result().await.unwrap().unwrap();
    assert_eq!(first.status, ExecutionStatus::Triggered);
    let again = client.start_task(&TaskId::from(id)).await.unwrap_err();
    assert!(again.to_string().contains("did not start"), "{again}");
    let last = run.wait(Duration::from_millis(1)).await.unwrap();
    assert_eq!(last.status, ExecutionStatus::FinishedSuccess);
    let task = client
        .entities::<ReloadTask>()
        .get(&TaskId::from(id))
        .await
        .unwrap();
    let last = task.operational.unwrap().last_execution_result.unwrap();
    assert_eq!(last.status, ExecutionStatus::FinishedSuccess);

    site.set_execution_steps(&[1, 8]);
    let run = client.start_task(&TaskId::from(id)).await.unwrap();
    let last = run.wait(Duration::from_millis(1)).await.unwrap();
    assert_eq!(last.status, ExecutionStatus::FinishedFail);
    let all = client
        .entities::<ExecutionResult>()
        .count(None)
        .await
        .unwrap();
    assert_eq!(all, 2);

    let disabled = content.named(Entity::ReloadTask, "Reload by hand").unwrap();
    let error = client
        .start_task(&TaskId::from(disabled))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("did not start"), "{error}");
}

#[tokio::test]
async fn an_exported_app_is_uploaded_as_another_one() {
    let (site, client) = sample().await;
    let id = site
        .content()
        .app_named("Sales Overview")
        .unwrap()
        .to_owned();
    let app = AppId::from(id.as_str());
    let mut lengths = Vec::new();
    for export in [AppExport::WithData, AppExport::WithoutData] {
        let mut body = client.export_app(&app, export).await.unwrap();
        let mut file = Vec::new();
        while let Some(piece) = body.chunk().await.unwrap() {
            file.extend_from_slice(&piece);
        }
        lengths.push(file.len());
        let pieces: Vec<_> = file
            .chunks(1_000)
            .map(Bytes::copy_from_slice)
            .map(Ok)
            .collect();
        let name = "Säles & more + 100%";
        let uploaded = client.upload_app(name, stream::iter(pieces)).await.unwrap();
        assert_ne!(uploaded.id, app);
        assert_eq!(uploaded.name, name);
        let of = |id: &AppId| Field::APP_ID.equals(id);
        let objects = client.entities::<AppObject>();
        assert_eq!(
            objects.count(Some(&of(&uploaded.id))).await.unwrap(),
            objects.count(Some(&of(&app))).await.unwrap()
        );
        // The copy, with the odd characters in the name of its file.
        let mut body = client.export_app(&uploaded.id, export).await.unwrap();
        assert!(body.chunk().await.unwrap().is_some());
    }
    assert!(lengths[0] > lengths[1]);
    let other = stream::iter([Ok(Bytes::from_static(b"PK\x03\x04"))]);
    let error = client.upload_app("x", other).await.unwrap_err();
    assert!(error.to_string().contains("not an app"), "{error}");
}

#[tokio::test]
async fn custom_properties_filter_records() {
    let (site, client) = sample().await;
    let app = site
        .content()
        .app_named("Sales Overview")
        .unwrap()
        .to_owned();
    let value = json!([{"value": "Audit", "definition": {"name": "Department"}}]);
    site.edit(|content| content.set(&app, "customProperties", value));
    let field = Field::custom_property("department").unwrap();
    let apps = client.entities::<App>();
    let found = apps.list(Some(&field.equals("audit"))).collect_all().await;
    let ids: Vec<_> = found.unwrap().into_iter().map(|app| app.id).collect();
    assert_eq!(ids, [AppId::from(app.as_str())]);
    assert_eq!(apps.count(Some(&field.equals("x"))).await.unwrap(), 0);
}
