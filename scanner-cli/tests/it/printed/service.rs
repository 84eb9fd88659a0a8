//! `service` with systemd. What it changes is tested in the crate `system-service`.

use std::{path::Path, process::Command};

use super::Page;
use crate::scanner::Home;

/// Runs the program from a folder that every machine has, because the unit depends on where it is.
fn run(page: &mut Page, home: &Home, arguments: &[&str]) -> i32 {
    let program = home.path("scanner-cli");
    if !program.exists() {
        // Another process writes it: a child that another test starts meanwhile would inherit the open file, and the program
        // could not be run ("text file busy").
        let mut copy = Command::new("cp");
        copy.arg(env!("CARGO_BIN_EXE_scanner-cli")).arg(&program);
        assert!(copy.status().unwrap().success());
    }
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(home.path(""))
        .env_clear()
        .env("HOME", "/home/ada");
    page.run_command(home, arguments, command).exit
}

#[test]
fn units_are_printed_without_installing_them() {
    let (home, mut page) = (Home::empty(), Page::new());
    page.note("for the system, with the defaults");
    run(&mut page, &home, &["service", "install", "--print"]);
    page.note("for a user");
    run(
        &mut page,
        &home,
        &["service", "install", "--print", "--user"],
    );
    page.note("with another home and another account");
    let folder = home.path("");
    let folder = folder.to_str().unwrap().trim_end_matches('/');
    let options = [
        "--home",
        folder,
        "service",
        "install",
        "--print",
        "--account",
        "etl",
    ];
    run(&mut page, &home, &options);
    page.check("service_print");
}

#[test]
fn mistakes_in_options_are_explained() {
    let (home, mut page) = (Home::empty(), Page::new());
    for options in [
        &["service", "install", "--print", "--name", "a b"][..],
        &[
            "service",
            "install",
            "--print",
            "--user",
            "--account",
            "etl",
        ],
        &["--home", "missing", "service", "install", "--print"],
    ] {
        assert_ne!(run(&mut page, &home, options), 0);
    }
    page.check("service_mistakes");
}

#[test]
fn without_systemd_each_command_says_what_else_to_do() {
    if Path::new("/run/systemd/system").exists() {
        // Here the commands would change the services of this machine.
        return;
    }
    let (home, mut page) = (Home::empty(), Page::new());
    for command in ["install", "uninstall", "start", "stop", "status"] {
        let exit = run(&mut page, &home, &["service", command, "--user"]);
        assert_eq!(exit, 4);
    }
    page.check("service_without_systemd");
}
