//! Lists that are requested before they are read, and limits on requests at once.

use std::time::Duration;

use qrs_client::fake_site::{FakeSite, Fault};
use qrs_client::{
    App, AppObject, ErrorKind, HeaderCredentials, QrsClient, QrsClientBuilder, RecordList, SiteUrl,
    Stream, TimeLimits, User,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use crate::scripted::{ABOUT, Site, answer, begun, json};

/// Long enough for a busy machine.
const LONG: Duration = Duration::from_secs(60);

fn builder(site: &FakeSite) -> QrsClientBuilder {
    let value = site.header_value().into();
    let credentials = HeaderCredentials::new(site.header_name(), value).unwrap();
    let no_time = Duration::from_millis(1);
    QrsClient::builder(SiteUrl::parse(&site.url()).unwrap(), credentials).backoff(no_time, no_time)
}

/// Only requests other than the first one, which opens the session.
fn except_about(fault: Fault) -> Fault {
    fault.when(|request| request.path() != "/qrs/about")
}

fn objects(count: usize) -> String {
    let objects = (0..count).map(|number| format!(r#"{{"id":"{number}","name":"Sheet"}}"#));
    format!("[{}]", objects.collect::<Vec<_>>().join(","))
}

/// Lets all tasks do what they can without new data.
async fn settle() {
    for _ in 0..200 {
        sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn started_lists_are_requested_at_once() {
    let site = FakeSite::start().await;
    let client = builder(&site).build().unwrap();
    client.about().await.unwrap();
    site.fail(except_about(Fault::together(3)));
    let mut apps = client.apps::<App>(None);
    let mut users = client.users::<User>(None);
    let mut streams = client.streams::<Stream>(None);
    apps.start();
    users.start();
    streams.start();
    streams.start();
    let read = async {
        assert_eq!(apps.collect_all().await.unwrap().len(), 12);
        assert_eq!(users.collect_all().await.unwrap().len(), 10);
        assert!(!streams.collect_all().await.unwrap().is_empty());
    };
    timeout(LONG, read).await.unwrap();
    assert_eq!(site.requests().len(), 4, "each list is requested once");
    assert_eq!(site.sessions_opened(), 1);
}

#[tokio::test]
async fn the_error_of_a_started_list_comes_with_its_first_record() {
    let site = Site::start([answer(403, &[], "no"), json("[]")]).await;
    let mut list = site.client().app_objects::<AppObject>(None);
    list.start();
    settle().await;
    let error = list.try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(list.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn dropping_a_started_list_ends_its_request() {
    let site = FakeSite::start().await;
    let client = builder(&site).max_requests_at_once(1).build().unwrap();
    client.about().await.unwrap();
    site.fail(Fault::endless("[null", ",null").on("/qrs/app/full"));
    let mut apps = client.apps::<App>(None);
    apps.start();
    settle().await;
    drop(apps);
    timeout(LONG, client.about()).await.unwrap().unwrap();
}

#[test]
fn outside_of_a_runtime_a_started_list_is_an_error() {
    use futures_util::FutureExt;

    let credentials = HeaderCredentials::new("X-User", "u".to_owned().into()).unwrap();
    let site = SiteUrl::parse("http://127.0.0.1:1/").unwrap();
    let client = QrsClient::builder(site, credentials).build().unwrap();
    let mut apps: RecordList<App> = client.apps(None);
    apps.start();
    let error = apps.try_next().now_or_never().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

/// A server that sends an endless list, and counts how much of it the client and the sockets take.
#[tokio::test]
async fn a_list_that_waits_takes_little_memory() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/vp/", listener.local_addr().unwrap());
    let sent = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\n\r\n[null")
            .await
            .unwrap();
        let piece = r#",{"id":"1"}"#.repeat(1_000);
        let mut sent = 0;
        // It takes no more once nothing was taken for a while.
        while let Ok(write) =
            timeout(Duration::from_secs(1), stream.write_all(piece.as_bytes())).await
        {
            write.unwrap();
            sent += piece.len();
        }
        (stream, sent)
    });
    let credentials = HeaderCredentials::new("X-User", "u".to_owned().into()).unwrap();
    let client = QrsClient::builder(SiteUrl::parse(&url).unwrap(), credentials);
    let mut list = client.build().unwrap().app_objects::<AppObject>(None);
    list.start();
    let (_stream, sent) = timeout(LONG, sent).await.unwrap().unwrap();
    // Sockets buffer a few MB.
    assert!(sent < 32_000_000, "{sent}");
    assert!(list.try_next().await.unwrap().unwrap().is_err());
}

#[tokio::test]
async fn no_time_limit_runs_while_a_list_waits() {
    let site = Site::start([json(objects(20_000))]).await;
    let limits = TimeLimits::default().with_silence(LONG).with_list(2 * LONG);
    let client = site.builder().time_limits(limits).build().unwrap();
    let mut list = client.app_objects::<AppObject>(None);
    list.start();
    settle().await;
    tokio::time::pause();
    tokio::time::advance(100 * LONG).await;
    tokio::time::resume();
    let mut read = 0;
    while let Some(record) = list.try_next().await.unwrap() {
        record.unwrap();
        read += 1;
    }
    assert_eq!(read, 20_000);
}

#[tokio::test]
async fn a_list_that_is_cut_while_it_waits_breaks_after_the_records_before() {
    let body = objects(20_000);
    let (beginning, _) = body.split_at(body.len() / 2);
    let site = Site::start([begun(beginning)]).await;
    let mut list = site.client().app_objects::<AppObject>(None);
    list.start();
    settle().await;
    let mut read = 0;
    let error = loop {
        match list.try_next().await {
            Ok(record) => read += usize::from(record.unwrap().is_ok()),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::ListBroken);
    assert!(read > 9_000, "{read}");
}

/// The maximum number of counts at once of 12 that are requested together.
async fn most_at_once(site: &FakeSite, client: &QrsClient) -> usize {
    site.most_requests_at_once();
    let counts = (0..12).map(|_| client.app_count(None));
    let counts = futures_util::future::join_all(counts);
    for count in timeout(LONG, counts).await.unwrap() {
        count.unwrap();
    }
    site.most_requests_at_once()
}

#[tokio::test]
async fn a_site_that_answers_429_or_503_gets_fewer_requests_at_once() {
    for status in [429, 503] {
        let site = FakeSite::start().await;
        let client = builder(&site).max_requests_at_once(6).build().unwrap();
        client.about().await.unwrap();
        site.fail(Fault::together(6).times(6));
        assert_eq!(most_at_once(&site, &client).await, 6);
        // These six are refused together, which counts once, and sent again.
        site.fail(Fault::together(6).times(6));
        site.fail(Fault::status(status).times(6));
        let counts = (0..6).map(|_| client.app_count(None));
        for count in futures_util::future::join_all(counts).await {
            count.unwrap();
        }
        site.fail(Fault::together(3).times(3));
        let most = most_at_once(&site, &client).await;
        assert!((3..=5).contains(&most), "{status}: {most}");
        for _ in 0..5 {
            most_at_once(&site, &client).await;
        }
        site.fail(Fault::together(6).times(6));
        assert_eq!(most_at_once(&site, &client).await, 6, "{status}: recovered");
    }
}

#[tokio::test]
async fn a_list_that_waits_leaves_room_for_others_even_if_the_site_is_busy() {
    let site = FakeSite::start().await;
    let client = builder(&site).max_requests_at_once(2).build().unwrap();
    client.about().await.unwrap();
    let record = format!(r#"{{"id":"{{n}}","name":"{}"}},"#, "x".repeat(100_000));
    site.fail(Fault::repeated("[", record, 200, r#"{"id":"last"}]"#).on("/qrs/app/full"));
    let mut apps = client.apps::<App>(None);
    apps.start();
    settle().await;
    site.fail(Fault::status(503).on("/qrs/user/count").times(2));
    // The limit is 1 now, and the list is still open.
    timeout(LONG, client.user_count(None))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        timeout(LONG, apps.collect_all())
            .await
            .unwrap()
            .unwrap()
            .len(),
        201
    );
}

/// A gateway may answer the first request itself, without a session.
#[tokio::test]
async fn requests_wait_for_the_first_cookie_and_not_for_a_cookie_that_never_comes() {
    let site = FakeSite::start().await;
    let client = builder(&site).build().unwrap();
    site.fail(Fault::body(ABOUT).on("/qrs/about"));
    client.about().await.unwrap();
    most_at_once(&site, &client).await;
    assert_eq!(site.sessions_opened(), 1);

    let site = FakeSite::start().await;
    let client = builder(&site).build().unwrap();
    site.fail(Fault::body("5"));
    for _ in 0..2 {
        client.app_count(None).await.unwrap();
    }
    site.fail(Fault::together(12));
    assert_eq!(most_at_once(&site, &client).await, 12);
}
