//! Requests that change a site, tables, tasks and files, against a server that records what it receives.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use qrs_client::{
    AppExport, AppId, Bytes, Error, ErrorKind, ExecutionStatus, Field, HeaderCredentials, Method,
    Order, QrsClient, QrsPath, SiteUrl, Table, Tag, TagId, TaskId,
};
use serde::Deserialize;
use serde_json::{Value, json};
use wiremock::matchers::{body_bytes, body_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

async fn client(server: &MockServer) -> QrsClient {
    let credentials = HeaderCredentials::new("X-User", "u".to_owned().into()).unwrap();
    let site = SiteUrl::parse(&server.uri()).unwrap();
    let no_time = Duration::from_millis(1);
    QrsClient::builder(site, credentials)
        .tries(3)
        .backoff(no_time, no_time)
        .build()
        .unwrap()
}

fn answer(status: u16, body: Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

#[tokio::test]
async fn a_record_is_created_updated_and_deleted() {
    let server = MockServer::start().await;
    let stored = json!({
        "id": "t-1", "name": "finance", "modifiedDate": "2026-01-02T03:04:05.678Z",
        "privileges": null, "schemaPath": "Tag",
    });
    Mock::given(method("POST"))
        .and(path("/qrs/tag"))
        .and(header("content-type", "application/json"))
        .and(body_json(json!({"name": "finance"})))
        .respond_with(answer(201, stored.clone()))
        .expect(1)
        .mount(&server)
        .await;
    let mut renamed = stored.clone();
    renamed["name"] = json!("Finance");
    Mock::given(method("PUT"))
        .and(path("/qrs/tag/t-1"))
        .and(body_json(renamed.clone()))
        .respond_with(answer(200, renamed))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("DELETE"))
        .and(path("/qrs/tag/t-1"))
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&server)
        .await;

    let tags = client(&server).await.entities::<Tag>();
    let mut finance = Tag::default();
    finance.name = "finance".to_owned();
    let mut tag = tags.create(&finance).await.unwrap();
    tag.name = "Finance".to_owned();
    let tag = tags.update(&tag).await.unwrap();
    assert_eq!(tag.name, "Finance");
    tags.delete(&tag.id).await.unwrap();
}

#[tokio::test]
async fn an_outdated_update_is_a_conflict_and_not_repeated() {
    let server = MockServer::start().await;
    Mock::given(method("PUT"))
        .respond_with(ResponseTemplate::new(409).set_body_string("modified by another user"))
        .expect(1)
        .mount(&server)
        .await;
    let mut tag = Tag::default();
    tag.id = TagId::from("t-1");
    let error = client(&server)
        .await
        .entities::<Tag>()
        .update(&tag)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.hint().unwrap().contains("read the record again"));
}

/// How often a request is sent to a site that answers with this status.
async fn times_sent(method: Method, status: u16) -> usize {
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::any())
        .respond_with(ResponseTemplate::new(status))
        .mount(&server)
        .await;
    let client = client(&server).await;
    let sent: Result<(), Error> = client.send(method, "tag", Some(&json!({}))).await;
    assert!(sent.is_err());
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn only_what_the_site_has_not_processed_is_sent_again() {
    assert_eq!(times_sent(Method::POST, 500).await, 1);
    assert_eq!(times_sent(Method::PUT, 502).await, 1);
    assert_eq!(times_sent(Method::DELETE, 504).await, 1);
    assert_eq!(times_sent(Method::POST, 503).await, 3);
    assert_eq!(times_sent(Method::GET, 500).await, 3);
}

#[tokio::test]
async fn an_id_that_is_not_one_is_refused_before_it_is_sent() {
    let server = MockServer::start().await;
    let tags = client(&server).await.entities::<Tag>();
    for id in ["", "a/b", ".."] {
        let error = tags.delete(&TagId::from(id)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{id}");
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[derive(Debug, Deserialize, PartialEq)]
struct Row {
    id: String,
    #[serde(rename = "app.id")]
    app: Option<String>,
}

/// A page of rows with these numbers.
fn page(numbers: std::ops::Range<u32>) -> Value {
    let rows: Vec<_> = numbers.map(|n| json!([n.to_string(), null])).collect();
    json!({"id": "00", "columnNames": ["id", "app.id"], "rows": rows})
}

#[tokio::test]
async fn a_table_is_read_page_by_page() {
    let server = MockServer::start().await;
    for (skip, numbers) in [("1", 1..4), ("4", 4..6)] {
        Mock::given(method("POST"))
            .and(path("/qrs/app/object/table"))
            .and(query_param("skip", skip))
            .and(query_param("take", "3"))
            .and(query_param("sortColumn", "id"))
            .and(query_param("orderAscending", "false"))
            .respond_with(answer(201, page(numbers)))
            .expect(2)
            .mount(&server)
            .await;
    }
    let table = Table::new("app/object", "App.Object")
        .column(&Field::ID)
        .column(&Field::APP_ID)
        .sort_in_order(&Field::ID, Order::Descending)
        .skip(1)
        .page_rows(3);
    let client = client(&server).await;
    let rows = client.table::<Row>(table.clone()).collect_all().await;
    let ids: Vec<_> = rows.unwrap().into_iter().map(|row| row.id).collect();
    assert_eq!(ids, ["1", "2", "3", "4", "5"]);
    let stream: Vec<_> = client.table::<Row>(table).collect().await;
    assert_eq!(stream.len(), 5);
}

#[tokio::test]
async fn a_site_may_send_smaller_pages_than_requested() {
    let server = MockServer::start().await;
    for (skip, numbers) in [("0", 0..2), ("2", 2..4), ("4", 4..4)] {
        Mock::given(method("POST"))
            .and(query_param("skip", skip))
            .respond_with(answer(200, page(numbers)))
            .expect(1)
            .mount(&server)
            .await;
    }
    let table = Table::new("app/object", "App.Object").column(&Field::ID);
    let rows = client(&server).await.table::<Row>(table.page_rows(1_000));
    assert_eq!(rows.collect_all().await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_row_that_does_not_fit_ends_the_table() {
    let server = MockServer::start().await;
    let cases = [
        json!({"columnNames": ["id"], "rows": [["1"], [2], ["3"]]}),
        json!({"columnNames": ["id"], "rows": [["1", "2"]]}),
        json!([]),
    ];
    for body in cases {
        server.reset().await;
        Mock::given(method("POST"))
            .respond_with(answer(201, body.clone()))
            .mount(&server)
            .await;
        let mut rows = client(&server)
            .await
            .table::<Row>(Table::new("app", "App").column(&Field::ID));
        let error = loop {
            match rows.try_next().await {
                Ok(Some(row)) => assert_eq!(row.id, "1"),
                Ok(None) => panic!("no error: {body}"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer, "{body}");
        assert!(rows.try_next().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_started_task_is_followed_to_its_end() {
    let server = MockServer::start().await;
    let execution = "e0000000-0000-4000-8000-000000000001";
    Mock::given(method("POST"))
        .and(path("/qrs/task/t-1/start/synchronous"))
        .respond_with(answer(201, json!({"value": execution})))
        .expect(1)
        .mount(&server)
        .await;
    let result = |status: u8| json!([{"id": "r-1", "executionID": execution, "status": status}]);
    for (status, times) in [(2, 2), (7, 1)] {
        Mock::given(method("GET"))
            .and(path("/qrs/executionresult/full"))
            .and(query_param("filter", format!("executionID eq {execution}")))
            .respond_with(answer(200, result(status)))
            .up_to_n_times(times)
            .mount(&server)
            .await;
    }
    let client = client(&server).await;
    let run = client.start_task(&TaskId::from("t-1")).await.unwrap();
    assert_eq!(run.execution_id(), execution);
    let result = run.wait(Duration::from_millis(1)).await.unwrap();
    assert_eq!(result.status, ExecutionStatus::FinishedSuccess);
}

#[tokio::test]
async fn a_task_that_the_site_does_not_start_is_an_error() {
    let server = MockServer::start().await;
    let none = json!({"value": "00000000-0000-0000-0000-000000000000"});
    Mock::given(method("POST"))
        .respond_with(answer(201, none))
        .mount(&server)
        .await;
    let client = client(&server).await;
    let error = client.start_task(&TaskId::from("t-1")).await.unwrap_err();
    assert!(
        error.to_string().contains("did not start the task"),
        "{error}"
    );
}

#[tokio::test]
async fn an_app_is_exported_and_uploaded_as_a_stream() {
    let server = MockServer::start().await;
    let file = b"\x00\x01qvf\xff".repeat(1_000);
    let exported = json!({
        "appId": "a-1", "exportToken": "x", "cancelled": false,
        "downloadPath": "/tempcontent/f0/Sales%20more.qvf?serverNodeId=n-1",
    });
    Mock::given(method("POST"))
        .and(query_param("skipData", "true"))
        .respond_with(answer(201, exported))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path("/tempcontent/f0/Sales%20more.qvf"))
        .and(query_param("serverNodeId", "n-1"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes(file.clone()))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path("/qrs/about"))
        .respond_with(answer(200, json!({"buildVersion": "31"})))
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path("/qrs/app/upload"))
        .and(query_param("name", "Sales & more"))
        .and(header("content-type", "application/vnd.qlik.sense.app"))
        .and(body_bytes(file.clone()))
        .respond_with(answer(201, json!({"id": "a-2", "name": "Sales & more"})))
        .expect(1)
        .mount(&server)
        .await;

    let client = client(&server).await;
    let app = AppId::from("a-1");
    let mut body = client
        .export_app(&app, AppExport::WithoutData)
        .await
        .unwrap();
    let mut read = Vec::new();
    while let Some(piece) = body.chunk().await.unwrap() {
        read.extend_from_slice(&piece);
    }
    assert_eq!(read, file);
    let pieces = file
        .chunks(100)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)));
    let pieces: Vec<_> = pieces.collect();
    let uploaded = client
        .upload_app("Sales & more", stream::iter(pieces))
        .await;
    assert_eq!(uploaded.unwrap().id.as_str(), "a-2");
}

#[tokio::test]
async fn any_path_and_body_can_be_sent() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/qrs/app/a-1/copy"))
        .and(query_param("name", "Sales (copy)"))
        .respond_with(answer(201, json!({"id": "a-2"})))
        .expect(2)
        .mount(&server)
        .await;
    let client = client(&server).await;
    let path = QrsPath::new("app/a-1/copy").query("name", "Sales (copy)");
    let copy: Value = client.send(Method::POST, path, None::<&()>).await.unwrap();
    assert_eq!(copy["id"], "a-2");
    let text = "app/a-1/copy?name=Sales%20(copy)";
    let copy: Value = client.send(Method::POST, text, None::<&()>).await.unwrap();
    assert_eq!(copy["id"], "a-2");
}
