//! The environment that the commands pass on to cargo.

use std::process::{Command, ExitCode};

/// Variables that `cargo run` sets for the program that it runs. Build scripts, such as that of `ring`, ask cargo to run them
/// again when these change, so a cargo that inherited them would build much of the workspace again.
const SET_BY_CARGO: [&str; 5] = [
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "CARGO_PRIMARY_PACKAGE",
];

/// Runs this program again without those variables, if there are any, and returns its result.
pub(crate) fn run_without_variables_of_cargo() -> Option<ExitCode> {
    let is_set_by_cargo = |name: &String| {
        SET_BY_CARGO
            .iter()
            .any(|of_cargo| name.starts_with(of_cargo))
    };
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let inherited: Vec<_> = names.filter(is_set_by_cargo).collect();
    if inherited.is_empty() {
        return None;
    }
    let mut again = Command::new(std::env::current_exe().ok()?);
    again.args(std::env::args_os().skip(1));
    for name in inherited {
        again.env_remove(name);
    }
    run(again)
}

#[cfg(unix)]
fn run(mut again: Command) -> Option<ExitCode> {
    use std::os::unix::process::CommandExt;

    // Returns only if the program cannot be started.
    let _error = again.exec();
    None
}

#[cfg(not(unix))]
fn run(mut again: Command) -> Option<ExitCode> {
    let status = again.status().ok()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Some(ExitCode::from(code.unwrap_or(1)))
}
