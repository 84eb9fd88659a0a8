//! Requests that fail, and what their errors say.

use std::time::Duration;

use outbound_http::{Client, Error, ErrorKind, Fact, Method, TimeLimit, TimeLimits, Trust, Url};
use qrs_fake_site::ReservedPort;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::server::{Reply, Scheme, Server, client, ok, response};

async fn get(client: &Client) -> Error {
    client.request(Method::GET, "").send().await.unwrap_err()
}

#[track_caller]
fn check(error: &Error, kind: ErrorKind, fact: &Fact, message: &str) {
    assert_eq!((error.kind(), error.fact()), (kind, fact), "{error:?}");
    assert!(error.to_string().contains(message), "{error}");
}

#[tokio::test]
async fn a_failed_connection_is_reported_with_its_step() {
    let reserved = ReservedPort::new();
    let port = reserved.number();
    let closed = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
    let error = get(&client(closed).build().unwrap()).await;
    check(
        &error,
        ErrorKind::Unreachable,
        &Fact::ConnectionRefused,
        "connection refused by the catalog",
    );
    assert!(error.is_retryable() && error.hint().is_some());

    let unknown = Url::parse("http://nowhere.invalid/").unwrap();
    let error = get(&client(unknown).build().unwrap()).await;
    check(
        &error,
        ErrorKind::Unreachable,
        &Fact::HostUnresolved,
        "cannot resolve the catalog's host name `nowhere.invalid`",
    );
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_explained() {
    let server = Server::start(Scheme::Https, [ok("1")]).await;
    let client = server.client().trust(Trust::System).build().unwrap();
    let error = get(&client).await;
    check(
        &error,
        ErrorKind::Tls,
        &Fact::TlsFailed,
        "no secure connection to the catalog: issuer `CN=Acme Root CA, O=Acme` of its certificate",
    );
    assert!(!error.is_retryable());
    assert_eq!(error.certificates().len(), 2);
}

#[tokio::test]
async fn a_wrong_scheme_is_recognized_in_both_directions() {
    let plain = Server::start(Scheme::Http, [ok("1")]).await;
    let mut url = plain.url_by("127.0.0.1");
    url.set_scheme("https").unwrap();
    let error = get(&client(url).build().unwrap()).await;
    let message = "the catalog speaks plain http at this port, not TLS";
    check(&error, ErrorKind::Tls, &Fact::PlainHttp, message);

    let secure = Server::start(Scheme::Https, [ok("1")]).await;
    let mut url = secure.url_by("127.0.0.1");
    url.set_scheme("http").unwrap();
    let error = get(&client(url).build().unwrap()).await;
    let message = "the catalog expects TLS at this port, but plain http was used";
    check(&error, ErrorKind::Tls, &Fact::TlsExpected, message);
}

#[tokio::test]
async fn a_server_of_another_protocol_is_reported() {
    let server = Server::start(Scheme::Http, [Reply::Send("220 mail\r\n".to_owned())]).await;
    let error = get(&server.client().build().unwrap()).await;
    let message = "does not speak HTTP at this port";
    check(&error, ErrorKind::UnexpectedAnswer, &Fact::NotHttp, message);
}

#[tokio::test]
async fn a_lost_connection_is_reported() {
    let server = Server::start(Scheme::Http, [Reply::Close]).await;
    let error = get(&server.client().build().unwrap()).await;
    check(
        &error,
        ErrorKind::Unreachable,
        &Fact::ClosedWithoutAnswer,
        "the catalog closed the connection without a response",
    );

    let half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_owned();
    let server = Server::start(Scheme::Http, [Reply::Send(half)]).await;
    let client = server.client().build().unwrap();
    let mut response = client.request(Method::GET, "").send().await.unwrap();
    let error = response.text().await.unwrap_err();
    check(
        &error,
        ErrorKind::Unreachable,
        &Fact::AnswerCut,
        "the connection was lost in the middle of the response",
    );
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_slow_response_exceeds_its_time_limit() {
    let silent = Server::start(Scheme::Http, [Reply::Stall(String::new())]).await;
    let short = Duration::from_millis(500);
    let client = silent.client().build().unwrap();
    let request = client.request(Method::GET, "").first_byte(short);
    let error = request.send().await.unwrap_err();
    let message = "the catalog did not begin its response within 0.5 s";
    check(&error, ErrorKind::Timeout, &Fact::NoAnswerInTime, message);
    assert_eq!(error.time_limit(), Some((TimeLimit::FirstByte, short)));
    let request = client.request(Method::GET, "").total(short);
    let error = request.send().await.unwrap_err();
    assert_eq!(error.time_limit(), Some((TimeLimit::Total, short)));

    let half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_owned();
    let stalled = Server::start(Scheme::Http, [Reply::Stall(half)]).await;
    let limits = TimeLimits::default().with_silence(short);
    let client = stalled.client().time_limits(limits).build().unwrap();
    let mut response = client.request(Method::GET, "").send().await.unwrap();
    let error = response.text().await.unwrap_err();
    let message = "the catalog sent nothing for 0.5 s in the middle of its response";
    check(&error, ErrorKind::Timeout, &Fact::AnswerTooSlow, message);
}

#[tokio::test]
async fn a_web_page_with_status_200_is_not_json() {
    let page = "<html><script>x</script><p>Please log in</p></html>";
    let server = Server::start(Scheme::Http, [response("200 OK", "", page)]).await;
    let client = server.client().build().unwrap();
    let mut response = client.request(Method::GET, "").send().await.unwrap();
    let error = response.json::<serde_json::Value>().await.unwrap_err();
    let message = "the catalog answered with a web page instead of JSON (status 200)";
    check(&error, ErrorKind::WebPage, &Fact::WebPage, message);
    assert_eq!(error.excerpt(), Some("Please log in"));
}

#[tokio::test]
async fn json_that_does_not_fit_is_reported() {
    let cases = [
        ("[1,", Fact::AnswerCut, true, "ends before its JSON"),
        ("oops", Fact::NotJson, false, "is not valid JSON"),
        ("{}", Fact::UnexpectedJson, false, "not the expected JSON"),
    ];
    for (body, fact, is_retryable, message) in cases {
        let server = Server::start(Scheme::Http, [ok(body)]).await;
        let client = server.client().build().unwrap();
        let mut response = client.request(Method::GET, "").send().await.unwrap();
        let error = response.json::<Vec<u32>>().await.unwrap_err();
        check(&error, ErrorKind::UnexpectedAnswer, &fact, message);
        assert_eq!(error.is_retryable(), is_retryable, "{body}");
    }
}

#[tokio::test]
async fn each_error_status_has_a_kind() {
    let cases = [
        ("400 Bad Request", "", ErrorKind::BadRequest),
        (
            "401 Unauthorized",
            "WWW-Authenticate: Bearer\r\n",
            ErrorKind::Unauthorized,
        ),
        ("403 Forbidden", "", ErrorKind::Forbidden),
        ("404 Not Found", "", ErrorKind::NotFound),
        ("407 Proxy Authentication Required", "", ErrorKind::Proxy),
        ("409 Conflict", "", ErrorKind::BadRequest),
        (
            "431 Request Header Fields Too Large",
            "",
            ErrorKind::RequestTooLong,
        ),
        ("500 Internal Server Error", "", ErrorKind::ServerError),
        ("504 Gateway Timeout", "", ErrorKind::ServerError),
    ];
    for (status, headers, kind) in cases {
        let server = Server::start(Scheme::Http, [response(status, headers, "why")]).await;
        let client = server.client().build().unwrap();
        let response = client.request(Method::POST, "").send().await.unwrap();
        let error = response.error_for_status().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.excerpt(), Some("why"), "{error}");
        if kind == ErrorKind::Unauthorized {
            assert!(
                error.to_string().contains("asks for a token (Bearer)"),
                "{error}"
            );
        }
    }
}

/// hyper loses the greeting if it arrives before the request is written. This server closes its first connection without a word
/// after the request, and greets on others.
#[tokio::test]
async fn a_greeting_is_found_by_a_connection_without_a_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut first, _) = listener.accept().await.unwrap();
        first.read_u8().await.unwrap();
        drop(first);
        let mut greeted = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            if stream.write_all(b"220 FTP\r\n").await.is_ok() {
                greeted.push(stream);
            }
        }
    });
    let url = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
    let error = get(&client(url).build().unwrap()).await;
    assert_eq!(error.fact(), &Fact::NotHttp, "{error:?}");
    server.abort();
}
