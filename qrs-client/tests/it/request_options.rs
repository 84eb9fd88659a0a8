//! Further headers, limits on requests, and the spans of requests.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use qrs_client::fake_site::{FakeSite, Fault};
use qrs_client::{
    ErrorKind, HeaderCredentials, QrsClient, QrsClientBuilder, SessionEnd, SiteUrl, Stream,
    TimeLimits,
};
use tokio::time::Instant;
use tracing::Level;
use tracing_subscriber::fmt::format::FmtSpan;

fn builder(site: &FakeSite) -> QrsClientBuilder {
    let value = site.header_value().into();
    let credentials = HeaderCredentials::new(site.header_name(), value).unwrap();
    let no_time = Duration::from_millis(1);
    QrsClient::builder(SiteUrl::parse(&site.url()).unwrap(), credentials).backoff(no_time, no_time)
}

#[tokio::test]
async fn every_request_has_the_headers() {
    let site = FakeSite::start().await;
    let secret = "s3cret-of-the-gateway";
    let client = builder(&site)
        .user_agent("reports/2.1")
        .header("X-Team", "BI")
        .secret_header("X-Gateway-Key", secret.into())
        .build()
        .unwrap();
    client.about().await.unwrap();
    client.stream_count(None).await.unwrap();
    for request in site.requests() {
        assert_eq!(request.header("User-Agent"), Some("reports/2.1"));
        assert_eq!(request.header("X-Team"), Some("BI"));
        assert_eq!(request.header("X-Gateway-Key"), Some(secret));
    }
    site.fail(Fault::status(400).with_body(format!("wrong key {secret}")));
    let error = client.about().await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(secret));
}

#[tokio::test]
async fn headers_that_the_client_sets_are_refused() {
    let site = FakeSite::start().await;
    for name in ["Cookie", "x-qlik-xrfkey", site.header_name(), "a b"] {
        let error = builder(&site).header(name, "x").build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{name}");
    }
    assert!(builder(&site).user_agent("a\nb").build().is_err());
}

#[tokio::test]
async fn requests_at_once_are_limited() {
    let site = FakeSite::start().await;
    let client = builder(&site).max_requests_at_once(1).build().unwrap();
    let (one, other) = tokio::join!(client.about(), client.stream_count(None));
    one.unwrap();
    other.unwrap();
    // A renewed session takes a second request within the first.
    site.expire_sessions();
    client.about().await.unwrap();

    let client = builder(&site)
        .max_requests_at_once(1)
        .time_limits(TimeLimits::default().with_first_byte(Duration::from_secs(60)))
        .build()
        .unwrap();
    let body = client.read("stream/full").await.unwrap();
    tokio::time::pause();
    let error = client.about().await.unwrap_err();
    tokio::time::resume();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        error.to_string().contains("could not begin in time"),
        "{error}"
    );
    drop(body);
    client.about().await.unwrap();
}

#[tokio::test]
async fn requests_per_second_are_limited() {
    let site = FakeSite::start().await;
    let client = builder(&site).max_requests_per_second(20).build().unwrap();
    let begun = Instant::now();
    for _ in 0..5 {
        client.about().await.unwrap();
    }
    assert!(begun.elapsed() >= Duration::from_millis(200));
}

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        let writer = self.clone();
        tracing_subscriber::fmt()
            .with_max_level(Level::DEBUG)
            .with_span_events(FmtSpan::CLOSE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish()
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[cfg(feature = "windows-login")]
#[tokio::test]
async fn each_request_of_a_login_and_the_logout_are_spans_within_the_limits() {
    use crate::logins::windows::{PASSWORD, builder_with, start, windows};

    let (log, site) = (Log::default(), start(windows()).await);
    let client = builder_with(&site, PASSWORD)
        .max_requests_at_once(1)
        .max_requests_per_second(50)
        .session_end(SessionEnd::Logout)
        .build()
        .unwrap();
    let begun = Instant::now();
    {
        let _guard = tracing::subscriber::set_default(log.subscriber());
        let hold = client.hold_session();
        client.about().await.unwrap();
        drop(hold);
        client.end_session().await.unwrap();
    }
    let requests = site.requests();
    assert!(requests.len() >= 6, "{requests:?}");
    let least = Duration::from_millis(20) * (requests.len() as u32 - 1);
    assert!(begun.elapsed() >= least);
    let text = log.text();
    let mut spans = text.lines().filter(|line| line.contains("close"));
    for expected in [
        "qrs_request{method=GET path=\"header/internal_windows_authentication/\" status=401 tries=1",
        "qrs_request{method=DELETE path=\"qps/user\" status=200 tries=1",
    ] {
        assert!(spans.any(|line| line.contains(expected)), "{text}");
    }
    let ended = text.lines().filter(|line| line.contains("close"));
    assert_eq!(ended.count(), requests.len(), "{text}");
    for secret in [PASSWORD, "TlRM", "qlikTicket", "targetId", "xrfkey="] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn a_request_is_a_span_with_its_result() {
    let log = Log::default();
    let subscriber = log.subscriber();
    let site = FakeSite::start().await;
    site.fail(Fault::status(503).on("/qrs/about").times(1));
    let client = builder(&site).build().unwrap();
    {
        let _guard = tracing::subscriber::set_default(subscriber);
        client.about().await.unwrap();
        let streams = client.entities::<Stream>();
        streams.list(None).collect_all().await.unwrap();
        streams.get(&"none".into()).await.unwrap_err();
    }
    let text = log.text();
    let closed = |path: &str| {
        let mut lines = text.lines();
        let path = format!("path=\"{path}\"");
        let found = lines.find(|line| line.contains(&path) && line.contains("close"));
        found
            .unwrap_or_else(|| panic!("{path} in {text}"))
            .to_owned()
    };
    let about = closed("about");
    for part in [
        "qrs_request{method=GET",
        "status=200",
        "tries=2",
        "bytes=",
        "seconds=",
    ] {
        assert!(about.contains(part), "{part} in {about}");
    }
    let list = closed("stream/full");
    let bytes: usize = list
        .split("bytes=")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(bytes > 1_000, "{list}");
    let missing = closed("stream/none");
    assert!(
        missing.contains("status=404") && missing.contains("error=NotFound"),
        "{missing}"
    );
    assert!(!text.contains(&site.header_value()) && !text.contains("xrfkey="));
}
