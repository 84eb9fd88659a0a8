//! Requests that succeed: methods, headers, bodies, proxies.

use futures_util::stream;
use outbound_http::{Bytes, ErrorKind, Fact, Method, Proxy, ProxyScheme};
use qrs_fake_site::FakeProxy;
use serde_json::{Value, json};

use crate::server::{Scheme, Server, fixture, ok, response};

#[tokio::test]
async fn a_json_request_over_tls_with_a_private_authority_returns_json() {
    let server = Server::start(Scheme::Https, [ok(r#"{"id":7}"#)]).await;
    let client = server
        .client()
        .header("X-Source", "scanner")
        .build()
        .unwrap();
    let response = client
        .request(Method::POST, "/entities")
        .query("mode", "a b")
        .header("X-Request", "1")
        .json(&json!({ "name": "Sales" }))
        .send()
        .await
        .unwrap();
    let mut response = response.error_for_status().await.unwrap();
    assert_eq!(
        (response.status(), response.header("content-type")),
        (200, Some("application/json"))
    );
    assert_eq!(response.json::<Value>().await.unwrap(), json!({ "id": 7 }));

    let request = server.requests().remove(0);
    assert!(
        request.starts_with("POST /api/entities?mode=a+b HTTP/1.1\r\n"),
        "{request}"
    );
    let head = request.to_ascii_lowercase();
    for line in [
        "x-source: scanner",
        "x-request: 1",
        "content-type: application/json",
        "accept-encoding: gzip",
    ] {
        assert!(head.contains(line), "{line}: {request}");
    }
    assert!(request.ends_with(r#"{"name":"Sales"}"#), "{request}");
}

#[tokio::test]
async fn every_method_and_kind_of_body_is_sent() {
    let server = Server::start(Scheme::Http, [ok("")]).await;
    let client = server.client().build().unwrap();
    for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
        client
            .request(method, "x")
            .body("text")
            .send()
            .await
            .unwrap();
    }
    let pieces = ["{\"a\":1}\n", "{\"a\":2}\n"].map(|piece| Ok(Bytes::from(piece)));
    let streamed = client
        .request(Method::POST, "x")
        .body_stream(stream::iter(pieces));
    streamed.send().await.unwrap();
    let requests = server.requests();
    for (request, method) in requests.iter().zip(["GET", "PUT", "PATCH", "DELETE"]) {
        assert!(
            request.starts_with(&format!("{method} /api/x ")),
            "{request}"
        );
        assert!(request.ends_with("text"), "{request}");
    }
    assert!(requests[4].contains("{\"a\":1}\n") && requests[4].contains("{\"a\":2}\n"));
    assert!(
        requests[4]
            .to_ascii_lowercase()
            .contains("transfer-encoding: chunked")
    );
}

#[tokio::test]
async fn a_response_is_read_piece_by_piece() {
    let body = "x".repeat(300_000);
    let server = Server::start(Scheme::Http, [ok(&body)]).await;
    let client = server.client().build().unwrap();
    let mut response = client.request(Method::GET, "").send().await.unwrap();
    let mut length = 0;
    while let Some(chunk) = response.chunk().await.unwrap() {
        length += chunk.len();
    }
    assert_eq!(length, body.len());

    let mut response = client.request(Method::GET, "").send().await.unwrap();
    let error = response.bytes(1000).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.fact()),
        (ErrorKind::TooLarge, &Fact::AnswerTooLarge)
    );
}

#[tokio::test]
async fn requests_go_through_a_proxy_of_each_kind() {
    let servers = [
        Server::start(Scheme::Http, [ok("1")]).await,
        Server::start(Scheme::Https, [ok("1")]).await,
    ];
    let secure = FakeProxy::builder().tls(&fixture("site-chain.pem"), &fixture("site.key"));
    for (scheme, proxy) in [
        (ProxyScheme::Http, FakeProxy::builder()),
        (ProxyScheme::Https, secure),
    ] {
        let proxy = proxy.basic_auth("user", "hunter2").start().await;
        let port = proxy.address().port();
        let settings = Proxy::new(scheme, "127.0.0.1", port).unwrap();
        let settings = settings.basic_auth("user", "hunter2".into());
        for server in &servers {
            let client = server.client().proxy(settings.clone()).build().unwrap();
            let mut response = client.request(Method::GET, "").send().await.unwrap();
            assert_eq!(response.text().await.unwrap(), "1");
        }
        assert_eq!(proxy.requests().len(), 2);
    }
}

#[tokio::test]
async fn requests_stay_on_the_server_of_the_client() {
    let server = Server::start(Scheme::Http, [ok("1")]).await;
    let client = server.client().build().unwrap();
    let same = server.url_by("127.0.0.1").join("/other").unwrap();
    client
        .request(Method::GET, same.as_str())
        .send()
        .await
        .unwrap();
    assert!(server.requests()[0].starts_with("GET /other "));
    for url in [
        "https://elsewhere.example/",
        "http://127.0.0.1:1/",
        "ftp://127.0.0.1/",
    ] {
        let error = client.request(Method::GET, url).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        assert!(
            error.to_string().contains("is not on the server"),
            "{error}"
        );
    }
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let location = "Location: https://idp.example/login?token=hunter2\r\n";
    let server = Server::start(Scheme::Http, [response("302 Found", location, "")]).await;
    let client = server.client().build().unwrap();
    let response = client.request(Method::GET, "").send().await.unwrap();
    assert_eq!(response.status(), 302);
    let error = response.error_for_status().await.unwrap_err();
    assert_eq!(error.fact(), &Fact::Redirected);
    assert!(
        error
            .to_string()
            .contains("redirects to `https://idp.example/login`"),
        "{error}"
    );
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[tokio::test]
async fn an_invalid_header_is_reported_before_anything_is_sent() {
    let server = Server::start(Scheme::Http, [ok("1")]).await;
    let client = server.client().build().unwrap();
    for (name, value) in [("a b", "x"), ("X-Name", "line\nbreak")] {
        let request = client.request(Method::GET, "").header(name, value);
        let error = request.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        assert!(error.to_string().contains("header"), "{error}");
        assert!(server.client().header(name, value).build().is_err());
    }
    assert!(server.requests().is_empty());
}
