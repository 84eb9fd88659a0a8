//! Connections for protocols other than HTTP.

use std::time::Duration;

use outbound_http::{
    Connector, Endpoint, ErrorKind, Proxy, ProxyScheme, Seen, Stage, StoreKind, Trust, TrustStore,
};
use qrs_fake_site::FakeProxy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::{Scheme, Server, fixture, ok};

const LIMIT: Duration = Duration::from_secs(20);

fn trust() -> Trust {
    let store = TrustStore::read(fixture("root.pem").as_bytes(), StoreKind::Pem, None);
    Trust::Only(store.unwrap())
}

fn endpoint(host: &str, port: u16) -> Endpoint<'_> {
    Endpoint {
        host,
        port,
        name: "the database",
    }
}

#[tokio::test]
async fn tls_begins_on_a_connection_when_the_caller_says_so() {
    let server = Server::start(Scheme::Https, [ok("1")]).await;
    let port = server.url_by("localhost").port().unwrap();
    let proxy = FakeProxy::builder().start().await;
    let proxy = Proxy::new(ProxyScheme::Http, "127.0.0.1", proxy.address().port()).unwrap();
    for (proxy, stages) in [
        (None, vec![Stage::Resolve, Stage::Connect]),
        (
            Some(proxy),
            vec![Stage::Resolve, Stage::Connect, Stage::Tunnel],
        ),
    ] {
        let connector = Connector::new(endpoint("localhost", port), &trust(), proxy, LIMIT);
        let connector = connector.unwrap();
        let (steps, stream) = connector.connect().await;
        assert!(steps.iter().map(|step| step.stage).eq(stages), "{steps:?}");
        let (steps, stream) = connector.secure(stream.unwrap()).await;
        let Ok(Seen::Secure(handshake)) = &steps[0].seen else {
            panic!("{steps:?}");
        };
        // The certificate is signed with SHA-256.
        let binding = handshake.certificates[0].channel_binding();
        assert_eq!(binding.map(|digest| digest.len()), Some(32));
        let mut stream = stream.unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
    }
}

#[tokio::test]
async fn the_step_that_fails_is_the_last_one() {
    let server = Server::start(Scheme::Https, [ok("1")]).await;
    let port = server.url_by("localhost").port().unwrap();
    let untrusted = Connector::new(endpoint("127.0.0.1", port), &Trust::System, None, LIMIT);
    let untrusted = untrusted.unwrap();
    let (_, stream) = untrusted.connect().await;
    let (steps, stream) = untrusted.secure(stream.unwrap()).await;
    assert!(stream.is_none());
    assert_eq!(steps[0].seen.as_ref().unwrap_err().kind(), ErrorKind::Tls);

    let unknown = Connector::new(endpoint("nowhere.invalid", 1), &trust(), None, LIMIT);
    let (steps, stream) = unknown.unwrap().connect().await;
    assert!(stream.is_none() && steps.len() == 1);
    let error = steps[0].seen.as_ref().unwrap_err();
    assert!(
        error.to_string().contains("the database's host name"),
        "{error}"
    );
}

#[test]
fn a_host_is_a_name_or_an_address() {
    for (host, is_valid) in [
        ("db.example.com", true),
        ("::1", true),
        ("[::1]", true),
        ("10.0.0.1", true),
        ("a/b", false),
        ("a@b", false),
        ("a b", false),
        ("", false),
    ] {
        let made = Connector::new(endpoint(host, 5432), &trust(), None, LIMIT);
        assert_eq!(made.is_ok(), is_valid, "{host}");
    }
}
