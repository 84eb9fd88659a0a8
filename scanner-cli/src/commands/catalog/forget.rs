//! `catalog forget`: removes a connection from the store, from followers and from the files of the home.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    pin::pin,
    sync::{Arc, atomic::AtomicBool},
};

use catalog_model::{ConnectionCode, counted};
use tokio::task::spawn_blocking;

mod file;
mod show;

use self::file::{Files, files_with};
use super::super::{selection::application, signals::interrupted};
use crate::{
    application_file::Application,
    arguments::Forget,
    exit::Exit,
    followers::{Delivering, Followed, Follower},
    home::{Home, shown},
    kept_session,
    lock::{Lock, NotLocked},
    problem::Problem,
    program::Program,
    store::{self, Cursors, Holding, StoreError},
    store_problem::StoreProblem,
    temporary_file,
};

/// Why the command ends early; a person was told.
type Refused = Exit;

/// What there is of the connection.
struct Found {
    code: ConnectionCode,
    /// What the store holds of it, if it knows it.
    holding: Option<Holding>,
    /// Its files besides the store.
    files: Vec<PathBuf>,
}

pub(crate) async fn run(program: &mut Program, arguments: &Forget) -> Exit {
    match forget(program, arguments).await {
        Ok(()) => Exit::Complete,
        Err(exit) => exit,
    }
}

async fn forget(program: &mut Program, arguments: &Forget) -> Result<(), Refused> {
    let code = ConnectionCode::new(&arguments.code).map_err(|error| {
        program.report_usage(&format!("`{}` is not a code: {error}", arguments.code))
    })?;
    program.home.remove_leftovers();
    let files = files_with(program, &code)?;
    let Application { followers, .. } = application(program)?;
    bring_up_to_date(program)?;
    let found = find(program, code, &followers)?;
    let lock = lock(program, &found.code)?;
    store::refuse_used(&program.home.store()).map_err(|error| tell(program, &error))?;
    program.report(&show::found(&found, arguments.keep_in_catalogs));
    if program.environment.typed && !arguments.yes && !confirmed(program).await? {
        program.report("nothing was changed\n");
        return Err(Exit::Interrupted);
    }
    let followed = match arguments.keep_in_catalogs {
        true => Vec::new(),
        false => deliver_removals(program, &found, followers).await?,
    };
    remove(program, found, files, &followed)?;
    // Until here, so that no scan begins meanwhile.
    drop(lock);
    Ok(())
}

/// Brings a store of an older version up to date: without a connection file, `scan` could not.
fn bring_up_to_date(program: &mut Program) -> Result<(), Refused> {
    let path = program.home.store();
    if !path.exists() {
        return Ok(());
    }
    let opened = Cursors::open(&path, &Arc::default()).map(drop);
    opened.map_err(|error| tell(program, &error))
}

/// What there is of the connection.
fn find(
    program: &mut Program,
    code: ConnectionCode,
    followers: &[Box<dyn Follower>],
) -> Result<Found, Refused> {
    let holding = store::holding(&program.home.store(), code.as_str());
    let holding = holding.map_err(|error| tell(program, &error))?;
    let files = own_files(&program.home, &code, followers);
    if holding.is_none() && files.is_empty() {
        let known = super::known_codes(&program.home);
        let message =
            format!("nothing is known of the connection `{code}`; the store has: {known}");
        return Err(program.report_usage(&message));
    }
    Ok(Found {
        code,
        holding,
        files,
    })
}

/// The files about a connection that exist, besides its lock and its session.
fn own_files(home: &Home, code: &ConnectionCode, followers: &[Box<dyn Follower>]) -> Vec<PathBuf> {
    let export = home.export(code);
    let mut partial = export.clone().into_os_string();
    partial.push(".partial");
    let mut files = vec![export, partial.into(), home.data(code, "session")];
    files.extend(
        followers
            .iter()
            .flat_map(|follower| follower.files_of(code)),
    );
    files.sort_by_key(|file| shown(file));
    files.dedup_by_key(|file| shown(file));
    files.retain(|file| fs::symlink_metadata(file).is_ok());
    files
}

/// The lock of the connection, so that no scan runs.
fn lock(program: &mut Program, code: &ConnectionCode) -> Result<Lock, Refused> {
    let path = program.home.data(code, "lock");
    match Lock::take(&path, (program.environment.clock)()) {
        Ok(lock) => Ok(lock),
        Err(NotLocked::Busy(holder)) => {
            let message = format!("the connection `{code}` is being scanned by {holder}");
            let hint = "wait until the scan has ended; nothing was changed".to_owned();
            program.report_problem(&Problem::general(message, hint));
            Err(Exit::Busy)
        }
        Err(NotLocked::Unusable(error)) => {
            let message = format!("the lock `{}` cannot be taken: {error}", shown(&path));
            let hint =
                "without it nobody knows whether a scan runs; nothing was changed".to_owned();
            program.report_problem(&Problem::general(message, hint));
            Err(Exit::Failed)
        }
    }
}

/// Asks on the terminal.
async fn confirmed(program: &mut Program) -> Result<bool, Refused> {
    program.report("Forget it? This cannot be undone. [y/N] ");
    let input = std::mem::replace(&mut program.environment.input, Box::new(io::empty()));
    let mut interrupted = pin!(interrupted(program));
    let answer = tokio::select! {
        answer = spawn_blocking(move || answer(input)) => answer.unwrap_or_default(),
        () = &mut interrupted => return Err(Exit::Interrupted),
    };
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// The line that is typed.
fn answer(input: Box<dyn Read + Send>) -> String {
    let mut line = String::new();
    // More than a word is no consent.
    let _ = BufReader::new(input.take(100)).read_line(&mut line);
    line
}

/// Lets the followers know that the items are removed. Nothing else is removed before all of them do.
async fn deliver_removals(
    program: &mut Program,
    found: &Found,
    mut followers: Vec<Box<dyn Follower>>,
) -> Result<Vec<String>, Refused> {
    if found.holding.is_none() || followers.is_empty() {
        return Ok(Vec::new());
    }
    let (home, clock) = (program.home.clone(), program.environment.clock);
    let code = found.code.to_string();
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let mut interrupted = pin!(interrupted(program));
    let mut delivered = spawn_blocking(move || {
        Cursors::open(&home.store(), &stopped)?.remove_all(&code, clock())?;
        let delivering = Delivering {
            home: &home,
            clock,
            stop: &stopped,
        };
        delivering.deliver(&mut followers)
    });
    let delivered = tokio::select! {
        delivered = &mut delivered => delivered,
        () = &mut interrupted => {
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            let _ = delivered.await;
            return Err(Exit::Interrupted);
        }
    };
    match delivered {
        Ok(Ok(followed)) => received(program, followed),
        Ok(Err(error)) => Err(tell(program, &error)),
        // It panicked, and said so.
        Err(_) => Err(Exit::Failed),
    }
}

/// The names of the followers, all of which have received the removals.
fn received(program: &mut Program, followed: Vec<Followed>) -> Result<Vec<String>, Refused> {
    let mut names = Vec::new();
    let mut exit = None;
    for Followed { follower, outcome } in followed {
        match outcome {
            Ok(_) => names.push(follower),
            Err(error) => {
                let message = format!(
                    "the follower `{follower}` did not receive the removals: {}",
                    catalog_model::with_causes(&error)
                );
                let hint = "the items are gone for followers, but still in the store: repeat the command when the follower \
                            works again, or leave its catalog as it is with `--keep-in-catalogs`";
                program.report_problem(&Problem::general(message, hint.to_owned()));
                exit = Some(Exit::Follower);
            }
        }
    }
    exit.map_or(Ok(names), Err)
}

/// Removes everything, the store's part first.
fn remove(
    program: &mut Program,
    found: Found,
    files: Files,
    followed: &[String],
) -> Result<(), Refused> {
    let (path, code) = (program.home.store(), found.code.as_str());
    store::forget(&path, code).map_err(|error| tell(program, &error))?;
    let mut failed = Vec::new();
    for file in &found.files {
        if let Some(folder) = file.parent() {
            // What killed scans left there.
            temporary_file::remove_leftovers(folder);
        }
        if let Err(error) = remove_file(file) {
            failed.push((file.clone(), error));
        }
    }
    let used: Vec<_> = files.connections();
    let sessions = kept_session::remove_others(&program.home, &used);
    let lock = program.home.data(&found.code, "lock");
    if let Err(error) = remove_file(&lock) {
        failed.push((lock, error));
    }
    let copies = store::copies_with(&path, &program.home.path(""), code);
    program.report(&show::forgotten(&found, followed, sessions));
    for problem in show::problems(&found, &failed, &copies) {
        program.report_problem(&problem);
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Exit::Failed)
    }
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn tell(program: &mut Program, error: &StoreError) -> Exit {
    program.report_problem(&error.problem());
    Exit::from(error.operation_kind())
}

/// `3 changes`, for numbers of the store, which are never negative.
fn count(number: i64, what: &str) -> String {
    counted(number.unsigned_abs(), what)
}
