use std::time::{Duration, Instant};

use qrs_client::{
    AppObject, ErrorKind, Fact, HeaderCredentials, QrsClient, QrsPath, SiteUrl, TimeLimit,
    TimeLimits, Trust,
};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::scripted::{ABOUT, Act, Script, Site, answer, begun, json, then};

/// Long enough for a busy machine, and far from the limits that are to strike.
const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(500);

fn limits() -> TimeLimits {
    TimeLimits::default()
        .with_connect(LONG)
        .with_first_byte(LONG)
        .with_first_byte_of_list(LONG)
        .with_silence(LONG)
        .with_list(LONG)
}

fn client(site: &Site, limits: TimeLimits) -> QrsClient {
    site.builder().time_limits(limits).build().unwrap()
}

fn slow_list() -> Script {
    let drops = (0..30).flat_map(|_| [Act::Pause(SHORT / 4), Act::Send(b" ".to_vec())]);
    then(begun(r#"[{"id":"1"}"#), drops)
}

#[tokio::test]
async fn a_response_that_does_not_begin_in_time_is_not_requested_again() {
    let site = Site::start([vec![Act::Pause(LONG)], json(ABOUT)]).await;
    let limits = limits().with_first_byte(SHORT);
    let error = client(&site, limits).about().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.is_retryable());
    assert_eq!(error.time_limit(), Some((TimeLimit::FirstByte, SHORT)));
    assert!(error.to_string().contains("0.5 s"), "{error}");
    assert_eq!(site.requests().len(), 1);
}

#[tokio::test]
async fn a_list_may_begin_later_than_a_value() {
    let late = |body| then(vec![Act::Pause(3 * SHORT)], json(body));
    let site = Site::start([late("[]"), late("{}")]).await;
    let limits = limits().with_first_byte(SHORT);
    let client = client(&site, limits);
    let mut list = client.app_objects::<AppObject>(None);
    assert!(list.try_next().await.unwrap().is_none());
    assert!(client.about().await.is_err());

    let limits = limits.with_first_byte_of_list(SHORT);
    let site = Site::start([late("[]")]).await;
    let mut list = self::client(&site, limits).app_objects::<AppObject>(None);
    let error = list.try_next().await.unwrap_err();
    let limit = error.time_limit().unwrap();
    assert_eq!(limit, (TimeLimit::FirstByteOfList, SHORT));
    assert_eq!(site.requests().len(), 1);
}

#[tokio::test]
async fn a_connection_that_takes_too_long_is_not_retried() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = SiteUrl::parse(&format!("https://{}/", listener.local_addr().unwrap())).unwrap();
    let credentials = HeaderCredentials::new("X-User", "u".to_owned().into()).unwrap();
    let limits = limits().with_connect(SHORT);
    let client = QrsClient::builder(site, credentials).time_limits(limits);
    let client = client.trust(Trust::AnyCertificate).build().unwrap();
    // It accepts connections and does not speak.
    let silent = tokio::spawn(async move {
        let mut streams = Vec::new();
        loop {
            streams.push(listener.accept().await.unwrap());
            // After the request's own connection, one finds the step at which it failed, and one tries plain http.
            assert!(streams.len() <= 3);
        }
    });
    let error = client.about().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert_eq!(error.time_limit(), Some((TimeLimit::Connect, SHORT)));
    assert_eq!(error.fact(), &Fact::TlsSilent);
    assert!(
        error
            .to_string()
            .contains("did not answer within 0.5 s (TLS with the site), although it accepted"),
        "{error}"
    );
    assert!(!silent.is_finished());
}

#[tokio::test]
async fn retry_after_is_respected() {
    let site = Site::start([answer(503, &["Retry-After: 0"], "busy"), json(ABOUT)]).await;
    let client = site.builder().backoff(LONG, LONG).build().unwrap();
    let started = Instant::now();
    client.about().await.unwrap();
    assert!(started.elapsed() < LONG);
}

#[tokio::test]
async fn no_limit_is_never_exceeded() {
    let site = Site::start([vec![], json(ABOUT)]).await;
    let never = Duration::MAX;
    let limits = TimeLimits::default()
        .with_connect(never)
        .with_first_byte(never)
        .with_first_byte_of_list(never)
        .with_silence(never)
        .with_list(never);
    client(&site, limits).about().await.unwrap();
}

#[tokio::test]
async fn silence_in_the_middle_of_a_list_breaks_it() {
    let site = Site::start([then(begun(r#"[{"id":"1"},"#), [Act::Pause(LONG)])]).await;
    let limits = limits().with_silence(SHORT);
    let mut list = client(&site, limits).app_objects::<AppObject>(None);
    assert!(list.try_next().await.unwrap().unwrap().is_ok());
    let error = list.try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ListBroken);
    assert_eq!(error.time_limit(), Some((TimeLimit::Silence, SHORT)));
    let cause = std::error::Error::source(&error).unwrap();
    assert!(
        cause.to_string().contains("sent nothing for 0.5 s"),
        "{cause}"
    );
}

#[tokio::test]
async fn silence_in_the_middle_of_a_value_is_a_timeout() {
    let site = Site::start([then(begun("{"), [Act::Pause(LONG)])]).await;
    let limits = limits().with_silence(SHORT);
    let error = client(&site, limits)
        .get::<Value>(QrsPath::new("about"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn a_slow_list_respects_its_time_limit() {
    let site = Site::start([slow_list()]).await;
    let started = Instant::now();
    let limits = limits().with_silence(LONG).with_list(5 * SHORT);
    let mut list = client(&site, limits).app_objects::<AppObject>(None);
    assert!(list.try_next().await.unwrap().unwrap().is_ok());
    let error = list.try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ListBroken);
    assert_eq!(error.time_limit(), Some((TimeLimit::List, 5 * SHORT)));
    assert!(started.elapsed() >= 5 * SHORT && started.elapsed() < LONG / 2);
}

#[tokio::test]
async fn a_slow_list_is_not_silent() {
    let site = Site::start([then(slow_list(), [Act::Send(b"]".to_vec())])]).await;
    let limits = limits().with_silence(4 * SHORT);
    let mut list = client(&site, limits).app_objects::<AppObject>(None);
    assert!(list.try_next().await.unwrap().unwrap().is_ok());
    assert!(list.try_next().await.unwrap().is_none());
}
