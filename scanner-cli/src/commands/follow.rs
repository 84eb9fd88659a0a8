//! `follow`: delivers to the followers now, or shows what would be delivered.

use std::pin::pin;

use super::{delivering::ended, selection::application, signals::interrupted};
use crate::{
    arguments::{Follow, FollowFormat},
    delivery::{Deliverer, DeliveryRecord, DeliveryRun, Followers, select},
    exit::Exit,
    operation_error::OperationError,
    program::Program,
    stored::no_store,
};

mod indented_json;
mod planned;
mod text;

use planned::Output;

pub(crate) async fn run(program: &mut Program, arguments: &Follow) -> Exit {
    match follow(program, arguments).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn follow(program: &mut Program, arguments: &Follow) -> Result<Exit, Exit> {
    let application = application(program)?;
    let (followers, disabled) = (application.followers, application.disabled_followers);
    let followers = select(followers, &disabled, &arguments.names);
    let followers = followers.map_err(|error| program.report_error(&error))?;
    if followers.is_empty() {
        program.report_note("note: no follower is enabled\n");
        return Ok(Exit::Complete);
    }
    let store = program.installation.home.store();
    if !store.exists() {
        let error = OperationError::configuration(vec![no_store(&store)]);
        return Err(program.report_error(&error));
    }
    let deliverer = program.installation.deliverer();
    let deliverer = match arguments.full {
        true => deliverer.full(),
        false => deliverer,
    };
    let mut interrupted = pin!(interrupted(program));
    match arguments.dry_run {
        true => {
            dry_run(
                program,
                arguments,
                (&deliverer, &followers),
                &mut interrupted,
            )
            .await
        }
        false => {
            deliver(
                program,
                arguments,
                (&deliverer, &followers),
                &mut interrupted,
            )
            .await
        }
    }
}

async fn deliver(
    program: &mut Program,
    arguments: &Follow,
    (deliverer, followers): (&Deliverer, &Followers),
    interrupted: &mut (impl Future<Output = ()> + Unpin),
) -> Result<Exit, Exit> {
    let (runs, is_interrupted) = ended(program, (deliverer, followers), interrupted).await;
    let output = match arguments.format {
        FollowFormat::Text => String::new(),
        FollowFormat::Ndjson => planned::lines(runs.iter().map(DeliveryRecord::new)),
    };
    let report = text::deliveries(&runs, program.quiet);
    program.report(&report);
    Ok(program.print(&output, exit(&runs, is_interrupted)))
}

/// Shows what would be delivered, one follower after the other.
async fn dry_run(
    program: &mut Program,
    arguments: &Follow,
    (deliverer, followers): (&Deliverer, &Followers),
    interrupted: &mut (impl Future<Output = ()> + Unpin),
) -> Result<Exit, Exit> {
    let output = Output::new(
        &mut program.environment,
        arguments.format,
        deliverer.clone(),
    );
    let (mut runs, mut is_interrupted) = (Vec::new(), false);
    for follower in followers {
        output.begin(follower.follower.name());
        let run = {
            let mut planned = pin!(deliverer.dry_run(follower, output.plan()));
            tokio::select! {
                run = &mut planned => run,
                () = &mut *interrupted => {
                    is_interrupted = true;
                    deliverer.stop();
                    planned.await
                }
            }
        };
        output.end(&run);
        runs.push(run);
        if is_interrupted || output.has_failed() {
            break;
        }
    }
    let counts = output.finish(program)?;
    let report = text::dry_runs(&runs, &counts, program.quiet);
    program.report(&report);
    Ok(exit(&runs, is_interrupted))
}

fn exit(runs: &[DeliveryRun], is_interrupted: bool) -> Exit {
    match runs.iter().all(DeliveryRun::is_complete) {
        _ if is_interrupted => Exit::Interrupted,
        true => Exit::Complete,
        false => Exit::Follower,
    }
}
