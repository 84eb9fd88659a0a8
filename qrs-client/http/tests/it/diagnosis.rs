//! The steps of a connection.

use outbound_http::{ErrorKind, Fact, Proxy, ProxyScheme, Seen, Stage, Trust, Url};
use qrs_fake_site::FakeProxy;

use crate::server::{Scheme, Server, client, fixture, ok};

#[tokio::test]
async fn the_steps_to_a_server_are_reported_in_their_order() {
    let server = Server::start(Scheme::Https, [ok("1")]).await;
    let secure = FakeProxy::builder().tls(&fixture("site-chain.pem"), &fixture("site.key"));
    let proxy = secure.start().await;
    let settings = Proxy::new(ProxyScheme::Https, "127.0.0.1", proxy.address().port()).unwrap();
    let through_proxy = server.client().proxy(settings).build().unwrap();
    let direct = server.client().build().unwrap();
    let cases = [
        (
            direct,
            vec![Stage::Resolve, Stage::Connect, Stage::ServerTls],
        ),
        (
            through_proxy,
            vec![
                Stage::Resolve,
                Stage::Connect,
                Stage::ProxyTls,
                Stage::Tunnel,
                Stage::ServerTls,
            ],
        ),
    ];
    for (client, expected) in cases {
        let steps = client.diagnose().await;
        let stages: Vec<_> = steps.iter().map(|step| step.stage).collect();
        assert_eq!(stages, expected);
        let last = steps.last().unwrap().seen.as_ref().unwrap();
        let Seen::Secure(handshake) = last else {
            panic!("{last:?}");
        };
        assert_eq!(handshake.protocol, "TLS 1.3");
        assert_eq!(handshake.certificates.len(), 2);
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn the_step_that_fails_is_the_last_one() {
    let server = Server::start(Scheme::Https, [ok("1")]).await;
    let untrusted = server.client().trust(Trust::System).build().unwrap();
    let steps = untrusted.diagnose().await;
    let last = steps.last().unwrap();
    assert_eq!((last.stage, steps.len()), (Stage::ServerTls, 3));
    assert_eq!(last.seen.as_ref().unwrap_err().kind(), ErrorKind::Tls);

    let unknown = client(Url::parse("https://nowhere.invalid/").unwrap());
    let steps = unknown.build().unwrap().diagnose().await;
    let last = steps.last().unwrap();
    assert_eq!((last.stage, steps.len()), (Stage::Resolve, 1));
    assert_eq!(
        last.seen.as_ref().unwrap_err().fact(),
        &Fact::HostUnresolved
    );

    let refusing = FakeProxy::builder().start().await;
    refusing.refuse(403);
    let settings = Proxy::new(ProxyScheme::Http, "127.0.0.1", refusing.address().port()).unwrap();
    let client = server.client().proxy(settings).build().unwrap();
    let steps = client.diagnose().await;
    let last = steps.last().unwrap();
    assert_eq!(last.stage, Stage::Tunnel);
    let error = last.seen.as_ref().unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Proxy, Some(403))
    );
}
