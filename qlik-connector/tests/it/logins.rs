//! Each way to log in, from the settings to a scan of the fake site.

use std::{error::Error, io, sync::Arc};

use async_trait::async_trait;
use catalog_model::{
    Connector, Settings, Verdict,
    settings::{CommandRunner, FileSource},
};
use qlik_connector::QlikSense;
use qrs_client::fake_site::{Authority, FakeSite, JwtLogin};
use secrecy::SecretString;

use crate::site::{code, scan, settings, settings_with};

/// Scans a site with these settings.
async fn check_scan(lines: &[(&str, &str)]) {
    check_scan_of(settings(lines)).await;
}

async fn check_scan_of(mut settings: Settings) {
    let connection = QlikSense::default().open(code(), &mut settings);
    let connection = connection.unwrap_or_else(|_| panic!("{:?}", settings.problems()));
    let stages = connection.check().await;
    for stage in &stages {
        assert_ne!(stage.verdict, Verdict::Failed, "{stages:?}");
        assert_ne!(stage.verdict, Verdict::NotReached, "{stages:?}");
    }
    let scan = scan(&*connection).await;
    assert!(scan.closing.is_ok());
    assert!(!scan.seen.items.is_empty());
    // A client certificate has no session, which is not worth a warning.
    assert!(
        !scan
            .seen
            .warnings
            .iter()
            .any(|warning| warning.message.contains("session"))
    );
}

/// Opens a connection with these settings and compares the problems.
fn check_problems(lines: &[(&str, &str)], expected: &[&str]) {
    let mut with_url = vec![("connection.url", "https://qlik.example.com:4242")];
    with_url.extend(lines);
    let mut settings = settings(&with_url);
    let opened = QlikSense::default().open(code(), &mut settings);
    let problems: Vec<_> = settings
        .problems()
        .iter()
        .map(|one| one.message.clone())
        .collect();
    assert_eq!(opened.is_err(), !expected.is_empty(), "{problems:?}");
    assert_eq!(problems.len(), expected.len(), "{problems:?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.contains(expected), "{problem}");
    }
}

#[tokio::test]
async fn a_scan_logs_in_by_certificate() {
    let authority = Authority::new();
    let site = FakeSite::builder().repository(&authority).start().await;
    let (root, client, url) = (authority.pem(), authority.client(), site.repository_url());
    check_scan(&[
        ("connection.url", &url),
        ("connection.auth.certificate", &client.certificate),
        ("connection.auth.key", &client.key),
        ("connection.auth.user", r"ACME\scanner"),
        ("tls.truststore.path", &root),
        ("tls.truststore.type", "PEM"),
    ])
    .await;
    let requests = site.requests_of("/qrs/app/object/full");
    let user = requests[0].header("X-Qlik-User");
    assert_eq!(user, Some("UserDirectory=ACME; UserId=scanner"));
}

#[tokio::test]
async fn a_scan_signs_its_tokens() {
    let issued = Authority::new().client();
    let login = JwtLogin::new(&issued.certificate).claim_names("sub", "directory");
    let site = FakeSite::builder()
        .virtual_proxy("jwt")
        .jwt(login)
        .start()
        .await;
    let url = site.url();
    check_scan(&[
        ("connection.url", &url),
        ("connection.link_url", "https://qlik.example.com"),
        ("connection.auth.jwt.key", &issued.key),
        ("connection.auth.jwt.user_id", "scanner"),
        ("connection.auth.jwt.user_directory", "ACME"),
        ("connection.auth.jwt.algorithm", "ES256"),
        ("connection.auth.jwt.lifetime", "2 minutes"),
        ("connection.auth.jwt.claims.user_id", "sub"),
        ("connection.auth.jwt.claims.user_directory", "directory"),
        ("connection.auth.jwt.attributes.group", "catalog"),
    ])
    .await;
}

#[tokio::test]
async fn a_scan_continues_a_given_session() {
    let site = FakeSite::start().await;
    let (url, cookie) = (site.url(), site.open_session(r"ACME\scanner"));
    check_scan(&[
        ("connection.url", &url),
        ("connection.link_url", "https://qlik.example.com"),
        ("connection.auth.session", &cookie),
    ])
    .await;
    assert_eq!(site.sessions_opened(), 1);
}

/// Issues a ticket of a site instead of running a program.
struct TicketOffice(Arc<FakeSite>);

impl FileSource for TicketOffice {
    fn read(&self, _: &str) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn commands(&self) -> Option<Arc<dyn CommandRunner>> {
        Some(Arc::new(Self(Arc::clone(&self.0))))
    }
}

#[async_trait]
impl CommandRunner for TicketOffice {
    async fn first_line(
        &self,
        command: &[String],
    ) -> Result<SecretString, Box<dyn Error + Send + Sync>> {
        match command {
            [program] if program == "fetch" => Ok(self.0.issue_ticket(r"ACME\scanner").into()),
            _ => Err("the module does not answer".into()),
        }
    }
}

#[tokio::test]
async fn a_scan_fetches_a_ticket_with_a_command() {
    let site = Arc::new(
        FakeSite::builder()
            .virtual_proxy("t")
            .tickets()
            .start()
            .await,
    );
    let url = site.url();
    let lines = |command| {
        [
            ("connection.url", url.as_str()),
            ("connection.link_url", "https://qlik.example.com"),
            ("connection.auth.ticket.command", command),
        ]
    };
    let office = || Arc::new(TicketOffice(Arc::clone(&site)));
    check_scan_of(settings_with(&lines("fetch"), office())).await;
    assert_eq!(site.sessions_opened(), 1);

    let mut wrong = settings_with(&lines("other"), office());
    let connection = QlikSense::default().open(code(), &mut wrong);
    let connection = connection.unwrap_or_else(|_| panic!("{:?}", wrong.problems()));
    let stages = connection.check().await;
    let failed = stages
        .iter()
        .find(|one| one.verdict == Verdict::Failed)
        .unwrap();
    assert_eq!(failed.name, "authentication");
    assert!(
        failed.seen.contains("the module does not answer"),
        "{failed:?}"
    );
    assert!(
        failed.hint.as_ref().unwrap().contains("ticket.command"),
        "{failed:?}"
    );
}

#[tokio::test]
async fn a_check_names_a_fixed_token_that_has_ended() {
    let site = FakeSite::start().await;
    let url = site.url();
    // `{"alg":"RS256"}` and `{"exp":1700000000}`.
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjE3MDAwMDAwMDB9.c2lnbmF0dXJl";
    let lines = [
        ("connection.url", url.as_str()),
        ("connection.link_url", "https://qlik.example.com"),
        ("connection.auth.token", token),
    ];
    let connection = QlikSense::default().open(code(), &mut settings(&lines));
    let stages = connection.unwrap_or_else(|_| panic!()).check().await;
    let failed: Vec<_> = stages
        .iter()
        .filter(|one| one.verdict == Verdict::Failed)
        .collect();
    assert_eq!(failed.len(), 1, "{stages:?}");
    assert_eq!(failed[0].name, "authentication");
    assert!(failed[0].seen.contains("ended on 2023-11-14"), "{stages:?}");
    assert!(
        failed[0]
            .hint
            .as_ref()
            .unwrap()
            .contains("connection.auth.token")
    );
    assert_eq!(site.requests().len(), 0);
}

#[test]
fn two_ways_to_log_in_are_named_with_their_lines() {
    let header = [
        ("connection.auth.key", "X-User"),
        ("connection.auth.value", "scanner"),
    ];
    let other = [("connection.auth.session", "a3b1")];
    check_problems(
        &[&header[..], &other[..]].concat(),
        &["`connection.auth.value` (line 3) and `connection.auth.session` (line 4) are two ways"],
    );
    let jwt = [("connection.auth.jwt.user_id", "scanner")];
    let token = [("connection.auth.token", "a.b.c")];
    check_problems(
        &[&jwt[..], &token[..]].concat(),
        &["`connection.auth.token` (line 3) and `connection.auth.jwt` (line 2)"],
    );
}

#[test]
fn every_problem_of_a_way_is_reported() {
    check_problems(&[], &["`connection.auth` is missing"]);
    check_problems(
        &[("connection.auth.user", r"ACME\scanner")],
        &["`connection.auth` has no way to log in"],
    );
    check_problems(
        &[("connection.auth.key", "X-User")],
        &["`connection.auth.value` is mandatory and missing"],
    );
    let authority = Authority::new();
    let (one, other) = (authority.client(), authority.client());
    let certificate = ("connection.auth.certificate", one.certificate.as_str());
    check_problems(
        &[certificate],
        &[
            "`connection.auth.user` is mandatory",
            "no private key for the client certificate",
        ],
    );
    let user = ("connection.auth.user", r"ACME\scanner");
    check_problems(
        &[certificate, user],
        &["no private key for the client certificate"],
    );
    let key = ("connection.auth.key", one.key.as_str());
    check_problems(&[certificate, user, key], &[]);
    let wrong = ("connection.auth.key", other.key.as_str());
    check_problems(
        &[certificate, user, wrong],
        &["does not belong to the client certificate"],
    );
    let user = ("connection.auth.user", "scanner");
    check_problems(&[certificate, user, key], &["not a directory and a user"]);
    check_problems(
        &[("connection.auth.jwt.user_id", "scanner")],
        &[
            "`connection.auth.jwt.key` is mandatory",
            "`connection.auth.jwt.user_directory` is",
        ],
    );
    check_problems(
        &[("connection.auth.token", "hunter2")],
        &["does not have three parts"],
    );
    check_problems(
        &[("connection.auth.session", "a; b=c")],
        &["has several cookies"],
    );
}

#[tokio::test]
async fn links_do_not_lead_to_the_port_of_the_repository() {
    let authority = Authority::new();
    let client = authority.client();
    let mut settings = settings(&[
        ("connection.url", "https://qlik.example.com:4242/prefix"),
        ("connection.auth.certificate", &client.certificate),
        ("connection.auth.key", &client.key),
        ("connection.auth.user", r"ACME\scanner"),
    ]);
    assert!(QlikSense::default().open(code(), &mut settings).is_err());
    let problems = settings.problems();
    assert!(
        problems[0].message.contains("without a prefix"),
        "{problems:?}"
    );
}
