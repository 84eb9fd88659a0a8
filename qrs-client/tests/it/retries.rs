//! What is retried, and what the error says about it.

use std::time::Duration;

use qrs_client::fake_site::{FakeProxy, FakeSite, Fault, Point, ReservedPort};
use qrs_client::{
    AppObject, Error, ErrorKind, HeaderCredentials, Proxy, ProxyScheme, QrsClient,
    QrsClientBuilder, QrsPath, SiteUrl,
};
use serde_json::Value;

use crate::fixtures::{store, text};
use crate::scripted::{self, Act, begun, json, then};

const SHEETS: &str = "/qrs/app/object/full";
const NO_TIME: Duration = Duration::from_millis(1);

fn builder(site: &FakeSite) -> QrsClientBuilder {
    let credentials = HeaderCredentials::new(site.header_name(), site.header_value().into());
    let url = SiteUrl::parse(&site.url()).unwrap();
    QrsClient::builder(url, credentials.unwrap()).backoff(NO_TIME, NO_TIME)
}

/// Reads all sheets while `fault` happens twice, and returns how often the list was requested.
async fn requests_despite(fault: Fault) -> Result<usize, Error> {
    let site = FakeSite::start().await;
    site.fail(fault.on(SHEETS).times(2));
    let mut sheets = builder(&site).build()?.app_objects::<AppObject>(None);
    while sheets.try_next().await?.is_some() {}
    Ok(site.requests_of(SHEETS).len())
}

#[tokio::test]
async fn statuses_of_a_busy_or_starting_site_are_retried() {
    for status in [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524] {
        let requests = requests_despite(Fault::status(status)).await;
        assert_eq!(requests.unwrap(), 3, "{status}");
    }
}

#[tokio::test]
async fn broken_connections_are_retried_until_the_first_record() {
    for fault in [
        Fault::reset(),
        Fault::close(),
        Fault::cut(Point::Bytes(1)),
        Fault::reset_within(Point::Bytes(1)),
        Fault::end_early(Point::Bytes(1)),
        Fault::end_early(Point::Records(0)),
        Fault::body(""),
    ] {
        assert_eq!(requests_despite(fault).await.unwrap(), 3);
    }
}

#[tokio::test]
async fn refusals_are_not_retried() {
    for status in [400, 401, 403, 404, 405, 409, 501, 505, 525, 526] {
        let error = requests_despite(Fault::status(status)).await.unwrap_err();
        assert!(!error.is_retryable(), "{error}");
        assert!(!error.to_string().contains("tried"), "{error}");
    }
}

#[tokio::test]
async fn a_value_that_is_cut_short_is_requested_again() {
    let site = scripted::Site::start([
        begun("{\"value\":"),
        then(begun("{\"val"), [Act::Reset]),
        json("{\"value\":5}"),
    ])
    .await;
    assert_eq!(site.client().app_count(None).await.unwrap(), 5);
    assert_eq!(site.requests().len(), 3);
}

#[tokio::test]
async fn the_error_has_the_number_of_attempts_and_the_cause() {
    let site = FakeSite::start().await;
    site.fail(Fault::status(503).with_body("The repository is starting."));
    let client = builder(&site).tries(4).build().unwrap();
    let error = client
        .get::<Value>(QrsPath::new("about"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ServerError);
    assert!(error.is_retryable());
    let text = error.to_string();
    assert!(
        text.contains("/header/qrs/about`, tried 4 times; response text: "),
        "{text}"
    );
    assert!(text.ends_with("`The repository is starting.`"), "{text}");
    assert_eq!(site.requests().len(), 4);
}

/// A site, or a proxy, that begins to listen after a while.
#[tokio::test]
async fn a_port_that_is_closed_for_a_moment_is_retried() {
    let reserved = ReservedPort::new();
    let address = reserved.address();
    let url = SiteUrl::parse(&format!("http://{address}/vp")).unwrap();
    let credentials = HeaderCredentials::new("X-User", "u".to_owned().into()).unwrap();
    let client = QrsClient::builder(url, credentials)
        .backoff(5 * NO_TIME, 5 * NO_TIME)
        .tries(u32::MAX)
        .build()
        .unwrap();
    let asked = tokio::spawn(async move { client.app_count(None).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let _site = scripted::Site::start_at(&address.to_string(), [json("7")]).await;
    assert_eq!(asked.await.unwrap().unwrap(), 7);
}

#[tokio::test]
async fn a_closed_port_and_an_unknown_host_name_are_reported_with_the_number_of_attempts() {
    for (url, message) in [
        ("http://127.0.0.1:1/", "connection refused by the site"),
        (
            "http://nowhere.invalid/",
            "cannot resolve the site's host name",
        ),
    ] {
        let credentials = HeaderCredentials::new("X-User", "u".to_owned().into()).unwrap();
        let client = QrsClient::builder(SiteUrl::parse(url).unwrap(), credentials)
            .backoff(NO_TIME, NO_TIME)
            .tries(2)
            .build()
            .unwrap();
        let error = client.about().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreachable);
        assert!(error.is_retryable());
        let text = error.to_string();
        assert!(text.contains(message), "{text}");
        assert!(text.contains("tried 2 times"), "{text}");
    }
}

#[tokio::test]
async fn a_proxy_that_fails_for_a_moment_is_retried_and_one_that_refuses_is_not() {
    let site = FakeSite::builder()
        .tls(&text("site-chain.pem"), &text("site.key"))
        .start()
        .await;
    let proxy = FakeProxy::builder().start().await;
    let url = SiteUrl::parse(&site.url_by("localhost")).unwrap();
    let credentials =
        HeaderCredentials::new(site.header_name(), site.header_value().into()).unwrap();
    let through = Proxy::new(ProxyScheme::Http, "127.0.0.1", proxy.address().port()).unwrap();
    let client = QrsClient::builder(url, credentials)
        .trust(qrs_client::Trust::Only(store("root.pem")))
        .backoff(NO_TIME, NO_TIME)
        .tries(3)
        .proxy(through)
        .build()
        .unwrap();
    for (status, retryable) in [(403, false), (407, false), (502, true), (503, true)] {
        proxy.refuse(status);
        let before = proxy.requests().len();
        let error = client.about().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Proxy);
        assert_eq!(error.is_retryable(), retryable, "{error}");
        let text = error.to_string();
        assert_eq!(text.contains("tried 3 times"), retryable, "{text}");
        assert!(proxy.requests().len() > before);
    }
}

#[tokio::test]
async fn http_to_a_port_of_tls_is_reported_without_a_retry() {
    let site = FakeSite::builder()
        .tls(&text("site-chain.pem"), &text("site.key"))
        .start()
        .await;
    let url = SiteUrl::parse(&site.url().replace("https:", "http:")).unwrap();
    let credentials = HeaderCredentials::new("X-User", "u".to_owned().into()).unwrap();
    let client = QrsClient::builder(url, credentials).build().unwrap();
    let text = client.about().await.unwrap_err().to_string();
    assert!(text.contains("the site expects TLS at this port"), "{text}");
    assert!(!text.contains("tried"), "{text}");
}
