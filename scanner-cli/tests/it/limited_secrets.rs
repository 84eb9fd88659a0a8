//! Restrictions of secrets by the secret manager and `config.restrict`, and secrets in names.

use std::process::Command;

use qrs_client::fake_site::FakeSite;

use crate::{
    encryption::{check_hidden, encrypted_for},
    scanner::{Home, Run, connection, finish, with_slashes},
    service::{Running, scanned, wait},
};

const ACCOUNT: &str = "ACME\\s3cr3t-scanner";
const PROVIDER: &str =
    "secret-manager { key = s, provider = file, configuration { file-path = secrets.conf } }\n";
const ASKS: &str =
    "secret_manager.enabled = true\nconnection.auth.value = ${secret_manager.account}\n";

fn site() -> FakeSite {
    FakeSite::builder().user(ACCOUNT).start_in_thread()
}

/// A home with one connection, `qlik`, whose file ends with this text, and these settings of the scanner.
fn home(site: &FakeSite, rest: &str, application: &str) -> Home {
    let home = Home::with(&(connection("qlik", site) + rest));
    home.write("conf/application.conf", application);
    home
}

fn check_refused(home: &Home, expected: &str) {
    let run = home.run(&["scan"]);
    run.check(3, &[expected]);
    check_texts(&run);
}

fn check_texts(run: &Run) {
    for text in [&run.output, &run.errors] {
        assert!(!text.to_lowercase().contains("s3cr3t"), "{text}");
    }
}

fn scan_with(home: &Home, name: &str, value: &str) -> Run {
    let mut scan: Command = home.command(&["scan"]);
    scan.env(name, value);
    finish(scan)
}

#[test]
fn a_secret_names_the_codes_that_may_use_it() {
    let site = site();
    let home = home(&site, ASKS, PROVIDER);
    let secret = format!("\"\"\"{ACCOUNT}\"\"\"");
    for allowed in [
        format!("s {{ account {{ value = {secret}, codes = [ qlik, other ] }} }}"),
        format!("s {{ account {{ value = {secret}, codes = qlik }} }}"),
        format!("s {{ account = {secret}, codes = [ qlik ] }}"),
        format!("codes = [ qlik ], s {{ account = {secret} }}"),
        format!("s {{ account.value = {secret} }}"),
        format!("s {{ account = {secret}, other {{ value = x, codes = [] }} }}"),
    ] {
        home.write("secrets.conf", &allowed);
        home.run(&["scan"])
            .check(0, &["qlik (Test site): complete"]);
    }
    let refused = [
        "s { account { value = SECRET, codes = [ other ] } }",
        "s { account { value = SECRET, codes = [] } }",
        "s { account { value = SECRET, codes = [ Qlik, \"qlik \" ] } }",
        "s { account { value = SECRET, codes = [ qlik ] }, codes = [ other ] }",
        "s { account = SECRET, codes = [ other ] }",
        "codes = [ other ], s { account = SECRET }",
    ];
    for text in refused {
        home.write("secrets.conf", text.replace("SECRET", &secret));
        check_refused(&home, "the secret `account` is not for this connection");
    }
    for text in [
        "s { account { value = SECRET, codes = null } }",
        "s { account { value = SECRET, codes { a = b } } }",
        "s { account { value = SECRET, codes = [ [ qlik ] ] } }",
    ] {
        home.write("secrets.conf", text.replace("SECRET", &secret));
        check_refused(&home, "are not a list of codes");
    }
    home.write(
        "secrets.conf",
        format!("s {{ account {{ value = {secret}, code = qlik }} }}"),
    );
    check_refused(&home, "did you mean `codes`?");
}

#[test]
fn no_spelling_of_a_name_bypasses_the_codes_of_a_secret() {
    let site = site();
    let home = home(&site, "", PROVIDER);
    home.write(
        "secrets.conf",
        format!("s {{ account {{ value = \"\"\"{ACCOUNT}\"\"\", codes = [ other ] }} }}"),
    );
    for (section, name) in [
        ("s", "account"),
        ("s", "account.value"),
        ("s", "\"account.value\""),
        ("s.account", "value"),
        ("\"s.account\"", "value"),
    ] {
        let file = connection("qlik", &site)
            + &format!("secret_manager {{ enabled = true, key = {section} }}\n")
            + &format!("connection.auth.value = ${{secret_manager.{name}}}\n");
        home.write("connections/qlik.conf", file);
        check_refused(&home, "is not for this connection");
    }
    home.write(
        "connections/qlik.conf",
        connection("qlik", &site)
            + "secret_manager.enabled = true\nproxy.username = ${secret_manager.account.codes}",
    );
    check_refused(&home, "there is no secret `account.codes`");
}

/// A code that is read before the secrets, and differs afterwards.
#[test]
fn a_code_that_changes_with_its_secrets_is_refused() {
    let site = site();
    let home = home(&site, "", PROVIDER);
    home.write(
        "secrets.conf",
        format!("s {{ account {{ value = \"\"\"{ACCOUNT}\"\"\", codes = [ victim ] }} }}"),
    );
    for tricks in [
        "x = { c = mallory }\nx = ${?secret_manager.absent}\ncode = victim\ncode = ${?x.c}\n",
        "code = victim\ncode = ${?secret_manager.absent}\n",
        "code = mallory\ncode = ${?x}\nx = victim\nx = ${?secret_manager.absent}\n",
    ] {
        home.write(
            "connections/qlik.conf",
            connection("qlik", &site) + ASKS + tricks,
        );
        let run = home.run(&["scan"]);
        assert_eq!(run.exit, 3, "{tricks}: {}", run.errors);
        check_texts(&run);
    }
}

#[test]
fn variables_are_limited_to_a_list() {
    let site = site();
    let home = home(&site, "connection.auth.value = ${ACCOUNT}\n", "");
    let scan = || scan_with(&home, "ACCOUNT", ACCOUNT);
    scan().check(0, &["qlik (Test site): complete"]);
    for (application, expected) in [
        (
            "config.restrict = true",
            "the variable `ACCOUNT` is not one of those that connection files may use",
        ),
        (
            "config { restrict = true, variables = [ OTHER, account ] }",
            "is not one of those",
        ),
        (
            "config { restrict = yes, variables = [ { name = ACCOUNT, codes = [ other ] } ] }",
            "the variable `ACCOUNT` is not for this connection",
        ),
    ] {
        home.write("conf/application.conf", application);
        let run = scan();
        run.check(3, &[expected, "connections/qlik.conf:"]);
        check_texts(&run);
        let mut check = home.command(&["check"]);
        check.env("ACCOUNT", ACCOUNT);
        let check = finish(check);
        assert_eq!(check.exit, 3, "{}", check.errors);
        assert!(check.output.contains(expected), "{}", check.output);
    }
    for application in [
        "config { restrict = true, variables = [ ACCOUNT ] }",
        "config { restrict = true, variables = [ OTHER, { name = ACCOUNT, codes = [ qlik ] } ] }",
        "config { restrict = false, variables = [] }",
    ] {
        home.write("conf/application.conf", application);
        scan().check(0, &["qlik (Test site): complete"]);
    }
    for application in [
        "config.restrict = ture",
        "config { restrict = true, variables = ACCOUNT }",
        "config { restrict = true, variables = [ [] ] }",
        "config { restrict = true, variables = [ { name = ACCOUNT, code = [ x ] } ] }",
        "config { restrict = true, variables = [ { name = ACCOUNT, codes = {} } ] }",
        "config { restrict = true",
    ] {
        home.write("conf/application.conf", application);
        scan().check(3, &["conf/application.conf:1:"]);
    }
}

const OUTSIDE: &str = "is outside of the scanner's home";
const SECRET: &str = "contains secrets and cannot be included";
const OTHERS: &str = "may contain secrets of other connections";

/// A home with a connection, and another folder, both with files that contain the account.
fn homes_to_include(site: &FakeSite) -> [Home; 2] {
    let (home, outside) = (home(site, "", PROVIDER), Home::empty());
    let account = format!("connection.auth.value = \"\"\"{ACCOUNT}\"\"\"\n");
    outside.write("outside.conf", &account);
    for name in ["shared/common.conf", "victim.conf", "../secrets.conf"] {
        home.write(&format!("connections/{name}"), &account);
    }
    [home, outside]
}

/// Includes `target`; without a message if that is allowed.
fn check_include(home: &Home, site: &FakeSite, target: &str, expected: Option<&str>) {
    let file = connection("qlik", site) + &format!("include {target}\n");
    home.write("connections/qlik.conf", file);
    let run = home.run(&["scan", "qlik"]);
    match expected {
        None => run.check(0, &["qlik (Test site): complete"]),
        Some(expected) => run.check(3, &[expected]),
    };
    check_texts(&run);
}

#[test]
fn files_of_secrets_are_never_included() {
    let site = site();
    let [home, outside] = homes_to_include(&site);
    let outside = with_slashes(&outside.path("outside.conf").display().to_string());
    let outside = format!("\"{outside}\"");
    for (target, expected) in [
        ("\"shared/common\"", None),
        (&*outside, None),
        ("\"victim\"", None),
        ("\"../secrets\"", Some(SECRET)),
        ("\"../connections/../secrets.conf\"", Some(SECRET)),
        (
            "url(\"file:///etc/x.conf\")",
            Some("cannot be included from a URL"),
        ),
    ] {
        check_include(&home, &site, target, expected);
    }
}

#[test]
fn includes_are_limited_to_the_home() {
    let site = site();
    let [home, outside] = homes_to_include(&site);
    let restricted = format!("{PROVIDER}config.restrict = true\n");
    home.write("conf/application.conf", restricted);
    let outside = with_slashes(&outside.path("outside.conf").display().to_string());
    for (target, expected) in [
        ("\"shared/common\"", None),
        (&*format!("\"{outside}\""), Some(OUTSIDE)),
        (&format!("file(\"{outside}\")"), Some(OUTSIDE)),
        (&format!("required(file(\"{outside}\"))"), Some(OUTSIDE)),
        ("\"../../no-such-file\"", Some(OUTSIDE)),
        ("\"victim\"", Some(OTHERS)),
        ("\"../connections/victim.conf\"", Some(OTHERS)),
        ("\"../conf/application\"", Some(OTHERS)),
        ("\"../secrets\"", Some(SECRET)),
    ] {
        check_include(&home, &site, target, expected);
    }
    #[cfg(unix)]
    for (to, expected) in [
        (outside.into(), OUTSIDE),
        (home.path("secrets.conf"), SECRET),
    ] {
        let link = home.path("connections/shared/link.conf");
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(to, link).unwrap();
        check_include(&home, &site, "\"shared/link\"", Some(expected));
    }
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_running_service_applies_new_restrictions_immediately() {
    let site = site();
    let home = home(
        &site,
        "connection.auth.value = ${ACCOUNT}\n",
        "automation.look_interval = 50 ms\n",
    );
    let mut command = home.command(&["run"]);
    command.env("ACCOUNT", ACCOUNT);
    let running = Running::from_command(&home, command);
    wait("a scan", || scanned(&home, "qlik", "complete") == 1);
    home.write(
        "conf/application.conf",
        "automation.look_interval = 50 ms\nconfig.restrict = true\n",
    );
    wait("an error", || {
        home.run(&["status"]).output.contains("is not one of those")
    });
    let refused = home.run(&["status"]).output;
    home.write(
        "conf/application.conf",
        "automation.look_interval = 50 ms\nconfig { restrict = true, variables = [ ACCOUNT ] }\n",
    );
    wait("its end", || {
        !home.run(&["status"]).output.contains("is not one of those")
    });
    let log = running.stop();
    assert!(!(refused + &log).contains("s3cr3t"), "{log}");
}

#[test]
fn a_secret_cannot_be_a_name() {
    let site = site();
    let home = home(&site, "", PROVIDER);
    home.write("secrets.conf", "s.account = \"s3cr3t\"\n");
    for name in ["code", "name", "connector_id"] {
        let value = encrypted_for(&home, "qlik", "x.y", "s3cr3t");
        for (application, value) in [
            (PROVIDER, "${secret_manager.account}"),
            (PROVIDER, "\"site \"${secret_manager.account}\" of ours\""),
            (PROVIDER, "${x}\nx = ${?secret_manager.account}"),
            (PROVIDER, &value),
            (
                "config { restrict = true, variables = [ ACCOUNT ] }",
                "${ACCOUNT}",
            ),
            (
                "config { restrict = true, variables = [ ACCOUNT ] }",
                "pre${ACCOUNT}",
            ),
        ] {
            home.write("conf/application.conf", application);
            let file = connection("qlik", &site)
                + &format!("secret_manager.enabled = true\n{name} = {value}\n");
            home.write("connections/qlik.conf", file);
            let mut texts = Vec::new();
            for arguments in [
                &["scan"][..],
                &["check"],
                &["status"],
                &["status", "--format", "json"],
            ] {
                let mut command = home.command(arguments);
                command.env("ACCOUNT", "s3cr3t");
                let run = finish(command);
                texts.extend([run.output, run.errors]);
            }
            assert!(
                texts[1].contains(&format!("`{name}` cannot be a secret")),
                "{}",
                texts[1]
            );
            let secrets = home.read("secrets.conf");
            home.write("secrets.conf", "");
            check_hidden(&home, &texts);
            home.write("secrets.conf", secrets);
        }
    }
    // An unrestricted variable may be the name of a connection.
    home.write("conf/application.conf", "");
    home.write(
        "connections/qlik.conf",
        connection("qlik", &site)
            + &format!("name = ${{ACCOUNT}}\nconnection.auth.value = \"\"\"{ACCOUNT}\"\"\"\n"),
    );
    scan_with(&home, "ACCOUNT", "Ours").check(0, &["qlik (Ours): complete"]);
}
