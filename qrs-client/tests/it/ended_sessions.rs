//! A session that the site has ended is renewed, whatever the site answers to its cookie.

use qrs_client::fake_site::{Account, EndedSession, Entity, FakeSite, Fault, LongHead};
use qrs_client::{App, ErrorKind, Field, HeaderCredentials, QrsClient, QrsPath, SiteUrl};
use secrecy::SecretString;

use crate::scripted::{self, answer, json};

pub(crate) fn client(site: &FakeSite) -> QrsClient {
    let url = SiteUrl::parse(&site.url()).unwrap();
    let value = SecretString::from(site.header_value());
    let credentials = HeaderCredentials::new(site.header_name(), value).unwrap();
    QrsClient::builder(url, credentials).build().unwrap()
}

async fn site(ended: EndedSession) -> FakeSite {
    FakeSite::builder().ended_session(ended).start().await
}

#[tokio::test]
async fn an_ended_session_is_renewed_whatever_the_response() {
    for ended in EndedSession::ALL {
        let site = site(ended).await;
        let first = client(&site);
        first.about().await.unwrap();
        site.expire_sessions();

        let second = client(&site);
        assert!(second.resume(&first.session().unwrap()));
        let about = second.about().await;
        about.unwrap_or_else(|error| panic!("{ended:?}: {error}"));
        assert_eq!(second.app_count(None).await.unwrap(), 12, "{ended:?}");
        assert_eq!(site.sessions_opened(), 2, "{ended:?}");
    }
}

#[tokio::test]
async fn a_session_that_ends_between_two_requests_is_renewed() {
    for ended in EndedSession::ALL {
        for path in ["/qrs/app/count", "/qrs/app/full", "/qrs/user/count"] {
            let site = site(ended).await;
            let client = client(&site);
            client.about().await.unwrap();
            site.fail(Fault::end_sessions().on(path).times(1));
            assert_eq!(client.app_count(None).await.unwrap(), 12, "{ended:?}");
            let mut apps = client.apps::<App>(None);
            while apps.try_next().await.unwrap().is_some() {}
            assert_eq!(apps.records_read(), 12, "{ended:?}");
            assert_eq!(client.user_count(None).await.unwrap(), 10, "{ended:?}");
            assert_eq!(site.sessions_opened(), 2, "{ended:?} {path}");
        }
    }
}

#[tokio::test]
async fn requests_in_flight_share_one_renewal() {
    for ended in EndedSession::ALL {
        // That site opens a session for each request that carries an ended one.
        if ended == EndedSession::AuthenticateAgain {
            continue;
        }
        let site = site(ended).await;
        let client = client(&site);
        client.about().await.unwrap();
        site.expire_sessions();
        let read = async |path: &str| client.get::<serde_json::Value>(QrsPath::new(path)).await;
        tokio::try_join!(
            read("app/count"),
            read("app/object/count"),
            read("user/count"),
            read("stream/count"),
            read("app/count"),
            read("about"),
            read("user/count"),
            read("app/count"),
        )
        .unwrap_or_else(|error| panic!("{ended:?}: {error}"));
        assert_eq!(site.sessions_opened(), 2, "{ended:?}");
    }
}

#[tokio::test]
async fn only_the_second_refusal_is_an_error() {
    let faults = [
        (Fault::status(401), ErrorKind::Unauthorized),
        (Fault::status(403), ErrorKind::Forbidden),
        (Fault::status(400), ErrorKind::BadRequest),
        (Fault::login_page(), ErrorKind::LoginPage),
        (Fault::status(431), ErrorKind::RequestTooLong),
        (Fault::wrong_prefix_page(), ErrorKind::BadRequest),
    ];
    for (fault, kind) in faults {
        let site = FakeSite::start().await;
        let client = client(&site);
        client.about().await.unwrap();
        site.fail(fault.clone().times(1));
        client.about().await.unwrap();
        site.fail(fault.times(2));
        assert_eq!(client.about().await.unwrap_err().kind(), kind);
        let cookies = site.requests().into_iter();
        let cookies = cookies.map(|request| request.header("Cookie").is_some());
        let cookies: Vec<_> = cookies.collect();
        assert_eq!(cookies, [false, true, false, true, false], "{kind:?}");
    }
}

#[tokio::test]
async fn an_ended_session_is_renewed_after_any_unexpected_response() {
    let ended = [
        (404, "no such session"),
        (413, ""),
        (419, "Page expired"),
        (
            403,
            "XSRF prevention check failed. Possible XSRF discovered.",
        ),
        (200, "Please log in"),
        (200, r#"{"error":"session expired"}"#),
        (200, "true"),
        (200, ""),
    ];
    let opened = answer(200, &["Set-Cookie: s=12345678"], scripted::ABOUT);
    for (status, body) in ended {
        let refused = answer(status, &[], body);
        let site = scripted::Site::start([opened.clone(), refused.clone(), opened.clone()]).await;
        let client = site.client();
        client.about().await.unwrap();
        let about = client.about().await;
        about.unwrap_or_else(|error| panic!("{status} {body}: {error}"));

        // For a list, `/qrs/about` is requested before the cookies are dropped.
        let scripts = [opened.clone(), refused.clone(), refused, json("[]")];
        let site = scripted::Site::start(scripts).await;
        let client = site.client();
        client.about().await.unwrap();
        let apps = client.apps::<App>(None).try_next().await;
        let apps = apps.unwrap_or_else(|error| panic!("{status} {body}: {error}"));
        assert!(apps.is_none());
    }
}

#[tokio::test]
async fn an_unexpected_shape_in_an_active_session_is_the_response() {
    let opened = answer(200, &["Set-Cookie: s=12345678"], scripted::ABOUT);
    let site = scripted::Site::start([opened.clone(), json("{}"), opened.clone()]).await;
    let client = site.client();
    client.about().await.unwrap();
    client.app_count(None).await.unwrap_err();
    let requests = site.requests();
    assert_eq!(requests.len(), 3, "{requests:?}");
    assert!(requests[2].contains("cookie: s=12345678"), "{requests:?}");
}

#[tokio::test]
async fn a_request_without_cookies_is_not_repeated() {
    let site = FakeSite::start().await;
    site.fail(Fault::status(401));
    client(&site).about().await.unwrap_err();
    assert_eq!(site.requests().len(), 1);
}

#[tokio::test]
async fn a_missing_right_is_not_an_ended_session() {
    let account = Account::new("ACME\\scanner").forbidden(Entity::User);
    let site = FakeSite::builder().account(account).start().await;
    let mut kept = None;
    for _ in 0..12 {
        let client = client(&site);
        kept.iter().for_each(|kept| assert!(client.resume(kept)));
        let error = client.user_count(None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        let wrong = QrsPath::new("app/full").query("filter", "()");
        let error = client.get::<serde_json::Value>(wrong).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadRequest);
        kept = client.session();
    }
    assert_eq!(site.sessions_opened(), 1);
}

#[tokio::test]
async fn a_missing_right_differs_from_an_ended_session() {
    for ended in EndedSession::ALL {
        let account = Account::new("ACME\\scanner").forbidden(Entity::User);
        let builder = FakeSite::builder().account(account).ended_session(ended);
        let site = builder.start().await;
        let client = client(&site);
        client.about().await.unwrap();
        site.expire_sessions();
        let error = client.user_count(None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden, "{ended:?}");
        client.user_count(None).await.unwrap_err();
        assert_eq!(site.sessions_opened(), 2, "{ended:?}");
    }
}

#[tokio::test]
async fn a_failing_site_does_not_cost_the_session() {
    let site = FakeSite::start().await;
    let client = client(&site);
    client.about().await.unwrap();
    site.fail(Fault::status(403).on("/qrs/app/count").times(1));
    site.fail(Fault::status(503).on("/qrs/about"));
    let error = client.app_count(None).await.unwrap_err();
    assert_eq!(error.status(), Some(503));
    site.heal();
    client.app_count(None).await.unwrap();
    assert_eq!(site.sessions_opened(), 1);
}

#[tokio::test]
async fn cookies_that_make_a_head_too_long_are_dropped() {
    for answer in [LongHead::RequestTooLong, LongHead::HeaderFieldsTooLarge] {
        let builder = FakeSite::builder().head_limit(1024, answer);
        let site = builder.start().await;
        let client = client(&site);
        client.about().await.unwrap();
        let long = format!("gateway={}; Path=/", "x".repeat(1000));
        site.fail(Fault::body("{}").with_header("Set-Cookie", &long).times(1));
        client
            .get::<serde_json::Value>(QrsPath::new("x"))
            .await
            .unwrap();
        assert_eq!(client.app_count(None).await.unwrap(), 12, "{answer:?}");
        let filter = Field::NAME.equals(&"x".repeat(1000));
        let error = client.app_count(Some(&filter)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RequestTooLong, "{error}");
    }
}

#[tokio::test]
async fn a_late_response_in_the_old_session_does_not_end_the_new_one() {
    use scripted::{Act, Site};
    use std::time::Duration;
    let pause = Act::Pause(Duration::from_secs(5));
    let clears = "Set-Cookie: s=; Path=/; Max-Age=0";
    let late = [vec![pause], answer(401, &[clears], "")].concat();
    let site = Site::start([
        answer(200, &["Set-Cookie: s=1"], "{}"),
        late,
        answer(401, &[clears], ""),
        answer(200, &["Set-Cookie: s=2"], "{}"),
        json("{}"),
    ])
    .await;
    let client = site.client();
    let read = async |path: &str| client.get::<serde_json::Value>(QrsPath::new(path)).await;
    read("about").await.unwrap();
    let (late, soon) = tokio::join!(read("late"), async {
        while site.requests().len() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        read("soon").await
    });
    late.unwrap();
    soon.unwrap();
    read("about").await.unwrap();
    let requests = site.requests();
    let carries = |cookie: &str| requests.iter().filter(|head| head.contains(cookie)).count();
    assert_eq!((requests.len(), carries("s=1"), carries("s=2")), (6, 2, 2));
}
