//! `check`: tests each stage on the way to a site, and shows which one fails.

use std::pin::pin;

use super::{
    selection::{application, select},
    signals::interrupted,
};
use crate::{
    application_file::{Application, HttpSettings},
    arguments::{Check, ShowFormat},
    check::{CheckGroups, CheckReport},
    exit::Exit,
    hooks,
    installation::Installation,
    problem::Problem,
    program::Program,
};

mod text;

pub(crate) async fn run(program: &mut Program, arguments: Check) -> Exit {
    if arguments.offline {
        return check_offline(program, &arguments);
    }
    let selected = match select(program, &arguments.codes) {
        Ok(selected) => selected,
        Err(exit) => return exit,
    };
    let mut outcomes = Vec::from_iter(program.report_problems(&selected.problems));
    let hooks = hooks::files(&program.installation.home, &program.installation.variables);
    let hooks: Vec<_> = hooks.into_iter().flat_map(|file| file.problems).collect();
    outcomes.extend(program.report_problems(&hooks));
    let application = application(program)
        .map_err(|exit| outcomes.push(exit))
        .ok();
    let mut checked = Vec::new();
    for file in selected.invalid {
        outcomes.push(Exit::Configuration);
        checked.push(CheckReport::invalid(file, &program.installation.connectors));
    }
    let mut interrupted = pin!(interrupted(program));
    let ready = selected.ready.into_iter();
    let held: Vec<_> = ready
        .map(|ready| (ready.connection.hold_session(), ready))
        .collect();
    for (hold, ready) in held {
        tokio::select! {
            done = program.installation.check_connection(&ready, hold) => checked.push(done),
            () = &mut interrupted => return Exit::Interrupted,
        }
    }
    let application = application.filter(|_| arguments.codes.is_empty());
    let (store, followers) = tokio::select! {
        checked = check_store_and_followers(&program.installation, application.as_ref()) => checked,
        () = &mut interrupted => return Exit::Interrupted,
    };
    if checked
        .iter()
        .chain(&store)
        .any(CheckReport::fails_at_the_site)
    {
        outcomes.push(Exit::Failed);
    }
    if followers.iter().any(CheckReport::fails_at_the_site) {
        outcomes.push(Exit::Follower);
    }
    let http = application.and_then(|application| application.http);
    let groups = CheckGroups {
        connections: &checked,
        followers: &followers,
        store: store.as_ref(),
        files: &[],
    };
    let text = match arguments.format {
        ShowFormat::Text => as_text(&groups, http.as_ref()),
        ShowFormat::Json => groups.to_json(),
    };
    program.print(&text, Exit::worst_of(&outcomes))
}

fn as_text(groups: &CheckGroups<'_>, http: Option<&HttpSettings>) -> String {
    let checked = groups.connections.iter().chain(groups.store);
    text::text(checked.chain(groups.followers))
        + &text::catalog(http.and_then(HttpSettings::catalog))
        + &text::failed_followers(groups.followers)
}

/// Checks the store on a server, and the followers of these settings. Without settings, or for single connections, neither.
async fn check_store_and_followers(
    installation: &Installation,
    application: Option<&Application>,
) -> (Option<CheckReport>, Vec<CheckReport>) {
    if application.is_none() {
        return (None, Vec::new());
    }
    let store = installation.check_store().await;
    let mut checked = Vec::new();
    for follower in application.iter().flat_map(|one| &one.followers) {
        checked.push(installation.check_follower(follower).await);
    }
    let disabled = application.map(|one| installation.disabled_followers(one));
    checked.extend(disabled.into_iter().flatten());
    (store, checked)
}

fn check_offline(program: &mut Program, arguments: &Check) -> Exit {
    let check = match program.installation.check_offline(&arguments.codes) {
        Ok(check) => check,
        Err(error) => return program.report_error(&error),
    };
    program.report_problems(&check.problems);
    let text = match arguments.format {
        ShowFormat::Text => {
            let others = check.others.iter().chain(&check.followers);
            text::text(others.chain(&check.connections)) + &text::catalog(check.catalog)
        }
        ShowFormat::Json => CheckGroups {
            connections: &check.connections,
            followers: &check.followers,
            store: None,
            files: &check.others,
        }
        .to_json(),
    };
    let exit = match check.problems.iter().any(Problem::is_error) {
        true => Exit::Configuration,
        false => Exit::Complete,
    };
    program.print(&text, exit)
}
