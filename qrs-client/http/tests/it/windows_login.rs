//! Windows authentication against a server that checks it, with code of its own.

use outbound_http::{
    Challenge, Client, Connection, ErrorKind, Method, Request, Response, Url, WindowsAccount,
    WindowsHandshake, header,
};
use qrs_fake_site::{FakeSite, WindowsLogin};

use crate::server::client;

const PASSWORD: &str = "pässwörd \"1\" with a space";

async fn send(
    client: &Client,
    connection: &mut Connection,
    url: &Url,
    authorization: header::HeaderValue,
) -> Response {
    let context = client.context(url, url, client.redactor().clone());
    let mut request = Request::new(Method::GET, url.clone())
        .with_header(header::AUTHORIZATION, authorization)
        .with_header(
            header::HeaderName::from_static("x-qlik-xrfkey"),
            "0123456789abcdef".parse().unwrap(),
        );
    let limits = client.time_limits().begin();
    connection
        .send_once(&mut request, &context, limits)
        .await
        .unwrap()
}

/// Logs in with a scheme. Returns the last status.
async fn log_in(site: &FakeSite, scheme: &Challenge, account: &WindowsAccount) -> u16 {
    let url = Url::parse(&(site.url() + "/qrs/about?xrfkey=0123456789abcdef")).unwrap();
    let client = client(url.clone()).build().unwrap();
    let mut connection = client.connection();
    let (handshake, first) = WindowsHandshake::begin(scheme, account, "127.0.0.1").unwrap();
    assert!(first.is_sensitive());
    let response = send(&client, &mut connection, &url, first).await;
    assert_eq!(response.status(), 401);
    let challenges = response.headers().get_all("www-authenticate").iter();
    let challenges = challenges.map(|value| value.to_str().unwrap());
    let last = handshake.answer(challenges).unwrap();
    assert!(last.is_sensitive());
    assert!(connection.finish(response).await);
    send(&client, &mut connection, &url, last).await.status()
}

fn account(domain: &str, user: &str, password: &str) -> WindowsAccount {
    WindowsAccount::new(domain, user, password.into()).unwrap()
}

#[tokio::test]
async fn a_password_is_proved_with_ntlm_and_within_negotiate() {
    for (windows, scheme) in [
        (WindowsLogin::new("ACME", "Ädä", PASSWORD), Challenge::Ntlm),
        (
            WindowsLogin::new("ACME", "Ädä", PASSWORD).negotiate_only(),
            Challenge::Negotiate,
        ),
    ] {
        let windows = windows
            .challenges_directly()
            .user("", "ada@acme.example", PASSWORD);
        let site = FakeSite::builder().windows(windows).start().await;
        for (domain, user, password, status) in [
            ("ACME", "Ädä", PASSWORD, 200),
            ("acme", "ädä", PASSWORD, 200),
            ("", "ada@acme.example", PASSWORD, 200),
            ("ACME", "Ädä", "hunter2", 401),
            ("ELSEWHERE", "Ädä", PASSWORD, 401),
        ] {
            let account = account(domain, user, password);
            let found = log_in(&site, &scheme, &account).await;
            assert_eq!(found, status, r"{scheme} {domain}\{user}");
        }
        assert_eq!(site.windows_proofs(), 5);
    }
}

#[test]
fn a_scheme_is_chosen_that_can_be_answered() {
    let all = [Challenge::Basic, Challenge::Negotiate, Challenge::Ntlm];
    assert_eq!(WindowsHandshake::scheme(&all), Some(&Challenge::Ntlm));
    assert_eq!(
        WindowsHandshake::scheme(&all[..2]),
        Some(&Challenge::Negotiate)
    );
    assert_eq!(WindowsHandshake::scheme(&all[..1]), None);
    let account = account("ACME", "ada", PASSWORD);
    assert!(WindowsHandshake::begin(&Challenge::Basic, &account, "x").is_err());
}

#[test]
fn challenges_that_are_not_valid_are_errors() {
    let account = account("ACME", "ada", PASSWORD);
    // A challenge whose fields lead outside of it.
    let far = "TlRMTVNTUAACAAAA//////////8FgokC/////////wAAAAAAAAAA//////////8=";
    for scheme in [Challenge::Ntlm, Challenge::Negotiate] {
        for (token, kind) in [
            (None, ErrorKind::Unauthorized),
            (Some("%%%"), ErrorKind::UnexpectedAnswer),
            (Some("TlRMTVNTUAACAAAA"), ErrorKind::UnexpectedAnswer),
            (Some("oYIBAA=="), ErrorKind::UnexpectedAnswer),
            (Some(far), ErrorKind::UnexpectedAnswer),
        ] {
            let (handshake, _) = WindowsHandshake::begin(&scheme, &account, "x").unwrap();
            let header = token.map(|token| format!("{scheme} {token}"));
            let header = header.unwrap_or_else(|| scheme.to_string());
            let error = handshake.answer([header.as_str()].into_iter()).unwrap_err();
            assert_eq!(error.kind(), kind, "{header}: {error}");
        }
    }
}

#[test]
fn names_and_passwords_are_checked_without_being_repeated() {
    for (domain, user, password) in [
        ("ACME", "ACME\\ada", PASSWORD),
        ("AC\\ME", "ada", PASSWORD),
        ("ACME", "", PASSWORD),
        ("ACME", "ada\n", PASSWORD),
        ("ACME", "ada", ""),
    ] {
        let error = WindowsAccount::new(domain, user, password.into()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(!format!("{error:?}").contains("pässw"), "{error:?}");
    }
    let account = account("ACME", "ada", PASSWORD);
    let (handshake, first) = WindowsHandshake::begin(&Challenge::Ntlm, &account, "x").unwrap();
    let texts = format!("{account:?} {handshake:?} {first:?}");
    assert!(
        !texts.contains("pässw") && !texts.contains("NTLM T"),
        "{texts}"
    );
}
