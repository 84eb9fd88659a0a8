//! Connections that are not shared.

use std::sync::{Arc, Mutex};

use outbound_http::{
    Client, Connection, Error, ErrorKind, HeaderName, HeaderValue, Method, Proxy, ProxyScheme,
    Request, Response, Url,
};
use qrs_fake_site::{FakeProxy, ReservedPort};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::server::{Scheme, Server, client, ok};

const KEPT: &str = "HTTP/1.1 401 No\r\nContent-Length: 4\r\n\r\npage";
const CLOSED: &str = "HTTP/1.1 401 No\r\nContent-Length: 4\r\nConnection: close\r\n\r\npage";

/// A server that answers each request of a connection with the same text, and records the requests of each connection.
async fn server(answer: String) -> (Url, Arc<Mutex<Vec<Vec<String>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(Mutex::new(Vec::new()));
    let recorded = connections.clone();
    tokio::spawn(async move {
        for at in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            recorded.lock().unwrap().push(Vec::new());
            tokio::spawn(serve(stream, answer.clone(), recorded.clone(), at));
        }
    });
    (
        Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap(),
        connections,
    )
}

async fn serve(
    mut stream: TcpStream,
    answer: String,
    recorded: Arc<Mutex<Vec<Vec<String>>>>,
    at: usize,
) {
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        if head.ends_with(b"\r\n\r\n") {
            let head = String::from_utf8(std::mem::take(&mut head)).unwrap();
            recorded.lock().unwrap()[at].push(head);
            stream.write_all(answer.as_bytes()).await.unwrap();
            if answer.contains("Connection: close") {
                return;
            }
        }
    }
}

async fn send(client: &Client, connection: &mut Connection, url: &Url) -> Result<Response, Error> {
    let context = client.context(url, url, client.redactor().clone());
    let name = HeaderName::from_static("authorization");
    let mut request = Request::new(Method::GET, url.clone())
        .with_header(name, HeaderValue::from_static("NTLM abc"));
    let limits = client.time_limits().begin();
    connection.send_once(&mut request, &context, limits).await
}

/// Sends two requests over one connection. Returns whether it said that it was kept.
async fn send_two(client: &Client, url: &Url) -> bool {
    let mut connection = client.connection();
    let first = send(client, &mut connection, url).await.unwrap();
    assert_eq!(first.status(), 401);
    let is_kept = connection.finish(first).await;
    assert_eq!(
        send(client, &mut connection, url).await.unwrap().status(),
        401
    );
    is_kept
}

#[tokio::test]
async fn requests_share_a_connection_only_if_the_server_keeps_it() {
    for (answer, is_kept) in [(KEPT, true), (CLOSED, false)] {
        let (url, connections) = server(answer.to_owned()).await;
        let client = client(url.clone()).header("X-Key", "1").build().unwrap();
        assert_eq!(send_two(&client, &url).await, is_kept);
        let connections = connections.lock().unwrap();
        let expected = if is_kept { vec![2] } else { vec![1, 1] };
        assert_eq!(
            connections.iter().map(Vec::len).collect::<Vec<_>>(),
            expected
        );
        let request = &connections[0][0];
        assert!(request.starts_with("GET / HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("user-agent: outbound-http/"), "{request}");
        assert!(request.contains("x-key: 1"), "{request}");
    }
}

#[tokio::test]
async fn another_server_does_not_receive_the_headers_of_the_client() {
    let (url, connections) = server(KEPT.to_owned()).await;
    let mut own = url.clone();
    own.set_host(Some("localhost")).unwrap();
    let client = client(own).header("X-Key", "1").build().unwrap();
    assert!(send_two(&client, &url).await);
    let connections = connections.lock().unwrap();
    assert!(!connections[0][0].contains("x-key"), "{connections:?}");
}

#[tokio::test]
async fn a_rest_that_is_too_long_is_not_read() {
    let body = "x".repeat(300 * 1024);
    let answer = format!(
        "HTTP/1.1 401 No\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (url, connections) = server(answer).await;
    let client = client(url.clone()).build().unwrap();
    assert!(!send_two(&client, &url).await);
    assert_eq!(connections.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_connection_goes_through_the_proxy() {
    for scheme in [Scheme::Http, Scheme::Https] {
        let server = Server::start(scheme, [ok("1")]).await;
        let relay = FakeProxy::builder()
            .basic_auth("me", "hunter2")
            .start()
            .await;
        let proxy = Proxy::new(ProxyScheme::Http, "127.0.0.1", relay.address().port()).unwrap();
        let proxy = proxy.basic_auth("me", "hunter2".into());
        let client = server.client().proxy(proxy).build().unwrap();
        let url = server.url_by("localhost");
        let mut connection = client.connection();
        let response = send(&client, &mut connection, &url).await.unwrap();
        assert_eq!(response.status(), 200);
        let requests = relay.requests();
        let method = if scheme == Scheme::Http {
            "GET"
        } else {
            "CONNECT"
        };
        assert_eq!(requests[0].method(), method);
        assert_eq!(requests.len(), 1);
    }
}

#[tokio::test]
async fn a_failed_connection_is_explained() {
    let reserved = ReservedPort::new();
    let port = reserved.number();
    let url = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
    let client = client(url.clone()).build().unwrap();
    let mut connection = client.connection();
    let error = send(&client, &mut connection, &url).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(error.to_string().contains("refused"), "{error}");
}
