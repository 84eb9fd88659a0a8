//! Colors: decided for each stream by `NO_COLOR`, `CLICOLOR_FORCE`, `TERM` and `--color`.
#![cfg(unix)]

use crate::{
    scanner::Home,
    terminal::{Streams, on_terminal},
};

const ESCAPE: &str = "\u{1b}[";

fn command(home: &Home, arguments: &[&str], variables: &[(&str, &str)]) -> std::process::Command {
    let mut command = home.command(arguments);
    command.envs(variables.iter().copied());
    command
}

#[test]
fn help_and_errors_have_colors_only_on_the_stream_that_is_a_terminal() {
    let home = Home::with("code = ");
    for (arguments, colored) in [
        (&["--help"][..], Streams::Output),
        (&["scan", "--help"], Streams::Output),
        (&["help", "catalog"], Streams::Output),
        (&["scan", "--no-such-option"], Streams::Errors),
        (&["scan"], Streams::Errors),
    ] {
        for on in [Streams::Output, Streams::Errors] {
            let run = on_terminal(home.command(arguments), 80, on);
            let text = run.output + &run.errors;
            assert_eq!(
                text.contains(ESCAPE),
                on == colored,
                "{arguments:?} {on:?}: {text}"
            );
        }
    }
}

#[test]
fn variables_and_the_option_decide_in_the_usual_order() {
    let home = Home::with("code = ");
    for (option, variables, on_terminal_is_colored, piped_is_colored) in [
        ("auto", &[][..], true, false),
        ("auto", &[("NO_COLOR", "1")], false, false),
        ("auto", &[("NO_COLOR", "")], true, false),
        ("auto", &[("TERM", "dumb")], false, false),
        ("auto", &[("CLICOLOR", "0")], false, false),
        ("auto", &[("CLICOLOR_FORCE", "1")], true, true),
        (
            "auto",
            &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")],
            false,
            false,
        ),
        ("always", &[("NO_COLOR", "1")], true, true),
        ("never", &[("CLICOLOR_FORCE", "1")], false, false),
    ] {
        for arguments in [["scan", "--color", option], ["--color", option, "--help"]] {
            let shown = on_terminal(command(&home, &arguments, variables), 80, Streams::Both);
            let is_colored = shown.output.contains(ESCAPE);
            assert_eq!(
                is_colored, on_terminal_is_colored,
                "{arguments:?} {variables:?}"
            );
            let run = crate::scanner::finish(command(&home, &arguments, variables));
            let is_colored = (run.output + &run.errors).contains(ESCAPE);
            assert_eq!(is_colored, piped_is_colored, "{arguments:?} {variables:?}");
        }
    }
    home.run(&["scan", "--color", "pink"]).check(2, &["pink"]);
}
