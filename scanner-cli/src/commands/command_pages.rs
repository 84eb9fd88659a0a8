//! `completions` and `man`: files about the command line itself, for shells and for `man`.

use std::{fs, io, path::Path};

use catalog_model::with_causes;
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::{arguments::Arguments, exit::Exit, home::shown, problem::Problem, program::Program};

/// Prints the completions of a shell.
pub(crate) fn completions(program: &mut Program, shell: Shell) -> Exit {
    let mut command = Arguments::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, &name, &mut script);
    if shell == Shell::Bash {
        script = with_one_spelling(&script, &name);
    }
    program.print_bytes(&script)
}

/// `clap_complete` spells the name of a program with a hyphen in two ways in a script for bash, so that nothing after the
/// first command is completed (<https://github.com/clap-rs/clap/issues/6421>).
fn with_one_spelling(script: &[u8], name: &str) -> Vec<u8> {
    let [wrong, right] = ["__subcmd__", "__"].map(|joint| name.replace('-', joint));
    String::from_utf8_lossy(script)
        .replace(&wrong, &right)
        .into_bytes()
}

/// Prints the page of the program, or writes the pages of all commands to `folder`.
pub(crate) fn man(program: &mut Program, folder: Option<&Path>) -> Exit {
    let Some(folder) = folder else {
        return match main_page() {
            Ok(page) => program.print_bytes(&page),
            Err(error) => failed(program, "the manual page cannot be made", &error),
        };
    };
    let written = fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Arguments::command(), folder));
    match written {
        Ok(()) => {
            program.report_note(&format!("wrote the manual pages to `{}`\n", shown(folder)));
            Exit::Complete
        }
        Err(error) => {
            let message = format!("cannot write the manual pages to `{}`", shown(folder));
            failed(program, &message, &error)
        }
    }
}

/// The page of the program. `help` is left out, as in the pages of all commands.
fn main_page() -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(Arguments::command().disable_help_subcommand(true)).render(&mut page)?;
    Ok(page)
}

fn failed(program: &mut Program, message: &str, error: &io::Error) -> Exit {
    let message = format!("{message}: {}", with_causes(error));
    program.report_problem(&Problem::general(message, None));
    Exit::Failed
}
