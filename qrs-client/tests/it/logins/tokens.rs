//! JSON web tokens: which are sent, when a provider is asked for the next one, and what is said about those that are not valid.

use std::error::Error as StdError;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use qrs_client::{
    Error, ErrorKind, Fact, JwtCredentials, QrsClient, SecretString, TokenProvider, async_trait,
};

use crate::scripted::{ABOUT, Script, Site, answer, json};

/// The time of the client's clock at the begin of each test.
const NOW: i64 = 1_769_860_800;

/// A token whose signature is its number.
pub(crate) fn token(claims: &str, number: usize) -> String {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let (header, signature) = (encode(r#"{"alg":"RS256"}"#), encode(&number.to_string()));
    format!("{header}.{}.{signature}", encode(claims))
}

/// Supplies tokens that are valid for a minute, numbered from 0.
#[derive(Debug, Clone, Default)]
struct Tokens {
    supplied: Arc<AtomicUsize>,
    now: TestClock,
}

#[derive(Debug, Clone)]
struct TestClock(Arc<AtomicI64>);

impl Default for TestClock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(NOW)))
    }
}

impl TestClock {
    fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }

    fn seconds(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl TokenProvider for Tokens {
    fn account(&self) -> &str {
        "scanner"
    }

    async fn token(&self) -> Result<SecretString, Box<dyn StdError + Send + Sync>> {
        let number = self.supplied.fetch_add(1, Ordering::Relaxed);
        let claims = format!(
            r#"{{"userId":"scanner","exp":{}}}"#,
            self.now.seconds() + 60
        );
        Ok(token(&claims, number).into())
    }
}

impl Tokens {
    fn client(&self, site: &Site) -> QrsClient {
        let clock = self.now.clone();
        let now = move || UNIX_EPOCH + Duration::from_secs(clock.seconds() as u64);
        let credentials = JwtCredentials::from_provider(self.clone());
        let builder = site.builder_with(credentials).tries(1).clock(now);
        builder.build().unwrap()
    }
}

fn fixed(site: &Site, claims: &str) -> QrsClient {
    let credentials = JwtCredentials::fixed(token(claims, 0).into()).unwrap();
    let now = || UNIX_EPOCH + Duration::from_secs(NOW as u64);
    let builder = site.builder_with(credentials).tries(1).clock(now);
    builder.build().unwrap()
}

/// The numbers of the tokens that the site has received.
fn received(site: &Site) -> Vec<usize> {
    let requests = site.requests().into_iter();
    requests.map(|request| number(&request)).collect()
}

fn number(request: &str) -> usize {
    let (_, rest) = request.split_once("authorization: Bearer ").unwrap();
    let token = rest.lines().next().unwrap();
    let (_, signature) = token.rsplit_once('.').unwrap();
    let number = URL_SAFE_NO_PAD.decode(signature).unwrap();
    String::from_utf8(number).unwrap().parse().unwrap()
}

fn login_page() -> Script {
    answer(
        302,
        &["Location: /vp/internal_forms_authentication/?targetId=1"],
        "",
    )
}

#[tokio::test]
async fn a_token_is_replaced_shortly_before_it_ends() {
    let (site, tokens) = (Site::start([json(ABOUT)]).await, Tokens::default());
    let client = tokens.client(&site);
    for seconds in [0, 29, 2, 58] {
        tokens.now.advance(seconds);
        client.about().await.unwrap();
    }
    assert_eq!(received(&site), [0, 0, 1, 2]);
}

#[tokio::test]
async fn a_token_that_the_site_no_longer_accepts_is_replaced_once() {
    let scripts = [json(ABOUT), login_page(), json(ABOUT), login_page()];
    let (site, tokens) = (Site::start(scripts).await, Tokens::default());
    let client = tokens.client(&site);
    client.about().await.unwrap();
    client.about().await.unwrap();
    assert_eq!(received(&site), [0, 0, 1]);
    let error = client.about().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RedirectedToLogin);
    assert_eq!(received(&site), [0, 0, 1, 1, 2]);
    assert!(error.hint().unwrap().contains("JWT"), "{error:?}");
}

#[tokio::test]
async fn a_token_that_the_site_never_accepted_is_not_replaced_at_once() {
    let (site, tokens) = (Site::start([login_page()]).await, Tokens::default());
    let error = tokens.client(&site).about().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RedirectedToLogin);
    assert_eq!(received(&site), [0]);
}

#[tokio::test]
async fn an_ended_session_is_opened_again_with_a_new_token() {
    let opened = answer(200, &["Set-Cookie: X-Qlik-Session=a"], ABOUT);
    let scripts = [opened, login_page(), json(ABOUT)];
    let (site, tokens) = (Site::start(scripts).await, Tokens::default());
    let client = tokens.client(&site);
    client.about().await.unwrap();
    client.about().await.unwrap();
    assert_eq!(received(&site), [0, 0, 1]);
    assert_eq!(client.session_renewals(), 1);
}

#[tokio::test]
async fn requests_at_the_same_time_ask_for_one_token() {
    let opened = answer(200, &["Set-Cookie: X-Qlik-Session=a"], ABOUT);
    let (site, tokens) = (Site::start([opened]).await, Tokens::default());
    let client = tokens.client(&site);
    let about = || client.about();
    tokio::try_join!(about(), about(), about()).unwrap();
    tokens.now.advance(60);
    tokio::try_join!(about(), about(), about()).unwrap();
    assert_eq!(tokens.supplied.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_fixed_token_that_is_not_valid_is_named_with_its_date_and_not_sent() {
    let site = Site::start([json(ABOUT)]).await;
    let cases = [
        (
            -1,
            "exp",
            Fact::TokenEnded,
            "ended on 2026-01-31 11:59:59 UTC",
        ),
        (
            3600,
            "nbf",
            Fact::TokenNotYetValid,
            "not valid before 2026-01-31 13:00:00 UTC",
        ),
    ];
    for (seconds, claim, fact, expected) in cases {
        let client = fixed(&site, &format!(r#"{{"{claim}":{}}}"#, NOW + seconds));
        let error = client.about().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.fact()),
            (ErrorKind::Credentials, &fact)
        );
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.is_retryable());
    }
    assert_eq!(site.requests().len(), 0);
    fixed(&site, &format!(r#"{{"exp":{}}}"#, NOW + 1))
        .about()
        .await
        .unwrap();
}

/// A provider that fails with this text, or supplies it.
#[derive(Debug)]
struct StaticProvider(Mutex<Result<String, String>>);

#[async_trait]
impl TokenProvider for StaticProvider {
    fn account(&self) -> &str {
        "scanner"
    }

    async fn token(&self) -> Result<SecretString, Box<dyn StdError + Send + Sync>> {
        let result = self.0.lock().unwrap().clone();
        Ok(result?.into())
    }
}

async fn error_of(result: Result<String, String>) -> Error {
    let site = Site::start([json(ABOUT)]).await;
    let credentials = JwtCredentials::from_provider(StaticProvider(Mutex::new(result)));
    let client = site.builder_with(credentials).build().unwrap();
    let error = client.about().await.unwrap_err();
    assert_eq!(site.requests().len(), 0);
    error
}

#[tokio::test]
async fn a_provider_without_a_token_is_an_error_that_may_pass() {
    let error = error_of(Err("the vault is sealed".to_owned())).await;
    assert_eq!(
        (error.kind(), error.fact()),
        (ErrorKind::Credentials, &Fact::NoToken)
    );
    assert!(error.is_retryable());
    assert!(
        format!("{error:?}").contains("the vault is sealed"),
        "{error:?}"
    );
    let error = error_of(Ok("hunter2".to_owned())).await;
    assert!(error.to_string().contains("three parts"), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn a_stored_session_belongs_to_the_account_and_not_to_the_token() {
    let opened = answer(200, &["Set-Cookie: X-Qlik-Session=a"], ABOUT);
    let site = Site::start([opened]).await;
    let client = |claims: &str, number| {
        let credentials = JwtCredentials::fixed(token(claims, number).into()).unwrap();
        site.builder_with(credentials).build().unwrap()
    };
    let first = client(r#"{"userId":"ada"}"#, 0);
    first.about().await.unwrap();
    let session = first.session().unwrap();
    let next = client(r#"{"userId":"ada","iat":1}"#, 1);
    assert_eq!(next.session_key("salt"), first.session_key("salt"));
    assert!(next.resume(&session));
    assert!(!client(r#"{"userId":"ben"}"#, 0).resume(&session));
}
