//! `init`: a new home for a site.

use std::{io::Write, process::Stdio};

use qrs_client::fake_site::{FakeSite, ReservedPort};

use crate::scanner::{Home, Run, finish, is_clean, url_at};

#[cfg(unix)]
mod demo;
#[cfg(unix)]
mod terminal;

/// The value of the header of the fake site.
const VALUE: &str = "ACME\\scanner";

/// The options for this site.
fn options(site: &FakeSite) -> Vec<String> {
    let options = [
        "init",
        "--yes",
        "--url",
        &site.url(),
        "--header",
        "X-Qlik-Header-Auth",
    ];
    options.map(str::to_owned).to_vec()
}

/// Runs the program with a text as its standard input.
fn run_with_input(home: &Home, arguments: &[String], input: &str) -> Run {
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let mut command = home.command(&arguments);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    Run {
        exit: output.status.code().unwrap(),
        output: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_home_is_created_and_can_be_scanned() {
    let site = FakeSite::start_in_thread();
    let home = Home::empty();
    let mut arguments = options(&site);
    arguments.extend(["--home", "new/home", "--catalog"].map(str::to_owned));
    let run = run_with_input(&home, &arguments, "ACME\\scanner\n");
    run.check(
        0,
        &[
            "created `",
            "connections/qlik.conf`",
            "conf/application.conf`",
            "next:",
            " scan ",
        ],
    );
    assert!(
        run.output.contains("ok           authentication"),
        "{}",
        run.output
    );
    let connection = home.read("new/home/connections/qlik.conf");
    assert!(connection.contains("auth.value = \"ENC["), "{connection}");
    assert!(connection.contains("# "), "{connection}");
    let application = home.read("new/home/conf/application.conf");
    assert!(
        application.contains("\nhttp { listen = \"127.0.0.1:9464\", catalog = true }"),
        "{application}"
    );
    for text in [&connection, &application, &run.output, &run.errors] {
        assert!(
            !text.contains("scanner\\") && !text.contains("ACME"),
            "{text}"
        );
    }
    home.run(&["--home", "new/home", "scan"])
        .check(0, &["stored    53 items"]);
    home.run(&["--home", "new/home", "config", "fmt", "qlik", "--check"])
        .check(0, &[]);
    assert!(is_clean(&home.path("new/home/connections")));
}

#[test]
fn nothing_is_overwritten() {
    let site = FakeSite::start_in_thread();
    let home = Home::empty();
    home.write("conf/application.conf", "# mine\n");
    let mut arguments = options(&site);
    arguments.push("--catalog".to_owned());
    let run = run_with_input(&home, &arguments, VALUE);
    run.check(
        0,
        &[
            "application.conf` exists already and was not changed",
            "add `http {",
        ],
    );
    assert_eq!(home.read("conf/application.conf"), "# mine\n");
    let before = home.read("connections/qlik.conf");
    let run = run_with_input(&home, &arguments, "other");
    run.check(
        3,
        &[
            "connections/qlik.conf` exists already and is not replaced",
            "--code",
        ],
    );
    assert_eq!(home.read("connections/qlik.conf"), before);
    arguments.extend(["--code", "second"].map(str::to_owned));
    run_with_input(&home, &arguments, VALUE).check(0, &["connections/second.conf`"]);
}

#[test]
fn the_value_comes_from_a_file_or_a_variable_and_never_from_an_argument() {
    let site = FakeSite::start_in_thread();
    for source in [["--value-file", "value"], ["--value-env", "QLIK_VALUE"]] {
        let home = Home::empty();
        home.write_secret("value", format!("{VALUE}\n"));
        let mut arguments = options(&site);
        arguments.extend(source.map(str::to_owned));
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let mut command = home.command(&arguments);
        command.env("QLIK_VALUE", VALUE);
        finish(command).check(0, &["next:"]);
    }
    let home = Home::empty();
    let mut arguments = options(&site);
    arguments.extend(["--value", VALUE].map(str::to_owned));
    run_with_input(&home, &arguments, "").check(2, &["unexpected argument '--value'"]);
    let run = run_with_input(&home, &options(&site), "");
    run.check(2, &["the value of the header is missing"]);
    assert!(!home.has("connections"));
}

#[test]
fn answers_that_the_scanner_would_refuse_create_nothing() {
    for (arguments, message) in [
        (
            &["init"][..],
            "standard input is not a terminal: add `--yes`",
        ),
        (&["init", "--yes"], "`--yes` needs `--url`"),
        (
            &["init", "--yes", "--url", "qlik.example.com/x"],
            "must begin with `https://`",
        ),
        (
            &[
                "init",
                "--yes",
                "--url",
                "https://q.example/x",
                "--header",
                "X-Qlik-User",
            ],
            "is reserved by Qlik Sense",
        ),
        (
            &[
                "init",
                "--yes",
                "--url",
                "https://q.example/x",
                "--code",
                "con",
            ],
            "reserves for a device",
        ),
        (
            &[
                "init",
                "--yes",
                "--url",
                "https://q.example/x",
                "--truststore",
                "none.pem",
            ],
            "none.pem` cannot be read",
        ),
    ] {
        let home = Home::empty();
        let arguments: Vec<_> = arguments.iter().map(|one| (*one).to_owned()).collect();
        run_with_input(&home, &arguments, VALUE).check(2, &[message]);
        assert!(!home.has("connections") && !home.has("conf"), "{message}");
    }
}

#[test]
fn a_site_that_does_not_answer_leaves_the_files_and_says_what_to_do() {
    let home = Home::empty();
    let closed = ReservedPort::new();
    let url = url_at(&closed);
    let arguments = ["init", "--yes", "--url", &url].map(str::to_owned);
    let run = run_with_input(&home, &arguments, VALUE);
    run.check(
        4,
        &["the check found a problem", "test the connection again"],
    );
    assert!(run.output.contains("failed       tcp"), "{}", run.output);
    assert!(home.has("connections/qlik.conf"));
}
