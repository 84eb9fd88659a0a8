//! `encrypt`: a secret as a line to be pasted into a connection file, or into the settings of a follower.

use std::io::{self, Read};

use catalog_model::{
    ConnectionCode, FollowerName,
    encoding::{self, NotText},
};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};

use tokio::task::spawn_blocking;

use super::signals::interrupted;

use crate::{
    arguments::Encrypt,
    encryption::{Binding, Key, KeyFile, Owner, read_or_create},
    exit::Exit,
    hocon,
    home::shown,
    problem::Problem,
    program::Program,
    secrets::exposure,
};

/// No setting is longer, in bytes: what is larger is a file that is given by mistake.
const LONGEST: usize = 64 * 1024;

/// Why there is no secret.
enum NoSecret {
    /// What was given is none.
    Refused(&'static str),
    /// Nothing could be read.
    Unread(io::Error),
    /// Somebody gave up.
    Interrupted,
}

pub(crate) async fn run(program: &mut Program, arguments: &Encrypt) -> Exit {
    let bound_to = match bound_to(arguments) {
        Ok(bound_to) => bound_to,
        Err(why) => return program.report_usage(&why),
    };
    if bound_to.is_none() {
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
    // The secret first: who gives none up makes no key.
    let secret = match secret(program).await {
        Ok(secret) => secret,
        Err(NoSecret::Refused(why)) => return program.report_usage(why),
        Err(NoSecret::Unread(error)) => {
            let message = format!("the secret cannot be read: {error}");
            program.report_problem(&Problem::general(message, None));
            return Exit::Failed;
        }
        Err(NoSecret::Interrupted) => return Exit::Interrupted,
    };
    let key = match key(program) {
        Ok(key) => key,
        Err(exit) => return exit,
    };
    let binding = bound_to.as_ref().map(|(owner, setting)| Binding {
        owner: *owner,
        setting,
    });
    match key.encrypt(&secret, binding) {
        // In quotes, without which HOCON would read a list.
        Ok(text) => {
            if binding.is_none() {
                program.report_problem(&unbound());
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

/// What the command line says that the secret is for.
///
/// # Errors
/// What is wrong with it. Words are not repeated: one of them may be the secret.
fn bound_to(Encrypt { owner, words }: &Encrypt) -> Result<Option<(Owner<'_>, String)>, String> {
    let as_argument = "`encrypt` does not accept a secret as an argument, because other users could see it in the list of processes: pass it on standard input";
    let Some(owner) = owner else {
        return match words.is_empty() {
            true => Ok(None),
            false => Err(as_argument.to_owned()),
        };
    };
    let owner = Owner::parse(owner);
    let (valid, what) = match owner {
        Owner::Connection(code) => (
            ConnectionCode::new(code).map(drop),
            "the code after `--for`",
        ),
        Owner::Follower(name) => (
            FollowerName::new(name).map(drop),
            "the name after `--for follower:`",
        ),
    };
    valid.map_err(|error| format!("{what} is not valid: {error}"))?;
    let [setting] = &words[..] else {
        return Err(match words.is_empty() {
            true => {
                "the setting after `--for CODE` is missing: write `--for CODE connection.auth.value`"
                    .to_owned()
            }
            false => as_argument.to_owned(),
        });
    };
    let setting = setting.to_str().and_then(hocon::parse_path).ok_or(
        "the argument after `--for CODE` is not the name of a setting, such as `connection.auth.value`",
    )?;
    let first = setting.first().map(String::as_str).unwrap_or_default();
    if shown_settings(owner).contains(&first) {
        return Err(format!(
            "`{first}` cannot be a secret: reports and messages show it"
        ));
    }
    Ok(Some((owner, setting.join("."))))
}

/// The settings that cannot be secrets.
fn shown_settings(owner: Owner<'_>) -> &'static [&'static str] {
    match owner {
        Owner::Connection(_) => &["code", "name", "connector_id", "filter", "filters"],
        Owner::Follower(_) => &["kind", "name", "connections"],
    }
}

fn unbound() -> Problem {
    Problem::warning(
        "the value is not bound to a connection and a setting: anyone who reads it can use it in any connection file",
        "name both to bind it: `scanner-cli encrypt --for CODE connection.auth.value`".to_owned(),
    )
}

async fn secret(program: &mut Program) -> Result<SecretString, NoSecret> {
    let secret = if program.environment.typed {
        // Ctrl-C is a key like others to the thread that asks: so it leaves the terminal as it was.
        tokio::select! {
            secret = spawn_blocking(typed) => secret.map_err(|error| NoSecret::Unread(error.into()))??,
            () = interrupted(program) => return Err(NoSecret::Interrupted),
        }
    } else {
        piped(&mut program.environment.input)?
    };
    if secret.expose_secret().is_empty() {
        return Err(NoSecret::Refused(
            "the secret is missing: pass it on standard input, or type it on a terminal",
        ));
    }
    Ok(secret)
}

/// Asks on the terminal, twice, since nobody sees what is typed.
fn typed() -> Result<SecretString, NoSecret> {
    let ask = |prompt: &str| {
        let answer = rpassword::prompt_password(prompt).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => NoSecret::Interrupted,
            _ => NoSecret::Unread(error),
        })?;
        Ok(SecretString::from(answer))
    };
    let (first, second) = (ask("Secret: ")?, ask("Repeat the secret: ")?);
    if first.expose_secret() == second.expose_secret() {
        Ok(first)
    } else {
        Err(NoSecret::Refused("the two secrets differ"))
    }
}

/// Reads all of standard input. A byte order mark before the secret, which PowerShell writes, and one line break at its end,
/// which `echo` and editors add, are not part of it.
fn piped(input: &mut dyn Read) -> Result<SecretString, NoSecret> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    let read = input.take(LONGEST as u64 + 1).read_to_end(&mut bytes);
    read.map_err(NoSecret::Unread)?;
    if bytes.len() > LONGEST {
        return Err(NoSecret::Refused("the secret is longer than 64 KiB"));
    }
    let text = encoding::text(&bytes).map_err(|not_text| {
        NoSecret::Refused(match not_text {
            NotText::Utf16 => "the secret is UTF-16: write it as UTF-8",
            NotText::OnlyNul | NotText::Nul(_) => "the secret has a NUL byte",
            NotText::NotUtf8(_) => "the secret is not UTF-8",
        })
    })?;
    Ok(encoding::without_line_break(text).into())
}

/// The key of the home, which is made at its first use.
///
/// # Errors
/// The exit of a command that has no key; it was told why.
fn key(program: &mut Program) -> Result<Key, Exit> {
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
