//! Output that needs signals, devices or a small disk.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use qrs_client::fake_site::{Content, FakeSite, Fault, Point};

use crate::{
    output::{EXPORT, SHEETS},
    scanner::{Home, await_handlers, is_clean, items},
};

#[test]
fn a_full_disk_leaves_only_the_old_file() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write(EXPORT, "former\n");
    // Limits the size of files to 8 blocks of 512 bytes. The ignored signal becomes an error of the write.
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 8; exec \"$0\" scan --no-store",
            env!("CARGO_BIN_EXE_scanner-cli"),
        ])
        .current_dir(home.path("."));
    crate::scanner::finish(command).check(4, &["cannot be written", "File too large"]);
    assert_eq!(home.read(EXPORT), "former\n");
    assert_eq!(home.names("export"), ["qlik.visualization.ndjson"]);
}

#[test]
fn an_interrupted_scan_ends_within_a_second_and_leaves_nothing_behind() {
    for signal in ["INT", "TERM"] {
        check_ends_within_a_second(|| {
            let site = FakeSite::start_in_thread();
            site.fail(Fault::stall(Point::Records(30)).on(SHEETS));
            let home = Home::with_site(&site);
            home.write(EXPORT, "former\n");
            let child = home.start(&["scan"]);
            while site.requests_of(SHEETS).is_empty() {
                std::thread::sleep(Duration::from_millis(5));
            }
            std::thread::sleep(Duration::from_millis(50));
            let took = interrupt(child, signal);
            assert_eq!(home.read(EXPORT), "former\n");
            assert!(is_clean(&home.path("export")));
            assert!(is_clean(&home.temporary()));
            took
        });
    }
}

/// Checks that a program ends within a second in one of five attempts. On a busy machine, it does not always.
fn check_ends_within_a_second(mut attempt: impl FnMut() -> Duration) {
    let mut times = Vec::new();
    while times.len() < 5 {
        let took = attempt();
        if took < Duration::from_secs(1) {
            return;
        }
        times.push(took);
    }
    panic!("{times:?}");
}

/// Ends a program with a signal. Returns how long it takes.
fn interrupt(mut child: Child, signal: &str) -> Duration {
    let pid = child.id().to_string();
    let asked = Instant::now();
    let killed = Command::new("kill").args(["-s", signal, &pid]).status();
    assert!(killed.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    asked.elapsed()
}

#[test]
fn a_program_whose_output_nobody_reads_can_be_interrupted() {
    // More than the buffer of a pipe.
    let site = FakeSite::builder()
        .content(Content::generated(5, 200))
        .start_in_thread();
    let home = Home::with_site(&site);
    for arguments in [&["scan", "--output", "-"][..], &["inventory"]] {
        check_ends_within_a_second(|| {
            let mut command = home.command(arguments);
            let mut child = command
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            await_handlers(&child);
            std::thread::sleep(Duration::from_millis(1500));
            let unread = child.stdout.take();
            let took = interrupt(child, "INT");
            drop(unread);
            took
        });
    }
}

#[test]
fn a_report_to_a_device_leaves_the_device() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan", "--report", "/dev/null"])
        .check(0, &["complete"]);
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    home.run(&["scan", "--report", "/dev/full"])
        .check(4, &["the report cannot be written to `/dev/full`"]);
    let run = home.run(&["scan", "--output", "/dev/stdout"]);
    assert_eq!(items(&run.output).len(), 53);
}
