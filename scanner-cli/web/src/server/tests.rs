//! The server over loopback: what each request passes, and what clients cannot do to others.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, routing::get};
use catalog_store::{
    browse::Browser,
    scratch::{Scratch, patient},
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
};

use super::*;
use crate::{
    ContainerRoute,
    live::{ExplainedEntry, Live, LiveState},
};

mod logins;

struct Nothing;

impl LiveState for Nothing {
    fn live(&self) -> Live {
        Live::default()
    }

    fn explain(&self, _key: &str) -> Result<Vec<ExplainedEntry>, String> {
        Ok(Vec::new())
    }
}

/// A server with the items of a store.
struct Running {
    address: SocketAddr,
    site: watch::Sender<Arc<Site>>,
    _stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
    _scratch: Scratch,
    catalog: CatalogWeb,
}

/// An item whose name is a trap.
const TRAP: &str = "<script>alert(1)</script>";

impl Running {
    async fn start(settings: ServerSettings) -> Self {
        let scratch = Scratch::new();
        scratch.scan(0, &[("a", "Sales"), ("b/c", TRAP)]).await;
        let browser = Browser::open(scratch.location(), patient()).unwrap();
        let routes = vec![ContainerRoute {
            path: "folders",
            kind: "folder",
        }];
        let catalog = CatalogWeb::new(Arc::new(browser), Arc::new(Nothing), routes);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let site = site(settings, Some(catalog.clone()));
        let (site, current) = watch::channel(Arc::new(site));
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(serve(listener, current, async {
            let _ = stopped.await;
        }));
        Self {
            address,
            site,
            _stop: stop,
            task,
            _scratch: scratch,
            catalog,
        }
    }

    /// Sends a request with these lines after the first one, on a connection of its own. Returns status, head and body.
    async fn ask(&self, request: &str, headers: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!("{request} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
        // The server may refuse the request before it has read all of it.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes).await;
        Answer::parse(&String::from_utf8_lossy(&bytes))
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), "Host: localhost\r\n")
            .await
    }
}

fn site(settings: ServerSettings, catalog: Option<CatalogWeb>) -> Site {
    let monitoring = Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(async || "ready\n"))
        .route("/metrics", get(async || "numbers 1\n"));
    Site::new(settings, monitoring, catalog)
}

/// An answer. Names of headers are in lower case.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Self {
            status: status.unwrap_or(0),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut named = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value)
    }
}

#[tokio::test]
async fn every_page_is_protected_and_escaped() {
    let server = Running::start(ServerSettings::default()).await;
    for path in [
        "/",
        "/search",
        "/search?q=script",
        "/items/c/b%2Fc",
        "/owners",
        "/changes",
        "/scans",
        "/connections",
        "/quality",
        "/folders",
        "/feed.atom",
        "/api/v1/items",
        "/unknown",
    ] {
        let answer = server.get(path).await;
        let expected = if path == "/unknown" { 404 } else { 200 };
        assert_eq!(answer.status, expected, "{path}: {}", answer.body);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
        let is_html = answer
            .header("content-type")
            .is_some_and(|kind| kind.contains("html"));
        if is_html {
            assert!(!answer.body.contains("<script>alert"), "{path}");
            assert!(
                !answer.body.contains(" style=") && !answer.body.contains(" onclick="),
                "{path}"
            );
        }
    }
    let item = server.get("/items/c/b%2Fc").await.body;
    assert!(
        item.contains("&#60;script&#62;") || item.contains("&lt;script&gt;"),
        "{item}"
    );
}

#[tokio::test]
async fn a_foreign_host_sees_only_monitoring_pages() {
    let settings = ServerSettings {
        hosts: vec!["catalog.example.com".to_owned()],
        ..ServerSettings::default()
    };
    let server = Running::start(settings).await;
    for (host, expected) in [
        ("Host: localhost:1\r\n", 200),
        ("Host: 10.1.2.3\r\n", 200),
        ("Host: [::1]:9464\r\n", 200),
        ("Host: CATALOG.example.com\r\n", 200),
        ("Host: evil.example\r\n", 421),
        ("Host: localhost.evil.example\r\n", 421),
        ("Host: localhost\r\nHost: evil.example\r\n", 421),
    ] {
        for path in ["/", "/api/v1/items", "/search.csv", "/feed.atom"] {
            let answer = server.ask(&format!("GET {path}"), host).await;
            assert_eq!(answer.status, expected, "{path} {host}");
        }
        for path in ["/healthz", "/readyz", "/metrics"] {
            assert_eq!(
                server.ask(&format!("GET {path}"), host).await.status,
                200,
                "{host}"
            );
        }
    }
    let absolute = server
        .ask("GET http://evil.example/", "Host: localhost\r\n")
        .await;
    assert_eq!(absolute.status, 421);
}

#[tokio::test]
async fn nothing_can_be_changed() {
    let server = Running::start(ServerSettings::default()).await;
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        for path in ["/", "/items/c/a", "/api/v1/items", "/healthz", "/metrics"] {
            let headers = "Host: localhost\r\nContent-Length: 0\r\n";
            let answer = server.ask(&format!("{method} {path}"), headers).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            if path.starts_with("/api/") {
                let kind = answer.header("content-type");
                assert_eq!(kind, Some("application/problem+json"));
                assert!(answer.body.contains("read-only"), "{}", answer.body);
            }
        }
    }
    assert_eq!(
        server.ask("HEAD /", "Host: localhost\r\n").await.status,
        200
    );
}

#[tokio::test]
async fn large_addresses_and_headers_are_refused() {
    let server = Running::start(ServerSettings::default()).await;
    let long = "a".repeat(9_000);
    assert_eq!(server.get(&format!("/search?q={long}")).await.status, 414);
    let headers = format!("Host: localhost\r\nX-Long: {}\r\n", "a".repeat(70_000));
    assert_eq!(server.ask("GET /", &headers).await.status, 431);
    let many: String = (0..200)
        .map(|number| format!("X-{number}: a\r\n"))
        .collect();
    let headers = format!("Host: localhost\r\n{many}");
    assert_eq!(server.ask("GET /healthz", &headers).await.status, 431);
}

#[tokio::test]
async fn idle_and_slow_clients_shut_out_nobody() {
    let server = Running::start(ServerSettings::default()).await;
    let mut idle = Vec::new();
    for number in 0..400 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        if number % 2 == 0 {
            stream.write_all(b"GET / HTTP/1.1\r\nHo").await.unwrap();
        }
        idle.push(stream);
        if number % 100 == 0 {
            assert_eq!(server.get("/healthz").await.status, 200);
        }
    }
    assert_eq!(server.get("/healthz").await.status, 200);
    assert_eq!(server.get("/").await.status, 200);
}

#[tokio::test]
async fn a_connection_is_kept_for_further_pages_and_ends_when_the_server_stops() {
    let server = Running::start(ServerSettings::default()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    for _ in 0..3 {
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await
            .unwrap();
        let mut buffer = [0; 1024];
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(buffer[..read].starts_with(b"HTTP/1.1 200"));
    }
    let Running { _stop, task, .. } = server;
    drop(_stop);
    timeout(Duration::from_secs(10), task)
        .await
        .unwrap()
        .unwrap();
    let mut rest = Vec::new();
    assert_eq!(stream.read_to_end(&mut rest).await.unwrap(), 0);
}

#[tokio::test]
async fn every_link_begins_with_the_base_path() {
    let settings = ServerSettings {
        base_path: "/catalog".to_owned(),
        ..ServerSettings::default()
    };
    let server = Running::start(settings).await;
    for path in [
        "/catalog",
        "/catalog/",
        "/",
        "/catalog/search",
        "/catalog/items/c/a",
        "/catalog/changes",
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        for attribute in ["href=\"/", "src=\"/", "action=\"/"] {
            for (at, _) in answer.body.match_indices(attribute) {
                let rest = &answer.body[at + attribute.len() - 1..];
                assert!(
                    rest.starts_with("/catalog"),
                    "{path}: {}",
                    &rest[..40.min(rest.len())]
                );
            }
        }
    }
    assert_eq!(server.get("/catalog/healthz").await.status, 200);
    let feed = server.get("/catalog/feed.atom").await.body;
    assert!(
        feed.contains("href=\"http://localhost/catalog/items/c/a\""),
        "{feed}"
    );
}

#[tokio::test]
async fn assets_are_kept_forever_and_answers_are_validated() {
    let server = Running::start(ServerSettings::default()).await;
    let style = server.catalog.links.asset("style.css");
    let answer = server.get(&style).await;
    assert!(
        answer
            .header("cache-control")
            .unwrap()
            .contains("immutable")
    );
    for path in ["/api/v1/items", "/api/v1/openapi.json", "/feed.atom"] {
        let answer = server.get(path).await;
        let tag = answer.header("etag").unwrap();
        let headers = format!("Host: localhost\r\nIf-None-Match: \"a\", W/{tag}\r\n");
        let again = server.ask(&format!("GET {path}"), &headers).await;
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{path}");
        assert!(again.header("content-security-policy").is_some());
        assert_eq!(again.header("etag"), Some(tag));
    }
}

#[tokio::test]
async fn connections_can_be_encrypted_and_the_certificate_replaced() {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let tls = Tls::from_pem(
        cert.pem().as_bytes(),
        signing_key.serialize_pem().as_bytes(),
    );
    let settings = ServerSettings {
        tls: Some(tls.unwrap()),
        ..ServerSettings::default()
    };
    let server = Running::start(settings.clone()).await;
    assert_eq!(certificate(server.address).await, cert.der().to_vec());
    // A client that does not encrypt, or does not begin, delays nobody.
    let _silent = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(server.get("/healthz").await.status, 0);

    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let tls = Tls::from_pem(
        cert.pem().as_bytes(),
        signing_key.serialize_pem().as_bytes(),
    );
    let settings = ServerSettings {
        tls: Some(tls.unwrap()),
        ..settings
    };
    server.site.send_replace(Arc::new(site(settings, None)));
    assert_eq!(certificate(server.address).await, cert.der().to_vec());

    let other = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mixed = Tls::from_pem(
        cert.pem().as_bytes(),
        other.signing_key.serialize_pem().as_bytes(),
    );
    assert!(matches!(mixed, Err(TlsError::Mismatch)));
    let none = Tls::from_pem(b"hello", signing_key.serialize_pem().as_bytes());
    assert!(matches!(none, Err(TlsError::NoCertificate)));
    let none = Tls::from_pem(cert.pem().as_bytes(), b"hello");
    assert!(matches!(none, Err(TlsError::NoKey)));
}

/// The certificate of the server, which answers a request with it.
async fn certificate(address: SocketAddr) -> Vec<u8> {
    use rustls::pki_types::ServerName;

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Trusting))
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    let certificates = stream.get_ref().1.peer_certificates().unwrap();
    let certificate = certificates[0].to_vec();
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    certificate
}

/// Accepts the certificate of the test.
#[derive(Debug)]
struct Trusting;

impl rustls::client::danger::ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        _end_entity: &rustls::pki_types::CertificateDer<'_>,
        _intermediates: &[rustls::pki_types::CertificateDer<'_>],
        _server_name: &rustls::pki_types::ServerName<'_>,
        _ocsp_response: &[u8],
        _now: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &rustls::pki_types::CertificateDer<'_>,
        _dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &rustls::pki_types::CertificateDer<'_>,
        _dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        rustls::crypto::ring::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
