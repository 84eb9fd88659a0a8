use std::time::Duration;

use qrs_client::fake_site::{FakeSite, Fault, Gateway, TooManySessions};
use qrs_client::{
    ErrorKind, HeaderCredentials, QrsClient, SessionEnd, SessionPool, SessionState, SiteUrl,
};
use secrecy::SecretString;

use crate::ended_sessions::client;
use crate::scripted::{ABOUT, HEADER, Script, Site, answer};

fn with_cookies(cookies: &[&str]) -> Script {
    let lines: Vec<_> = cookies
        .iter()
        .map(|cookie| format!("Set-Cookie: {cookie}"))
        .collect();
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    answer(200, &lines, ABOUT)
}

fn cookies(request: &str) -> Option<&str> {
    let (_, rest) = request.split_once("\r\ncookie: ")?;
    Some(rest.split_once("\r\n").unwrap().0)
}

#[tokio::test]
async fn the_sites_cookies_are_kept_by_name_and_path() {
    let site = Site::start([
        with_cookies(&[
            "X-Qlik-Session-vp=1-a; Path=/; HttpOnly; Secure",
            "balancer=n1",
            "other=1; Path=/hub",
            "another=1; Domain=other.example",
        ]),
        with_cookies(&["X-Qlik-Session-vp=2-b; Path=/vp/", "balancer=; Max-Age=0"]),
        with_cookies(&["X-Qlik-Session-vp=x; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]),
        with_cookies(&[]),
    ])
    .await;
    let client = site.client();
    for _ in 0..4 {
        client.about().await.unwrap();
    }
    let requests = site.requests();
    let sent: Vec<_> = requests.iter().map(|request| cookies(request)).collect();
    assert_eq!(
        sent,
        [
            None,
            Some("balancer=n1; X-Qlik-Session-vp=1-a"),
            Some("X-Qlik-Session-vp=2-b; X-Qlik-Session-vp=1-a"),
            Some("X-Qlik-Session-vp=2-b"),
        ]
    );
}

#[tokio::test]
async fn an_error_also_opens_a_session() {
    let site = Site::start([answer(403, &["Set-Cookie: s=1"], "no"), with_cookies(&[])]).await;
    let client = site.client();
    client.about().await.unwrap_err();
    client.about().await.unwrap();
    assert_eq!(cookies(&site.requests()[1]), Some("s=1"));
}

#[tokio::test]
async fn a_session_continues_only_in_another_client_of_the_same_account() {
    let site = Site::start([with_cookies(&["s=1"]), with_cookies(&[])]).await;
    let first = site.client();
    assert!(first.session().is_none());
    first.about().await.unwrap();
    let session = first.session().unwrap();

    let second = site.client();
    assert!(second.resume(&session));
    second.about().await.unwrap();
    assert_eq!(cookies(&site.requests()[1]), Some("s=1"));

    let url = SiteUrl::parse(&site.url).unwrap();
    let other = HeaderCredentials::new(HEADER, SecretString::from("ACME\\other")).unwrap();
    let third = QrsClient::builder(url, other).build().unwrap();
    assert!(!third.resume(&session));
    third.about().await.unwrap();
    assert_eq!(cookies(&site.requests()[2]), None);
}

#[tokio::test]
async fn the_first_of_parallel_requests_is_sent_alone() {
    let site = Site::start([with_cookies(&["s=1"]), with_cookies(&[])]).await;
    let client = site.client();
    tokio::try_join!(client.about(), client.about(), client.about()).unwrap();
    let sent: Vec<_> = site
        .requests()
        .iter()
        .map(|request| cookies(request).map(str::to_owned))
        .collect();
    let session = Some("s=1".to_owned());
    assert_eq!(sent, [None, session.clone(), session]);
}

/// Moves the clock of the client forward.
async fn pass_a_minute() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_cookie_is_not_sent_after_it_has_expired() {
    let site = Site::start([
        with_cookies(&["s=1", "short=1; Max-Age=60", "long=1; Max-Age=600"]),
        with_cookies(&[]),
    ])
    .await;
    let client = site.client();
    client.about().await.unwrap();
    client.about().await.unwrap();
    pass_a_minute().await;
    client.about().await.unwrap();
    let next = site.client();
    assert!(next.resume(&client.session().unwrap()));
    next.about().await.unwrap();
    let requests = site.requests();
    let sent: Vec<_> = requests.iter().map(|request| cookies(request)).collect();
    let (all, rest) = (Some("long=1; s=1; short=1"), Some("long=1; s=1"));
    assert_eq!(sent, [None, all, rest, rest]);
}

#[tokio::test]
async fn a_session_whose_cookie_has_expired_is_opened_once() {
    let builder = FakeSite::builder().cookie_attributes("Path=/; Max-Age=60");
    let site = builder.start().await;
    let client = client(&site);
    client.about().await.unwrap();
    pass_a_minute().await;
    tokio::try_join!(
        client.about(),
        client.about(),
        client.about(),
        client.about()
    )
    .unwrap();
    assert_eq!(site.sessions_opened(), 2);
}

#[tokio::test]
async fn a_gateway_that_adds_cookies_does_not_grow_the_request() {
    let site = FakeSite::builder()
        .gateway(Gateway::AddsCookies)
        .start()
        .await;
    let client = client(&site);
    for _ in 0..120 {
        client.about().await.unwrap();
    }
    assert_eq!(site.sessions_opened(), 1);
    for request in site.requests() {
        let cookies = request.header("Cookie").unwrap_or_default();
        assert!(cookies.split("; ").count() <= 50 && cookies.len() <= 8 * 1024);
    }
    let text = client.session().unwrap();
    assert!(secrecy::ExposeSecret::expose_secret(&text).len() < 20_000);
}

#[tokio::test]
async fn a_diagnosis_shows_whether_the_site_keeps_the_session() {
    let cases = [
        (Gateway::None, SessionState::Kept, 1),
        (Gateway::AddsCookies, SessionState::Kept, 1),
        (Gateway::RotatesCookie, SessionState::Kept, 1),
        (Gateway::StripsSetCookie, SessionState::NoCookie, 4),
        (Gateway::StripsCookie, SessionState::NewWithEachAnswer, 4),
        (Gateway::JoinsSetCookie, SessionState::NewWithEachAnswer, 4),
    ];
    for (gateway, expected, sessions) in cases {
        let site = FakeSite::builder().gateway(gateway).start().await;
        let client = client(&site);
        assert_eq!(client.session_state(), SessionState::Unknown);
        for _ in 0..4 {
            client.about().await.unwrap();
        }
        assert_eq!(client.session_state(), expected, "{gateway:?}");
        assert_eq!(site.sessions_opened(), sessions, "{gateway:?}");
    }
}

#[tokio::test]
async fn a_session_cookie_that_no_request_carries_is_not_kept() {
    let cases = [
        (
            "X-Qlik-Session=12345678; Path=/other",
            SessionState::NoCookie,
        ),
        ("X-Qlik-Session=12345678; Path=/vp/qrs", SessionState::Kept),
    ];
    for (cookie, expected) in cases {
        let site = Site::start([with_cookies(&[cookie])]).await;
        let client = site.client();
        for _ in 0..3 {
            client.about().await.unwrap();
        }
        assert_eq!(client.session_state(), expected, "{cookie}");
    }
}

#[tokio::test]
async fn a_session_cookie_with_another_name_each_time_is_not_kept() {
    let scripts: Vec<_> = (0..4)
        .map(|number| with_cookies(&[&format!("X-Qlik-Session-{number}=12345678")]))
        .collect();
    let site = Site::start(scripts).await;
    let client = site.client();
    for _ in 0..4 {
        client.about().await.unwrap();
    }
    assert_eq!(client.session_state(), SessionState::NewWithEachAnswer);
}

#[tokio::test]
async fn a_refusal_does_not_hide_that_the_session_is_not_kept() {
    let mut scripts: Vec<_> = (0..4)
        .map(|number| with_cookies(&[&format!("X-Qlik-Session=1234567{number}")]))
        .collect();
    scripts.push(answer(302, &["Location: /login"], ""));
    let site = Site::start(scripts).await;
    let client = site.client();
    for _ in 0..4 {
        client.about().await.unwrap();
    }
    client.about().await.unwrap_err();
    assert_eq!(client.session_state(), SessionState::NewWithEachAnswer);
}

#[tokio::test]
async fn a_text_about_too_many_sessions_is_understood_whatever_its_status() {
    for status in [200, 403, 429, 503] {
        let said = r#"{"error":"Too many sessions active in parallel"}"#;
        let site = Site::start([answer(status, &[], said)]).await;
        let error = site.client().about().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooManySessions, "{error}");
    }
}

#[tokio::test]
async fn too_many_sessions_are_reported_as_such() {
    for answer in [
        TooManySessions::RedirectToPage,
        TooManySessions::ForbidWithReason,
    ] {
        let builder = FakeSite::builder().too_many_sessions(answer);
        let site = builder.start().await;
        let clients: Vec<_> = (0..5).map(|_| client(&site)).collect();
        for client in &clients {
            client.about().await.unwrap();
        }
        let error = client(&site).about().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooManySessions, "{error}");
        assert!(error.is_retryable(), "{error}");
        assert!(error.hint().unwrap().contains("30 minutes"));
        clients[0].about().await.unwrap();
    }
}

/// A client that shares the sessions of a pool.
fn pooled(site: &FakeSite, pool: &SessionPool, end: SessionEnd) -> QrsClient {
    let url = SiteUrl::parse(&site.url()).unwrap();
    let value = SecretString::from(site.header_value());
    let credentials = HeaderCredentials::new(site.header_name(), value).unwrap();
    let builder = QrsClient::builder(url, credentials).sessions(pool);
    builder.session_end(end).build().unwrap()
}

#[tokio::test]
async fn clients_of_a_pool_share_a_session_from_the_first_request_on() {
    let site = FakeSite::start().await;
    let pool = SessionPool::default();
    let clients: Vec<_> = (0..6)
        .map(|_| pooled(&site, &pool, SessionEnd::Keep))
        .collect();
    let mut asking = tokio::task::JoinSet::new();
    for client in clients {
        asking.spawn(async move { client.about().await.map(drop) });
    }
    while let Some(asked) = asking.join_next().await {
        asked.unwrap().unwrap();
    }
    assert_eq!(site.sessions_opened(), 1);
    let other = pooled(&site, &SessionPool::default(), SessionEnd::Keep);
    other.about().await.unwrap();
    assert_eq!(site.sessions_opened(), 2);
}

#[tokio::test]
async fn a_session_is_ended_after_its_last_hold() {
    let site = FakeSite::start().await;
    let pool = SessionPool::default();
    let first = pooled(&site, &pool, SessionEnd::Logout);
    let second = pooled(&site, &pool, SessionEnd::Keep);
    let (one, two) = (first.hold_session(), second.hold_session());
    first.about().await.unwrap();
    second.about().await.unwrap();
    drop(one);
    first.end_session().await.unwrap();
    assert!(site.requests_of("/qps/user").is_empty());
    drop(two);
    second.end_session().await.unwrap();
    second.end_session().await.unwrap();
    let ends = site.requests_of("/qps/user");
    assert_eq!(ends.len(), 1);
    assert_eq!(ends[0].method(), "DELETE");
    let key = ends[0].parameter("xrfkey");
    assert_eq!(ends[0].header("X-Qlik-Xrfkey"), key.as_deref());
    assert!(ends[0].header("Cookie").is_some());
    assert!(second.session().is_none());
    first.about().await.unwrap();
    assert_eq!(site.sessions_opened(), 2);

    let hold = first.hold_session();
    site.fail(Fault::status(404).on("/qps/user"));
    drop(hold);
    let error = first.end_session().await.unwrap_err();
    assert!(
        error.url().unwrap().ends_with("/header/qps/user"),
        "{error}"
    );
}
