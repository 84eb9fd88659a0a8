//! Which requests are sent again, and when.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use outbound_http::{ErrorKind, Fact, HeaderMap, HeaderName, Method, Repeat, RetryPolicy};

use crate::server::{Reply, Scheme, Server, ok, response};

#[tokio::test]
async fn a_busy_server_is_asked_again_at_the_time_that_it_names() {
    for status in ["429 Too Many Requests", "503 Service Unavailable"] {
        let busy = response(status, "Retry-After: 1\r\n", "busy");
        let server = Server::start(Scheme::Http, [busy, ok("1")]).await;
        let client = server.client().build().unwrap();
        let started = Instant::now();
        let mut response = client
            .request(Method::POST, "")
            .body("x")
            .send()
            .await
            .unwrap();
        assert_eq!(
            (response.status(), response.text().await.unwrap().as_str()),
            (200, "1")
        );
        assert!(started.elapsed() >= Duration::from_secs(1), "{status}");
        assert_eq!(server.requests().len(), 2, "{status}");
    }
}

#[tokio::test]
async fn headers_of_each_try_are_computed_again() {
    let busy = response("503 Service Unavailable", "", "");
    let server = Server::start(Scheme::Http, [busy, ok("1")]).await;
    let client = server.client().build().unwrap();
    let count = AtomicU32::new(0);
    let number = || {
        let number = count.fetch_add(1, Ordering::Relaxed);
        HeaderMap::from_iter([(HeaderName::from_static("x-try"), number.into())])
    };
    let request = client.request(Method::POST, "").header("x-try", "none");
    let response = request.headers_of_each_try(&number).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    for (index, request) in requests.iter().enumerate() {
        assert!(
            request.contains(&format!("x-try: {index}\r\n")),
            "{request}"
        );
    }
}

#[tokio::test]
async fn a_server_that_stays_busy_is_reported_with_the_number_of_tries() {
    let busy = response("503 Service Unavailable", "", "<p>Back at <b>noon</b></p>");
    let server = Server::start(Scheme::Http, [busy]).await;
    let client = server.client().build().unwrap();
    let response = client.request(Method::GET, "").send().await.unwrap();
    let error = response.error_for_status().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.fact()),
        (ErrorKind::ServerError, &Fact::ServiceUnavailable)
    );
    assert!(error.is_retryable());
    let message = error.to_string();
    assert!(
        message.starts_with("the catalog is not available (status 503) at `http://"),
        "{message}"
    );
    assert!(message.contains("tried 3 times"), "{message}");
    assert_eq!(error.excerpt(), Some("Back at noon"));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_retry_after_of_more_than_a_minute_is_left_to_the_caller() {
    let busy = response("429 Too Many Requests", "Retry-After: 3600\r\n", "");
    let server = Server::start(Scheme::Http, [busy]).await;
    let client = server.client().build().unwrap();
    let response = client.request(Method::GET, "").send().await.unwrap();
    assert_eq!(response.retry_after(), Some(Duration::from_secs(3600)));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_request_that_may_have_been_processed_is_sent_twice_only_if_that_is_safe() {
    let lost = [Reply::Close, ok("1")];
    let cases = [
        (Method::GET, None, 2),
        (Method::PUT, None, 2),
        (Method::POST, None, 1),
        (Method::POST, Some(Repeat::Safe), 2),
        (Method::GET, Some(Repeat::Never), 1),
    ];
    for (method, repeat, expected) in cases {
        let server = Server::start(Scheme::Http, lost.clone()).await;
        let client = server.client().build().unwrap();
        let mut request = client.request(method.clone(), "").body("x");
        if let Some(repeat) = repeat {
            request = request.repeat(repeat);
        }
        let sent = request.send().await;
        assert_eq!(sent.is_ok(), expected == 2, "{method} {repeat:?}");
        assert_eq!(server.requests().len(), expected, "{method} {repeat:?}");
    }
}

#[tokio::test]
async fn a_window_of_zero_turns_retries_off() {
    let server = Server::start(Scheme::Http, [Reply::Close, ok("1")]).await;
    let once = RetryPolicy::default().with_window(Duration::ZERO);
    let client = server.client().retry(once).build().unwrap();
    let error = client.request(Method::GET, "").send().await.unwrap_err();
    assert_eq!(error.fact(), &Fact::ClosedWithoutAnswer);
    assert_eq!(server.requests().len(), 1);
}
