//! The client's own models on the sample site, every record of it.

use qrs_client::fake_site::FakeSite;
use qrs_client::{
    App, AppObject, Field, Filter, HeaderCredentials, QrsClient, RecordList, SiteUrl, Stream,
    Timestamp, User,
};
use serde::de::DeserializeOwned;

async fn client(site: &FakeSite) -> QrsClient {
    let value = site.header_value().into();
    let credentials = HeaderCredentials::new(site.header_name(), value).unwrap();
    QrsClient::builder(SiteUrl::parse(&site.url()).unwrap(), credentials)
        .build()
        .unwrap()
}

async fn all<T: DeserializeOwned + Send + 'static>(mut list: RecordList<T>) -> Vec<T> {
    let mut records = Vec::new();
    while let Some(record) = list.try_next().await.unwrap() {
        records.push(record.unwrap());
    }
    records
}

#[tokio::test]
async fn every_record_is_read_and_counted() {
    // A byte a chunk: each character of several bytes is split.
    let site = FakeSite::builder().chunk_size(1).start().await;
    let client = client(&site).await;
    assert_eq!(client.about().await.unwrap().build_version, "14.20.5.0");
    let content = site.content();
    let apps = all::<App>(client.apps(None)).await;
    let objects = all::<AppObject>(client.app_objects(None)).await;
    assert_eq!(apps.len(), content.apps.len());
    assert_eq!(objects.len(), content.objects.len());
    assert_eq!(
        all::<User>(client.users(None)).await.len(),
        content.users.len()
    );
    assert_eq!(
        all::<Stream>(client.streams(None)).await.len(),
        content.streams.len()
    );
    assert_eq!(client.app_count(None).await.unwrap(), apps.len() as u64);
    assert_eq!(
        client.app_object_count(None).await.unwrap(),
        objects.len() as u64
    );
    assert_eq!(
        client.user_count(None).await.unwrap(),
        content.users.len() as u64
    );
    assert_eq!(
        client.stream_count(None).await.unwrap(),
        content.streams.len() as u64
    );
    assert_eq!(site.sessions_opened(), 1);
    let unreadable = apps
        .iter()
        .filter(|app| matches!(app.last_reload_time, Timestamp::Unreadable(_)));
    assert_eq!(unreadable.count(), 1);
    for (app, raw) in apps.iter().zip(&content.apps) {
        assert_eq!(app.id.as_str(), raw["id"].as_str().unwrap());
        assert_eq!(app.name, raw["name"].as_str().unwrap_or_default());
    }
}

#[tokio::test]
async fn the_site_understands_the_filters_of_the_client() {
    let site = FakeSite::start().await;
    site.edit(|content| {
        let app = content.add_app(r"it's 100% \ & #1");
        content.add_sheet(&app, "quoted 'sheet'");
    });
    let client = client(&site).await;
    let count = async |filter: Filter| client.app_object_count(Some(&filter)).await.unwrap();
    let sheets = Field::OBJECT_TYPE.equals("sheet");
    assert_eq!(
        count(sheets.clone()).await,
        site.content().sheets().count() as u64
    );
    let app = site
        .content()
        .app_named(r"it's 100% \ & #1")
        .unwrap()
        .to_owned();
    assert_eq!(
        count(
            sheets
                .clone()
                .and(Field::APP_ID.equals(&qrs_client::AppId::from(app)))
        )
        .await,
        1
    );
    assert_eq!(count(Field::APP_NAME.equals(r"it's 100% \ & #1")).await, 1);
    assert_eq!(count(Field::NAME.contains("'sheet'")).await, 1);
    let none = sheets
        .clone()
        .and(Field::PUBLISHED.equals(true))
        .and(Field::PUBLISHED.equals(false));
    assert_eq!(count(none).await, 0);
    let either = Field::PUBLISHED
        .equals(true)
        .or(Field::PUBLISHED.equals(false));
    assert_eq!(
        count(sheets.and(either)).await,
        site.content().sheets().count() as u64
    );
}

#[tokio::test]
async fn a_session_can_be_saved_and_resumed() {
    let site = FakeSite::start().await;
    let first = client(&site).await;
    assert!(first.session().is_none());
    first.about().await.unwrap();
    let session = first.session().unwrap();
    for _ in 0..8 {
        let next = client(&site).await;
        assert!(next.resume(&session));
        next.about().await.unwrap();
    }
    assert_eq!(site.sessions_opened(), 1);
    site.expire_sessions();
    let next = client(&site).await;
    next.resume(&session);
    next.about().await.unwrap();
    assert_eq!(site.sessions_opened(), 2);
}
