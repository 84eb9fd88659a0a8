//! Tickets: asked for whenever a session is opened, and sent once.

use std::error::Error as StdError;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use qrs_client::fake_site::FakeSite;
use qrs_client::{
    Credentials, ErrorKind, Fact, JwtCredentials, QrsClient, SecretString, SiteUrl,
    TicketCredentials, TokenProvider, async_trait,
};

use crate::scripted::{ABOUT, Script, Site, answer, json};

/// Supplies tickets with numbers, from 0.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tickets(Arc<AtomicUsize>);

#[async_trait]
impl TokenProvider for Tickets {
    fn account(&self) -> &str {
        "ACME\\scanner"
    }

    async fn token(&self) -> Result<SecretString, Box<dyn StdError + Send + Sync>> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        Ok(format!("t+{number}").into())
    }
}

fn client(site: &Site) -> QrsClient {
    let credentials = TicketCredentials::from_provider(Tickets::default());
    site.builder_with(credentials).build().unwrap()
}

/// The tickets that the site has received, with each request.
fn received(site: &Site) -> Vec<Option<String>> {
    let requests = site.requests().into_iter();
    let tickets = requests.map(|request| {
        let line = request.lines().next()?.to_owned();
        let (_, ticket) = line.split_once("&qlikTicket=")?;
        Some(ticket.split(' ').next()?.to_owned())
    });
    tickets.collect()
}

fn opened(body: &str) -> Script {
    answer(200, &["Set-Cookie: X-Qlik-Session=a"], body)
}

fn login_page() -> Script {
    answer(
        302,
        &["Location: /vp/internal_forms_authentication/?targetId=1"],
        "",
    )
}

fn ticket(number: usize) -> Option<String> {
    Some(format!("t%2B{number}"))
}

#[tokio::test]
async fn a_ticket_is_sent_with_the_first_request_of_each_session() {
    let scripts = [
        opened(ABOUT),
        json(ABOUT),
        login_page(),
        opened(ABOUT),
        json(ABOUT),
    ];
    let site = Site::start(scripts).await;
    let client = client(&site);
    for _ in 0..4 {
        client.about().await.unwrap();
    }
    assert_eq!(received(&site), [ticket(0), None, None, ticket(1), None]);
    assert_eq!(client.session_renewals(), 1);
}

#[tokio::test]
async fn a_redirect_after_the_ticket_continues_with_the_session() {
    let to_itself = [
        "Set-Cookie: X-Qlik-Session=a",
        "Location: /vp/qrs/about?xrfkey=0123456789abcdef",
    ];
    let site = Site::start([answer(302, &to_itself, ""), json(ABOUT)]).await;
    client(&site).about().await.unwrap();
    assert_eq!(received(&site), [ticket(0), None]);
}

#[tokio::test]
async fn a_refused_ticket_is_named_and_not_tried_again() {
    let site = Site::start([login_page()]).await;
    let error = client(&site).about().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.fact()),
        (ErrorKind::Credentials, &Fact::TicketRefused)
    );
    assert_eq!(received(&site), [ticket(0)]);
    let details = format!("{error:?}");
    assert!(
        details.contains("because the site redirects to its login page"),
        "{details}"
    );
    assert!(
        !details.contains("t+0") && !details.contains("t%2B0"),
        "{details}"
    );
}

#[tokio::test]
async fn a_failed_request_is_retried_with_a_new_ticket() {
    let site = Site::start([answer(503, &[], ""), opened(ABOUT)]).await;
    client(&site).about().await.unwrap();
    assert_eq!(received(&site), [ticket(0), ticket(1)]);
}

#[tokio::test]
async fn a_stored_session_needs_no_ticket() {
    let site = Site::start([opened(ABOUT), json(ABOUT)]).await;
    let first = client(&site);
    first.about().await.unwrap();
    let next = client(&site);
    assert!(next.resume(&first.session().unwrap()));
    next.about().await.unwrap();
    assert_eq!(received(&site), [ticket(0), None]);
}

/// Supplies these tickets, the last one first.
#[derive(Debug)]
struct Prepared(Mutex<Vec<String>>);

#[async_trait]
impl TokenProvider for Prepared {
    fn account(&self) -> &str {
        "ACME\\scanner"
    }

    async fn token(&self) -> Result<SecretString, Box<dyn StdError + Send + Sync>> {
        let ticket = self.0.lock().unwrap().pop();
        Ok(ticket.ok_or("there are no more tickets")?.into())
    }
}

#[tokio::test]
async fn a_ticket_of_the_fake_site_is_valid_once_and_for_a_minute() {
    let time = Arc::new(AtomicU64::new(1_769_860_800));
    let clock = Arc::clone(&time);
    let now = move || UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::Relaxed));
    let site = FakeSite::builder()
        .virtual_proxy("ticket")
        .tickets()
        .clock(now)
        .start()
        .await;
    let issue = || site.issue_ticket(r"ACME\scanner");
    let client = |tickets: &[&String]| {
        let tickets = tickets.iter().map(|ticket| (*ticket).clone()).collect();
        let credentials = TicketCredentials::from_provider(Prepared(Mutex::new(tickets)));
        let url = SiteUrl::parse(&site.url()).unwrap();
        QrsClient::builder(url, credentials)
            .tries(1)
            .build()
            .unwrap()
    };
    let (late, used, next) = (issue(), issue(), issue());
    time.fetch_add(60, Ordering::Relaxed);
    let first = client(&[&next, &used]);
    first.about().await.unwrap();
    first.app_count(None).await.unwrap();
    site.expire_sessions();
    first.about().await.unwrap();
    assert_eq!(site.sessions_opened(), 2);

    time.fetch_add(1, Ordering::Relaxed);
    for refused in [&used, &late] {
        let error = client(&[refused]).about().await.unwrap_err();
        assert_eq!(error.fact(), &Fact::TicketRefused, "{error:?}");
        assert!(
            !format!("{error:?}").contains(refused.as_str()),
            "{error:?}"
        );
    }
    let error = client(&[]).about().await.unwrap_err();
    assert_eq!(error.fact(), &Fact::NoToken, "{error:?}");
}

/// Supplies a blank text instead of a ticket or a token.
#[derive(Debug)]
struct Blank;

#[async_trait]
impl TokenProvider for Blank {
    fn account(&self) -> &str {
        "scanner"
    }

    async fn token(&self) -> Result<SecretString, Box<dyn StdError + Send + Sync>> {
        Ok(" \n".into())
    }
}

#[tokio::test]
async fn an_empty_ticket_or_token_is_not_sent() {
    let credentials: [(&str, Credentials); 2] = [
        ("ticket", TicketCredentials::from_provider(Blank).into()),
        ("token", JwtCredentials::from_provider(Blank).into()),
    ];
    for (what, credentials) in credentials {
        let site = Site::start([json(ABOUT)]).await;
        let client = site.builder_with(credentials).build().unwrap();
        let error = client.about().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert_eq!(*error.fact(), Fact::NoToken);
        let expected = format!("the provider supplied an empty {what}");
        assert!(error.to_string().contains(&expected), "{error}");
        assert_eq!(site.requests().len(), 0);
    }
}
