//! Homes: empty, with a non-Unicode name, read-only, and with a running scan.
#![cfg(unix)]

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use qrs_client::fake_site::{FakeSite, Fault, Point};
use serde_json::Value;

use crate::{
    scanner::{Home, connection, finish, items},
    service::{Running, wait},
};

#[test]
fn a_service_in_a_folder_without_connections_warns_with_the_whole_path() {
    let site = FakeSite::start_in_thread();
    for folder in [None, Some("connections/readme.txt")] {
        let home = Home::empty();
        if let Some(name) = folder {
            home.write(name, "");
        }
        let running = Running::briefly(&home);
        let path = fs::canonicalize(home.path("")).unwrap();
        let missing = path.join("connections").display().to_string();
        let warns = || home.read("run.log").matches(&missing).count() > 0;
        wait("a warning", warns);
        let log = home.read("run.log");
        assert!(log.contains("WARN there is no"), "{log}");
        assert!(log.contains("`--home` or `SCANNER_HOME`"), "{log}");
        // It is reported once, and scans start as soon as there is a file.
        home.write("connections/qlik.conf", connection("qlik", &site));
        wait("a scan", || home.has("export/qlik.visualization.ndjson"));
        // A poll between the creation of the folder and that of the file sees an empty folder, which is another message.
        let log = home.read("run.log");
        assert_eq!(log.matches("WARN there is no folder").count().max(1), 1);
        assert_eq!(log.matches("WARN there is no conn").count().max(1), 1);
        running.stop();
    }
}

#[test]
fn errors_about_the_home_show_its_whole_path() {
    let home = Home::empty();
    let path = fs::canonicalize(home.path("")).unwrap();
    let path = path.display();
    home.run(&["scan"])
        .check(3, &[&format!("there is no folder `{path}/connections`")]);
    home.run(&["catalog", "list"]).check(
        3,
        &[&format!("there is no store `{path}/data/catalog.db` yet")],
    );
    home.run(&["scan", "--home", "here/or/there"])
        .check(3, &[&format!("there is no folder `{path}/here/or/there`")]);
    home.write("file", "");
    home.run(&["scan", "--home", "./file"])
        .check(3, &[&format!("the home `{path}/file` is not a folder")]);
    home.write("connections/x.txt", "");
    home.write("sub/y", "");
    for name in [".", "sub/.."] {
        home.run(&["scan", "--home", name]).check(
            3,
            &[
                &format!("no connection file (`*.conf`) in `{path}/connections`"),
                &format!("`{path}/connections/qlik.conf`"),
            ],
        );
    }
}

#[test]
fn a_home_may_have_a_name_that_is_not_unicode() {
    let site = FakeSite::start_in_thread();
    let parent = Home::empty();
    let folder = parent.path("").join(OsStr::from_bytes(b"h\xffme"));
    fs::create_dir_all(folder.join("connections")).unwrap();
    fs::write(
        folder.join("connections/qlik.conf"),
        connection("qlik", &site),
    )
    .unwrap();
    let command = |arguments: &[&str]| {
        let mut command = parent.command(arguments);
        command.env("SCANNER_HOME", &folder);
        command
    };
    for arguments in [
        &["check"][..],
        &["scan"],
        &["inventory"],
        &["status"],
        &["catalog", "list"],
        &["store", "check"],
        &["store", "backup", "copy"],
        &["explain", "Regions"],
        &["config", "show", "qlik"],
    ] {
        finish(command(arguments)).check(0, &[]);
    }
    let export = folder.join("export/qlik.visualization.ndjson");
    assert_eq!(items(&fs::read_to_string(export).unwrap()).len(), 53);
    assert!(!parent.has("data"));
}

/// The command, for a user who may write nothing in the home.
fn as_nobody(home: &Home, arguments: &[&str]) -> Option<Command> {
    let uid = fs::metadata("/proc/self").ok()?;
    let is_root = std::os::unix::fs::MetadataExt::uid(&uid) == 0;
    let mut command = match is_root {
        true => Command::new("setpriv"),
        false => Command::new(env!("CARGO_BIN_EXE_scanner-cli")),
    };
    if is_root {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(env!("CARGO_BIN_EXE_scanner-cli"));
        let works = Command::new("setpriv")
            .args([
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                env!("CARGO_BIN_EXE_scanner-cli"),
                "--version",
            ])
            .stdout(Stdio::null())
            .status();
        // The folder of the program may be closed to others.
        works.ok().filter(|status| status.success())?;
    }
    command
        .args(arguments)
        .current_dir(home.path(""))
        .env_clear();
    command.env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
    Some(command)
}

fn set_mode(home: &Home, name: &str, mode: u32) {
    fs::set_permissions(home.path(name), fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn commands_that_store_nothing_work_in_a_read_only_home() {
    for with_data in [false, true] {
        let home = Home::empty();
        home.write("connections/qlik.conf", "");
        if with_data {
            home.write("data/x", "");
            set_mode(&home, "data", 0o555);
        }
        set_mode(&home, "", 0o555);
        for (arguments, count) in [
            (&["inventory", "--format", "ndjson"][..], 53),
            (&["scan", "--no-store", "--output", "-"], 53),
            (&["inventory"], 54),
            (&["check"], 0),
            (&["filter", "test", "qlik"], 53),
            (&["status"], 0),
        ] {
            // Each command opens a session that it cannot save, and a site allows few of them.
            let site = FakeSite::start_in_thread();
            home.write("connections/qlik.conf", connection("qlik", &site));
            let Some(command) = as_nobody(&home, arguments) else {
                set_mode(&home, "", 0o755);
                return;
            };
            let run = finish(command);
            run.check(0, &[]);
            if count > 0 {
                assert_eq!(run.output.lines().count(), count, "{arguments:?}");
            }
        }
        let store = finish(as_nobody(&home, &["scan"]).unwrap());
        assert_eq!(store.exit, 4, "{}", store.errors);
        set_mode(&home, "", 0o755);
        if with_data {
            set_mode(&home, "data", 0o755);
        }
    }
}

#[test]
fn an_unreadable_store_is_not_reported_as_missing() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    set_mode(&home, "", 0o755);
    set_mode(&home, "data", 0o700);
    let nobody = as_nobody(&home, &["catalog", "list"]);
    // Only root can switch to another account.
    let is_root = std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap()) == 0;
    if let Some(command) = nobody.filter(|_| is_root) {
        finish(command).check(4, &["catalog.db", "cannot be read", "Permission denied"]);
    }
}

#[test]
fn status_shows_a_running_scan() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    let scanning = || {
        let status = home.run(&["status", "--format", "json"]).output;
        let status: Value = serde_json::from_str(&status).unwrap();
        assert_eq!(status["scanner"]["running"], false);
        status["connections"][0]["scanning"] == true
    };
    assert!(!scanning());
    for command in ["scan", "inventory"] {
        site.fail(Fault::stall(Point::Records(2)).on("/qrs/app/object/full"));
        let mut scan = home.start(&[command]);
        wait("a scan that runs", scanning);
        let text = home.run(&["status"]).output;
        let holder = format!("running now (process {} since ", scan.id());
        assert!(text.contains(&holder), "{text}");
        scan.kill().unwrap();
        scan.wait().unwrap();
        site.heal();
        assert!(!scanning());
    }
}

#[test]
fn repeated_status_commands_do_not_keep_a_scan_from_its_lock() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    thread::scope(|scope| {
        let looking = scope.spawn(|| {
            for _ in 0..20 {
                home.run(&["status"]).check(0, &[]);
            }
        });
        while !looking.is_finished() {
            home.run(&["scan"]).check(0, &[]);
            thread::sleep(Duration::from_millis(1));
        }
    });
}

#[test]
fn status_of_a_folder_without_connections_names_it() {
    let home = Home::empty();
    let path = fs::canonicalize(home.path("")).unwrap();
    let warning = format!(
        "warning: there is no folder `{}/connections`",
        path.display()
    );
    let run = home.run(&["status"]);
    run.check(0, &[&warning]);
    assert!(run.output.contains("no service is running for this home"));
    home.run(&["store", "check"])
        .check(3, &["there is no store `/", "run `scan`"]);
}
