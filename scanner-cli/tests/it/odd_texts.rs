//! Settings with invisible characters, quotes that HOCON does not know, and files in other encodings.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use qrs_client::fake_site::FakeSite;

use crate::scanner::{Home, connection};
#[cfg(unix)]
use crate::service::{Running, wait};

/// Checks the messages of `scan` about a connection file with `old` replaced by `new`.
fn check(old: &str, new: &str, exit: i32, texts: &[&str]) {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let file = home.read("connections/qlik.conf");
    assert!(file.contains(old), "{file}");
    home.write("connections/qlik.conf", file.replacen(old, new, 1));
    home.run(&["scan"]).check(exit, texts);
}

#[test]
fn an_invisible_character_in_a_code_is_refused_by_its_place() {
    for (code, place, name) in [
        (
            "\"ql\u{200b}ik\"",
            "qlik.conf:2:11",
            "U+200B (zero width space)",
        ),
        (
            "\"qlik\u{feff}\"",
            "qlik.conf:2:13",
            "U+FEFF (byte order mark)",
        ),
        (
            "\"ql\u{a0}ik\"",
            "qlik.conf:2:11",
            "U+00A0 (no-break space)",
        ),
        (
            "ql\u{200b}ik",
            "qlik.conf:2:10",
            "U+200B (zero width space)",
        ),
        ("ql\u{a0}ik", "qlik.conf:2:10", "U+00A0 (no-break space)"),
        (
            "\"q\\u202elik\"",
            "qlik.conf:2:10",
            "U+202E (bidirectional control)",
        ),
        ("\"q\\tlik\"", "qlik.conf:2:10", "U+0009 (tab)"),
    ] {
        let message = format!("`code` has an invisible character: {name}");
        check("\"qlik\"", code, 3, &[place, &message]);
    }
}

#[test]
fn invisible_characters_elsewhere_cause_warnings_with_their_places() {
    check(
        "Test site",
        "Test\u{a0}site",
        0,
        &[
            "qlik.conf:1:13",
            "`name` has an invisible character: U+00A0 (no-break space)",
        ],
    );
    check(
        "/header\"",
        "/header\u{200b}\"",
        3,
        &["`connection.url` has an invisible character: U+200B (zero width space)"],
    );
    check(
        "  url",
        "  \u{feff}url\u{200b}",
        3,
        &[
            "qlik.conf:5:7",
            "the key `url\u{fffd}` has an invisible character: U+200B (zero width space)",
            "`connection.url` is mandatory and missing",
        ],
    );
}

#[test]
fn quotes_that_hocon_does_not_know_are_refused_where_they_make_no_sense() {
    for (old, new, text) in [
        ("\"qlik\"", "'qlik'", "write `code = \"qlik\"`"),
        ("\"qlik\"", "“qlik”", "`code` is in typographic quotes"),
        (
            "\"qlik-sense\"",
            "'qlik-sense'",
            "`connector_id` is in single quotes",
        ),
        (
            "\"X-Qlik-Header-Auth\"",
            "'X-Qlik-Header-Auth'",
            "`connection.auth.key` is in single quotes",
        ),
        (
            "\"ACME\\\\scanner\"",
            "‘scanner’",
            "`connection.auth.value` is in typographic quotes",
        ),
    ] {
        check(old, new, 3, &[text, "HOCON supports double quotes only"]);
    }
    check(
        "\"Test site\"",
        "'Test site'",
        0,
        &["warning", "`name` is in single quotes"],
    );
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    for name in ["'tis", "the users'", "'all'"] {
        let file = connection("qlik", &site).replace("Test site", name);
        home.write("connections/qlik.conf", file);
        let run = home.run(&["scan"]);
        run.check(0, &[&format!("qlik ({name}): complete")]);
        assert!(!run.errors.contains("quotes"), "{}", run.errors);
    }
}

#[test]
fn a_file_with_a_quoted_code_is_found_by_the_code_without_quotes() {
    check("\"qlik\"", "'qlik'", 3, &["`code` is in single quotes"]);
    let site = FakeSite::start_in_thread();
    let home = Home::with(&connection("qlik", &site).replace("\"qlik\"", "'qlik'"));
    home.run(&["scan", "qlik"])
        .check(3, &["`code` is in single quotes"]);
    home.run(&["check", "qlik"]).check(3, &[]);
}

#[test]
fn codes_that_differ_only_in_case_and_names_of_devices_are_refused() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write("connections/second.conf", connection("QLIK", &site));
    // Where names of files ignore case, such codes are the same.
    let texts = match cfg!(any(windows, target_os = "macos")) {
        true => {
            ["`connections/second.conf` has the same code `QLIK` as `connections/qlik.conf`"; 2]
        }
        false => [
            "the code `qlik` of `connections/qlik.conf` differs from the code `QLIK` of `connections/second.conf` only in case",
            "the code `QLIK` of `connections/second.conf` differs",
        ],
    };
    home.run(&["scan"]).check(3, &texts);
    home.run(&["scan", "qlik"]).check(3, &texts[..1]);
    let disabled = connection("QLIK", &site) + "enabled = false\n";
    home.write("connections/second.conf", disabled);
    if !cfg!(any(windows, target_os = "macos")) {
        home.run(&["scan"])
            .check(0, &["qlik (Test site): complete"]);
    }
    for code in ["con", "NUL", "Com1", "lpt9", "aux.txt", "COM¹", "prn"] {
        check(
            "\"qlik\"",
            &format!("\"{code}\""),
            3,
            &["a name that Windows reserves for a device"],
        );
    }
    check(
        "\"qlik\"",
        "\"console\"",
        0,
        &["console (Test site): complete"],
    );
}

#[cfg(unix)]
#[test]
fn the_service_refuses_codes_that_differ_only_in_case() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write("connections/second.conf", connection("QLIK", &site));
    let running = Running::briefly(&home);
    wait("both refusals", || {
        running.log().matches("only in case").count() == 2
    });
    home.write("connections/second.conf", connection("other", &site));
    wait("scans", || {
        running.log().matches("scan complete").count() == 2
    });
    home.write("connections/third.conf", connection("Other", &site));
    wait("the third refusal", || {
        running.log().contains("the code `Other`")
    });
    let log = running.stop();
    assert!(
        log.contains("differs from the code `other` of `connections/second.conf`"),
        "{log}"
    );
}

#[test]
fn files_in_other_encodings_are_reported() {
    let file = "name = \"a\"\r\ncode = \"qlik\"\r\n";
    let utf16 =
        |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { file.encode_utf16().flat_map(bytes).collect() };
    for (content, text) in [
        (utf16(u16::to_le_bytes), "the file is UTF-16"),
        (utf16(u16::to_be_bytes), "the file is UTF-16"),
        (vec![0; 4096], "the file contains only NUL bytes"),
        ([file.as_bytes(), &[0; 512]].concat(), "qlik.conf:3:1"),
        (
            [file.as_bytes(), &[0; 512]].concat(),
            "it has a NUL byte at offset 27",
        ),
    ] {
        let home = Home::empty();
        home.write("connections/qlik.conf", &content);
        home.run(&["scan"]).check(3, &[text]);
        home.write("conf/application.conf", &content);
        let text = text.replace("qlik.conf:", "application.conf:");
        home.run(&["run"]).check(3, &[&text]);
    }
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let file = connection("qlik", &site) + "connection.contacts.mapping = \"conf/a.csv\"\n";
    home.write("connections/qlik.conf", file);
    home.write("conf/a.csv", utf16(u16::to_le_bytes));
    home.run(&["scan"])
        .check(3, &["the file `conf/a.csv` is UTF-16"]);
}

fn encrypt(home: &Home, secret: &[u8]) -> Output {
    let mut command: Command = home.command(&["encrypt"]);
    command.stdin(Stdio::piped());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(secret).unwrap();
    drop(input);
    child.wait_with_output().unwrap()
}

#[test]
fn a_byte_order_mark_is_not_part_of_a_secret_or_a_name() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let encrypted = encrypt(&home, b"\xEF\xBB\xBFACME\\scanner\r\n");
    let encrypted = String::from_utf8(encrypted.stdout).unwrap();
    let file = connection("qlik", &site).replace("\"ACME\\\\scanner\"", encrypted.trim());
    home.write("connections/qlik.conf", file);
    home.run(&["scan"])
        .check(0, &["qlik (Test site): complete"]);
    let key = home.read("conf/encryption.key");
    home.write("conf/encryption.key", format!("\u{feff}{key}"));
    home.run(&["scan"])
        .check(0, &["qlik (Test site): complete"]);
    for (secret, text) in [
        (&b"s\0e\0c\0r\0e\0t\0"[..], "the secret is UTF-16"),
        (b"\xff\xfes\0", "the secret is UTF-16"),
        (b"sec\0ret and more", "the secret has a NUL byte"),
        (b"\xEF\xBB\xBF", "the secret is missing"),
    ] {
        let output = encrypt(&home, secret);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(
            errors.contains(text) && output.stdout.is_empty(),
            "{errors}"
        );
    }
    home.write("agent-identifier", "\u{feff}north-1\r\n");
    let status = home.run(&["status"]);
    status.check(0, &[]);
    assert!(
        status.output.contains("scanner north-1 "),
        "{}",
        status.output
    );
    home.write("agent-identifier", b"\xff\xfen\0");
    home.run(&["status"])
        .check(3, &["agent-identifier", "UTF-16"]);
    home.write("agent-identifier", "nor\u{200b}th");
    home.run(&["status"]).check(3, &["agent-identifier"]);
}

#[test]
fn a_day_is_a_duration() {
    check("100 ms", "1d", 0, &["qlik (Test site): complete"]);
    check("100 ms", "\"2 days\"", 0, &["qlik (Test site): complete"]);
    let home = Home::empty();
    home.write(
        "conf/application.conf",
        "automation.retry_after = [1 m, 1d, 2 days]\n",
    );
    let run = home.run(&["status"]);
    run.check(0, &[]);
}

/// A text as UTF-16 without a byte order mark.
fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn wrong_encodings_of_filters_keys_and_secrets_are_reported() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let valid = home.read("connections/qlik.conf");
    let filter = "filter = \"file:conf/filter.txt\"\n";
    let secret = "connection.auth.value = ${secret_manager.a}\nsecret_manager.enabled = true\n";
    let settings = |provider: &str| format!("secret-manager {{ key = s, {provider} }}\n");
    let file = settings("provider = file, configuration.file-path = secrets.conf");
    let folder = settings("provider = files, configuration.folder = secrets");
    encrypt(&home, b"x");
    let key = home.read("conf/encryption.key");
    let encrypted = "connection.auth.value = \"ENC[AVBIj4tvRlBLtzTHdqyNPYk]\"\n";
    for (path, text, application, more) in [
        ("conf/filter.txt", "stream = \"a\"", "", filter),
        ("secrets.conf", "s { a = b }", &*file, secret),
        ("secrets/a", "ACME\\scanner", &folder, secret),
        ("conf/encryption.key", &*key, "", encrypted),
    ] {
        home.write("conf/application.conf", application);
        home.write("connections/qlik.conf", format!("{valid}{more}"));
        for (content, what) in [
            (utf16(text), "is UTF-16"),
            (vec![0; 4096], "contains only NUL bytes"),
        ] {
            home.write(path, content);
            let run = home.run(&["check"]);
            run.check(3, &[]);
            assert!(run.output.contains(what), "{path}: {what}: {}", run.output);
        }
    }
}
