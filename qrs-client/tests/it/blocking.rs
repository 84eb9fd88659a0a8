//! The client without `async`.

use qrs_client::fake_site::FakeSite;
use qrs_client::{
    AppObject, ErrorKind, Field, HeaderCredentials, Method, QrsClient, SiteUrl, Stream, Tag,
    blocking,
};
use serde_json::{Value, json};

fn client_of(site: &FakeSite) -> blocking::Client {
    let value = site.header_value().into();
    let credentials = HeaderCredentials::new(site.header_name(), value).unwrap();
    let url = SiteUrl::parse(&site.url()).unwrap();
    blocking::Client::new(QrsClient::builder(url, credentials).build().unwrap()).unwrap()
}

#[test]
fn it_reads_and_writes() {
    let site = FakeSite::start_in_thread();
    let client = client_of(&site);
    assert_eq!(client.about().unwrap().build_version, "14.20.5.0");
    let sheets = Field::OBJECT_TYPE.equals("sheet");
    let list = client.inner().app_objects::<AppObject>(Some(&sheets));
    assert_eq!(client.iter(list).count(), site.content().sheets().count());
    let table = client
        .inner()
        .entities::<Stream>()
        .table()
        .column(&Field::NAME);
    let rows = client.inner().table::<Value>(table.page_rows(2));
    let names: Result<Vec<_>, _> = client.iter(rows).collect();
    assert_eq!(names.unwrap().len(), site.content().streams.len());
    let tag: Tag = client
        .send(Method::POST, "tag", Some(&json!({"name": "x"})))
        .unwrap();
    let tags = client.inner().entities::<Tag>();
    client.wait(tags.delete(&tag.id)).unwrap();
    let gone = client.get::<Value>(format!("tag/{}", tag.id)).unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn inside_of_a_runtime_it_fails_and_is_dropped_without_a_panic() {
    let site = FakeSite::start().await;
    let client = client_of(&site);
    let error = client.about().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(
        error.to_string().contains("inside of a tokio runtime"),
        "{error}"
    );
    let streams = client.inner().streams::<Stream>(None);
    let read: Vec<_> = client.iter(streams).collect();
    assert!(matches!(read.as_slice(), [Err(_)]));
}
