//! `service run`: the process that the service manager of Windows starts.
//!
//! It is `run` without a terminal: the service manager says when to stop, the log goes to files in the home, and errors also to
//! the event log.

use std::{
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use system_service::{Control, ServiceName, ServiceProcess};
use tokio::sync::mpsc;

use super::super::{run, signals::Signals};
use crate::{exit::Exit, log::Log, program::Program, service::Request};

/// Maximum size of the errors that the event log shows, in bytes.
const MAX_ERRORS: usize = 8_000;

pub(super) async fn run(program: &mut Program, name: &ServiceName) -> Exit {
    let (sender, requests) = mpsc::unbounded_channel();
    let end = program.end.clone();
    let connected = ServiceProcess::connect(name, move |control| {
        let request = match control {
            Control::Stop => {
                end.request(Exit::Complete);
                Request::Stop
            }
            Control::ReadSettings => Request::PollFiles,
        };
        // The receiver may have been dropped.
        let _ = sender.send(request);
    });
    let process = match connected {
        Ok(process) => process,
        Err(error) => return super::failed(program, &error),
    };
    let errors = Errors {
        log: program.log.clone(),
        text: Arc::default(),
    };
    program.environment.errors = Box::new(errors.clone());
    let exit = match program.installation.home.check() {
        Ok(()) => {
            run::run_until(program, Signals::from_requests(requests), || {
                process.ready()
            })
            .await
        }
        Err(problem) => {
            program.report_problem(&problem);
            Exit::Configuration
        }
    };
    match exit {
        // A restart may help.
        Exit::Failed => process.crash(exit.code(), errors.text()),
        exit => process.end(exit.code(), errors.text()),
    }
    exit
}

/// The log file of today, in the folder `data\log` of the home. Files older than two weeks are deleted.
///
/// # Errors
/// If the folder cannot be used.
pub(crate) fn log_file(home: &Path) -> io::Result<impl Write + Send + 'static> {
    use tracing_appender::rolling::{RollingFileAppender, Rotation};

    /// Number of files that are kept, one for each day.
    const MAX_FILES: usize = 14;
    let folder = home.join("data").join("log");
    file_access::file_rights::create_folder(&folder)?;
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("scanner")
        .filename_suffix("log")
        .max_log_files(MAX_FILES)
        .build(folder)
        .map_err(io::Error::other)
}

/// Keeps the texts of errors for the event log, and writes them to the log.
#[derive(Clone)]
struct Errors {
    log: Log,
    text: Arc<Mutex<String>>,
}

impl Errors {
    fn text(&self) -> String {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.clone()
    }
}

impl Write for Errors {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        if text.len() < MAX_ERRORS {
            text.push_str(&String::from_utf8_lossy(bytes));
        }
        self.log.write_line(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
