//! What each status of an answer becomes.

use qrs_client::{ErrorKind, HeaderCredentials, QrsClient, QrsPath, SiteUrl};
use wiremock::matchers::{header_exists, method, path, query_param_contains};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Asks a site that answers with `answer`, and tells what the client makes of it.
async fn kind(answer: ResponseTemplate) -> (Option<ErrorKind>, Option<u16>) {
    let site = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/header/qrs/about"))
        .and(header_exists("x-qlik-xrfkey"))
        .and(query_param_contains("xrfkey", ""))
        .respond_with(answer)
        .mount(&site)
        .await;
    let credentials = HeaderCredentials::new("X-User", "u".to_owned().into()).unwrap();
    let url = SiteUrl::parse(&format!("{}/header", site.uri())).unwrap();
    let client = QrsClient::builder(url, credentials)
        .tries(1)
        .build()
        .unwrap();
    match client.get::<serde_json::Value>(QrsPath::new("about")).await {
        Ok(_) => (None, None),
        Err(error) => (Some(error.kind()), error.status()),
    }
}

#[tokio::test]
async fn the_status_determines_the_kind_of_an_error() {
    for (status, expected) in [
        (400, ErrorKind::BadRequest),
        (401, ErrorKind::Unauthorized),
        (403, ErrorKind::Forbidden),
        (404, ErrorKind::NotFound),
        (414, ErrorKind::BadRequest),
        (429, ErrorKind::ServerError),
        (500, ErrorKind::ServerError),
        (502, ErrorKind::ServerError),
        (503, ErrorKind::ServerError),
        (418, ErrorKind::UnexpectedAnswer),
    ] {
        let answer = ResponseTemplate::new(status).set_body_string("a reason");
        assert_eq!(
            kind(answer).await,
            (Some(expected), Some(status)),
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_response_is_read_whatever_its_content_type() {
    for content_type in [
        "application/json",
        "application/json;charset=utf-8",
        "text/plain",
    ] {
        let answer = ResponseTemplate::new(200).set_body_raw(r#"{"a":1}"#, content_type);
        assert_eq!(kind(answer).await, (None, None), "{content_type}");
    }
    let page = ResponseTemplate::new(200).set_body_raw("<!doctype html><form>", "text/html");
    assert_eq!(kind(page).await.0, Some(ErrorKind::LoginPage));
}

#[tokio::test]
async fn a_redirect_is_a_response_and_is_not_followed() {
    let to = |target: &str| ResponseTemplate::new(302).insert_header("Location", target);
    let login = to("/header/internal_forms_authentication/?targetId=1");
    assert_eq!(
        kind(login).await,
        (Some(ErrorKind::RedirectedToLogin), Some(302))
    );
    assert_eq!(
        kind(to("/elsewhere")).await,
        (Some(ErrorKind::UnexpectedAnswer), Some(302))
    );
}
