//! Encrypted values are bound to a connection and a setting: a copy in another file does not work.

use qrs_client::fake_site::FakeSite;

use crate::{
    encryption::{check_hidden, encrypted, encrypted_for},
    scanner::{Home, connection, with_slashes},
    service::{Running, wait},
};

const ACCOUNT: &str = "ACME\\s3cr3t-scanner";
const SETTING: &str = "connection.auth.value";
const PROVIDER: &str =
    "secret-manager { key = s, provider = file, configuration { file-path = secrets.conf } }\n";

fn site() -> FakeSite {
    FakeSite::builder().user(ACCOUNT).start_in_thread()
}

/// Writes a file of a connection with this code, and checks that it is refused.
fn check_refused(home: &Home, code: &str, site: &FakeSite, rest: &str, expected: &str) {
    let file = connection(code, site) + rest + "\n";
    home.write("connections/qlik.conf", file);
    let mut texts = Vec::new();
    for command in ["scan", "check", "inventory"] {
        let run = home.run(&[command]);
        assert_eq!(run.exit, 3, "{}", run.errors);
        let text = with_slashes(&format!("{}{}", run.output, run.errors));
        for expected in [expected, "connections/qlik.conf:"] {
            assert!(text.contains(expected), "no {expected:?} in {text}");
        }
        texts.extend([run.output, run.errors]);
    }
    check_hidden(home, &texts);
}

#[test]
fn a_copied_value_cannot_be_decrypted_under_another_code_or_setting() {
    let (site, home) = (site(), Home::empty());
    let value = encrypted_for(&home, "qlik", SETTING, ACCOUNT);
    let file = connection("qlik", &site) + &format!("{SETTING} = {value}\n");
    home.write("connections/qlik.conf", file);
    let run = home.run(&["scan"]);
    run.check(0, &["qlik (Test site): complete"]);
    assert!(!run.errors.contains("warning:"), "{}", run.errors);
    for code in ["mallory", "Qlik", "qlik "] {
        let expected = format!("it was encrypted for a connection other than `{code}`");
        check_refused(
            &home,
            code,
            &site,
            &format!("{SETTING} = {value}"),
            &expected,
        );
    }
    for setting in [
        "connection.auth.key",
        "connection.url",
        "proxy.hostname",
        "x",
    ] {
        let expected = format!("it was encrypted for a setting other than `{setting}`");
        check_refused(
            &home,
            "qlik",
            &site,
            &format!("{setting} = {value}"),
            &expected,
        );
    }
    // Through a setting with the right name that is not read.
    let detour = format!("{SETTING} = {value}\nconnection.auth.key = ${{{SETTING}}}");
    let expected = "it was encrypted for a setting other than `connection.auth.key`";
    check_refused(&home, "qlik", &site, &detour, expected);
    let hint = format!("scanner-cli encrypt --for mallory {SETTING}");
    check_refused(
        &home,
        "mallory",
        &site,
        &format!("{SETTING} = {value}"),
        &hint,
    );
}

#[test]
fn a_value_of_a_list_or_a_quoted_name_is_bound_to_its_setting() {
    let (site, home) = (site(), Home::empty());
    let value = encrypted_for(&home, "qlik", "proxy.\"my.name\"", "x");
    let other = encrypted_for(&home, "qlik", "things", "x");
    let file = connection("qlik", &site)
        + &format!(
            "{SETTING} = {}\n",
            encrypted_for(&home, "qlik", SETTING, ACCOUNT)
        )
        + &format!("proxy.\"my.name\" = {value}\nthings = [ {other}, {other} ]\n");
    home.write("connections/qlik.conf", file);
    let run = home.run(&["scan"]);
    run.check(0, &["qlik (Test site): complete"]);
    assert!(!run.errors.contains("decrypted"), "{}", run.errors);
}

#[test]
fn an_unbound_value_works_with_a_warning_unless_restricted() {
    let (site, home) = (site(), Home::empty());
    let value = encrypted(&home, ACCOUNT);
    home.write("conf/application.conf", PROVIDER);
    let direct = connection("qlik", &site) + &format!("{SETTING} = {value}\n");
    let managed = connection("qlik", &site)
        + &format!("secret_manager.enabled = true\n{SETTING} = ${{secret_manager.account}}\n");
    home.write("secrets.conf", format!("s.account = {value}\n"));
    let restricted = format!("{PROVIDER}config.restrict = true\n");
    let again = format!("scanner-cli encrypt --for qlik {SETTING}");
    for (file, warning, again) in [
        (
            &direct,
            "this encrypted value is not bound to a connection",
            again.as_str(),
        ),
        (
            &managed,
            "the encrypted secret `account` at secrets.conf:1:13 is not bound",
            "encrypt --for s secret_manager.account",
        ),
    ] {
        home.write("conf/application.conf", PROVIDER);
        home.write("connections/qlik.conf", file);
        let run = home.run(&["scan"]);
        run.check(
            0,
            &["qlik (Test site): complete", "warning: ", warning, again],
        );
        home.write("conf/application.conf", &restricted);
        let run = home.run(&["scan"]);
        run.check(3, &["which `config.restrict` requires", again]);
        check_hidden(&home, &[run.output, run.errors]);
    }
    for (code, setting) in [("s", "secret_manager.account"), ("qlik", SETTING)] {
        let bound = encrypted_for(&home, code, setting, ACCOUNT);
        home.write("secrets.conf", format!("s.account = {bound}\n"));
        let run = home.run(&["scan"]);
        run.check(0, &["qlik (Test site): complete"]);
        assert!(!run.errors.contains("not bound"), "{}", run.errors);
    }
    let other = encrypted_for(&home, "qlik", "proxy.password", ACCOUNT);
    home.write("secrets.conf", format!("s.account = {other}\n"));
    let expected = "it was encrypted for a setting other than `connection.auth.value`";
    home.run(&["scan"]).check(3, &[expected]);
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_second_file_does_not_get_the_code_of_an_invalid_one() {
    let (site, home) = (site(), Home::empty());
    let value = encrypted_for(&home, "qlik", SETTING, ACCOUNT);
    let file = connection("qlik", &site) + &format!("{SETTING} = {value}\n");
    home.write("connections/qlik.conf", format!("{file}proxy.port = x\n"));
    home.write("connections/mallory.conf", &file);
    home.run(&["scan"])
        .check(3, &["has the same code `qlik` as"]);
    let running = Running::briefly(&home);
    let refused = || {
        home.run(&["status"])
            .output
            .contains("has the same code `qlik` as")
    };
    wait("a refusal", refused);
    home.write("connections/mallory.conf", format!("{file}# again\n"));
    std::thread::sleep(std::time::Duration::from_millis(600));
    assert!(refused());
    let log = running.stop();
    assert!(!log.contains("complete"), "{log}");
}
