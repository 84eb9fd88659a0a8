//! Logging in as a Windows user, at a site that checks everything that Windows checks.

mod foreign_server;
mod refused;
mod secrets;

use std::time::Duration;

use qrs_client::fake_site::{FakeSite, Gateway, WindowsLogin};
use qrs_client::{
    AppObject, Error, ErrorKind, Fact, QrsClient, QrsClientBuilder, SessionPool, SiteUrl, Trust,
    WindowsCredentials,
};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use crate::fixtures::{store, text};

pub(crate) const PASSWORD: &str = "Pässwörd \"1\" \\ 100%";

pub(crate) fn windows() -> WindowsLogin {
    WindowsLogin::new("ACME", "scanner", PASSWORD)
}

pub(crate) async fn start(windows: WindowsLogin) -> FakeSite {
    FakeSite::builder().windows(windows).start().await
}

pub(crate) fn builder_with(site: &FakeSite, password: &str) -> QrsClientBuilder {
    let url = SiteUrl::parse(&site.url()).unwrap();
    let credentials = WindowsCredentials::new("ACME", "scanner", password.into()).unwrap();
    let moment = Duration::from_millis(1);
    QrsClient::builder(url, credentials).backoff(moment, moment)
}

pub(crate) fn client(site: &FakeSite, password: &str) -> QrsClient {
    builder_with(site, password).build().unwrap()
}

/// The error of a client that logs in to a site.
async fn failed(windows: WindowsLogin) -> (Error, FakeSite) {
    let site = start(windows).await;
    let error = client(&site, PASSWORD).about().await.unwrap_err();
    (error, site)
}

#[tokio::test]
async fn one_login_opens_a_session_for_all_requests() {
    for windows in [
        windows(),
        windows().negotiate_only(),
        windows().negotiate_and_ntlm(),
        windows().challenges_directly(),
        windows().challenges_directly().negotiate_only(),
    ] {
        let site = start(windows).await;
        let client = client(&site, PASSWORD);
        let mut list = client.apps::<serde_json::Value>(None);
        let (about, apps, count) = tokio::join!(
            client.about(),
            list.try_next(),
            client.app_object_count(None),
        );
        assert_eq!(about.unwrap().build_version, "14.20.5.0");
        assert!(apps.unwrap().is_some() && count.unwrap() > 0);
        assert_eq!((site.sessions_opened(), site.windows_proofs()), (1, 1));
        let requests = site.requests();
        let agents = requests
            .iter()
            .map(|request| request.header("User-Agent").unwrap());
        assert!(
            agents
                .into_iter()
                .all(|agent| agent.ends_with(" (Windows)"))
        );
        // A ticket is used once, and a password is proved within one connection only.
        let tickets = requests
            .iter()
            .filter(|request| request.parameter("qlikTicket").is_some());
        assert!(tickets.count() <= 1);
        let logins = requests
            .iter()
            .filter(|request| request.header("Authorization").is_some());
        assert_eq!(logins.count(), 2);
    }
}

#[tokio::test]
async fn a_login_works_over_tls_and_with_a_principal_name() {
    let windows = WindowsLogin::new("", "scanner@acme.example", PASSWORD);
    let site = FakeSite::builder()
        .tls(&text("site-chain.pem"), &text("site.key"))
        .windows(windows)
        .start()
        .await;
    let url = SiteUrl::parse(&site.url()).unwrap();
    let credentials = WindowsCredentials::new("", "scanner@acme.example", PASSWORD.into()).unwrap();
    let client = QrsClient::builder(url, credentials).trust(Trust::Only(store("root.pem")));
    client.build().unwrap().about().await.unwrap();
    assert_eq!(site.windows_proofs(), 1);
}

#[tokio::test]
async fn a_login_has_the_headers_that_a_gateway_needs() {
    let site = start(windows()).await;
    let client = builder_with(&site, PASSWORD).header("X-Gateway", "in");
    client.build().unwrap().about().await.unwrap();
    let mut requests = site.requests().into_iter();
    assert!(requests.all(|request| request.header("X-Gateway") == Some("in")));
}

#[tokio::test]
async fn a_login_page_may_be_at_another_port_of_the_site() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let site = start(windows().page_at(&format!("http://127.0.0.1:{port}"))).await;
    let address = site.address();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut site = TcpStream::connect(address).await.unwrap();
            tokio::spawn(async move { copy_bidirectional(&mut stream, &mut site).await });
        }
    });
    client(&site, PASSWORD).about().await.unwrap();
    assert_eq!((site.sessions_opened(), site.windows_proofs()), (1, 1));
}

#[tokio::test]
async fn a_gateway_that_adds_cookies_does_not_replace_the_login() {
    for gateway in [Gateway::AddsCookies, Gateway::RotatesCookie] {
        let site = FakeSite::builder().windows(windows()).gateway(gateway);
        let site = site.start().await;
        let client = client(&site, PASSWORD);
        for _ in 0..3 {
            client.about().await.unwrap();
        }
        assert_eq!(
            (site.sessions_opened(), site.windows_proofs()),
            (1, 1),
            "{gateway:?}"
        );
    }
}

#[tokio::test]
async fn an_ended_session_is_opened_again_with_another_login() {
    let site = start(windows()).await;
    let client = client(&site, PASSWORD);
    client.about().await.unwrap();
    site.expire_sessions();
    let (about, count) = tokio::join!(client.about(), client.app_count(None));
    assert!(about.is_ok() && count.is_ok());
    assert_eq!((site.sessions_opened(), site.windows_proofs()), (2, 2));
    assert_eq!(client.session_renewals(), 1);
}

#[tokio::test]
async fn a_stored_or_shared_session_needs_no_login() {
    let site = start(windows()).await;
    let pool = SessionPool::default();
    let first = builder_with(&site, PASSWORD)
        .sessions(&pool)
        .build()
        .unwrap();
    let second = builder_with(&site, PASSWORD)
        .sessions(&pool)
        .build()
        .unwrap();
    first.about().await.unwrap();
    second.about().await.unwrap();
    let stored = client(&site, PASSWORD);
    assert!(stored.resume(&first.session().unwrap()));
    stored.about().await.unwrap();
    assert_eq!((site.sessions_opened(), site.windows_proofs()), (1, 1));
    // Another password is another account: it may not continue what this one has opened.
    assert!(!client(&site, "hunter2").resume(&first.session().unwrap()));
}

#[tokio::test]
async fn a_form_instead_of_windows_authentication_names_the_pattern() {
    let (error, site) = failed(windows().pattern("Chrome")).await;
    assert_eq!(error.kind(), ErrorKind::RedirectedToLogin);
    assert_eq!(error.fact(), &Fact::FormInsteadOfWindows);
    let hint = error.hint().unwrap();
    assert!(
        hint.contains("\"Windows authentication pattern\" to `Windows`"),
        "{hint}"
    );
    assert!(hint.contains("qrs-client/"), "{hint}");
    assert_eq!(site.windows_proofs(), 0);
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    let (error, site) = failed(windows().page_at("http://localhost:1")).await;
    let text = error.to_string();
    assert!(
        text.contains("another host, `http://localhost:1/header/internal_windows"),
        "{text}"
    );
    assert!(!error.is_retryable() && error.hint().is_some());
    assert_eq!(site.requests().len(), 1);
}

#[tokio::test]
async fn a_connection_that_is_closed_during_the_login_is_an_error() {
    let (error, site) = failed(windows().closes_connections()).await;
    assert_eq!(error.fact(), &Fact::LoginInterrupted);
    assert!(
        error
            .to_string()
            .contains("closed during the login with `NTLM`"),
        "{error}"
    );
    assert_eq!(site.windows_proofs(), 0);
}

#[tokio::test]
async fn five_open_sessions_are_named_before_gateways() {
    let site = FakeSite::builder().windows(windows()).start().await;
    for _ in 0..5 {
        site.open_session(r"ACME\scanner");
    }
    let error = client(&site, PASSWORD).about().await.unwrap_err();
    let hint = error.hint().unwrap();
    let place = |text| hint.find(text).unwrap_or_else(|| panic!("{text}: {hint}"));
    assert!(place("wait 30 minutes") < place("gateway"), "{hint}");
    assert!(place("allows five sessions") < place("gateway"), "{hint}");
}

#[tokio::test]
async fn a_gateway_that_loses_cookies_is_recognized() {
    for (gateway, expected) in [
        (Gateway::StripsSetCookie, "opens no session"),
        (Gateway::StripsCookie, "page for Windows authentication"),
        (Gateway::JoinsSetCookie, "page for Windows authentication"),
    ] {
        let site = FakeSite::builder().windows(windows()).gateway(gateway);
        let site = site.start().await;
        let error = client(&site, PASSWORD).about().await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        let hint = error.hint().unwrap();
        assert!(
            hint.contains("gateway in front of the site removes"),
            "{hint}"
        );
        assert!(site.windows_proofs() <= 2, "{gateway:?}");
    }
}

#[tokio::test]
async fn a_site_of_another_kind_is_described() {
    let site = FakeSite::start().await;
    let error = client(&site, PASSWORD).about().await.unwrap_err();
    assert_eq!(error.fact(), &Fact::FormInsteadOfWindows);
    let mut list = client(&site, PASSWORD).app_objects::<AppObject>(None);
    assert!(list.try_next().await.is_err());
}
