//! Proxies that ask for a Windows user.

use qrs_client::fake_site::{Authority, FakeProxy, FakeSite, WindowsLogin};

use super::{EXPORT, check_fails, check_refuses, check_secrets, file, printed};
use crate::{
    scanner::Home,
    service::{Running, scanned, wait},
};

const HEADER: &str = "key = X-Qlik-Header-Auth\nvalue = \"ACME\\\\scanner\"";
const PASSWORD: &str = "s3cret of the gate";

/// A site with TLS, and a proxy.
struct Way {
    authority: Authority,
    site: FakeSite,
    proxy: FakeProxy,
}

impl Way {
    fn new() -> Self {
        let authority = Authority::new();
        let server = authority.server();
        let site = FakeSite::builder()
            .tls(&server.certificate, &server.key)
            .start_in_thread();
        let windows = WindowsLogin::new("ACME", "gate", PASSWORD).negotiate_and_ntlm();
        let proxy = FakeProxy::builder().windows_auth(windows);
        Self {
            authority,
            site,
            proxy: proxy.start_in_thread(),
        }
    }

    /// A connection file with these settings of the proxy.
    fn file(&self, url: &str, settings: &str) -> String {
        let port = self.proxy.address().port();
        file(url, HEADER)
            + "tls.truststore.path = conf/root.pem\n"
            + &format!(
                "proxy {{ scheme = http, hostname = \"127.0.0.1\", port = {port}, {settings} }}\n"
            )
    }

    fn home(&self, settings: &str) -> Home {
        let home = Home::with(&self.file(&self.site.url_by("localhost"), settings));
        home.write("conf/root.pem", self.authority.pem());
        home
    }
}

fn windows(password: &str) -> String {
    format!("windows {{ domain = ACME, user = gate, password = \"{password}\" }}")
}

#[test]
fn a_scan_logs_in_at_the_proxy() {
    let way = Way::new();
    let home = way.home(&windows(PASSWORD)).traced();
    let mut text = String::new();
    for command in ["check", "scan"] {
        let run = home.run(&[command]);
        run.check(0, &[]);
        text += &printed(&run);
    }
    assert!(!home.items(EXPORT).is_empty());
    assert!(text.contains("connected through the proxy"), "{text}");
    text += &printed(&home.run(&["config", "show"]));
    check_secrets(&text, &[PASSWORD, "TlRM"]);
}

#[test]
fn a_proxy_without_a_windows_user_names_the_setting() {
    let way = Way::new();
    for settings in ["", "username = gate, password = s3cret"] {
        let home = way.home(settings);
        let texts = [
            "of the kind `Negotiate`, `NTLM`, not `Basic`",
            "set `proxy.windows { domain, user, password }`",
        ];
        check_fails(&home, &texts, &["s3cret"]);
    }
    assert_eq!(way.proxy.windows_proofs(), 0);
}

#[test]
fn a_wrong_password_is_named_and_proved_once_by_each_command() {
    let way = Way::new();
    let home = way.home(&windows("wr0ng"));
    let texts = [
        r"the proxy refuses the password of the Windows user `ACME\gate`",
        "check `proxy.windows`",
    ];
    check_fails(&home, &texts, &["wr0ng"]);
    assert_eq!(way.proxy.windows_proofs(), 2);
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals of Unix")]
fn a_service_tries_a_refused_password_once() {
    let way = Way::new();
    let home = way.home(&windows("wr0ng"));
    let text = home.read("connections/qlik.conf") + "schedule = \"* * * * * ?\"\n";
    home.write("connections/qlik.conf", text);
    let running = Running::briefly(&home);
    wait("three failures", || scanned(&home, "qlik", "failed") >= 3);
    assert_eq!(way.proxy.windows_proofs(), 1);
    let log = running.stop();
    assert!(log.contains("it was not sent again"), "{log}");
    check_secrets(&log, &["wr0ng"]);
}

#[test]
fn settings_that_do_not_fit_are_errors_of_the_file() {
    let way = Way::new();
    let both = windows(PASSWORD) + ", username = gate, password = s3cret";
    let no_domain = "windows { user = gate, password = s3cret }";
    for (settings, texts) in [
        (
            both.as_str(),
            &["`proxy.windows` and `proxy.username` are two ways"][..],
        ),
        (no_domain, &["`proxy.windows.domain` is not set", "ACME"]),
        (
            "windows { domain = ACME, user = gate }",
            &["`proxy.windows.password` is mandatory"],
        ),
    ] {
        check_refuses(&way.home(settings), texts, &["s3cret", PASSWORD]);
    }
    let home = way.home("");
    let text = way.file("http://localhost:1/header", &windows(PASSWORD));
    home.write("connections/qlik.conf", text);
    let texts = ["server with `https`", "`connection.url`"];
    check_refuses(&home, &texts, &[PASSWORD]);
    assert_eq!(way.proxy.requests().len(), 0);
}
