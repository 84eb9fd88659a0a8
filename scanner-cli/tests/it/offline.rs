//! `check --offline` validates all files without contacting a site, and finds misspelt names.

use qrs_client::fake_site::FakeSite;
use serde_json::Value;

use crate::{
    scanner::{Home, connection, connection_to, with_slashes},
    secure::{secure, with_store},
};

/// The output of `check --offline` and its exit code.
fn offline(home: &Home, exit: i32, texts: &[&str]) -> String {
    let run = home.run(&["check", "--offline"]);
    assert_eq!(run.exit, exit, "{}{}", run.output, run.errors);
    let printed = with_slashes(&(run.output + &run.errors));
    for text in texts {
        assert!(printed.contains(text), "no {text:?} in:\n{printed}");
    }
    printed
}

#[test]
fn each_error_is_printed_once() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write("connections/a.conf", "code = a\nfilter = [\n");
    home.write(
        "connections/b.conf",
        "code = b\nconnector_id = qlik-sense\n",
    );
    home.write("hooks/h.conf", "code = h\n");
    home.write("conf/application.conf", "followers = [ { kind = csvv } ]\n");
    let printed = offline(&home, 3, &["hooks/h.conf: 2 errors"]);
    let errors = printed.lines().filter(|line| line.starts_with("error: "));
    let errors: Vec<_> = errors.collect();
    assert!(errors.len() >= 3, "{printed}");
    for error in errors {
        let message = error.trim_start_matches("error: ");
        assert_eq!(printed.matches(message).count(), 1, "{printed}");
    }
}

#[test]
fn no_site_is_contacted() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let settings = "schedule = \"0 0 2 * * ?\"\nfilter = \"stream = 'x'\"\n";
    home.write("connections/b.conf", connection("beta", &site) + settings);
    home.write(
        "conf/application.conf",
        "automation.synchronize = \"@hourly\"\n",
    );
    let hook = "code = h\nhook_id = external-script\npost_items_upsert_command = [\"true\"]\n";
    home.write("hooks/h.conf", hook);
    offline(
        &home,
        0,
        &[
            "qlik (Test site)",
            "ok           connection file  connections/qlik.conf",
            "ok           trust store",
            "not set: all sheets become items",
            "1 rule",
            "`0 0 2 * * ?`, next times ",
            " of `conf/application.conf`, next times ",
            "ok           settings         conf/application.conf",
            "ok           hook             hooks/h.conf",
        ],
    );
    assert!(site.requests().is_empty());
    let run = home.run(&["check", "--offline", "--format", "json", "beta"]);
    let json: Value = serde_json::from_str(&run.output).unwrap();
    assert_eq!(json["connections"].as_array().unwrap().len(), 1);
    assert_eq!(json["connections"][0]["stages"][3]["stage"], "schedule");
    assert_eq!(json["files"][0]["file"], "conf/application.conf");
    home.run(&["check", "--offline", "bata"])
        .check(2, &["did you mean `beta`?"]);
}

#[test]
fn short_durations_without_a_unit_cause_a_warning() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let limit = "connection.time_limits.scan = 6\n";
    home.write("connections/b.conf", connection("beta", &site) + limit);
    home.write(
        "conf/application.conf",
        "automation { look_interval = 10, retry_after = [5, 1 m] }",
    );
    let hook = "code = h\nhook_id = external-script\npost_items_upsert_command = [\"true\"]\n";
    home.write("hooks/h.conf", hook.to_owned() + "time_limit = 30\n");
    offline(
        &home,
        0,
        &[
            "warning: `connection.time_limits.scan` has no unit and means 6 ms",
            "help: write `6 s`, or `6 ms` if that is intended",
            "warning: `automation.look_interval` has no unit and means 10 ms",
            "warning: `automation.retry_after` has no unit and means 5 ms",
            "warning: `time_limit` has no unit and means 30 ms",
        ],
    );
}

#[test]
fn a_mistake_in_any_file_is_found() {
    let site = FakeSite::start_in_thread();
    for (file, content, texts) in [
        ("connections/c.conf", "a = ", &["connections/c.conf:1:"][..]),
        (
            "connections/c.conf",
            &(connection("c", &site) + "filter = \"steam = 'x'\"\n"),
            &["failed       connection file", "did you mean `stream`"],
        ),
        (
            "connections/c.conf",
            &(connection("c", &site) + "schedule = \"0 0 2 * *\"\n"),
            &["failed       connection file", "`schedule`"],
        ),
        (
            "connections/c.conf",
            &(connection("c", &site) + "tls.truststore { path = \"gone.p12\", password = x }\n"),
            &["failed       trust store", "gone.p12"],
        ),
        (
            "connections/c.conf",
            &(connection("c", &site) + "enabled = false\nsecret_manger.enabled = true\n"),
            &["disabled", "did you mean `secret_manager.enabled`?"],
        ),
        (
            "hooks/h.conf",
            "code = h\n",
            &[
                "failed       hook",
                "`hook_id` is mandatory and missing",
                "hooks/h.conf: 2 errors",
            ],
        ),
        (
            "conf/application.conf",
            "store.max_size = \"1 B\"\n",
            &["failed       settings", "`store.max_size`"],
        ),
        (
            "conf/application.conf",
            "htp.listen = \"127.0.0.1:1\"\n",
            &["warning      settings", "did you mean `http.listen`?"],
        ),
    ] {
        let home = Home::with_site(&site);
        home.write(file, content);
        let warning_only = content.contains("htp") || content.contains("secret_manger");
        let exit = if warning_only { 0 } else { 3 };
        let printed = offline(&home, exit, texts);
        // The other files are still validated.
        assert!(
            printed.contains("ok           connection file  connections/qlik.conf"),
            "{printed}"
        );
    }
    assert!(site.requests().is_empty());
}

#[test]
fn a_home_without_connections_is_validated() {
    let home = Home::empty();
    home.write("conf/application.conf", "a = ");
    offline(
        &home,
        3,
        &[
            "conf/application.conf:1:",
            "the connection files were not checked",
        ],
    );
    let store = with_store(&secure(), "openssl.p12", "");
    offline(&store, 3, &["failed       trust store"]);
}

/// Settings of `conf/application.conf` with the messages about them.
const MISSPELT: [(&str, &str); 16] = [
    (
        "htp.listen = \"127.0.0.1:0\"",
        "did you mean `http.listen`?",
    ),
    (
        "http { lisen = \"127.0.0.1:0\" }",
        "did you mean `http.listen`?",
    ),
    (
        "htp = { listen = \"127.0.0.1:0\" }",
        "did you mean `http.listen`?",
    ),
    ("folowers = []", "did you mean `followers`?"),
    (
        "automaton.parallel = 2",
        "did you mean `automation.parallel`?",
    ),
    (
        "automation.paralel = 2",
        "did you mean `automation.parallel`?",
    ),
    (
        "store.keep_change_days = 1",
        "did you mean `store.keep_changes_days`?",
    ),
    (
        "secret-manger.provider = file",
        "did you mean `secret-manager.provider`?",
    ),
    ("stroe = x", "did you mean `store`?"),
    (
        "folowers = { a { kind = ndjson } }",
        "did you mean `followers`?",
    ),
    ("folowers.a.kind = ndjson", "did you mean `followers`?"),
    ("config.restict = true", "did you mean `config.restrict`?"),
    ("confg.restict = true", "did you mean `config.restrict`?"),
    (
        "automation.schedule = \"@daily\"",
        "did you mean `automation.synchronize`?",
    ),
    (
        "schedul = \"0 0 2 * * ?\"",
        "did you mean `automation.synchronize`?",
    ),
    (
        "store.colour = red",
        "`store.colour` is not a setting of the scanner",
    ),
];

#[test]
fn misspelt_names_of_the_scanners_own_settings_cause_warnings() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    for (settings, meant) in MISSPELT {
        home.write("conf/application.conf", settings);
        home.run(&["scan"])
            .check(0, &[meant, "conf/application.conf:1:"]);
    }
    // Settings of other programs are ignored.
    let others = "base-url = \"https://x\"\nauthentication.api-secret = s\nproxy.hostname = p\nagent { id = 1 }\n";
    home.write("conf/application.conf", others);
    let run = home.run(&["scan"]);
    assert!(!run.errors.contains("application.conf"), "{}", run.errors);
}

#[test]
fn misspelt_names_at_the_top_of_a_connection_file_are_found() {
    let good = connection_to("qlik", "http://127.0.0.1:1/header");
    for (right, wrong) in [
        ("name", "nmae"),
        ("code", "coed"),
        ("connector_id", "conector_id"),
        ("connector_id", "connector-id"),
    ] {
        let file = good.replacen(&format!("{right} ="), &format!("{wrong} ="), 1);
        let home = Home::with(&file);
        let run = home.run(&["scan"]);
        let meant = format!("did you mean `{right}`?");
        run.check(3, &[&format!("`{right}` is mandatory and missing"), &meant]);
        run.check(3, &[&format!(" has `{wrong}`: did you mean `{right}`?")]);
        // It is not a secret.
        assert!(!run.errors.contains("***\""), "{}", run.errors);
        let run = home.run(&["check"]);
        assert!(
            run.output
                .contains(&format!(" has `{wrong}`: did you mean `{right}`?")),
            "{}",
            run.output
        );
    }
    let home = Home::with(&good.replace("connection {", "conection {"));
    let run = home.run(&["scan"]);
    run.check(3, &["has `conection.url`: did you mean `connection.url`?"]);
    // The error points to the line, so there is no separate warning; a removed line is not shown.
    let warnings = run
        .errors
        .matches("`conection.url` is not a setting")
        .count();
    assert_eq!(warnings, 0, "{}", run.errors);
    assert!(!run.errors.contains("1 | *"), "{}", run.errors);
    for url in ["\u{201C}http://x/y\u{201D}", "'http://x/y'"] {
        let home = Home::with(&good.replace("\"http://127.0.0.1:1/header\"", url));
        let hint = "HOCON supports double quotes only: write `\"http://x/y\"`";
        home.run(&["scan"]).check(3, &[hint]);
    }
    for (right, wrong) in [("enabled", "enabeld"), ("schedule", "shedule")] {
        for more in ["", "enabled = false\n"] {
            let home = Home::with(&format!("{good}{more}{wrong} = false\n"));
            let run = home.run(&["scan"]);
            let meant = format!("did you mean `{right}`?");
            assert!(run.errors.contains(&meant), "{}", run.errors);
        }
    }
    let home = Home::with(&good.replace("qlik-sense", "qlik-sens"));
    home.run(&["scan"]).check(
        3,
        &[
            "unknown connector `qlik-sens`",
            "did you mean `qlik-sense`?",
        ],
    );
}
