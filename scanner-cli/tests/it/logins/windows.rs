//! A connection that logs in as a Windows user: scans, checks, and a password that is tried once for each version of its file.

use std::fs;

use qrs_client::fake_site::{FakeSite, WindowsLogin};

use crate::{
    scanner::Home,
    service::{Running, scanned, wait},
};

const PASSWORD: &str = "s3cr3t wörd";

fn site() -> FakeSite {
    let windows = WindowsLogin::new("ACME", "scanner", PASSWORD).negotiate_and_ntlm();
    FakeSite::builder().windows(windows).start_in_thread()
}

fn connection(site: &FakeSite, password: &str) -> String {
    let url = site.url();
    format!(
        "name = Windows\ncode = qlik\nconnector_id = qlik-sense\nconnection {{\n  url = \"{url}\"\n  link_url = \"{url}\"\n  \
         auth.windows {{ domain = ACME, user = scanner, password = \"{password}\" }}\n}}\n"
    )
}

/// All that a home has as text: files, logs, reports.
fn texts(home: &Home) -> String {
    let mut texts = String::new();
    for folder in [".", "export", "data"] {
        for name in home.names(folder) {
            let path = home.path(folder).join(&name);
            if path.is_file() {
                texts += &String::from_utf8_lossy(&fs::read(path).unwrap());
            }
        }
    }
    texts
}

#[test]
fn a_scan_and_a_check_share_one_login() {
    let site = site();
    let home = Home::with(&connection(&site, PASSWORD)).traced();
    let scan = home.run(&["scan"]);
    scan.check(0, &["complete"]);
    let check = home.run(&["check"]);
    check.check(0, &[]);
    assert!(
        check.output.contains("reused the saved session"),
        "{}",
        check.output
    );
    let config = home.run(&["config", "show", "qlik"]);
    assert!(config.output.contains("ACME"), "{}", config.output);
    assert_eq!((site.windows_proofs(), site.sessions_opened()), (1, 1));
    let shown = [scan.errors, scan.output, check.output, config.output];
    let texts = texts(&home) + &shown.concat();
    for secret in [PASSWORD, "s3cr3t", "NTLM TlRM", "qlikTicket="] {
        assert!(!texts.contains(secret), "{secret} in {texts}");
    }
}

#[test]
fn a_refused_password_is_explained() {
    let site = site();
    let home = Home::with(&connection(&site, "wrong"));
    let check = home.run(&["check"]);
    check.check(4, &[]);
    for text in [
        r"refuses the password of the Windows user `ACME\scanner`",
        "locked",
    ] {
        assert!(check.output.contains(text), "{}", check.output);
    }
    home.run(&["scan"]).check(4, &["refuses the password"]);
    // Each command tries it once.
    assert_eq!(site.windows_proofs(), 2);
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals of Unix")]
fn a_service_tries_a_refused_password_once_until_the_file_changes() {
    let site = site();
    let file = |password: &str| connection(&site, password) + "schedule = \"* * * * * ?\"\n";
    let home = Home::with(&file("wrong"));
    let running = Running::briefly(&home);
    wait("three failures", || scanned(&home, "qlik", "failed") >= 3);
    assert_eq!(site.windows_proofs(), 1);
    let failures = scanned(&home, "qlik", "failed");
    home.write(
        "connections/qlik.conf",
        file("wrong") + "# the user was unlocked\n",
    );
    wait("another try", || site.windows_proofs() == 2);
    wait("more failures", || {
        scanned(&home, "qlik", "failed") >= failures + 3
    });
    assert_eq!(site.windows_proofs(), 2);
    home.write("connections/qlik.conf", file(PASSWORD));
    wait("a scan", || scanned(&home, "qlik", "complete") >= 1);
    let log = running.stop();
    assert!(log.contains("it was not sent again"), "{log}");
    assert_eq!(site.windows_proofs(), 3);
}
