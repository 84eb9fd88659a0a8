//! The secret manager's provider `files`: one file for each secret.

use qrs_client::fake_site::FakeSite;

use crate::{
    encryption::{check_hidden, encrypted_for},
    scanner::{Home, connection, finish},
    service::{Running, scanned, wait},
};

const ACCOUNT: &str = "ACME\\s3cr3t-scanner";
const FILES: &str =
    "secret-manager { provider = \"files\", configuration { folder = \"run/secrets\" } }\n";
const ASKS: &str =
    "secret_manager.enabled = true\nconnection.auth.value = ${secret_manager.qlik.account-1}\n";

fn home(application: &str) -> (FakeSite, Home) {
    let site = FakeSite::builder().user(ACCOUNT).start_in_thread();
    let home = Home::with(&(connection("qlik", &site) + ASKS));
    home.write("conf/application.conf", application);
    home.write("run/secrets/qlik.account-1", ACCOUNT);
    (site, home)
}

#[test]
fn a_secret_is_a_file_without_its_final_line_break() {
    let (_site, home) = home(FILES);
    for end in ["", "\n", "\r\n"] {
        home.write("run/secrets/qlik.account-1", format!("{ACCOUNT}{end}"));
        let run = home.run(&["scan"]);
        run.check(0, &["qlik (Test site): complete"]);
        home.write("run/secrets/qlik.account-1", "");
        check_hidden(&home, &[run.output, run.errors]);
    }
    let shown = home.run(&["config", "show", "qlik"]);
    shown.check(0, &[]);
    for (content, expected) in [
        (&b""[..], "the secret `run/secrets/qlik.account-1` is empty"),
        (b"\n", "is empty"),
        (b"s3cr3t\xff", "is not UTF-8 text"),
    ] {
        home.write("run/secrets/qlik.account-1", content);
        let run = home.run(&["scan"]);
        run.check(3, &[expected, "connections/qlik.conf:"]);
        assert!(!run.errors.contains("s3cr3t"), "{}", run.errors);
    }
    std::fs::remove_file(home.path("run/secrets/qlik.account-1")).unwrap();
    home.run(&["scan"]).check(
        3,
        &[
            "there is no secret `qlik.account-1`",
            "connections/qlik.conf:",
        ],
    );
}

#[test]
fn only_one_line_break_is_removed() {
    let (_site, home) = home(FILES);
    home.write("run/secrets/qlik.account-1", format!("{ACCOUNT}\n\n"));
    // A header cannot contain the other line break.
    home.run(&["scan"]).check(3, &["connections/qlik.conf:"]);
}

#[test]
fn the_default_folder_is_that_of_systemd() {
    let (_site, home) = home("secret-manager.provider = files\n");
    home.run(&["scan"])
        .check(3, &["`CREDENTIALS_DIRECTORY` is not set"]);
    for folder in [
        home.path("run/secrets").display().to_string(),
        "run/secrets".to_owned(),
    ] {
        let mut scan = home.command(&["scan"]);
        scan.env("CREDENTIALS_DIRECTORY", folder);
        finish(scan).check(0, &["qlik (Test site): complete"]);
    }
}

#[test]
fn a_name_cannot_leave_the_folder_and_its_codes_apply() {
    let (site, home) = home(FILES);
    home.write("run/other", ACCOUNT);
    for name in [
        "\"../other\"",
        "\"..\"",
        "\"x/../../other\"",
        "\"/etc/hostname\"",
    ] {
        let file = connection("qlik", &site) + &ASKS.replace("qlik.account-1", name);
        home.write("connections/qlik.conf", file);
        home.run(&["scan"])
            .check(3, &["is not the name of a file of secrets"]);
    }
    home.write("connections/qlik.conf", connection("qlik", &site) + ASKS);
    for (codes, expected) in [
        ("\"qlik.account-1\" = [ qlik ]", None),
        ("qlik.account-1 = qlik", None),
        (
            "\"qlik.account-1\" = [ other ]",
            Some("is not for this connection"),
        ),
        ("qlik.account-1 = []", Some("is not for this connection")),
        ("qlik.account-1 = null", Some("does not list codes")),
    ] {
        let codes = format!("{FILES}secret-manager.configuration.codes {{ {codes} }}\n");
        home.write("conf/application.conf", codes);
        match expected {
            None => drop(home.run(&["scan"]).check(0, &["complete"])),
            Some(expected) => drop(home.run(&["scan"]).check(3, &[expected])),
        }
    }
    home.write("conf/application.conf", FILES);
    home.write(
        "run/secrets/a.conf",
        format!("connection.auth.value = \"\"\"{ACCOUNT}\"\"\"\n"),
    );
    home.write(
        "connections/qlik.conf",
        connection("qlik", &site) + "include \"../run/secrets/a.conf\"\n",
    );
    home.run(&["scan"])
        .check(3, &["contains secrets and cannot be included"]);
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_file_may_contain_an_encrypted_secret_and_takes_effect_when_it_changes() {
    let (_site, home) = home(&format!("{FILES}automation.look_interval = 50 ms\n"));
    home.write("run/secrets/qlik.account-1", "ACME\\nobody\n");
    let running = Running::start(&home);
    wait("a refusal", || scanned(&home, "qlik", "failed") == 1);
    let account = encrypted_for(&home, "qlik", "connection.auth.value", ACCOUNT);
    home.write("run/secrets/qlik.account-1", account.trim_matches('"'));
    wait("a scan", || scanned(&home, "qlik", "complete") == 1);
    let log = running.stop();
    check_hidden(&home, &[log]);
}
