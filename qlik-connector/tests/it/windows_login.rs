//! Connections that log in as a Windows user.

use catalog_model::{Connection, Connector, Stage, Verdict};
use qlik_connector::QlikSense;
use qrs_client::fake_site::{FakeSite, WindowsLogin};

use crate::site::{code, scan, settings};

const PASSWORD: &str = "s3cret word";

async fn site(windows: WindowsLogin) -> FakeSite {
    FakeSite::builder().windows(windows).start().await
}

fn windows() -> WindowsLogin {
    WindowsLogin::new("ACME", "scanner", PASSWORD)
}

fn open(site: &FakeSite, password: &str) -> Box<dyn Connection> {
    let url = site.url();
    let lines = [
        ("connection.url", url.as_str()),
        ("connection.link_url", "https://qlik.example.com"),
        ("connection.auth.windows.domain", "ACME"),
        ("connection.auth.windows.user", "scanner"),
        ("connection.auth.windows.password", password),
    ];
    let mut settings = settings(&lines);
    let opened = QlikSense::default().open(code(), &mut settings);
    opened.unwrap_or_else(|_| panic!("{:?}", settings.problems()))
}

fn stage<'a>(stages: &'a [Stage], name: &str) -> &'a Stage {
    stages.iter().find(|stage| stage.name == name).unwrap()
}

#[tokio::test]
async fn a_check_and_a_scan_log_in_once() {
    let site = site(windows()).await;
    let connection = open(&site, PASSWORD);
    let stages = connection.check().await;
    let page = stage(&stages, "virtual proxy");
    assert!(
        page.seen
            .contains("Windows authentication (NTLM) at http://127.0.0.1"),
        "{stages:?}"
    );
    assert!(
        page.seen.ends_with("/internal_windows_authentication/"),
        "{stages:?}"
    );
    let accepted = stage(&stages, "authentication");
    assert_eq!(
        (accepted.seen.as_str(), accepted.verdict),
        (
            r"accepts the password of `ACME\scanner`; opened a session",
            Verdict::Ok
        )
    );
    let scan = scan(&*connection).await;
    assert!(scan.closing.is_ok());
    assert!(!scan.seen.items.is_empty());
    assert_eq!((site.windows_proofs(), site.sessions_opened()), (1, 1));
}

#[tokio::test]
async fn a_refused_password_fails_at_its_stage_and_is_not_tried_by_later_scans() {
    let site = site(windows().negotiate_only()).await;
    let connection = open(&site, "wrong");
    let stages = connection.check().await;
    let page = stage(&stages, "virtual proxy");
    assert_eq!(page.verdict, Verdict::Ok);
    assert!(page.seen.contains("(Negotiate)"), "{stages:?}");
    let refused = stage(&stages, "authentication");
    assert_eq!(refused.verdict, Verdict::Failed);
    assert!(
        refused
            .seen
            .contains(r"refuses the password of the Windows user `ACME\scanner`")
    );
    let hint = refused.hint.as_ref().unwrap();
    assert!(hint.contains("`connection.auth.windows`"), "{hint}");
    for _ in 0..2 {
        let error = scan(&*connection).await.closing.unwrap_err();
        assert!(!error.may_pass());
        assert!(error.to_string().contains("not sent again"), "{error}");
        assert_eq!(
            stage(&connection.check().await, "authentication").verdict,
            Verdict::Failed
        );
    }
    assert_eq!(site.windows_proofs(), 1);
}

#[tokio::test]
async fn a_form_fails_at_the_virtual_proxy() {
    let site = site(windows().pattern("Chrome")).await;
    let stages = open(&site, PASSWORD).check().await;
    let form = stage(&stages, "virtual proxy");
    assert_eq!(form.verdict, Verdict::Failed);
    assert!(
        form.hint
            .as_ref()
            .unwrap()
            .contains("Windows authentication pattern")
    );
}

#[test]
fn the_domain_and_the_user_are_separate() {
    for (domain, user, expected) in [
        ("", r"ACME\scanner", "contains the domain"),
        (
            "ACME",
            r"ACME\scanner",
            "which `connection.auth.windows.domain` sets",
        ),
        ("", "scanner", "is not set"),
        ("", "scanner@acme.example", ""),
        ("ACME", "scanner", ""),
    ] {
        let mut lines = vec![
            ("connection.url", "https://qlik.example.com"),
            ("connection.auth.windows.user", user),
            ("connection.auth.windows.password", PASSWORD),
        ];
        if !domain.is_empty() {
            lines.push(("connection.auth.windows.domain", domain));
        }
        let mut settings = settings(&lines);
        let opened = QlikSense::default().open(code(), &mut settings);
        let problems = format!("{:?}", settings.problems());
        assert_eq!(opened.is_ok(), expected.is_empty(), "{problems}");
        assert!(problems.contains(expected), "{problems}");
        assert!(!problems.contains(PASSWORD), "{problems}");
    }
}
