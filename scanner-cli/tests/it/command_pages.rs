//! `completions` and `man`.

use std::{collections::BTreeSet, process::Command};

use crate::scanner::{Home, finish};

/// Shells with completions, and how each names the command `catalog` with its subcommand `owners`.
const SHELLS: [(&str, &str); 5] = [
    ("bash", "scanner__cli__subcmd__catalog__subcmd__owners"),
    (
        "zsh",
        "_scanner-cli__subcmd__catalog__subcmd__owners_commands",
    ),
    ("fish", "__fish_seen_subcommand_from owners"),
    ("powershell", "'scanner-cli;catalog;owners'"),
    ("elvish", "&'scanner-cli;catalog;owners'="),
];

/// Commands about the command line need no home.
fn without_home(arguments: &[&str]) -> Command {
    let mut command = Home::empty().command(arguments);
    command.current_dir("/").env("SCANNER_HOME", "/none/at/all");
    command
}

#[test]
fn each_shell_gets_the_subcommands_of_commands() {
    for (shell, name) in SHELLS {
        let run = finish(without_home(&["completions", shell]));
        run.check(0, &[]);
        assert!(run.output.contains(name), "{shell}: {}", run.output);
        assert_eq!(run.errors, "", "{shell}");
    }
}

#[test]
#[cfg(unix)]
fn bash_completes_commands_options_and_values() {
    let home = Home::empty();
    home.write("script", home.run(&["completions", "bash"]).output);
    for (words, expected) in [
        ("scanner-cli inv", "inventory"),
        ("scanner-cli catalog ow", "owners"),
        ("scanner-cli scan --acc", "--accept-removals"),
        ("scanner-cli --color n", "never"),
        ("scanner-cli completions po", "powershell"),
    ] {
        let typed: Vec<_> = words.split(' ').collect();
        let [.., before, last] = typed[..] else {
            panic!("{words}")
        };
        let script = format!(
            "source ./script; COMP_WORDS=({words}); COMP_CWORD={}; _scanner__cli scanner-cli {last} {before}; echo \"${{COMPREPLY[@]}}\"",
            typed.len() - 1
        );
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", &script])
            .current_dir(home.path(""));
        let run = finish(bash);
        assert_eq!((run.output.trim(), &*run.errors), (expected, ""), "{words}");
    }
}

#[test]
fn the_page_of_the_program_is_printed() {
    let run = finish(without_home(&["man"]));
    run.check(0, &[]);
    for text in [".TH scanner-cli 1", "scanner\\-cli\\-scan(1)", "Exit codes"] {
        assert!(run.output.contains(text), "no {text:?} in {}", run.output);
    }
}

#[test]
fn each_command_has_a_page() {
    let home = Home::empty();
    let run = home.run(&["man", "--dir", "share/man1"]);
    run.check(0, &["wrote the manual pages to `share/man1`"]);
    let names: BTreeSet<_> = home.names("share/man1").into_iter().collect();
    for name in [
        "",
        "-scan",
        "-catalog",
        "-catalog-list",
        "-config-show",
        "-man",
    ] {
        assert!(
            names.contains(&format!("scanner-cli{name}.1")),
            "{name}: {names:?}"
        );
    }
    assert!(!names.iter().any(|name| name.contains("help")), "{names:?}");
    let main = home.read("share/man1/scanner-cli.1");
    assert_eq!(main, home.run(&["man"]).output);
    home.run(&["man", "--dir", "share/man1"]).check(0, &[]);
}

#[test]
fn a_folder_that_cannot_be_created_is_an_error() {
    let home = Home::empty();
    home.write("file", "");
    let run = home.run(&["man", "--dir", "file/man1"]);
    run.check(
        4,
        &["error: cannot write the manual pages to `file/man1`: "],
    );
}
