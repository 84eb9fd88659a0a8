//! Everything that can be printed is collected and searched for secrets.

mod logins;

use std::error::Error as StdError;
use std::io;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use qrs_client::{
    AppObject, Error, Field, HeaderCredentials, Proxy, ProxyScheme, QrsClient, QrsPath, SiteUrl,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::scripted::{Act, HEADER, Script, Site, VALUE, answer, begun, json, then};

const COOKIE: &str = "0f9b-session-5e3a";

/// All that the client logs in this process.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

static LOGGED: LazyLock<Logged> = LazyLock::new(|| {
    let logged = Logged::default();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(logged.clone())
        .with_ansi(false)
        .init();
    logged
});

impl Logged {
    fn text(&self) -> String {
        // Other crates are capped by the program that uses the client.
        self.lines(" qrs_client")
    }

    /// The lines that contain a text.
    fn lines(&self, part: &str) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8(bytes.clone()).unwrap();
        text.lines()
            .filter(|line| line.contains(part))
            .map(|line| format!("{line}\n"))
            .collect()
    }
}

impl io::Write for Logged {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Logged {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The ways in which a careless site or library would repeat the header's value.
const SPELLINGS: [&str; 5] = [
    VALUE,
    "acme\\the scanner",
    "ACME\\\\the scanner",
    "ACME%5Cthe%20scanner",
    "ACME%5cthe+scanner",
];

fn chatty_page() -> String {
    let said = SPELLINGS.join("</b> <b>");
    format!("<p><b>{said}</b> {COOKIE} key: KEY</p>")
}

fn scripts() -> Vec<Script> {
    let cookie = format!("Set-Cookie: X-Qlik-Session={COOKIE}; Path=/");
    let location = "Location: https://me:pw@qlik.example/ACME%5Cthe%20scanner/\
        internal_forms_authentication/?user=ACME%5Cthe%20scanner&t=1";
    let elsewhere = "Location: https://idp.example/ACME%5Cthe%20scanner?x=y";
    let page = chatty_page();
    let text = SPELLINGS.join(" ") + COOKIE;
    let mut scripts: Vec<_> = [200, 400, 401, 403, 404, 409, 429, 500, 503]
        .into_iter()
        .map(|status| answer(status, &[&cookie, "Content-Type: text/html"], &page))
        .collect();
    scripts.push(answer(302, &[&cookie, location], &page));
    scripts.push(answer(302, &[&cookie, elsewhere], &page));
    scripts.push(answer(403, &[&cookie], &text));
    scripts.push(answer(200, &[&cookie], format!("\"{text}\"")));
    scripts.push(answer(200, &[&cookie], &text));
    scripts.push(answer(200, &[&cookie], format!("[{{}}]{text}")));
    scripts.push(then(begun("[{},"), [Act::Reset]));
    scripts.push(vec![]);
    scripts.push(vec![Act::Send(
        format!("ACME\\the scanner {COOKIE}\r\n\r\n").into_bytes(),
    )]);
    scripts
}

#[tokio::test]
async fn no_error_or_log_contains_a_secret() {
    LazyLock::force(&LOGGED);
    for script in scripts() {
        let site = Site::start([script]).await;
        let client = site.builder().tries(1).build().unwrap();
        let filter = Field::OWNER_USER_ID.equals(VALUE);
        let get = QrsPath::new("app/object/full").filter(filter.clone());
        let mut texts = Vec::new();
        // Twice, so that the session's cookie is sent and not only received.
        for _ in 0..2 {
            texts.extend(
                client
                    .get::<Vec<u8>>(get.clone())
                    .await
                    .map_err(|e| texts_of(&e))
                    .err(),
            );
            let mut list = client.app_objects::<AppObject>(Some(&filter));
            texts.push(format!("{list:?}"));
            while let Some(end) = list.try_next().await.transpose() {
                texts.extend(end.map_err(|error| texts_of(&error)).err());
            }
        }
        assert!(!texts.is_empty());
        texts.push(format!("{client:?}"));
        texts.push(LOGGED.text());
        search(&texts.join("\n"), &site);
    }
    let logged = LOGGED.text();
    for event in [
        "TRACE qrs_client",
        "DEBUG qrs_client",
        "response path=",
        "no response",
    ] {
        assert!(logged.contains(event), "no `{event}` in {logged}");
    }
}

#[tokio::test]
#[cfg_attr(windows, ignore = "Wine reports the reset of a connection as its end")]
async fn a_secret_that_is_truncated_by_the_end_of_a_page_is_not_shown() {
    let hidden = format!("<!-- {} -->", "x".repeat(128 * 1024 - 40));
    for (part, rest) in [
        ("ACME\\the sca", "nner"),
        ("acme%5Cthe%20sca", "nner"),
        ("ACME&#92;the sca", "nner"),
        ("ACME%5", "Cthe%20scanner"),
    ] {
        let long = format!("{hidden}<p>user {part}{rest}");
        let text = format!("{}user {part}", " ".repeat(16 * 1024 - 5 - part.len()));
        let scripts = [
            answer(500, &["Content-Type: text/html"], &long),
            answer(500, &[], format!("{text}{rest}")),
            answer(
                200,
                &[],
                format!("{}user {part}{rest}", " ".repeat(4096 - 5 - part.len())),
            ),
            then(begun(&format!("<p>user {part}")), [Act::Reset]),
        ];
        for script in scripts {
            let site = Site::start([script]).await;
            let client = site.builder().tries(1).build().unwrap();
            let error = client.about().await.unwrap_err();
            let mut list = client.app_objects::<AppObject>(None);
            let of_list = list.try_next().await.unwrap_err();
            for text in [texts_of(&error), texts_of(&of_list)] {
                let text = text.to_lowercase();
                assert!(!text.contains("acme"), "{part}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn long_cookies_cost_little_time() {
    let cookies: Vec<_> = (0..10)
        .map(|number| format!("Set-Cookie: s{number}={}{number}", "a".repeat(4_000)))
        .collect();
    let mut headers: Vec<_> = cookies.iter().map(String::as_str).collect();
    headers.push("Content-Type: text/html");
    let page = format!("<p>{}", "a".repeat(120_000));
    let site = Site::start([answer(500, &headers, &page)]).await;
    let client = site.builder().tries(1).build().unwrap();
    for _ in 0..3 {
        let error = client.about().await.unwrap_err();
        assert!(error.to_string().len() < 600, "{error}");
    }
}

#[tokio::test]
async fn no_debug_form_of_a_clients_configuration_contains_a_secret() {
    let site = Site::start([json("{}")]).await;
    let url = SiteUrl::parse(&site.url).unwrap();
    let credentials = HeaderCredentials::new(HEADER, SecretString::from(VALUE)).unwrap();
    let proxy = Proxy::new(ProxyScheme::Http, "proxy.example", 3128)
        .unwrap()
        .basic_auth("me", SecretString::from(COOKIE));
    let builder = QrsClient::builder(url, credentials.clone()).proxy(proxy.clone());
    search(&format!("{credentials:?} {proxy:?} {builder:?}"), &site);
}

#[tokio::test]
async fn a_session_is_returned_as_a_secret() {
    let cookie = format!("Set-Cookie: s={COOKIE}");
    let site = Site::start([answer(200, &[&cookie], "{}")]).await;
    let client = site.client();
    client.get::<Value>(QrsPath::new("about")).await.unwrap();
    let session = client.session().unwrap();
    search(&format!("{session:?} {client:?}"), &site);
    assert!(!session.expose_secret().contains(VALUE));
}

/// All lines so far that any crate has logged and that contain a text.
pub(crate) fn logged_lines(part: &str) -> String {
    LazyLock::force(&LOGGED).lines(part)
}

pub(crate) fn texts_of(error: &Error) -> String {
    let parts = [error.url(), error.excerpt(), error.hint()].map(Option::unwrap_or_default);
    let texts = format!("{error} {error:?} {error:#?} {}", parts.join(" "));
    texts + &causes(error)
}

/// The display and debug forms of all sources.
pub(crate) fn causes(error: &Error) -> String {
    let mut texts = String::new();
    let mut cause = error.source();
    while let Some(found) = cause {
        texts.push_str(&format!("\n{found} {found:?}"));
        cause = found.source();
    }
    texts
}

fn search(texts: &str, site: &Site) {
    let lower = texts.to_lowercase();
    for secret in SPELLINGS
        .into_iter()
        .chain([COOKIE, "me:pw", "the scanner"])
    {
        assert!(
            !lower.contains(&secret.to_lowercase()),
            "`{secret}` in {texts}"
        );
    }
    for request in site.requests() {
        let (_, rest) = request.split_once("xrfkey=").unwrap();
        assert!(!texts.contains(&rest[..16]), "the xrfkey in {texts}");
    }
    assert!(!lower.contains("xrfkey="), "{texts}");
}
