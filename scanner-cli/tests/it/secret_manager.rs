//! Secrets that a connection file references.

use qrs_client::fake_site::FakeSite;

use crate::scanner::{Home, with_slashes};

const VALUE: &str = "ACME\\s3cr3t-scanner";
const PROVIDER: &str = "secret-manager { key = common, provider = \"file\", configuration { file-path = \"secrets.conf\" } }\n";
const MANAGER: &str = "secret_manager { enabled = true, key = \"qlik-prod\" }\n";

/// A home whose only connection uses an account from the secret manager.
fn home(site: &FakeSite, manager: &str) -> Home {
    let file = format!(
        "name = A\ncode = qlik\nconnector_id = qlik-sense\n{manager}connection {{\n  url = \"{}\"\n  auth.key = \"{}\"\n  \
         auth.value = ${{secret_manager.qlik.account-1}}\n}}\n",
        site.url(),
        site.header_name()
    );
    let home = Home::with(&file).traced();
    home.write("conf/application.conf", PROVIDER);
    home
}

fn secrets(home: &Home, section: &str) {
    let text = format!("{section} {{ \"qlik.account-1\" = \"\"\"{VALUE}\"\"\" }}\n");
    home.write("secrets.conf", text);
    readable_by(home, 0o600);
}

fn readable_by(home: &Home, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(home.path("secrets.conf"), mode).unwrap();
    }
    #[cfg(not(unix))]
    let _ = (home, mode);
}

#[test]
fn a_secret_comes_from_the_named_section_or_from_the_default_one() {
    let site = FakeSite::builder().user(VALUE).start_in_thread();
    for (manager, section) in [
        (MANAGER, "qlik-prod"),
        ("secret_manager.enabled = true\n", "common"),
        ("secret_manager { enabled = true, key = a.b }\n", "a { b"),
    ] {
        let home = home(&site, manager);
        secrets(&home, section);
        if section.contains('{') {
            home.write("secrets.conf", home.read("secrets.conf") + "}");
        }
        let run = home.run(&["scan"]);
        run.check(0, &["qlik (A): complete"]);
        assert!(
            !run.errors.contains("warning: every user"),
            "{}",
            run.errors
        );
        let shown = home.run(&["config", "show", "qlik"]).output;
        assert!(
            !shown.contains("s3cr3t") && shown.contains("********"),
            "{shown}"
        );
    }
}

#[test]
fn a_missing_secret_is_reported_where_it_is_used() {
    let site = FakeSite::start_in_thread();
    let place = "connections/qlik.conf:7:16";
    let check = |home: &Home, expected: &str| {
        let run = home.run(&["scan"]);
        run.check(3, &[expected]);
        assert!(
            with_slashes(&run.errors).contains("connections/qlik.conf:"),
            "{}",
            run.errors
        );
        assert!(!run.errors.contains("s3cr3t"), "{}", run.errors);
    };
    let with = home(&site, MANAGER);
    check(
        &with,
        "secrets cannot be read: there is no file `secrets.conf`",
    );
    check(&with, &place.replace(":7:16", ":"));
    secrets(&with, "other");
    check(
        &with,
        "there is no secret `qlik.account-1` in the section `qlik-prod` of `secrets.conf`",
    );
    with.write("secrets.conf", "qlik-prod { a = \"s3cr3t");
    check(&with, "there is a syntax error at secrets.conf:1:");
    with.write("conf/application.conf", PROVIDER.replace("\"file\"", "aws"));
    check(&with, "is `aws`, which is not a known provider");
    with.write("conf/application.conf", "");
    check(&with, "does not set where secrets are");
    check(
        &home(&site, ""),
        "this file does not use the secret manager",
    );
}

#[test]
fn a_secret_in_a_setting_that_is_quoted_is_not_quoted() {
    let site = FakeSite::start_in_thread();
    let home = home(&site, MANAGER);
    secrets(&home, "qlik-prod");
    let file = home.read("connections/qlik.conf");
    for setting in [
        "schedule",
        "enabled",
        "connector_id",
        "connection.time_limits.connect",
        "proxy.port",
    ] {
        let wrong = format!("{file}{setting} = ${{secret_manager.qlik.account-1}}\n");
        home.write("connections/qlik.conf", wrong);
        let run = home.run(&["scan"]);
        run.check(3, &["connections/qlik.conf:"]);
        assert!(!run.errors.contains("s3cr3t"), "{}", run.errors);
    }
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn secrets_that_every_user_may_read_cause_a_warning() {
    let site = FakeSite::builder().user(VALUE).start_in_thread();
    let home = home(&site, MANAGER);
    secrets(&home, "qlik-prod");
    readable_by(&home, 0o644);
    home.run(&["scan"]).check(
        0,
        &["every user of this machine can read the secrets of `secrets.conf`"],
    );
}

#[test]
fn a_rule_with_a_secret_is_explained_without_it() {
    const OWNER: &str = "ACME\\ada.moreau";
    let site = FakeSite::builder().user(OWNER).start_in_thread();
    let home = home(&site, MANAGER);
    let file = home.read("connections/qlik.conf");
    let rule = "{ action = REJECT, rules { owner = ${secret_manager.qlik.account-1} } }";
    home.write(
        "connections/qlik.conf",
        format!("{file}filters = [{rule}]\n"),
    );
    home.write(
        "secrets.conf",
        format!("qlik-prod {{ \"qlik.account-1\" = \"\"\"{OWNER}\"\"\" }}\n"),
    );
    readable_by(&home, 0o600);
    let explained = home.run(&["explain", "JDWuPK"]).output;
    assert!(
        explained.contains("because: `REJECT owner = "),
        "{explained}"
    );
    assert!(!explained.contains("ada.moreau"), "{explained}");
}
