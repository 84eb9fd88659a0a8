#[cfg(feature = "windows-login")]
mod windows;

use std::time::{Duration, Instant};

use qrs_client::diagnosis::{Seen, Stage};
use qrs_client::fake_site::{FakeProxy, FakeProxyBuilder, FakeSite, ReservedPort};
use qrs_client::{Error, ErrorKind, Proxy, ProxyScheme, QrsClient, TimeLimits, Trust};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::fixtures::{store, text};
use crate::secrets::causes;
use crate::trust::{builder, site};

const USER: &str = "ACME\\proxy";
const PASSWORD: &str = "p:a@s/s %20 wörd\"";

fn trust() -> Trust {
    Trust::Only(store("root.pem"))
}

fn secure_proxy() -> FakeProxyBuilder {
    FakeProxy::builder().tls(&text("site-chain.pem"), &text("site.key"))
}

/// A client that goes to `qlik.example`, a name that only the proxy knows.
fn client(site: &FakeSite, proxy: Proxy) -> QrsClient {
    client_within(site, proxy, Duration::from_secs(30))
}

fn client_within(site: &FakeSite, proxy: Proxy, connect: Duration) -> QrsClient {
    let limits = TimeLimits::default().with_connect(connect);
    let builder = builder(site, "qlik.example", trust());
    builder.time_limits(limits).proxy(proxy).build().unwrap()
}

fn at(proxy: &FakeProxy, scheme: ProxyScheme) -> Proxy {
    Proxy::new(scheme, "127.0.0.1", proxy.address().port()).unwrap()
}

/// Checks that the request fails at the proxy with this message, and without secrets.
#[track_caller]
fn check(asked: Result<(), Error>, message: &str) {
    let error = asked.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Proxy, "{error:?}");
    assert!(error.to_string().contains(message), "{error}");
    assert!(error.hint().is_some(), "{error}");
    let texts = format!("{error} {error:?} {}", causes(&error));
    assert!(!texts.contains("p:a@s"), "{texts}");
}

async fn about(client: &QrsClient) -> Result<(), Error> {
    client.about().await.map(drop)
}

#[tokio::test]
async fn every_kind_of_proxy_works_with_every_kind_of_site() {
    let sites = [
        FakeSite::start().await,
        site("site-chain.pem", "site.key").await,
    ];
    for site in &sites {
        for (scheme, builder) in [
            (ProxyScheme::Http, FakeProxy::builder()),
            (ProxyScheme::Https, secure_proxy()),
        ] {
            let open = builder.clone().start().await;
            about(&client(site, at(&open, scheme))).await.unwrap();
            assert_eq!(open.requests().len(), 1);

            let closed = builder.basic_auth(USER, PASSWORD).start().await;
            let proxy = at(&closed, scheme).basic_auth(USER, PASSWORD.into());
            about(&client(site, proxy)).await.unwrap();
        }
    }
}

#[tokio::test]
async fn missing_and_wrong_credentials_of_a_proxy_differ_from_those_of_a_site() {
    let proxy = FakeProxy::builder()
        .basic_auth(USER, PASSWORD)
        .start()
        .await;
    let secure = site("site-chain.pem", "site.key").await;
    let without = at(&proxy, ProxyScheme::Http);
    let wrong = without
        .clone()
        .basic_auth(USER, SecretString::from("p:a@s"));
    check(
        about(&client(&secure, without.clone())).await,
        "asks for credentials (status 407)",
    );
    check(
        about(&client(&secure, wrong.clone())).await,
        "rejects the credentials (status 407)",
    );
    let plain = FakeSite::start().await;
    check(
        about(&client(&plain, without)).await,
        "asks for credentials",
    );
    check(about(&client(&plain, wrong)).await, "(status 407)");
    assert!(plain.requests().is_empty() && secure.requests().is_empty());
}

#[tokio::test]
async fn a_refused_target_is_attributed_to_the_proxy() {
    let proxy = FakeProxy::builder().start().await;
    let secure = site("site-chain.pem", "site.key").await;
    let client = client(&secure, at(&proxy, ProxyScheme::Http));
    proxy.refuse(403);
    let port = secure.address().port();
    let message = format!("refuses to connect to `qlik.example:{port}` (status 403)");
    check(about(&client).await, &message);
    proxy.refuse(502);
    check(about(&client).await, "cannot reach `qlik.example");
}

#[tokio::test]
async fn a_page_instead_of_a_connection_is_attributed_to_the_proxy() {
    let site = site("site-chain.pem", "site.key").await;
    let port = site.address().port();
    for (scheme, builder) in [
        (ProxyScheme::Http, FakeProxy::builder()),
        (ProxyScheme::Https, secure_proxy()),
    ] {
        let proxy = builder.start().await;
        let client = client(&site, at(&proxy, scheme));
        for page in [
            "<html><p>Please log in to the proxy.</p></html>",
            "",
            "Blocked: ask IT.",
        ] {
            proxy.connect_to_page(page);
            let message = format!(
                "the proxy answered CONNECT with a page instead of connecting to `qlik.example:{port}` (status 200)"
            );
            check(about(&client).await, &message);
            let error = client.about().await.unwrap_err();
            assert!(!error.is_retryable());
            let said = error.excerpt().unwrap_or_default();
            assert!(page.contains(said), "{error}");
            assert_eq!(said.is_empty(), page.is_empty(), "{error}");
            let steps = client.diagnose().await;
            let last = steps.last().unwrap().seen.as_ref().unwrap_err();
            assert_eq!(last.kind(), ErrorKind::Proxy);
        }
    }
}

#[tokio::test]
async fn a_site_without_tls_behind_a_proxy_is_not_attributed_to_the_proxy() {
    let plain = FakeSite::start().await;
    let proxy = FakeProxy::builder().start().await;
    let url = plain.url_by("qlik.example").replace("http:", "https:");
    let credentials = qrs_client::HeaderCredentials::new("X-User", "u".to_owned().into()).unwrap();
    let client = QrsClient::builder(qrs_client::SiteUrl::parse(&url).unwrap(), credentials)
        .trust(trust())
        .proxy(at(&proxy, ProxyScheme::Http))
        .build()
        .unwrap();
    let error = client.about().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    assert!(
        error
            .to_string()
            .contains("the site speaks plain http at this port"),
        "{error}"
    );
}

/// Sites and proxies at `::1`, which every machine has that runs these tests: a machine without it fails here, rather than
/// passing without having tried.
#[tokio::test]
async fn ipv6_addresses_work_for_sites_and_proxies() {
    let secure = FakeSite::builder().tls(&text("site-chain.pem"), &text("site.key"));
    for (builder, through) in [
        (FakeSite::builder(), None),
        (secure.clone(), None),
        (FakeSite::builder(), Some(ProxyScheme::Http)),
        (secure.clone(), Some(ProxyScheme::Http)),
        (secure.clone(), Some(ProxyScheme::Https)),
    ] {
        let site = builder.ipv6().start().await;
        assert!(site.url().contains("://[::1]:"));
        for host in ["::1", "[::1]", " ::1 ", "0:0:0:0:0:0:0:1"] {
            let proxy = match through {
                Some(ProxyScheme::Https) => secure_proxy(),
                _ => FakeProxy::builder(),
            };
            let proxy = proxy.ipv6().start().await;
            let client = self::builder(&site, "[::1]", Trust::AnyCertificate);
            let client = match through {
                Some(scheme) => {
                    client.proxy(Proxy::new(scheme, host, proxy.address().port()).unwrap())
                }
                None => client,
            };
            about(&client.build().unwrap()).await.unwrap();
            if through.is_some() {
                let asked = proxy.requests()[0].target().to_owned();
                let port = site.address().port();
                assert!(asked.contains(&format!("[::1]:{port}")), "{asked}");
            }
        }
    }
}

#[tokio::test]
async fn a_dead_proxy_is_not_reported_as_a_dead_site() {
    let reserved = ReservedPort::new();
    let port = reserved.number();
    for site in [
        FakeSite::start().await,
        site("site-chain.pem", "site.key").await,
    ] {
        let dead = Proxy::new(ProxyScheme::Http, "127.0.0.1", port).unwrap();
        check(about(&client(&site, dead)).await, "cannot reach the proxy");
        let nowhere = Proxy::new(ProxyScheme::Http, "nowhere.invalid", port).unwrap();
        check(
            about(&client(&site, nowhere)).await,
            "cannot resolve the proxy's host name `nowhere.invalid`",
        );
    }
}

#[tokio::test]
async fn a_scheme_that_does_not_match_the_proxys_port_is_reported() {
    let (plain, secure) = (
        FakeProxy::builder().start().await,
        secure_proxy().start().await,
    );
    for site in [
        FakeSite::start().await,
        site("site-chain.pem", "site.key").await,
    ] {
        let clear = client(&site, at(&secure, ProxyScheme::Http));
        check(about(&clear).await, "the proxy expects TLS at this port");
        let tls = client(&site, at(&plain, ProxyScheme::Https));
        check(
            about(&tls).await,
            "the proxy speaks plain http at this port",
        );
    }
    // One that waits for the rest of what it takes for a request.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let waiting = Proxy::new(ProxyScheme::Https, "127.0.0.1", port).unwrap();
    let site = site("site-chain.pem", "site.key").await;
    check(
        about(&client_within(&site, waiting, Duration::from_secs(1))).await,
        "the proxy did not answer within 1 s (TLS with the proxy)",
    );
}

#[tokio::test]
async fn a_time_limit_that_a_proxy_exceeded_is_not_waited_for_twice() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let proxy = Proxy::new(ProxyScheme::Http, "127.0.0.1", port).unwrap();
    let site = site("site-chain.pem", "site.key").await;
    let connect = Duration::from_secs(8);
    let limits = TimeLimits::default().with_connect(connect);
    let builder = builder(&site, "qlik.example", trust());
    let client = builder.time_limits(limits).proxy(proxy).build().unwrap();
    let begun = Instant::now();
    check(
        about(&client).await,
        "the proxy did not answer within 8 s (connection through the proxy)",
    );
    assert!(begun.elapsed() < 2 * connect, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn the_proxys_certificate_is_checked_like_the_sites() {
    let proxy = FakeProxy::builder().tls(&text("self-signed.pem"), &text("self-signed.key"));
    let proxy = proxy.start().await;
    let site = site("site-chain.pem", "site.key").await;
    let client = client(&site, at(&proxy, ProxyScheme::Https));
    check(
        about(&client).await,
        "no secure connection to the proxy: its certificate `CN=qlikserver1` is self-signed",
    );
}

#[tokio::test]
async fn credentials_that_a_proxy_repeats_are_redacted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 2048];
            let length = stream.read(&mut request).await.unwrap();
            let said = [
                b"HTTP/1.1 403 No\r\n\r\n",
                &request[..length],
                PASSWORD.as_bytes(),
            ];
            stream.write_all(&said.concat()).await.unwrap();
        }
    });
    let proxy = Proxy::new(ProxyScheme::Http, "127.0.0.1", port).unwrap();
    let site = site("site-chain.pem", "site.key").await;
    let client = client(&site, proxy.basic_auth(USER, PASSWORD.into()));
    let error = client.about().await.unwrap_err();
    assert!(
        error
            .excerpt()
            .unwrap()
            .ends_with("Proxy-Authorization: Basic *** ***"),
        "{error}"
    );
}

#[tokio::test]
async fn a_diagnosis_reports_each_step() {
    let proxy = secure_proxy().start().await;
    let site = site("site-chain.pem", "site.key").await;
    let steps = client(&site, at(&proxy, ProxyScheme::Https))
        .diagnose()
        .await;
    let stages: Vec<_> = steps.iter().map(|step| step.stage).collect();
    assert_eq!(
        stages,
        [
            Stage::Resolve,
            Stage::Connect,
            Stage::ProxyTls,
            Stage::Tunnel,
            Stage::SiteTls
        ]
    );
    assert_eq!(
        steps[0].seen.as_ref().unwrap(),
        &Seen::Addresses(vec![[127, 0, 0, 1].into()])
    );
    assert_eq!(
        steps[1].seen.as_ref().unwrap(),
        &Seen::Connected(proxy.address())
    );
    let Ok(Seen::Secure(handshake)) = &steps[4].seen else {
        panic!("{steps:?}");
    };
    assert_eq!(
        (handshake.protocol, handshake.cipher.as_str()),
        ("TLS 1.3", "TLS13_AES_256_GCM_SHA384")
    );
    assert_eq!(handshake.certificates.len(), 2);
    assert!(site.requests().is_empty());
}

#[tokio::test]
async fn a_diagnosis_ends_at_the_step_that_fails() {
    let other = site("self-signed.pem", "self-signed.key").await;
    let client = builder(&other, "localhost", trust()).build().unwrap();
    let steps = client.diagnose().await;
    let last = steps.last().unwrap();
    assert_eq!((steps.len(), last.stage), (3, Stage::SiteTls));
    let error = last.seen.as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
    assert_eq!(error.certificates().len(), 1);
}
