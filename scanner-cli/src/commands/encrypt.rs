//! `encrypt`: encrypts a secret for a connection file or a follower.

use std::io;

use secrecy::{ExposeSecret, SecretString};
use tokio::task::spawn_blocking;

use super::signals::interrupted;
use crate::{
    arguments::Encrypt,
    encrypt_request::{BoundSetting, SecretInputError, read_secret},
    encryption::{Binding, Key, KeyFile, Owner, read_or_create},
    exit::Exit,
    exposure,
    home::shown,
    near_code::did_you_mean,
    problem::Problem,
    program::Program,
};

/// Why there is no secret to encrypt.
enum SecretError {
    Input(SecretInputError),
    Interrupted,
}

impl From<SecretInputError> for SecretError {
    fn from(error: SecretInputError) -> Self {
        Self::Input(error)
    }
}

pub(crate) async fn run(program: &mut Program, arguments: &Encrypt) -> Exit {
    let bound = match BoundSetting::from_arguments(arguments.owner.as_deref(), &arguments.words) {
        Ok(bound) => bound,
        Err(error) => return program.report_usage(&error),
    };
    if bound.is_none() {
        match program.installation.restrictions() {
            Ok(restrictions) if restrictions.is_restricted() => {
                return program.report_usage(
                    "`config.restrict` in `conf/application.conf` requires values that are bound: \
                     `encrypt --for CODE SETTING`",
                );
            }
            Ok(_) => {}
            Err(error) => return program.report_error(&error),
        }
    }
    // The secret first: without a secret, no key is created.
    let secret = match secret_input(program).await {
        Ok(secret) => secret,
        Err(exit) => return exit,
    };
    let key = match key(program) {
        Ok(key) => key,
        Err(exit) => return exit,
    };
    let binding = bound.as_ref().map(|bound| Binding {
        owner: bound.owner,
        setting: &bound.setting,
    });
    match key.encrypt(&secret, binding) {
        // In quotes, because HOCON would read `[…]` as a list.
        Ok(text) => {
            let warning = match &bound {
                None => Some(unbound()),
                Some(bound) => unknown_owner(program, bound),
            };
            if let Some(warning) = warning {
                program.report_problem(&warning);
            }
            program.print(&format!("\"{text}\"\n"), Exit::Complete)
        }
        Err(error) => {
            let message = format!("the secret cannot be encrypted: {error}");
            program.report_problem(&Problem::general(message, None));
            Exit::Failed
        }
    }
}

/// Reads a secret from the terminal or from standard input.
///
/// # Errors
/// If there is none. The error was reported; the exit code is returned.
pub(super) async fn secret_input(program: &mut Program) -> Result<SecretString, Exit> {
    let error = match secret(program).await {
        Ok(secret) => return Ok(secret),
        Err(error) => error,
    };
    Err(match error {
        SecretError::Input(SecretInputError::Invalid(error)) => program.report_usage(error),
        SecretError::Input(SecretInputError::Unreadable(error)) => {
            let message = format!("the secret cannot be read: {error}");
            program.report_problem(&Problem::general(message, None));
            Exit::Failed
        }
        SecretError::Interrupted => Exit::Interrupted,
    })
}

/// The warning about a value that any connection file can use.
fn unbound() -> Problem {
    Problem::warning(
        "the value is not bound to a connection and a setting: anyone who reads it can use it in any connection file",
        "name both to bind it: `scanner-cli encrypt --for CODE connection.auth.value`, or `scanner-cli encrypt --for follower:NAME SETTING`".to_owned(),
    )
}

/// The warning about a value that nothing can use yet, because its owner does not exist or is something else.
fn unknown_owner(program: &Program, bound: &BoundSetting<'_>) -> Option<Problem> {
    let names = program.installation.follower_names()?;
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let setting = &bound.setting;
    match bound.owner {
        Owner::Follower(name) if !names.contains(&name) => {
            let message = format!("`conf/application.conf` has no follower with the name `{name}`");
            let near = did_you_mean(name, &names);
            let hint = format!(
                "{near}the followers are: {}; the value works only for the follower that `--for` names",
                names.join(", ")
            );
            Some(Problem::warning(message, hint))
        }
        Owner::Connection(code) if names.contains(&code) => {
            let all = program.installation.connections().ok();
            let codes = all.and_then(|all| all.all_codes()).unwrap_or_default();
            let is_code = codes.iter().any(|known| known.as_str() == code);
            (!is_code).then(|| {
                Problem::warning(
                    format!("`{code}` is a follower, and no connection has this code"),
                    format!("for the follower, run `scanner-cli encrypt --for follower:{code} {setting}`"),
                )
            })
        }
        _ => None,
    }
}

/// Reads the secret from the terminal or from standard input.
async fn secret(program: &mut Program) -> Result<SecretString, SecretError> {
    let secret = if program.environment.is_interactive {
        // The prompt receives Ctrl-C as a key and restores the terminal.
        tokio::select! {
            secret = spawn_blocking(prompted) => secret.map_err(|error| SecretInputError::Unreadable(error.into()))??,
            () = interrupted(program) => return Err(SecretError::Interrupted),
        }
    } else {
        read_secret(&mut program.environment.input)?
    };
    if secret.expose_secret().is_empty() {
        let error = "the secret is missing: pass it on standard input, or type it on a terminal";
        return Err(SecretInputError::Invalid(error).into());
    }
    Ok(secret)
}

/// Prompts for the secret twice, because the terminal does not show it.
fn prompted() -> Result<SecretString, SecretError> {
    let ask = |prompt: &str| -> Result<_, SecretError> {
        let answer = rpassword::prompt_password(prompt).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => SecretError::Interrupted,
            _ => SecretInputError::Unreadable(error).into(),
        })?;
        Ok(SecretString::from(answer))
    };
    let (first, second) = (ask("Secret: ")?, ask("Repeat the secret: ")?);
    if first.expose_secret() == second.expose_secret() {
        Ok(first)
    } else {
        Err(SecretInputError::Invalid("the two secrets differ").into())
    }
}

/// The key of the home. The first call creates it.
///
/// # Errors
/// If the key file cannot be read or created. The error was reported; the exit code is returned.
pub(super) fn key(program: &mut Program) -> Result<Key, Exit> {
    let read = program.installation.application_without_followers();
    let application = read.map_err(|error| program.report_error(&error))?;
    program.report_problems(&application.warnings);
    let file = application.key_file;
    let path = shown(&file);
    let (message, hint) = match read_or_create(&file) {
        Ok(KeyFile::Created(key)) => {
            program.report(&format!(
                "created the key file `{path}`: keep a copy of it in another place; without it, the encrypted values are lost\n"
            ));
            return Ok(key);
        }
        Ok(KeyFile::Found(key)) => {
            if let Some(warning) = exposure::key_warning(&file) {
                program.report_problem(&warning);
            }
            return Ok(key);
        }
        Ok(KeyFile::Damaged) => (
            format!("the key file `{path}` is damaged, or is not a key file"),
            "restore a copy of the key file, or name another file with `encryption.key-file` in `conf/application.conf`",
        ),
        Err(error) => (
            format!("the key file `{path}` cannot be read or created: {error}"),
            "give the scanner's account read access to it, and `encrypt` write access to its folder; `encryption.key-file` in `conf/application.conf` names another file",
        ),
    };
    program.report_problem(&Problem::general(message, hint.to_owned()));
    Err(Exit::Configuration)
}
