//! Runs the test programs of all crates, several at once. `cargo test` runs one after the other, and most of them wait for
//! servers, timers and child processes more than for a processor. Tests for Windows are run by Wine.

use std::{
    error::Error,
    ffi::OsString,
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use xshell::{Shell, cmd};

use crate::Outcome;

/// Number of programs at once, for each processor.
const PROGRAMS_PER_PROCESSOR: usize = 1;
/// Number of tests of a program at once, for each processor.
const THREADS_PER_PROCESSOR: usize = 3;
/// Interval at which ended programs are looked for.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Number of lines that are shown of a program that did not end by itself.
const LAST_LINES: usize = 50;

/// How test programs are run.
#[derive(Default)]
pub(crate) struct Launcher {
    /// The program that runs them, if the system cannot do it.
    pub(crate) runner: Option<PathBuf>,
    /// More environment variables.
    pub(crate) variables: Vec<(&'static str, OsString)>,
    /// A program that runs longer is killed.
    pub(crate) time_limit: Option<Duration>,
}

/// A built test program.
struct TestProgram {
    /// The crate and the kind of target: `catalog_store lib`, `scanner-cli it`.
    name: String,
    path: PathBuf,
    /// The folder of the crate, in which cargo runs it.
    folder: PathBuf,
    /// Size in bytes. Large programs have many tests, so they start first.
    size: u64,
}

/// A running test program.
struct Running {
    name: String,
    child: Child,
    started: Instant,
    output: File,
    is_killed: bool,
}

/// Builds all tests.
pub(super) fn build(shell: &Shell) -> Result<String, Box<dyn Error>> {
    let messages = cmd!(
        shell,
        "cargo test --workspace --all-features --no-run --message-format=json-render-diagnostics"
    );
    Ok(messages.read()?)
}

/// Runs the test programs that `build` printed, and prints the output of those that fail; what failed, once more at the end.
#[expect(clippy::print_stdout, reason = "a developer's tool prints its result")]
pub(crate) fn run(built: &str, launcher: &Launcher) -> Outcome {
    let mut waiting = programs(built)?;
    waiting.sort_by_key(|program| program.size);
    let processors = thread::available_parallelism().map_or(2, usize::from);
    let (mut running, mut failed) = (Vec::new(), Vec::new());
    while !running.is_empty() || !waiting.is_empty() {
        while running.len() < processors * PROGRAMS_PER_PROCESSOR {
            let Some(program) = waiting.pop() else { break };
            let threads = processors * THREADS_PER_PROCESSOR;
            running.push(start(program, launcher, threads)?);
        }
        let mut index = 0;
        while let Some(program) = running.get_mut(index) {
            let Some(status) = program.child.try_wait()? else {
                program.kill_after(launcher.time_limit)?;
                index += 1;
                continue;
            };
            let mut ended = running.swap_remove(index);
            let seconds = ended.started.elapsed().as_secs_f64();
            let output = ended.output()?;
            let result = match (ended.is_killed, status.success()) {
                (true, _) => "killed, it did not end".to_owned(),
                (false, true) => result_of(&output).to_owned(),
                (false, false) => status.to_string(),
            };
            println!("{seconds:>7.1} s  {}: {result}", ended.name);
            if ended.is_killed || !status.success() {
                println!("{output}");
                failed.push((ended.name, output));
            }
        }
        thread::sleep(POLL_INTERVAL);
    }
    for (name, output) in &failed {
        println!("\n{name}:\n{}", failures_of(output));
    }
    let names: Vec<_> = failed.iter().map(|(name, _)| name.as_str()).collect();
    match names.is_empty() {
        true => Ok(()),
        false => Err(format!("tests fail: {}", names.join(", ")).into()),
    }
}

/// The programs in the messages of cargo.
fn programs(built: &str) -> Result<Vec<TestProgram>, Box<dyn Error>> {
    let mut programs = Vec::new();
    for line in built.lines() {
        let message: Value = serde_json::from_str(line)?;
        let (path, target) = (message["executable"].as_str(), &message["target"]);
        let Some(path) = path.filter(|_| message["profile"]["test"] == true) else {
            continue;
        };
        let manifest = message["manifest_path"].as_str().unwrap_or_default();
        let folder = Path::new(manifest).parent().unwrap_or(Path::new("."));
        let of = folder.file_name().unwrap_or_default().to_string_lossy();
        let name = target["name"].as_str().unwrap_or_default();
        programs.push(TestProgram {
            name: format!("{of} {name}"),
            size: fs::metadata(path)?.len(),
            path: path.into(),
            folder: folder.to_path_buf(),
        });
    }
    Ok(programs)
}

fn start(
    program: TestProgram,
    launcher: &Launcher,
    threads: usize,
) -> Result<Running, Box<dyn Error>> {
    let TestProgram {
        name, path, folder, ..
    } = program;
    let output = tempfile::tempfile()?;
    let mut command = match &launcher.runner {
        Some(runner) => Command::new(runner),
        None => Command::new(&path),
    };
    if launcher.runner.is_some() {
        command.arg(&path);
    }
    let child = command
        .envs(
            launcher
                .variables
                .iter()
                .map(|(name, value)| (*name, value)),
        )
        .current_dir(&folder)
        .env("CARGO_MANIFEST_DIR", &folder)
        .env("RUST_TEST_THREADS", threads.to_string())
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?)
        .spawn()?;
    Ok(Running {
        name,
        child,
        started: Instant::now(),
        output,
        is_killed: false,
    })
}

impl Running {
    /// Kills a program that runs too long.
    fn kill_after(&mut self, limit: Option<Duration>) -> Outcome {
        if limit.is_some_and(|limit| self.started.elapsed() > limit) {
            self.is_killed = true;
            self.child.kill()?;
        }
        Ok(())
    }

    /// Everything that the program printed.
    fn output(&mut self) -> Result<String, Box<dyn Error>> {
        let mut bytes = Vec::new();
        self.output.seek(SeekFrom::Start(0))?;
        self.output.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// The line of a test program that counts its tests.
fn result_of(output: &str) -> &str {
    let mut lines = output.lines();
    let result = lines.rfind(|line| line.starts_with("test result: "));
    result.map_or("", |line| line.trim_start_matches("test result: "))
}

/// What a test program printed about its failed tests. If it did not end by itself, the end of its output.
fn failures_of(output: &str) -> String {
    if let Some(at) = output.find("\nfailures:\n") {
        return output[at..].trim().to_owned();
    }
    let lines: Vec<_> = output.trim_end().lines().collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_test_programs_are_run() {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let artifact = |test: bool, executable: Value| {
            serde_json::json!({
                "reason": "compiler-artifact", "manifest_path": manifest, "target": { "name": "it" },
                "profile": { "test": test }, "executable": executable,
            })
            .to_string()
        };
        let built = [
            artifact(true, manifest.into()),
            artifact(false, manifest.into()),
            artifact(true, Value::Null),
            serde_json::json!({ "reason": "build-finished", "success": true }).to_string(),
        ];
        let found = programs(&built.join("\n")).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "xtask it");
    }

    #[test]
    fn the_line_that_counts_the_tests_is_shown() {
        let output = "running 1 test\n.\ntest result: ok. 1 passed; 0 failed\n\n";
        assert_eq!(result_of(output), "ok. 1 passed; 0 failed");
        assert_eq!(result_of(""), "");
    }

    #[test]
    fn only_failures_are_shown_or_the_end_of_a_program_that_was_killed() {
        let failures = "failures:\n\n---- scan stdout ----\nno scan\n\nfailures:\n    scan\n\ntest result: FAILED.";
        let output =
            format!("running 2 tests\ntest a ... ok\ntest scan ... FAILED\n\n{failures}\n\n");
        assert_eq!(failures_of(&output), failures);
        let output: String = (0..60)
            .map(|line| format!("test {line} ... ok\n"))
            .collect();
        let shown = failures_of(&output);
        assert!(
            shown.starts_with("test 10 ... ok\n") && shown.ends_with("test 59 ... ok"),
            "{shown}"
        );
    }
}
