//! The messages about invalid connection files. All of them end with exit code 3.

use std::fs;

use qrs_client::fake_site::FakeSite;

use crate::scanner::{Home, connection};

const HEAD: &str = "name = \"A\"\ncode = \"a\"\nconnector_id = \"qlik-sense\"\n";

/// Scans with a file that has these lines after the first three, and checks the messages.
fn check(rest: &str, texts: &[&str]) {
    Home::with(&format!("{HEAD}{rest}"))
        .run(&["scan"])
        .check(3, texts);
}

#[test]
fn without_a_connection_file_the_message_says_where_to_put_one() {
    let home = Home::empty();
    home.run(&["scan"]).check(
        3,
        &["there is no folder `", "connections/qlik.conf", "--home"],
    );
    home.write("connections/readme.txt", "");
    home.run(&["scan"]).check(
        3,
        &[
            "no connection file (`*.conf`) in `",
            "`scanner-cli docs connection-file`",
        ],
    );
}

#[test]
fn every_command_refuses_a_missing_home_and_does_not_create_it() {
    let home = Home::with("");
    let elsewhere = home.path("elsewhere");
    let elsewhere = elsewhere.to_str().unwrap();
    let missing = format!("there is no folder `{elsewhere}`");
    for command in [
        "run",
        "status",
        "scan",
        "inventory",
        "check",
        "catalog list",
        "explain x",
        "filter test x",
        "config show x",
        "encrypt",
    ] {
        let arguments = ["--home", elsewhere].into_iter();
        let arguments: Vec<_> = arguments.chain(command.split(' ')).collect();
        let run = home.run(&arguments);
        run.check(3, &[&missing, "--home"]);
        assert_eq!(run.output, "", "{command}");
        assert!(!home.has("elsewhere"), "{command}");
    }
    let mut command = home.command(&["status"]);
    command.env("SCANNER_HOME", home.path("connections/qlik.conf"));
    crate::scanner::finish(command).check(3, &["qlik.conf` is not a folder"]);
}

#[test]
fn files_with_other_extensions_or_encodings_are_recognised() {
    let home = Home::empty();
    home.write("connections/qlik.conf.txt", HEAD);
    home.run(&["scan"]).check(
        3,
        &["connections/qlik.conf.txt` so that its name ends in `.conf`"],
    );
    let utf16: Vec<u8> = "\u{feff}name = A"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    home.write("connections/qlik.conf", utf16);
    home.run(&["scan"])
        .check(3, &["the file is UTF-16", "save it as UTF-8"]);
    let home_below = home.path("connections");
    home.run(&["--home", home_below.to_str().unwrap(), "scan"])
        .check(3, &["the home is the folder above"]);
}

#[test]
fn two_files_with_one_code_are_both_reported() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write("connections/second.conf", connection("qlik", &site));
    home.write("connections/third.conf", connection("other", &site));
    home.run(&["scan"]).check(
        3,
        &[
            "`connections/second.conf` has the same code `qlik`",
            "`connections/qlik.conf`",
            "other (Test site): complete",
        ],
    );
    assert_eq!(home.names("export"), ["other.visualization.ndjson"]);
}

#[test]
fn an_invalid_file_does_not_stop_the_others_from_being_scanned() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write("connections/bad.conf", "name = {\n");
    home.write("connections/binary.conf", b"name = \"\xff\"");
    home.run(&["scan"]).check(
        3,
        &[
            "connections/bad.conf:1:",
            "connections/binary.conf:1:",
            "offset 8",
            "qlik (Test site): complete",
        ],
    );
    assert_eq!(home.items("export/qlik.visualization.ndjson").len(), 53);
}

#[test]
fn an_unknown_setting_causes_a_warning_with_a_suggestion() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let file = connection("qlik", &site)
        + "conection.verify_counts = false\nhelper = 5\n"
        + "tls.trustore.path = \"conf/trust.jks\"\n";
    home.write("connections/qlik.conf", file);
    home.run(&["scan"]).check(
        0,
        &[
            "connections/qlik.conf:9:",
            "`conection.verify_counts`",
            "did you mean `connection.verify_counts`?",
            "`helper`",
            "connections/qlik.conf:11:",
            "did you mean `tls.truststore.path`?",
        ],
    );
}

#[test]
fn settings_may_come_from_the_environment() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let file = connection("qlik", &site).replace("\"ACME\\\\scanner\"", "${QLIK_USER}");
    home.write("connections/qlik.conf", file);
    home.run(&["scan"]).check(
        3,
        &["`${QLIK_USER}` is neither a setting of the file nor an environment variable"],
    );
    let mut command = home.command(&["scan"]);
    command.env("QLIK_USER", "ACME\\scanner");
    crate::scanner::finish(command).check(0, &["complete"]);
}

#[test]
fn the_settings_of_a_disabled_connection_are_not_validated() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write(
        "connections/off.conf",
        "name = A\ncode = off\nconnector_id = tableau\nenabled = false\n",
    );
    home.run(&["scan"]).check(0, &["complete"]);
    home.run(&["scan", "off"])
        .check(3, &["`off` is disabled in `connections/off.conf`"]);
    fs::remove_file(home.path("connections/qlik.conf")).unwrap();
    home.run(&["scan"])
        .check(0, &["no connection is enabled: `connections/off.conf`"]);
}

#[test]
fn a_mistake_in_a_filter_is_shown_at_its_line_and_column() {
    let good = "connection { url = \"https://h/vp\", auth { key = X, value = y } }\n";
    check(
        &format!("{good}filter = \"\"\"\n  published = 'true'\n  AND app = 'x'\n\"\"\"\n"),
        &[
            "connections/qlik.conf:7:3",
            "unexpected `AND`",
            "did you mean `and`?",
        ],
    );
    check(
        &format!("{good}filter = \"straem = 'x'\"\n"),
        &[
            "connections/qlik.conf:5:11",
            "unknown criterion `straem`",
            "did you mean `stream`?",
        ],
    );
    check(
        &format!("{good}filter = \"app = 'x' and tag = 'x'\"\n"),
        &["connections/qlik.conf:5:29", "any t in tag match t = 'x'"],
    );
    check(
        &format!("{good}filters = [\n  {{ action = REJCT }}\n]\n"),
        &["connections/qlik.conf:6:", "REJECT"],
    );
    for rules in [
        "stream = ${?NO_SUCH_STREAM}",
        "app = x, stream = ${?NO_SUCH_STREAM}",
        "stream = null",
    ] {
        check(
            &format!("{good}filters = [\n  {{ action = REJECT, rules {{ {rules} }} }}\n]\n"),
            &[
                "connections/qlik.conf:6:",
                "`stream` of rule 1 of `filters` is null",
                "without it the rule matches more",
            ],
        );
    }
}

#[test]
fn stars_replace_values_that_may_be_secret_and_never_a_filter() {
    check(
        "pasword = \"ab \\\"c\\\" d\", filter = \"token = 'x'\"\nconnection.url = a\n",
        &["4 | pasword = \"**********\", filter = \"token = 'x'\""],
    );
    // The text after `#` is a comment, and may be the rest of a password.
    let home = Home::with(
        "name = a\ncode = a\nconnector_id = qlik-sense\nconnection { url = \"https://h/vp\", auth { key = X-A, value = x } }\n\
         pasword = abc#hunter2\n",
    );
    let run = home.run(&["scan"]);
    assert!(
        run.errors.contains("pasword = ") && !run.errors.contains("hunter2"),
        "{}",
        run.errors
    );
    let filter = "connection { url = \"https://h/vp\", auth.key = X-A, auth.value = hunter2 }, filter = \"app = 'token' AND nme = 1\"\n";
    check(
        filter,
        &["auth.value = ******* }, filter = \"app = 'token' AND nme = 1\""],
    );
    let home = Home::with(&format!(
        "name = a\ncode = a\nconnector_id = qlik-sense\n{filter}"
    ));
    assert!(!home.run(&["scan"]).errors.contains("hunter2"));
}

#[test]
fn a_mistake_in_a_filter_of_an_included_file_has_its_own_column() {
    let home = Home::with(
        "name = a\ncode = a\nconnector_id = qlik-sense\nconnection { url = \"https://h/vp\", auth { key = X-A, value = x } }\ninclude \"../filter.conf\"\n",
    );
    home.write("filter.conf", "\nfilter = \"app = 'x' and nme = 'y'\"\n");
    home.run(&["scan"]).check(3, &["filter.conf:2:25"]);
}
