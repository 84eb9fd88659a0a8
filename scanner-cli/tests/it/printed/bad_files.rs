//! Invalid files, each with the message of the command that reads it.

use crate::scanner::Home;

use super::Page;

const HEAD: &str = "name = \"A\"\ncode = \"a\"\nconnector_id = \"qlik-sense\"\n";
const GOOD: &str = "connection { url = \"https://h.example/vp\", link_url = \"https://h.example\", auth { key = X-User, value = y } }\n";

/// Adds the output of `check --offline` for each of these texts as a connection file.
fn check(name: &str, files: &[String]) {
    let mut page = Page::new();
    for file in files {
        let home = Home::with(file);
        show(&mut page, &home, file);
    }
    page.check(name);
}

/// Adds a file, and the errors of `check --offline` about it.
fn show(page: &mut Page, home: &Home, file: &str) {
    let shown = file
        .strip_prefix(HEAD)
        .map_or(file, |rest| rest.strip_prefix(GOOD).unwrap_or(rest));
    for line in shown.lines() {
        page.note(line);
    }
    let mut run = home.run(&["check", "--offline"]);
    // Standard output has the same errors without the lines of the file.
    run.output.clear();
    page.add(home, &["check", "--offline"], &run);
}

fn with_head(rests: &[&str]) -> Vec<String> {
    rests.iter().map(|rest| format!("{HEAD}{rest}\n")).collect()
}

fn good_with(rests: &[&str]) -> Vec<String> {
    rests
        .iter()
        .map(|rest| format!("{HEAD}{GOOD}{rest}\n"))
        .collect()
}

#[test]
fn texts_that_are_not_hocon() {
    check(
        "bad_hocon",
        &with_head(&[
            "connection {\n  url = \"https://h/vp\"\n  auth.key = \"X-User\"\n  auth.value = \"ACME\\scanner\"\n}",
            "connection {\n  url = \"https://h/vp\"\n  auth.key = \"X-User\"\n  auth.value = \"ACME\\nora\"\n}",
            "connection.owner = \"ACME\\scanner\"",
            "connection {\n  url = https://qlik.example.com/header\n}",
            "connection {\n  url = \"https://h/vp\"\n  auth.value = x",
            "connection }",
            "connection = ",
            "a = [1, 2",
            "a = \"text without an end",
            "a = \"\"\"text without an end",
            "a = ${b",
            "a = ${NO_SUCH_VARIABLE}",
            "a = ${a}",
            "a = ${b}\nb = ${a}",
            "a : : 1",
            "= 1",
            "a.b. = 1",
            "include \"none.conf\"",
            "include required(\"none.conf\")",
            "include url(\"http://example.com/a.conf\")",
            "include 5",
            "a = 1 @",
            "a = {b = 1} [2]",
        ]),
    );
}

#[test]
fn settings_that_are_missing_or_of_another_kind() {
    let mut files = vec![
        String::new(),
        "name = A\ncode = \"\"\nconnector_id = qlik-sense\n".to_owned(),
        "name = A\ncode = a\nconnector_id = tableau\n".to_owned(),
        "name = A\ncode = a\nconector_id = qlik-sense\n".to_owned(),
        format!(
            "name = A\ncode = \"{}\"\nconnector_id = qlik-sense\n{GOOD}",
            "é".repeat(60)
        ),
        format!("name = A\ncode = \"con\"\nconnector_id = qlik-sense\n{GOOD}"),
        format!("name = A\ncode = \"ql\u{200b}ik\"\nconnector_id = qlik-sense\n{GOOD}"),
        format!("name = A\ncode = 'qlik'\nconnector_id = 'qlik-sense'\n{GOOD}"),
    ];
    files.extend(with_head(&[
        "connection {\n  url =\n  auth.key =\n  auth.value =\n}",
        "enabled = perhaps\nconnection {\n  url = \"\"\n  auth.key = [1]\n  verify_counts = 7\n}",
        "connection { ulr = \"https://h/vp\", auth { key = X, value = x } }",
        "connection = 5",
        "connection { url = \"qlik.example.com/scanner\", auth { key = X, value = x } }",
        "connection { url = \"ftp://qlik.example.com/scanner\", auth { key = X, value = x } }",
        "connection { url = \"https://user:secret@qlik.example.com/scanner\", auth { key = X, value = x } }",
        "connection { url = \"https://qlik.example.com/scanner?a=b\", auth { key = X, value = x } }",
        "connection { url = \"https://qlik.example.com/Scanner\", auth { key = X, value = x } }",
        "connection { url = \"https://qlik.example.com/Header Auth/\", auth { key = X, value = x } }",
        "connection { url = \"https://qlik.example.com:99999/\", auth { key = X, value = x } }",
        "connection { url = \"https://h/vp\", auth { key = X-Qlik-User, value = x } }",
        "connection { url = \"https://h/vp\", auth { key = \"X User\", value = x } }",
        "connection { url = \"https://h/vp\", auth { key = Host, value = x } }",
        "connection { url = \"https://h/vp\", auth { key = X, value = 'x' } }",
        "connection { url = \"http://${HOST}\", auth { key = 'X-User', value = “ACME” } }",
    ]));
    check("bad_settings", &files);
}

#[test]
fn settings_out_of_range_and_settings_that_are_unknown() {
    check(
        "bad_values",
        &good_with(&[
            "conection.verify_counts = false\nhelper = 5",
            "connection.verify_count = false",
            "enabled = yes please",
            "connection.time_limits.connect = soon",
            "connection.time_limits.connect = 0 s",
            "connection.time_limits.scan = 1000 days",
            "connection.time_limits.conect = 1 s",
            "proxy { hostname = proxy.example.com, port = 99999 }",
            "proxy { scheme = socks5, hostname = proxy.example.com, port = 1080 }",
            "proxy { scheme = http, hostname = \"http://proxy.example.com:3128/\", port = 3128 }",
            "proxy { scheme = http, hostname = \"proxy.example.com:3128\", port = 3128 }",
            "proxy { scheme = http, hostname = proxy.example.com, port = 3128, username = x }",
            "tls.truststore.path = \"conf/none.p12\"",
            "tls.truststore { path = \"connections/qlik.conf\", type = PEM }",
            "tls.truststore { path = \"connections/qlik.conf\", type = PKCS12, password = x }",
            "tls.truststore { path = \"connections/qlik.conf\", type = JCEKS, password = x }",
            "tls.insecure = true",
            "connection.contacts.email_template = \"someone@example.com\"",
            "connection.contacts.email_template = \"{user}@example.com\"",
            "connection.contacts.mapping = \"conf/none.csv\"",
            "connection.contacts.mapping = \"conf/contacts.xlsx\"",
            "connection.link_url = \"qlik.example.com\"",
            "schedule = \"0 0 2 ? * 8\"",
            "schedule = \"0 2 * * *\"",
            "schedule = \"0 0/90 * * * ?\"",
            "schedule = \"0 0 0 31 2 ?\"",
            "schedule = \"0 0 0 1 1 ? 2020\"",
            "schedule = \"0 0 2 ? * MON-FRI/2\"",
            "schedule = \"every night\"",
            "schedule = \"@nightly\"",
            "secret_manger.enabled = true",
        ]),
    );
}

#[test]
fn filters_that_are_not_valid() {
    check(
        "bad_filters",
        &good_with(&[
            "filter = \"\"\"\n  published = 'true'\n  AND app = 'x'\n\"\"\"",
            "filter = \"straem = 'x'\"",
            "filter = \"app = 'x' and tag = 'x'\"",
            "filter = \"app = x\"",
            "filter = \"app = 'x\"",
            "filter = \"app = 'x' or\"",
            "filter = \"(app = 'x'\"",
            "filter = \"app matches /(/\"",
            "filter = \"app ~ /(/\"",
            "filter = \"created > 'yesterday'\"",
            "filter = \"published = 'maybe'\"",
            "filter = \"\"",
            "filter = \"file:conf/none.filter\"",
            "filters = [\n  { action = REJCT }\n]",
            "filters = [\n  { action = REJECT, rules { straem = x } }\n]",
            "filters = [\n  { action = REJECT, rules { stream = null } }\n]",
            "filters = [\n  { rules { stream = x } }\n]",
            "filters = [\n  { action = REJECT, rules { app = \"re:(\" } }\n]",
            "filters = 5",
            "filter = always\nfilters = [{ action = ACCEPT }]",
        ]),
    );
}

#[test]
fn files_of_another_kind() {
    let mut page = Page::new();
    let file = "name = \"a\"\r\ncode = \"qlik\"\r\n";
    let utf16: Vec<u8> = file.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (note, content) in [
        ("UTF-16", utf16),
        ("NUL bytes", vec![0; 4096]),
        (
            "a text that ends in NUL bytes",
            [file.as_bytes(), &[0; 512]].concat(),
        ),
        ("a byte that is not UTF-8", b"name = \"\xff\"".to_vec()),
    ] {
        let home = Home::empty();
        home.write("connections/qlik.conf", &content);
        page.note(note);
        page.run(&home, &["scan"]);
        home.write("conf/application.conf", &content);
        page.run(&home, &["run"]);
    }
    let home = Home::empty();
    home.write("connections/qlik.conf.txt", HEAD);
    page.note("a file of another extension");
    page.run(&home, &["scan"]);
    std::fs::create_dir_all(home.path("connections/qlik.conf")).unwrap();
    page.note("a folder");
    page.run(&home, &["scan"]);
    page.check("bad_encodings");
}

#[test]
fn two_files_with_one_code() {
    let home = Home::empty();
    for name in ["first", "second"] {
        home.write(&format!("connections/{name}.conf"), format!("{HEAD}{GOOD}"));
    }
    let mut page = Page::new();
    page.run(&home, &["check", "--offline"]);
    home.write(
        "connections/second.conf",
        format!("{HEAD}{GOOD}").replace("\"a\"", "\"A\""),
    );
    page.note("codes that differ in case");
    page.run(&home, &["check", "--offline"]);
    page.check("bad_codes");
}

#[test]
fn application_files() {
    let mut page = Page::new();
    for file in [
        "parallel = ",
        "automation.look_interval = 1 ns",
        "automation.look_interval = -5 s",
        "automation.parallel = 1000000",
        "automation.time_zone = \"Europe/Berlyn\"",
        "automation.synchronize = \"0 0 2 ? * MONDAY-FRIDAY\"",
        "automation.synchronize = \"0 2 * * *\"",
        "automation.start_up = maybe",
        "store.max_size = \"1 B\"",
        "store.max_size = big",
        "store.keep_changes_days = 4000000000",
        "store.keep_gone = forever",
        "htp.listen = \"127.0.0.1:1\"",
        "http.listen = everywhere",
        "followers = 5",
        "followers = [{ kind = ndjson, path = \"/etc\", name = \"a b\" }]",
        "followers = [{ kind = ndjsn }]",
        "followers = [{ kind = ndjson, mode = \"9999\" }]",
        "followers = [{ kind = ndjson }, { kind = ndjson }]",
        "encryption.key-file = \"\"",
        "config.restrict = perhaps",
        "secret-manager { key = common, provider = \"aws\" }",
        "secret-manager { provider = \"file\" }",
    ] {
        let home = Home::with(&format!("{HEAD}{GOOD}"));
        home.write("conf/application.conf", format!("{file}\n"));
        show(&mut page, &home, file);
    }
    page.check("bad_application");
}

#[test]
fn hook_files() {
    let mut page = Page::new();
    for file in [
        "code = h",
        "code = h\nhook_id = script\npost_items_upsert_command = [echo]",
        "code = h\nhook_id = external-script\npost_items_upsert_command = echo",
        "code = h\nhook_id = external-script\npost_items_upsert_command = []",
        "code = h\nhook_id = external-script\npost_items_upsert_command = [echo]\ntime_limit = forever",
        "code = h\nhook_id = external-script\npost_items_upsert_command = [echo]\nenabeld = true",
        "code = \"a\u{200b}b\"\nhook_id = external-script\npost_items_upsert_command = [echo]",
    ] {
        let home = Home::with(&format!("{HEAD}{GOOD}"));
        home.write("hooks/h.conf", format!("{file}\n"));
        show(&mut page, &home, file);
    }
    page.check("bad_hooks");
}

#[test]
fn contacts_that_cannot_be_used() {
    let mut page = Page::new();
    for (name, text) in [
        ("people.csv", "user;email\ngrace;g@acme.example\n"),
        ("people.csv", "nonsense,a@example.com\n"),
        (
            "people.csv",
            "ACME\\a;a@example.com\nACME\\a;b@example.com\nACME\\c;no address\n",
        ),
        ("people.csv", "ACME\\a;\"a@example.com\n"),
        ("people.csv", ""),
        ("people.conf", "\"ACME\\a\" = \"a@example.com\"\n"),
        ("people.conf", "\"ACME\\\\a\" = 5\n"),
    ] {
        let mapping = format!("{HEAD}{GOOD}connection.contacts.mapping = {name}\n");
        let home = Home::with(&mapping);
        home.write(name, text);
        page.note(name);
        show(&mut page, &home, text);
    }
    page.check("bad_contacts");
}
