use qrs_client::{HeaderCredentials, QrsClient, SiteUrl};
use secrecy::SecretString;

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
async fn the_sites_cookies_are_kept_whatever_their_names_and_paths() {
    let site = Site::start([
        with_cookies(&[
            "X-Qlik-Session-vp=1-a; Path=/; HttpOnly; Secure",
            "balancer=n1",
        ]),
        with_cookies(&["X-Qlik-Session-vp=2-b; Path=/vp/", "balancer=; Max-Age=0"]),
        with_cookies(&["X-Qlik-Session-vp=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]),
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
            Some("X-Qlik-Session-vp=1-a; balancer=n1"),
            Some("X-Qlik-Session-vp=2-b"),
            None
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
async fn a_session_goes_on_in_another_client_of_the_same_account_only() {
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
async fn the_first_of_parallel_requests_goes_alone() {
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
