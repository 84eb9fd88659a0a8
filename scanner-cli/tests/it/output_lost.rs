//! Standard output and standard error that cannot be written: losing log lines is acceptable, losing data is not.
#![cfg(unix)]

use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use qrs_client::fake_site::{FakeSite, ReservedPort};

use crate::{
    scanner::{Home, finish},
    service::{Running, endpoints::ask, scanned, wait},
};

const EXPORT: &str = "export/qlik.visualization.ndjson";

fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

/// The writing end of a pipe without a reader.
fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// Runs the command for at most a minute. Returns its exit code.
fn exit_of(mut command: Command) -> i32 {
    let mut child = command.spawn().unwrap();
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap_or(-1);
        }
        if begun.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("it does not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_scan_whose_standard_error_cannot_be_written_writes_its_export() {
    let site = FakeSite::start_in_thread();
    for errors in [full().into(), closed_pipe()] {
        let home = Home::with_site(&site);
        let mut command = home.command(&["scan"]);
        command.stderr(errors).stdout(Stdio::null());
        assert_eq!(exit_of(command), 0);
        assert_eq!(home.items(EXPORT).len(), 53);
    }
    let home = Home::with_site(&site);
    let mut command = Command::new("sh");
    let scan = format!(
        "({} scan; echo $? > exit) 2>&1 | head -1",
        env!("CARGO_BIN_EXE_scanner-cli")
    );
    command.args(["-c", &scan]).current_dir(home.path(""));
    finish(command);
    assert_eq!(home.read("exit").trim(), "0");
    assert_eq!(home.items(EXPORT).len(), 53);
}

#[test]
fn other_commands_without_standard_error_have_their_usual_exit_codes() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write("connections/bad.conf", "code = ");
    for (arguments, exit) in [
        (&["scan", "qlik"][..], 0),
        (&["scan"], 3),
        (&["check", "qlik"], 0),
        (&["inventory", "qlik"], 0),
        (&["status"], 0),
        (&["explain", "qlik", "--offline"], 0),
        (&["config", "show", "bad"], 3),
        (&["no-such-command"], 2),
        (&["--help"], 0),
    ] {
        for errors in [full().into(), closed_pipe()] {
            let mut command = home.command(arguments);
            command.stderr(errors).stdout(Stdio::null());
            assert_eq!(exit_of(command), exit, "{arguments:?}");
        }
    }
}

#[test]
fn unwritable_data_is_an_error_unless_the_reader_stopped_early() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    for arguments in [
        &["scan", "--output", "-"][..],
        &["scan", "--no-store", "--output", "-"],
        &["inventory"],
        &["inventory", "--format", "ndjson"],
        &["catalog", "list"],
        &["catalog", "list", "--format", "ndjson"],
        &["catalog", "scans", "--format", "csv"],
        &["status"],
        &["check"],
        &["explain", "Regions"],
        &["config", "show", "qlik"],
        &["--help"],
        &["--version"],
    ] {
        let mut command = home.command(arguments);
        command.stdout(full());
        finish_without_output(command, 4, "cannot be written", arguments);
        let mut command = home.command(arguments);
        command.stdout(closed_pipe());
        finish_without_output(command, 0, "", arguments);
    }
}

fn finish_without_output(mut command: Command, exit: i32, text: &str, arguments: &[&str]) {
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = String::new();
    let mut stream = child.stderr.take().unwrap();
    stream.read_to_string(&mut errors).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(exit), "{arguments:?}: {errors}");
    assert!(errors.contains(text), "{arguments:?}: {errors}");
    assert!(!errors.contains("panicked"), "{errors}");
}

#[test]
fn a_service_whose_log_cannot_be_written_continues() {
    let site = FakeSite::start_in_thread();
    for (errors, format) in [(full().into(), "text"), (closed_pipe(), "json")] {
        let home = Home::with_site(&site);
        home.write("conf/application.conf", "automation.look_interval = 50 ms");
        let mut command = home.command(&["run", "--log-format", format]);
        command.stderr(errors);
        let running = Running::without_log(&home, command);
        wait("a scan", || scanned(&home, "qlik", "complete") == 1);
        running.stop();
    }
}

#[test]
fn a_slow_reader_of_the_log_does_not_stop_the_service_and_sees_what_was_lost() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write("conf/application.conf", "automation.look_interval = 50 ms");
    // Each command writes a lot.
    for hook in 0..20 {
        let script = "i=0; while [ $i -lt 200 ]; do printf '%01000d\\n' $i; i=$((i+1)); done";
        home.write(
            &format!("hooks/h{hook}.conf"),
            format!(
                "code = h{hook}, hook_id = external-script, post_items_upsert_command = [sh, -c, \"\"\"{script}; {script} >&2\"\"\"]"
            ),
        );
    }
    let mut command = home.command(&["run"]);
    command.env("PATH", "/usr/bin:/bin");
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let ended = || {
        let status = home.run(&["status", "--format", "json"]);
        status.output.matches("\"exit_code\": 0").count() == 20
    };
    wait("all hooks", ended);
    home.run(&["scan"]).check(0, &[]);
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let missed = |line: &String| line.contains("log lines were lost");
    let line = lines.by_ref().map_while(Result::ok).find(missed);
    assert!(line.is_some_and(|line| line.contains("lines=")));
    let pid = child.id().to_string();
    Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn lost_lines_are_a_metric() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let reserved = ReservedPort::new();
    let address = reserved.address().to_string();
    home.write(
        "conf/application.conf",
        format!("automation.look_interval = 50 ms\nhttp.listen = \"{address}\""),
    );
    let mut command = home.command(&["run"]);
    command.stderr(full());
    let running = Running::without_log(&home, command);
    wait("a scan", || scanned(&home, "qlik", "complete") == 1);
    let (_, page) = ask(&address, "GET", "/metrics");
    let line = page
        .lines()
        .find(|line| line.starts_with("scanner_log_lines_lost_total "));
    let lost: u64 = line.unwrap().rsplit_once(' ').unwrap().1.parse().unwrap();
    assert!(lost >= 3, "{page}");
    running.stop();
}
