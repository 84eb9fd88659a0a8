//! The help of every command.

use super::Page;
use crate::scanner::Home;

/// The arguments of every command and subcommand.
const COMMANDS: [&[&str]; 40] = [
    &[],
    &["run"],
    &["status"],
    &["service"],
    &["service", "install"],
    &["service", "uninstall"],
    &["service", "start"],
    &["service", "stop"],
    &["service", "status"],
    &["serve"],
    &["scan"],
    &["follow"],
    &["inventory"],
    &["check"],
    &["catalog"],
    &["catalog", "list"],
    &["catalog", "show"],
    &["catalog", "changes"],
    &["catalog", "scans"],
    &["catalog", "owners"],
    &["catalog", "followers"],
    &["catalog", "export"],
    &["catalog", "forget"],
    &["store"],
    &["store", "backup"],
    &["store", "restore"],
    &["store", "check"],
    &["explain"],
    &["init"],
    &["config", "show"],
    &["config", "check"],
    &["config", "fmt"],
    &["config", "schema"],
    &["docs"],
    &["hook", "test"],
    &["filter", "test"],
    &["encrypt"],
    &["completions"],
    &["man"],
    &["help", "scan"],
];

fn check(name: &str, option: &str) {
    let home = Home::empty();
    let mut page = Page::new();
    for command in COMMANDS {
        let mut arguments = command.to_vec();
        if command.first() != Some(&"help") {
            arguments.push(option);
        }
        page.run(&home, &arguments);
    }
    page.check(name);
}

#[test]
fn the_long_help_of_every_command() {
    check("help_long", "--help");
}

#[test]
fn the_short_help_of_every_command() {
    check("help_short", "-h");
}

#[test]
fn commands_of_commands() {
    let home = Home::empty();
    let mut page = Page::new();
    for command in ["config", "hook", "filter"] {
        page.run(&home, &[command, "--help"]);
    }
    page.run(&home, &["--version"]);
    page.run(&home, &[]);
    page.check("help_groups");
}
