//! `init`: creates a home with a connection to a site, and tests it. `init --demo` does the same with a fake site.

use secrecy::{ExposeSecret, SecretString};

use super::{check, encrypt};
use crate::{
    arguments::{Check, Init, ShowFormat},
    encryption::{Binding, Key, Owner},
    exit::Exit,
    home::shown_absolute,
    printable::Page,
    problem::Problem,
    program::Program,
};

mod answers;
#[cfg(feature = "demo")]
mod demo;
mod questions;
mod trial;

use self::answers::{Answers, CATALOG, Trust};

pub(crate) async fn run(program: &mut Program, options: Init) -> Exit {
    #[cfg(feature = "demo")]
    if options.demo {
        return demo::run(program, options.port).await;
    }
    match init(program, &options).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn init(program: &mut Program, options: &Init) -> Result<Exit, Exit> {
    let answers = questions::answers(program, options).await?;
    create(program, &answers)?;
    let check = Check {
        codes: vec![answers.code.clone()],
        offline: false,
        format: ShowFormat::Text,
    };
    let exit = check::run(program, check).await;
    let next = next_steps(program, &answers, exit);
    program.report(&next);
    Ok(exit)
}

/// Writes the home. The secrets are encrypted, so that the file can be shown to others.
fn create(program: &mut Program, answers: &Answers) -> Result<(), Exit> {
    let path = program.installation.connection_file(&answers.code);
    if path.exists() {
        let message = format!(
            "`{}` exists already and is not replaced",
            shown_absolute(&path)
        );
        let hint = "choose another code with `--code`, or edit the file".to_owned();
        program.report_problem(&Problem::general(message, hint));
        return Err(Exit::Configuration);
    }
    let created = program.installation.create_home();
    created.map_err(|error| program.report_error(&error))?;
    let key = encrypt::key(program)?;
    let value = encrypted(
        program,
        &key,
        answers,
        "connection.auth.value",
        &answers.value,
    )?;
    let password = answers
        .trust
        .as_ref()
        .and_then(|Trust { password, .. }| password.as_ref());
    let password = match password {
        Some(password) => Some(encrypted(
            program,
            &key,
            answers,
            "tls.truststore.password",
            password,
        )?),
        None => None,
    };
    let text = answers.connection_file(&value, password.as_deref());
    let written = program.installation.create_settings_file(&path, &text);
    written.map_err(|error| program.report_error(&error))?;
    program.report_note(&format!("created `{}`\n", shown_absolute(&path)));
    create_application_file(program, answers)
}

/// Writes `conf/application.conf`, unless it exists.
fn create_application_file(program: &mut Program, answers: &Answers) -> Result<(), Exit> {
    let path = program.installation.home.settings();
    let shown = shown_absolute(&path);
    if path.exists() {
        let mut note = format!("`{shown}` exists already and was not changed\n");
        if answers.shows_catalog {
            let add = format!("http {{ listen = \"{CATALOG}\", catalog = true }}");
            note.push_str(&format!(
                "  to show the catalog in a browser, add `{add}` to it\n"
            ));
        }
        program.report_note(&note);
        return Ok(());
    }
    let written = program
        .installation
        .create_settings_file(&path, &answers.application_file());
    written.map_err(|error| program.report_error(&error))?;
    program.report_note(&format!("created `{shown}`\n"));
    Ok(())
}

fn encrypted(
    program: &mut Program,
    key: &Key,
    answers: &Answers,
    setting: &str,
    secret: &SecretString,
) -> Result<String, Exit> {
    let binding = Binding {
        owner: Owner::Connection(&answers.code),
        setting,
    };
    let secret = SecretString::from(secret.expose_secret().trim().to_owned());
    key.encrypt(&secret, Some(binding)).map_err(|error| {
        let message = format!("the secret cannot be encrypted: {error}");
        program.report_problem(&Problem::general(message, None));
        Exit::Failed
    })
}

/// The home as a command line names it.
fn home_of(program: &Program) -> String {
    let home = &program.installation.home;
    let path = home.absolute().unwrap_or_else(|_| home.path(""));
    path.display().to_string()
}

/// What to do next.
fn next_steps(program: &Program, answers: &Answers, exit: Exit) -> String {
    let command = format!("scanner-cli --home {}", home_of(program));
    let mut text = Page::default();
    if exit == Exit::Complete {
        writeln!(text, "next:");
    } else {
        writeln!(
            text,
            "the files were written, but the check found a problem, see above. After you have solved it:"
        );
        writeln!(text, "  {command} check");
        writeln!(text, "      test the connection again");
    }
    let page = match answers.shows_catalog {
        true => format!("; the catalog is at http://{CATALOG}/"),
        false => String::new(),
    };
    for (command, meaning) in [
        (
            format!("{command} scan"),
            "read the sheets and store them".to_owned(),
        ),
        (
            format!("{command} run"),
            format!("scan every 24 hours{page}"),
        ),
        (
            "scanner-cli docs service".to_owned(),
            "how to run it as a service".to_owned(),
        ),
        (
            "scanner-cli docs".to_owned(),
            "all topics, such as the catalogs that can receive the sheets".to_owned(),
        ),
    ] {
        writeln!(text, "  {command}");
        writeln!(text, "      {meaning}");
    }
    text.into()
}
