//! Runs commands that settings name, such as one that fetches a ticket: without a shell, with a time limit, in the home.

use std::{
    error::Error,
    io::{self, Read},
    mem,
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver},
    },
    thread,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use catalog_model::{printable, settings::CommandRunner};
use secrecy::SecretString;
use tokio::task::spawn_blocking;

use crate::{home::Home, process_group};

/// Runs commands in a home.
#[derive(Clone, Debug)]
pub(crate) struct Commands {
    home: Home,
    time_limit: Duration,
}

/// Maximum time of a command.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Interval at which a running command is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Maximum number of bytes that are kept of each output.
const MAX_OUTPUT_BYTES: u64 = 64 * 1024;

/// How long outputs are read after the command has ended. Processes that it left running may keep them open.
const LAST_OUTPUT_WAIT: Duration = Duration::from_millis(500);

/// Maximum number of characters of standard error in a message.
const MAX_SHOWN_CHARACTERS: usize = 300;

/// Why a command supplied no line.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error("`{program}` cannot be started: {error}")]
    Start { program: String, error: io::Error },
    #[error("`{program}` took longer than {} s and was stopped{errors}", .limit.as_secs())]
    TooLong {
        program: String,
        limit: Duration,
        errors: String,
    },
    #[error("`{program}` ended with {status}{errors}")]
    Failed {
        program: String,
        status: String,
        errors: String,
    },
    #[error("`{program}` printed nothing{errors}")]
    Nothing { program: String, errors: String },
    #[error("the thread that runs `{0}` has panicked")]
    Panicked(String),
}

impl Commands {
    pub(crate) fn new(home: Home) -> Self {
        Self {
            home,
            time_limit: TIME_LIMIT,
        }
    }

    /// Runs a command until it ends, or until the request that wanted it ends. Blocks.
    fn run(&self, command: &[String], wanted: &Wanted) -> Result<SecretString, CommandError> {
        let (program, arguments) = command
            .split_first()
            .map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
        let program = program.to_owned();
        let start = |error| CommandError::Start {
            program: program.clone(),
            error,
        };
        let mut command = Command::new(&program);
        process_group::separate(&mut command);
        command
            .args(arguments)
            .current_dir(self.home.absolute().map_err(start)?)
            // A command must not notify systemd that the scanner is ready.
            .env_remove("NOTIFY_SOCKET")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let (stdout, stderr) = wanted.start(&mut command).map_err(start)?;
        let (out, errors) = (read(stdout), read(stderr));
        let status = self.wait(wanted).map_err(start)?;
        let line = first_line(&output(&out));
        let errors = shown_errors(&output(&errors), line.as_deref());
        match (status, line) {
            (None, _) => Err(CommandError::TooLong {
                program,
                limit: self.time_limit,
                errors,
            }),
            (Some(status), _) if !status.success() => Err(CommandError::Failed {
                program,
                status: status.to_string(),
                errors,
            }),
            (Some(_), None) => Err(CommandError::Nothing { program, errors }),
            (Some(_), Some(line)) => Ok(SecretString::from(line)),
        }
    }

    /// Waits until the command ends; `None` if it took too long and was stopped.
    fn wait(&self, wanted: &Wanted) -> io::Result<Option<ExitStatus>> {
        let started = Instant::now();
        loop {
            let mut state = wanted.state();
            let Program::Running(child) = &mut *state else {
                return Ok(None);
            };
            if let Some(status) = child.try_wait()? {
                *state = Program::Ended;
                return Ok(Some(status));
            }
            drop(state);
            if started.elapsed() > self.time_limit {
                wanted.end();
                return Ok(None);
            }
            thread::sleep(POLL_INTERVAL);
        }
    }
}

/// A program that a request waits for. Without the request, nobody would stop it if this process ends.
#[derive(Default)]
struct Wanted(Mutex<Program>);

#[derive(Default)]
enum Program {
    #[default]
    NotStarted,
    Running(Child),
    /// It has ended, or must not be started any more.
    Ended,
}

impl Wanted {
    fn state(&self) -> MutexGuard<'_, Program> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the program. Returns its outputs.
    fn start(
        &self,
        command: &mut Command,
    ) -> io::Result<(Option<ChildStdout>, Option<ChildStderr>)> {
        let mut state = self.state();
        if matches!(*state, Program::Ended) {
            return Ok((None, None));
        }
        let mut child = command.spawn()?;
        let outputs = (child.stdout.take(), child.stderr.take());
        *state = Program::Running(child);
        Ok(outputs)
    }

    /// Stops the program if it is running.
    fn end(&self) {
        if let Program::Running(mut child) = mem::replace(&mut *self.state(), Program::Ended) {
            process_group::kill(&mut child);
        }
    }
}

/// Ends the program together with the request.
struct Request(Arc<Wanted>);

impl Drop for Request {
    fn drop(&mut self) {
        self.0.end();
    }
}

#[async_trait]
impl CommandRunner for Commands {
    async fn first_line(
        &self,
        command: &[String],
    ) -> Result<SecretString, Box<dyn Error + Send + Sync>> {
        let (commands, owned) = (self.clone(), command.to_vec());
        let request = Request(Arc::default());
        let wanted = Arc::clone(&request.0);
        let ran = spawn_blocking(move || commands.run(&owned, &wanted)).await;
        let program = || command.first().cloned().unwrap_or_default();
        let line = ran.map_err(|_error| CommandError::Panicked(program()))?;
        Ok(line?)
    }
}

/// Reads an output in a thread of its own, to its end or to the limit.
fn read(stream: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let Some(mut stream) = stream else { return };
        let mut piece = [0; 4096];
        let mut left = MAX_OUTPUT_BYTES;
        while let Ok(length @ 1..) = stream.read(&mut piece) {
            let kept = left.min(length as u64);
            left -= kept;
            // Further output is read and dropped, so that the command is not blocked.
            let _ = sender.send(piece[..kept as usize].to_vec());
        }
    });
    receiver
}

/// What was read of an output shortly after the command has ended.
fn output(receiver: &Receiver<Vec<u8>>) -> Vec<u8> {
    let end = Instant::now() + LAST_OUTPUT_WAIT;
    let mut output = Vec::new();
    while let Ok(piece) = receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
        output.extend(piece);
    }
    output
}

fn first_line(output: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(output);
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| !line.is_empty()).map(str::to_owned)
}

/// Standard error as the end of a message, without the line.
fn shown_errors(output: &[u8], line: Option<&str>) -> String {
    let text = String::from_utf8_lossy(output);
    let text = match line {
        Some(line) => text.replace(line, "***"),
        None => text.into_owned(),
    };
    let words: Vec<_> = text.split_whitespace().collect();
    let text = printable(&words.join(" ")).into_owned();
    let text: String = text.chars().take(MAX_SHOWN_CHARACTERS).collect();
    match text.trim() {
        "" => String::new(),
        text => format!("; standard error: `{text}`"),
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn run(script: &str) -> Result<String, String> {
        run_within(script, TIME_LIMIT)
    }

    fn run_within(script: &str, time_limit: Duration) -> Result<String, String> {
        let home = tempfile::tempdir().unwrap();
        let commands = Commands {
            time_limit,
            ..Commands::new(Home::new(home.path().to_owned()))
        };
        let command = ["sh", "-c", script].map(str::to_owned);
        let line = commands.run(&command, &Wanted::default());
        let line = line.map_err(|error| error.to_string())?;
        Ok(line.expose_secret().to_owned())
    }

    #[test]
    fn the_first_line_of_the_output_is_the_result() {
        assert_eq!(run("echo; echo ' t1cket '; echo more").unwrap(), "t1cket");
    }

    #[test]
    fn a_failure_is_shown_with_standard_error_but_without_the_line() {
        let cases = [
            (
                "echo t1cket; echo no t1cket >&2; exit 3",
                "3; standard error: `no ***`",
            ),
            ("echo why >&2", "printed nothing; standard error: `why`"),
        ];
        for (script, expected) in cases {
            let error = run(script).unwrap_err();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("t1cket"), "{error}");
        }
    }

    #[test]
    fn a_command_that_takes_too_long_is_stopped() {
        let error = run_within("sleep 600", Duration::ZERO).unwrap_err();
        assert!(error.contains("took longer than 0 s"), "{error}");
    }

    #[tokio::test]
    async fn a_command_ends_with_the_request_that_wanted_it() {
        let home = tempfile::tempdir().unwrap();
        let commands = Commands::new(Home::new(home.path().to_owned()));
        let script = "echo $$ > pid.new; mv pid.new pid; sleep 600";
        let command = ["sh", "-c", script].map(str::to_owned);
        let pid = home.path().join("pid");
        tokio::select! {
            _line = commands.first_line(&command) => panic!("the command has ended"),
            () = async {
                while !pid.exists() {
                    tokio::time::sleep(POLL_INTERVAL).await;
                }
            } => {}
        }
        let pid = std::fs::read_to_string(pid)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        let found = rustix::process::test_kill_process(pid);
        assert_eq!(found, Err(rustix::io::Errno::SRCH));
    }

    #[test]
    fn a_command_is_not_interpreted_by_a_shell() {
        let home = tempfile::tempdir().unwrap();
        let commands = Commands::new(Home::new(home.path().to_owned()));
        let error = commands
            .run(&["no-such-program; echo x".to_owned()], &Wanted::default())
            .unwrap_err();
        assert!(error.to_string().contains("cannot be started"), "{error}");
    }
}
