//! Output that needs signals, devices or a small disk.

use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use qrs_client::fake_site::{Content, FakeSite, Fault, Point};

use crate::{
    output::{EXPORT, SHEETS},
    scanner::{Home, is_clean, items},
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
        let site = FakeSite::start_in_thread();
        site.fail(Fault::stall(Point::Records(30)).on(SHEETS));
        let home = Home::with_site(&site);
        home.write(EXPORT, "former\n");
        let mut child = home.start(&["scan"]);
        while site.requests_of(SHEETS).is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(50));
        let asked = Instant::now();
        let pid = child.id().to_string();
        Command::new("kill")
            .args(["-s", signal, &pid])
            .status()
            .unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert!(asked.elapsed() < Duration::from_secs(1));
        assert_eq!(home.read(EXPORT), "former\n");
        assert!(is_clean(&home.path("export")));
        assert!(is_clean(&home.temporary()));
    }
}

#[test]
fn a_program_whose_output_nobody_reads_can_be_interrupted() {
    // More than the buffer of a pipe.
    let site = FakeSite::builder()
        .content(Content::generated(5, 200))
        .start_in_thread();
    let home = Home::with_site(&site);
    for arguments in [&["scan", "--output", "-"][..], &["inventory"]] {
        let mut command = home.command(arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(1500));
        let asked = Instant::now();
        let pid = child.id().to_string();
        Command::new("kill")
            .args(["-s", "INT", &pid])
            .status()
            .unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{arguments:?}");
        assert!(asked.elapsed() < Duration::from_secs(1));
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
