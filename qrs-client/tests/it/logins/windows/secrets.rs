//! Everything that can be printed about a login is searched for secrets.

use qrs_client::fake_site::{FakeSite, Fault, Request};
use qrs_client::{ExposeSecret, WindowsCredentials};

use super::{PASSWORD, builder_with, client, start, windows};
use crate::secrets::{logged_lines, texts_of};

/// The NT hash of `hunter2`, with which a server can be attacked as with the password itself.
const HASH: &str = "6608e4bc7b2b7a5f77ce3573570775af";

/// The tickets and the messages of all logins at a site.
fn secrets(site: &FakeSite) -> Vec<String> {
    let mut secrets = vec![PASSWORD.to_owned(), "hunter2".to_owned(), HASH.to_owned()];
    for request in site.requests() {
        secrets.extend(request.parameter("qlikTicket"));
        let sent = request.header("Authorization");
        let token = sent.and_then(|sent| sent.split_once(' '));
        secrets.extend(token.map(|(_, token)| token.to_owned()));
    }
    secrets
}

#[track_caller]
fn search(text: &str, site: &FakeSite) {
    let text = text.to_lowercase();
    for secret in secrets(site) {
        assert!(
            !text.contains(&secret.to_lowercase()),
            "`{secret}` in {text}"
        );
    }
}

/// Faults of each step of a login. The site repeats what it must not know.
fn faults(password: &str) -> [Fault; 6] {
    let page = "/internal_windows_authentication/";
    let text = format!("refused: {password}");
    let last = |request: &Request| request.parameter("qlikTicket").is_some();
    [
        Fault::status(500).on("/nowhere"),
        Fault::status(500).with_body(text.as_str()).on(page),
        Fault::status(400)
            .with_body(text.as_str())
            .on(page)
            .after(2),
        Fault::status(403).with_body(text.as_str()).when(last),
        Fault::status(302)
            .with_header("Location", &format!("/{password}?t=1"))
            .when(last),
        Fault::close().on(page).after(2),
    ]
}

#[tokio::test]
async fn no_error_or_log_of_a_login_contains_a_secret() {
    logged_lines("");
    for password in [PASSWORD, "hunter2"] {
        for fault in faults(password) {
            let site = start(windows()).await;
            site.fail(fault);
            let client = builder_with(&site, password).tries(1).build().unwrap();
            let result = client.about().await;
            let mut texts = vec![format!("{client:?} {:?}", client.session())];
            texts.extend(result.map_err(|error| texts_of(&error)).err());
            texts.push(logged_lines(""));
            search(&texts.join("\n"), &site);
        }
    }
    assert!(
        logged_lines(" sspi").is_empty(),
        "{}",
        logged_lines(" sspi")
    );
    assert!(logged_lines(" qrs_client").contains("response path="));
}

#[tokio::test]
async fn no_debug_form_or_stored_session_contains_a_password() {
    let site = start(windows()).await;
    let builder = builder_with(&site, PASSWORD);
    let credentials = WindowsCredentials::new("ACME", "scanner", PASSWORD.into()).unwrap();
    search(&format!("{builder:?} {credentials:?}"), &site);
    let client = client(&site, PASSWORD);
    client.about().await.unwrap();
    let session = client.session().unwrap();
    search(session.expose_secret(), &site);
    search(&client.session_key("salt"), &site);
}
