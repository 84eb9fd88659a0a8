//! Encrypted values in connection files, and their redaction.

use std::fs;

use qrs_client::fake_site::FakeSite;

use crate::{
    encryption::{KEY, begin, check_hidden, encrypted, encrypted_for, end, set_mode},
    scanner::{Home, connection, finish, with_slashes},
    service::{Running, scanned, wait},
};

const ACCOUNT: &str = "ACME\\s3cr3t-scanner";

/// The setting of the account.
const SETTING: &str = "connection.auth.value";

/// The site of an account whose name must not be printed.
fn site() -> FakeSite {
    FakeSite::builder().user(ACCOUNT).start_in_thread()
}

/// A file of a connection to this site, whose account is on line 8.
fn file(code: &str, site: &FakeSite, account: &str) -> String {
    format!(
        "{}connection.auth.value = {account}\n",
        connection(code, site)
    )
}

#[test]
fn an_encrypted_value_works_like_the_secret_and_never_reveals_it() {
    let site = site();
    let home = Home::empty().traced();
    let account = encrypted_for(&home, "qlik", SETTING, ACCOUNT);
    for account in [&account, &format!("\"\"{account}\"\"")] {
        home.write("connections/qlik.conf", file("qlik", &site, account));
        let mut texts = Vec::new();
        for arguments in [
            &["scan", "--report", "report.json"][..],
            &["check"],
            &["inventory"],
            &["config", "show", "qlik"],
            &["config", "show", "qlik", "--format", "json"],
            &["status"],
            &["catalog", "list"],
        ] {
            let run = home.run(arguments);
            run.check(0, &[]);
            assert!(!run.errors.contains("warning:"), "{}", run.errors);
            texts.extend([run.output, run.errors]);
        }
        assert!(texts[0].is_empty() && texts[1].contains("qlik (Test site): complete"));
        check_hidden(&home, &texts);
    }
    home.write("connections/qlik.conf", file("qlik", &site, "${ACCOUNT}"));
    let mut scan = home.command(&["scan"]);
    scan.env("ACCOUNT", account.trim_matches('"'));
    finish(scan).check(0, &["qlik (Test site): complete"]);
}

#[test]
fn a_value_that_cannot_be_decrypted_is_reported_with_its_place() {
    let site = site();
    let home = Home::empty().traced();
    let account = encrypted_for(&home, "qlik", SETTING, ACCOUNT);
    let key = home.read(KEY);
    let check = |account: &str, expected: &str| {
        home.write("connections/qlik.conf", file("qlik", &site, account));
        let scan = home.run(&["scan"]);
        scan.check(3, &["connections/qlik.conf:9:25", expected, "help:"]);
        let json = home.run(&["status", "--format", "json"]).output;
        assert!(
            with_slashes(&json).contains("connections/qlik.conf:9:25"),
            "{json}"
        );
        assert!(json.contains("\"code\": \"qlik\""), "{json}");
        home.run(&["check", "qlik"]).check(3, &[]);
        check_hidden(&home, &[scan.output, scan.errors, json]);
    };
    let altered = account.replace("]\"", "x]\"");
    check(
        &altered,
        "this value cannot be decrypted: it is truncated or was changed",
    );
    check(&account.replace(']', ""), "it is truncated or was changed");
    let cut = &account[..account.len() - 9];
    check(&format!("{cut}]\""), "it is truncated or was changed");
    check("\"ENC[nonsense!]\"", "it is truncated or was changed");
    check(
        "\"ENC[Aw]\"",
        "has a format that this version does not know",
    );
    fs::remove_file(home.path(KEY)).unwrap();
    check(&account, "there is no key file `conf/encryption.key`");
    encrypted(&home, "x");
    check(
        &account,
        "with a key other than the one in `conf/encryption.key`",
    );
    home.write(KEY, &key[1..]);
    check(&account, "the key file `conf/encryption.key` is damaged");
    home.write("conf/application.conf", "encryption.key-file = []");
    let scan = home.run(&["scan"]);
    scan.check(3, &["conf/application.conf:1:23", "must be a text"]);
    fs::remove_file(home.path("conf/application.conf")).unwrap();
    home.write(KEY, key);
    home.run(&["scan"])
        .check(0, &["qlik (Test site): complete"]);
    let unquoted = account.trim_matches('"');
    home.write("connections/qlik.conf", file("qlik", &site, unquoted));
    home.run(&["scan"]).check(
        3,
        &[
            "connections/qlik.conf:9:28",
            "put the whole text in double quotes",
        ],
    );
}

#[test]
fn only_values_that_cannot_be_decrypted_are_reported_and_none_of_a_disabled_connection() {
    let site = site();
    let text = file("qlik", &site, "\"ENC[AQ]\"");
    let more = "tls.truststore { path = store.jks, password = \"ENC[AQ]\" }\nproxy.port = \"ENC[AQ]\"\nproxy.scheme = ftp\n";
    let home = Home::with(&format!("{text}{more}")).traced();
    encrypted(&home, "x");
    let run = home.run(&["scan"]);
    run.check(3, &["`proxy.scheme`"]);
    assert_eq!(run.errors.matches("cannot be decrypted").count(), 3);
    assert_eq!(run.errors.matches("error: ").count(), 4, "{}", run.errors);
    home.write("connections/qlik.conf", format!("{text}enabled = false\n"));
    home.run(&["scan", "qlik"]).check(3, &["is disabled in"]);
    assert!(!home.run(&["scan"]).errors.contains("decrypted"));
}

#[test]
fn a_filter_cannot_be_a_secret() {
    let (site, home) = (site(), Home::empty().traced());
    let value = encrypted(&home, "codeword = 'x'");
    let provider =
        "secret-manager { key = s, provider = file, configuration { file-path = secrets.conf } }\n";
    home.write("conf/application.conf", provider);
    home.write("secrets.conf", "s.filter = \"codeword = 'x'\"");
    for filter in [
        "secret_manager.enabled = true\nfilter = ${secret_manager.filter}".to_owned(),
        format!("filter = {value}"),
        format!("filters = [{{ action = REJECT, rules {{ app = {value} }} }}]"),
    ] {
        home.write(
            "connections/a.conf",
            format!("{}\n{filter}", file("a", &site, "u")),
        );
        let run = home.run(&["scan", "--no-store"]);
        run.check(3, &["cannot be a secret", "write it as it is"]);
        assert!(!run.errors.contains("codeword"), "{}", run.errors);
    }
}

#[test]
fn secrets_of_the_secret_manager_may_be_encrypted() {
    let site = site();
    let home = Home::empty().traced();
    let provider =
        "secret-manager { key = s, provider = file, configuration { file-path = secrets.conf } }\n";
    home.write("conf/application.conf", provider);
    let asks = "${secret_manager.account}\nsecret_manager.enabled = true";
    home.write("connections/qlik.conf", file("qlik", &site, asks));
    let account = encrypted_for(&home, "qlik", SETTING, ACCOUNT);
    let unused = "unused = \"ENC[AQ]\"";
    home.write(
        "secrets.conf",
        format!("s {{ account = {account}\n{unused} }}"),
    );
    set_mode(&home.path("secrets.conf"), 0o600);
    let run = home.run(&["scan"]);
    run.check(0, &["qlik (Test site): complete"]);
    check_hidden(&home, &[run.output, run.errors]);
    home.write("secrets.conf", "s.account = \"ENC[AQ]\"");
    let expected = "the secret `account` at secrets.conf:1:13 cannot be decrypted: it is truncated or was changed";
    home.run(&["scan"])
        .check(3, &["connections/qlik.conf:9:25", expected]);
}

/// Failures of name resolution, connection, site and response.
#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_secret_address_is_in_no_text_about_the_site() {
    let site = FakeSite::start_in_thread();
    for (setting, secret) in [
        (
            "connection.url = ",
            "http://S3CR3T-host.invalid:4242/header",
        ),
        ("connection.url = \"http://\"", "s3cr3t-host.invalid"),
        ("connection.url = \"http://127.0.0.1:1/\"", "s3cr3t-prefix"),
        (
            "proxy { scheme = http, port = 1 }\nproxy.hostname = ",
            "s3cr3t-proxy.invalid",
        ),
    ] {
        let file = connection("qlik", &site) + "secret_manager.enabled = true\n" + setting;
        let home = Home::with(&(file + "${secret_manager.address}\n")).traced();
        let provider = "secret-manager { key = s, provider = file, configuration { file-path = secrets.conf } }\n\
                        automation.look_interval = 50 ms\n";
        home.write("conf/application.conf", provider);
        let secret = encrypted(&home, secret);
        home.write("secrets.conf", format!("s.address = {secret}\n"));
        let mut texts = Vec::new();
        for arguments in [
            &["scan", "--report", "report.json"][..],
            &["inventory"],
            &["check"],
            &["check", "--format", "json"],
            &["explain", "x"],
            &["config", "show", "qlik"],
        ] {
            let run = home.run(arguments);
            texts.extend([run.output, run.errors]);
        }
        assert!(
            texts[1].contains("qlik (Test site): failed"),
            "{}",
            texts[1]
        );
        assert!(texts[1].contains("********"), "{}", texts[1]);
        let running = Running::start(&home);
        wait("a failure", || scanned(&home, "qlik", "failed") == 2);
        let status = home.run(&["status"]);
        texts.extend([status.output, status.errors, running.stop()]);
        check_hidden(&home, &texts);
    }
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_readable_key_causes_one_warning() {
    let site = site();
    let home = Home::empty().traced();
    let account = encrypted_for(&home, "a", SETTING, ACCOUNT);
    home.write("connections/a.conf", file("a", &site, &account));
    let account = encrypted_for(&home, "b", SETTING, ACCOUNT);
    home.write("connections/b.conf", file("b", &site, &account));
    let warning = "users other than its owner have access to the key file `conf/encryption.key`";
    let warnings = |text: &str| text.matches(warning).count();
    for (mode, expected) in [(0o600, 0), (0o400, 0), (0o640, 1), (0o604, 1), (0o620, 1)] {
        set_mode(&home.path(KEY), mode);
        for command in ["scan", "check"] {
            let run = home.run(&[command]);
            assert_eq!(run.exit, 0, "{}", run.errors);
            assert_eq!(warnings(&run.errors), expected, "{mode:o}: {}", run.errors);
        }
        let run = end(begin(&home), b"x");
        assert_eq!(warnings(&run.errors), expected, "{mode:o}: {}", run.errors);
    }
    let running = Running::briefly(&home);
    wait("scans", || scanned(&home, "a", "complete") == 6);
    home.write(
        "connections/b.conf",
        file("b", &site, &account) + "# more\n",
    );
    wait("scans", || scanned(&home, "b", "complete") == 7);
    let log = running.stop();
    assert_eq!(warnings(&log), 1, "{log}");
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn changed_values_and_keys_take_effect_immediately() {
    let site = site();
    let home = Home::empty().traced();
    let nobody = encrypted_for(&home, "qlik", SETTING, "ACME\\nobody-s3cr3t");
    home.write("connections/qlik.conf", file("qlik", &site, &nobody));
    let running = Running::briefly(&home);
    wait("a refusal", || scanned(&home, "qlik", "failed") == 1);
    let account = encrypted_for(&home, "qlik", SETTING, ACCOUNT);
    home.write("connections/qlik.conf", file("qlik", &site, &account));
    wait("a scan", || scanned(&home, "qlik", "complete") == 1);
    let key = home.read(KEY);
    fs::remove_file(home.path(KEY)).unwrap();
    wait("an error", || {
        let status = home.run(&["status"]).output;
        status.contains("there is no key file")
    });
    home.write(KEY, key);
    wait("a scan", || scanned(&home, "qlik", "complete") == 2);
    let log = running.stop();
    check_hidden(&home, &[log]);
}
