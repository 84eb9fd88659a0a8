//! Who gets in, and who is sent away.

use std::time::Duration;

use qrs_client::fake_site::{
    Account, Content, EndedSession, Entity, FakeSite, LoginWay, LongHead, TooManySessions,
};

use super::{KEY, ask, exchange, get, send, target};

const XSRF: &str = "XSRF prevention check failed. Possible XSRF discovered.";

#[test]
fn the_xrfkey_must_be_in_query_and_header() {
    let site = FakeSite::start_in_thread();
    let check = |query: &str, key: &str| {
        let value = site.header_value();
        let headers = [(site.header_name(), value.as_str()), ("x-qlik-xrfkey", key)];
        let target = format!("/header/qrs/about{query}");
        let reply = send(&site, "GET", &target, &headers);
        (reply.status, reply.text() == XSRF)
    };
    let right = format!("?xrfkey={KEY}");
    assert_eq!(check(&right, KEY), (200, false));
    assert_eq!(check(&right, "another-key-here"), (403, true));
    assert_eq!(check("", KEY), (403, true));
    assert_eq!(
        check("?xrfkey=0123456789abcde", "0123456789abcde"),
        (403, true)
    );
    assert_eq!(
        check("?xrfkey=0123456789abcde_", "0123456789abcde_"),
        (403, true)
    );
}

#[test]
fn a_wrong_virtual_proxy_is_answered_with_a_long_page() {
    let site = FakeSite::start_in_thread();
    for target in [
        "/other/qrs/about",
        "/qrs/about",
        "/headers/qrs/about",
        "/Header/qrs/about",
    ] {
        let reply = send(&site, "GET", &format!("{target}?xrfkey={KEY}"), &[]);
        assert_eq!(reply.status, 400);
        assert!(
            reply
                .text()
                .contains("The http request header is incorrect")
        );
        assert_eq!(reply.body.len() / 1024, 88);
    }
}

#[test]
fn a_request_that_is_not_http_is_refused() {
    let site = FakeSite::start_in_thread();
    let reply = send(&site, "GET", "/header/qrs/app?filter=name eq 'x'", &[]);
    assert_eq!((reply.status, reply.text()), (400, "Bad Request"));
    assert_eq!(site.requests(), []);
}

#[test]
fn the_default_virtual_proxy_has_no_prefix() {
    let site = FakeSite::builder().virtual_proxy("").start_in_thread();
    assert_eq!(site.url(), format!("http://{}", site.address()));
    assert_eq!(get(&site, "/qrs/about").status, 200);
}

#[test]
fn a_target_that_no_proxy_would_forward_is_refused() {
    let site = FakeSite::start_in_thread();
    assert_eq!(get(&site, "//qrs/about").status, 400);
    assert_eq!(get(&site, "/qrs//about").status, 400);
    assert_eq!(
        get(&site, &format!("/qrs/app?filter={}", "x".repeat(16_384))).status,
        414
    );
    assert_eq!(
        get(&site, &format!("/qrs/app?filter={}", "x".repeat(16_000))).status,
        400
    );
}

#[test]
fn an_unknown_user_is_redirected_to_log_in() {
    let ways = [
        (LoginWay::Form, "internal_forms_authentication", 200),
        (LoginWay::Windows, "internal_windows_authentication", 401),
    ];
    for (way, segment, status) in ways {
        let site = FakeSite::builder().login_way(way).start_in_thread();
        for headers in [vec![], vec![(site.header_name(), r"ACME\nobody")]] {
            let reply = ask(&site, "/qrs/about", &headers);
            assert_eq!(reply.status, 302);
            let location = reply.header("Location").unwrap();
            assert!(location.starts_with(&format!("/header/{segment}/?targetId=")));
            assert_eq!(send(&site, "GET", location, &[]).status, status);
        }
        assert_eq!(site.sessions_opened(), 0);
    }
}

#[test]
fn an_inactive_account_is_refused() {
    let account = Account::new("old").inactive();
    let site = FakeSite::builder().account(account).start_in_thread();
    let reply = get(&site, "/qrs/about");
    assert_eq!(reply.status, 403);
    assert_eq!(
        reply.text(),
        "Your account is inactive. Contact your administrator to activate it."
    );
}

#[test]
fn an_account_without_rights_sees_empty_lists() {
    let site = FakeSite::start_in_thread();
    site.set_account(Account::new(&site.header_value()).without_rights());
    for path in ["app", "app/object", "stream", "user"] {
        site.expire_sessions();
        assert_eq!(get(&site, &format!("/qrs/{path}/full")).text(), "[]");
        assert_eq!(
            get(&site, &format!("/qrs/{path}/count")).text(),
            r#"{"value":0}"#
        );
    }
}

#[test]
fn an_account_sees_what_its_rules_grant() {
    let account = Account::new("some")
        .sees(Entity::App, |app| app["name"] == "App 2")
        .forbidden(Entity::User);
    let site = FakeSite::builder()
        .content(Content::generated(3, 1))
        .account(account)
        .start_in_thread();
    assert_eq!(get(&site, "/qrs/app/full").all("name"), ["App 2"]);
    assert_eq!(get(&site, "/qrs/app/object/count").text(), r#"{"value":3}"#);
    let hidden = site.content().app_named("App 1").unwrap().to_owned();
    assert_eq!(get(&site, &format!("/qrs/app/{hidden}")).status, 404);
    let users = get(&site, "/qrs/user/full");
    assert_eq!((users.status, users.text()), (403, "Forbidden"));
}

#[test]
fn a_session_is_continued_by_its_cookie() {
    let site = FakeSite::start_in_thread();
    let value = site.header_value();
    let first = get(&site, "/qrs/about");
    let (cookie, attributes) = first.header("Set-Cookie").unwrap().split_once(';').unwrap();
    assert!(cookie.starts_with("X-Qlik-Session-HTTP="));
    assert_eq!(attributes, " Path=/; HttpOnly");

    let headers = [(site.header_name(), value.as_str()), ("Cookie", cookie)];
    let second = ask(&site, "/qrs/app/count", &headers);
    assert_eq!((second.status, second.header("Set-Cookie")), (200, None));
    assert_eq!(ask(&site, "/qrs/about", &headers[1..]).status, 200);
    assert_eq!(site.sessions_opened(), 1);

    site.expire_sessions();
    assert_eq!(ask(&site, "/qrs/about", &headers).status, 302);
    assert_eq!(ask(&site, "/qrs/about", &headers[1..]).status, 302);
    assert_eq!(site.sessions_opened(), 1);
}

#[test]
fn a_session_that_has_ended_is_refused_in_many_ways() {
    let statuses = [302, 302, 401, 403, 400, 200, 200];
    for (ended, status) in EndedSession::ALL.into_iter().zip(statuses) {
        let builder = FakeSite::builder().ended_session(ended);
        let site = builder.start_in_thread();
        let value = site.header_value();
        let cookie = "X-Qlik-Session-HTTP=of-yesterday";
        let headers = [(site.header_name(), value.as_str()), ("Cookie", cookie)];
        let reply = ask(&site, "/qrs/about", &headers);
        assert_eq!(reply.status, status, "{ended:?}");
        let renewed = ended == EndedSession::AuthenticateAgain;
        assert_eq!(reply.header("Set-Cookie").is_some(), renewed, "{ended:?}");
        assert_eq!(reply.text().contains("buildVersion"), renewed, "{ended:?}");
    }
}

#[test]
fn a_head_that_is_too_long_is_refused() {
    let answers = [
        (LongHead::RequestTooLong, 400, "Request Too Long"),
        (LongHead::HeaderFieldsTooLarge, 431, "Too Large"),
    ];
    for (answer, status, text) in answers {
        let builder = FakeSite::builder().head_limit(2000, answer);
        let site = builder.start_in_thread();
        let value = site.header_value();
        let cookie = "x".repeat(2000);
        let headers = [(site.header_name(), value.as_str()), ("Cookie", &cookie)];
        let reply = ask(&site, "/qrs/about", &headers);
        assert_eq!(reply.status, status);
        assert!(reply.text().contains(text));
        assert_eq!(ask(&site, "/qrs/about", &headers[..1]).status, 200);
    }
}

#[test]
fn a_sixth_session_locks_the_user_out_until_they_are_ended() {
    let answers = [
        (TooManySessions::RedirectToLogin, 302),
        (TooManySessions::Forbid, 403),
    ];
    for (answer, status) in answers {
        let site = FakeSite::builder()
            .too_many_sessions(answer)
            .start_in_thread();
        let first = get(&site, "/qrs/about");
        for _ in 1..5 {
            assert_eq!(get(&site, "/qrs/about").status, 200);
        }
        assert_eq!(get(&site, "/qrs/about").status, status);
        assert_eq!(site.sessions_opened(), 5);

        let (cookie, _) = first.header("Set-Cookie").unwrap().split_once(';').unwrap();
        let headers = [("Cookie", cookie), ("X-Qlik-Xrfkey", KEY)];
        let target = format!("/header/qps/user?xrfkey={KEY}");
        assert_eq!(send(&site, "DELETE", &target, &headers).status, 200);
        assert_eq!(get(&site, "/qrs/about").status, 200);
    }
}

#[test]
fn requests_are_kept_as_they_came() {
    let site = FakeSite::start_in_thread();
    get(&site, "/qrs/about?b=x%20y&a=%C3%BC");
    get(&site, "/qrs/nothing");
    assert_eq!(site.requests().len(), 2);
    let request = site.requests_of("/qrs/about").remove(0);
    let pairs = [("xrfkey", KEY), ("b", "x y"), ("a", "ü")];
    let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(request.query(), pairs);
    assert_eq!(request.parameter("b").as_deref(), Some("x y"));
    assert_eq!(request.method(), "GET");
    assert_eq!(
        request.target(),
        format!("/header/qrs/about?xrfkey={KEY}&b=x%20y&a=%C3%BC")
    );
    assert_eq!(request.header("x-qlik-XRFKEY"), Some(KEY));
    assert_eq!(request.headers().len(), 4);
}

#[test]
fn a_connection_serves_more_than_one_request() {
    let site = FakeSite::builder().content_length().start_in_thread();
    let value = site.header_value();
    let request = |end: &str| {
        let (target, name) = (target(&site, "/qrs/app/count"), site.header_name());
        format!("GET {target} HTTP/1.1\r\n{name}: {value}\r\nX-Qlik-Xrfkey: {KEY}\r\n{end}\r\n")
    };
    let both = request("") + &request("Connection: close\r\n");
    let reply = exchange(&site, &both, Duration::from_secs(10));
    assert_eq!((reply.status, reply.error), (200, None));
    // The rest of the connection passes for the first body.
    let (_, second) = reply.text().split_once("HTTP/1.1 200 OK").unwrap();
    assert!(second.ends_with("{\"value\":12}"));
    assert_eq!(site.requests().len(), 2);
}

#[tokio::test]
async fn a_site_in_the_runtime_of_the_test_stops_when_it_is_dropped() {
    let site = FakeSite::start().await;
    let address = site.address();
    tokio::net::TcpStream::connect(address).await.unwrap();
    drop(site);
    tokio::task::yield_now().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
