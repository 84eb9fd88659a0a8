//! Existing sessions: used as they are, and never opened again.

use qrs_client::fake_site::FakeSite;
use qrs_client::{
    App, ErrorKind, Fact, QrsClient, SecretString, SessionCredentials, SessionState, SiteUrl,
};

use crate::scripted::{ABOUT, Site, answer, json};

const COOKIE: &str = "X-Qlik-Session=5e55-10n";

fn client(site: &Site) -> QrsClient {
    let credentials = SessionCredentials::new(&SecretString::from(COOKIE)).unwrap();
    site.builder_with(credentials).build().unwrap()
}

fn cookies(site: &Site) -> Vec<Option<String>> {
    let requests = site.requests().into_iter();
    let cookies = requests.map(|request| {
        let mut lines = request.lines();
        lines.find_map(|line| line.strip_prefix("cookie: ").map(str::to_owned))
    });
    cookies.collect()
}

#[tokio::test]
async fn the_given_session_is_sent_with_every_request() {
    let site = Site::start([json(ABOUT)]).await;
    let client = client(&site);
    client.about().await.unwrap();
    client.about().await.unwrap();
    assert_eq!(
        cookies(&site),
        [Some(COOKIE.to_owned()), Some(COOKIE.to_owned())]
    );
    assert_eq!(client.session_state(), SessionState::Kept);
}

#[tokio::test]
async fn an_ended_session_is_a_clear_error_and_is_not_renewed() {
    let redirect = ["Location: /vp/internal_forms_authentication/?targetId=1"];
    for refusal in [
        answer(302, &redirect, ""),
        answer(401, &["WWW-Authenticate: NTLM"], ""),
        answer(200, &["Content-Type: text/html"], "<html><form></form>"),
    ] {
        let site = Site::start([refusal]).await;
        let client = client(&site);
        for _ in 0..2 {
            let error = client.about().await.unwrap_err();
            assert_eq!(
                (error.kind(), error.fact()),
                (ErrorKind::Credentials, &Fact::SessionEnded)
            );
            let details = format!("{error:?}");
            assert!(
                details.contains("it has ended") && !details.contains("5e55"),
                "{details}"
            );
        }
        // Each request is sent once, with the cookie.
        assert_eq!(
            cookies(&site),
            [Some(COOKIE.to_owned()), Some(COOKIE.to_owned())]
        );
    }
}

#[tokio::test]
async fn a_session_of_the_fake_site_lasts_until_it_expires() {
    let site = FakeSite::start().await;
    let cookie = SecretString::from(site.open_session(r"ACME\scanner"));
    let credentials = SessionCredentials::new(&cookie).unwrap();
    let url = SiteUrl::parse(&site.url()).unwrap();
    let client = QrsClient::builder(url, credentials).build().unwrap();
    let mut apps = client.apps::<App>(None);
    assert!(apps.try_next().await.unwrap().is_some());
    site.expire_sessions();
    let error = client.about().await.unwrap_err();
    assert_eq!(error.fact(), &Fact::SessionEnded, "{error:?}");
    assert_eq!(site.sessions_opened(), 1);
}
