//! Proxies at which a Windows user logs in.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use qrs_client::fake_site::{FakeProxy, FakeProxyBuilder, FakeSite, WindowsLogin};
use qrs_client::{
    AppObject, Error, ErrorKind, Fact, Proxy, ProxyScheme, QrsClient, SiteUrl, Trust,
    WindowsAccount, WindowsCredentials,
};

use super::{at, client, secure_proxy, trust};
use crate::fixtures::text;
use crate::trust::{builder, site};

const PASSWORD: &str = "Pröxy \"1\" \\ 100%";

fn windows() -> WindowsLogin {
    WindowsLogin::new("ACME", "gate", PASSWORD)
}

fn account(password: &str) -> WindowsAccount {
    WindowsAccount::new("ACME", "gate", password.into()).unwrap()
}

async fn start(windows: WindowsLogin) -> (FakeSite, FakeProxy) {
    let site = site("site-chain.pem", "site.key").await;
    let proxy = FakeProxy::builder().windows_auth(windows).start().await;
    (site, proxy)
}

fn with_user(proxy: &FakeProxy, password: &str) -> Proxy {
    at(proxy, ProxyScheme::Http).windows_auth(account(password))
}

#[track_caller]
fn check_error(error: &Error, fact: &Fact, text: &str) {
    assert_eq!(
        (error.kind(), error.fact()),
        (ErrorKind::Proxy, fact),
        "{error:?}"
    );
    assert!(error.to_string().contains(text), "{error}");
    assert!(error.hint().is_some());
    assert!(!error.is_retryable(), "{error:?}");
    let texts = format!("{error} {error:?}");
    assert!(
        !texts.contains("Pröxy") && !texts.contains("TlRM"),
        "{texts}"
    );
}

#[tokio::test]
async fn requests_share_the_connections_that_a_user_has_logged_in() {
    for (windows, connects) in [
        (windows(), 2),
        (windows().negotiate_and_ntlm(), 2),
        // NTLM is tried first.
        (windows().negotiate_only(), 3),
    ] {
        let (site, proxy) = start(windows).await;
        let client = client(&site, with_user(&proxy, PASSWORD));
        for _ in 0..3 {
            client.about().await.unwrap();
        }
        assert_eq!(proxy.requests().len(), connects);
        assert_eq!(proxy.windows_proofs(), 1);
        // An open list has a connection of its own.
        let mut list = client.app_objects::<AppObject>(None);
        assert!(list.try_next().await.unwrap().is_some());
        client.about().await.unwrap();
        while list.try_next().await.unwrap().is_some() {}
        client.about().await.unwrap();
        assert!(proxy.windows_proofs() <= 2);
        assert_eq!(site.sessions_opened(), 1);
    }
}

#[tokio::test]
async fn a_wrong_password_is_proved_once() {
    for windows in [windows(), windows().negotiate_only()] {
        let (site, proxy) = start(windows).await;
        let through = with_user(&proxy, "hunter2");
        let client = client(&site, through.clone());
        let (one, two) = tokio::join!(client.about(), client.app_count(None));
        for error in [one.unwrap_err(), two.unwrap_err()] {
            check_error(&error, &Fact::ProxyPasswordRefused, r"`ACME\gate`");
        }
        let steps = client.diagnose().await;
        let error = steps.last().unwrap().seen.as_ref().unwrap_err();
        assert_eq!(*error.fact(), Fact::ProxyPasswordRefused);
        // Another client with the same proxy knows it as well.
        let other = super::client(&site, through);
        let error = other.about().await.unwrap_err();
        check_error(&error, &Fact::ProxyPasswordRefused, "not sent again");
        assert_eq!((proxy.windows_proofs(), site.requests().len()), (1, 0));
    }
}

#[tokio::test]
async fn a_proxy_that_asks_for_windows_is_named_without_a_user() {
    let (site, proxy) = start(windows().negotiate_and_ntlm()).await;
    let basic = at(&proxy, ProxyScheme::Http).basic_auth("gate", PASSWORD.into());
    for through in [at(&proxy, ProxyScheme::Http), basic] {
        let error = client(&site, through.clone()).about().await.unwrap_err();
        check_error(
            &error,
            &Fact::ProxyNeedsWindows,
            "of the kind `Negotiate`, `NTLM`, not `Basic`",
        );
        let plain = FakeSite::start().await;
        let error = client(&plain, through).about().await.unwrap_err();
        check_error(
            &error,
            &Fact::ProxyNeedsWindows,
            "asks for Windows authentication (Negotiate, NTLM)",
        );
        assert!(error.hint().unwrap().contains("https"));
    }
    assert_eq!(proxy.windows_proofs(), 0);
}

#[tokio::test]
async fn a_proxy_that_closes_connections_or_offers_basic_alone_is_named() {
    let (site, proxy) = start(windows().closes_connections()).await;
    let error = client(&site, with_user(&proxy, PASSWORD)).about().await;
    check_error(
        &error.unwrap_err(),
        &Fact::ProxyFailed,
        "closes the connection during the login with `NTLM`",
    );
    let basic = FakeProxy::builder()
        .basic_auth("gate", "other")
        .start()
        .await;
    let error = client(&site, with_user(&basic, PASSWORD)).about().await;
    check_error(
        &error.unwrap_err(),
        &Fact::ProxyFailed,
        "the proxy asks for authentication of the kind `Basic`",
    );
}

#[tokio::test]
async fn a_proxy_that_asks_for_nothing_gets_no_proof() {
    let site = site("site-chain.pem", "site.key").await;
    let open = FakeProxy::builder().start().await;
    let client = client(&site, with_user(&open, PASSWORD));
    client.about().await.unwrap();
    assert_eq!(open.windows_proofs(), 0);
}

#[tokio::test]
async fn a_site_without_tls_is_refused_at_once() {
    let site = FakeSite::start().await;
    let proxy = FakeProxy::builder().start().await;
    let built = builder(&site, "qlik.example", Trust::System).proxy(with_user(&proxy, PASSWORD));
    let error = built.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("server with `https`"), "{error}");
}

#[tokio::test]
async fn a_user_logs_in_at_a_proxy_with_tls_and_another_at_the_site_behind_it() {
    let site = FakeSite::builder()
        .tls(&text("site-chain.pem"), &text("site.key"))
        .windows(WindowsLogin::new("ACME", "scanner", "s1te"))
        .start()
        .await;
    let secure: FakeProxyBuilder = secure_proxy();
    let proxy = secure.windows_auth(windows()).start().await;
    let url = SiteUrl::parse(&site.url_by("qlik.example")).unwrap();
    let credentials = WindowsCredentials::new("ACME", "scanner", "s1te".into()).unwrap();
    let through = at(&proxy, ProxyScheme::Https).windows_auth(account(PASSWORD));
    let client = QrsClient::builder(url, credentials)
        .trust(trust())
        .proxy(through);
    client.build().unwrap().about().await.unwrap();
    assert_eq!((site.windows_proofs(), site.sessions_opened()), (1, 1));
    assert!(proxy.windows_proofs() >= 1);
}

/// A proxy that checks logins with pyspnego. `cargo xtask full` installs it.
#[tokio::test]
#[ignore = "needs pyspnego, which `cargo xtask full` installs"]
async fn a_foreign_proxy_accepts_the_right_password_alone() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for scheme in ["NTLM", "Negotiate"] {
        let site = site("site-chain.pem", "site.key").await;
        let users = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&users, format!("ACME:gate:{PASSWORD}\n")).unwrap();
        let mut process = Command::new(folder.join("../target/tools/pyspnego/bin/python3"))
            .arg(folder.join("tests/windows_proxy.py"))
            .arg(scheme)
            .env("NTLM_USER_FILE", &users)
            .stdout(Stdio::piped())
            .spawn()
            .expect("`cargo xtask full --only \"windows login\"` installs pyspnego");
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = output.next().unwrap().unwrap().parse().unwrap();
        let through = |password| {
            let proxy = Proxy::new(ProxyScheme::Http, "127.0.0.1", port).unwrap();
            let proxy = proxy.windows_auth(account(password));
            let client = builder(&site, "localhost", trust()).proxy(proxy);
            client.backoff(Duration::from_millis(1), Duration::from_millis(1))
        };
        let client = through(PASSWORD).build().unwrap();
        client.about().await.unwrap();
        client.about().await.unwrap();
        assert_eq!(
            output.next().unwrap().unwrap(),
            r"accepted ACME\gate",
            "{scheme}"
        );
        let wrong = through("hunter2").build().unwrap();
        for _ in 0..2 {
            let error = wrong.about().await.unwrap_err();
            check_error(&error, &Fact::ProxyPasswordRefused, r"`ACME\gate`");
        }
        assert!(output.next().unwrap().unwrap().starts_with("refused"));
        through(PASSWORD).build().unwrap().about().await.unwrap();
        assert_eq!(
            output.next().unwrap().unwrap(),
            r"accepted ACME\gate",
            "{scheme}"
        );
        process.kill().unwrap();
        process.wait().unwrap();
    }
}
