//! A password that is refused is proved once: directories lock users.

use qrs_client::fake_site::{FakeSite, Fault, WindowsLogin};
use qrs_client::{AppObject, Error, ErrorKind, Fact, QrsClient, SessionPool};

use super::{PASSWORD, builder_with, client, start, windows};

#[track_caller]
fn check_refused(error: &Error, kind: ErrorKind) {
    assert_eq!(
        (error.kind(), error.fact()),
        (kind, &Fact::PasswordRefused),
        "{error:?}"
    );
    assert!(error.to_string().contains(r"`ACME\scanner`"), "{error}");
    assert!(error.hint().unwrap().contains("locked"), "{error:?}");
    assert!(!error.is_retryable());
}

/// Sends requests in all ways that could prove the password again.
async fn insist(client: &QrsClient, site: &FakeSite) {
    for _ in 0..2 {
        let (about, count) = tokio::join!(client.about(), client.app_count(None));
        check_refused(&about.unwrap_err(), ErrorKind::Credentials);
        check_refused(&count.unwrap_err(), ErrorKind::Credentials);
        let mut list = client.app_objects::<AppObject>(None);
        check_refused(&list.try_next().await.unwrap_err(), ErrorKind::Credentials);
        site.expire_sessions();
    }
}

#[tokio::test]
async fn a_wrong_password_is_proved_once() {
    for windows in [
        windows(),
        windows().negotiate_only(),
        windows().challenges_directly(),
    ] {
        let site = start(windows).await;
        let client = client(&site, "hunter2");
        let error = client.about().await.unwrap_err();
        check_refused(&error, ErrorKind::Unauthorized);
        insist(&client.clone(), &site).await;
        assert_eq!((site.sessions_opened(), site.windows_proofs()), (0, 1));
    }
}

#[tokio::test]
async fn parallel_requests_prove_a_wrong_password_once() {
    let site = start(windows()).await;
    let client = client(&site, "hunter2");
    let (a, b, c) = tokio::join!(
        client.about(),
        client.app_count(None),
        client.user_count(None)
    );
    assert!(a.is_err() && b.is_err() && c.is_err());
    assert_eq!(site.windows_proofs(), 1);
}

#[tokio::test]
async fn clients_that_share_sessions_prove_a_wrong_password_once() {
    let site = start(windows()).await;
    let pool = SessionPool::default();
    let wrong = || {
        builder_with(&site, "hunter2")
            .sessions(&pool)
            .build()
            .unwrap()
    };
    let (first, second) = (wrong(), wrong());
    check_refused(&first.about().await.unwrap_err(), ErrorKind::Unauthorized);
    check_refused(&second.about().await.unwrap_err(), ErrorKind::Credentials);
    // A new client tries once more, for all.
    let third = wrong();
    check_refused(&third.about().await.unwrap_err(), ErrorKind::Unauthorized);
    check_refused(&first.about().await.unwrap_err(), ErrorKind::Credentials);
    let corrected = builder_with(&site, PASSWORD)
        .sessions(&pool)
        .build()
        .unwrap();
    corrected.about().await.unwrap();
    assert_eq!(site.windows_proofs(), 3);
}

#[tokio::test]
async fn a_password_that_was_changed_is_refused_when_the_session_ends() {
    let site = start(windows()).await;
    let client = client(&site, PASSWORD);
    client.about().await.unwrap();
    site.set_windows_password(r"ACME\scanner", "changed");
    client.about().await.unwrap();
    site.expire_sessions();
    check_refused(&client.about().await.unwrap_err(), ErrorKind::Unauthorized);
    insist(&client, &site).await;
    assert_eq!((site.sessions_opened(), site.windows_proofs()), (1, 2));
}

#[tokio::test]
async fn a_locked_user_is_refused_with_the_right_password() {
    let site = start(windows().locks_after(1)).await;
    check_refused(
        &client(&site, "hunter2").about().await.unwrap_err(),
        ErrorKind::Unauthorized,
    );
    check_refused(
        &client(&site, PASSWORD).about().await.unwrap_err(),
        ErrorKind::Unauthorized,
    );
    assert_eq!(site.windows_proofs(), 2);
}

#[tokio::test]
async fn an_unknown_user_is_refused() {
    let site = start(WindowsLogin::new("ACME", "other", PASSWORD)).await;
    check_refused(
        &client(&site, PASSWORD).about().await.unwrap_err(),
        ErrorKind::Unauthorized,
    );
}

#[tokio::test]
async fn failures_before_the_proof_are_retried_and_those_after_it_are_not() {
    let page = "/internal_windows_authentication/";
    let site = start(windows()).await;
    site.fail(Fault::status(503).on(page).times(2));
    client(&site, PASSWORD).about().await.unwrap();
    assert_eq!(site.windows_proofs(), 1);

    let site = start(windows()).await;
    let proves = |authorization: &str| authorization.len() > 100;
    let last =
        Fault::close().when(move |request| request.header("Authorization").is_some_and(proves));
    site.fail(last);
    let error = client(&site, PASSWORD).about().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    let logins = site.requests();
    let logins = logins
        .iter()
        .filter(|request| request.header("Authorization").is_some());
    assert_eq!(logins.count(), 2);
}
