//! Owner, group and mode of new files, tested with separate accounts if the tests run as root.

use std::{
    fs::{self, Permissions},
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::{Command, Stdio},
};

use qrs_client::fake_site::FakeSite;

use crate::{
    scanner::{Home, Run, finish, session_files},
    service::{Running, wait},
};

/// The account of the service.
const SERVICE: u32 = 47_110;
/// Another account.
const OTHER: u32 = 47_120;

/// Whether this process may switch to other accounts.
fn is_root() -> bool {
    Path::new("/proc/self")
        .metadata()
        .is_ok_and(|own| own.uid() == 0)
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// The program with the usual umask.
fn usual(home: &Home, arguments: &[&str]) -> Run {
    with_umask(home, "022", arguments)
}

fn with_umask(home: &Home, umask: &str, arguments: &[&str]) -> Run {
    let script = format!("umask {umask}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command
        .args(["-c", &script, env!("CARGO_BIN_EXE_scanner-cli")])
        .args(arguments)
        .current_dir(home.path(""))
        .env_clear()
        .env("TMPDIR", home.temporary())
        .stdin(Stdio::null());
    finish(command)
}

/// The program as another account, with these groups.
fn as_account(home: &Home, account: u32, groups: &[u32], arguments: &[&str]) -> Run {
    let mut command = account_command(account, groups);
    command
        .arg(env!("CARGO_BIN_EXE_scanner-cli"))
        .args(arguments)
        .current_dir(home.path(""))
        .env("TMPDIR", home.temporary());
    finish(command)
}

fn account_command(account: u32, groups: &[u32]) -> Command {
    let groups: Vec<_> = groups.iter().map(ToString::to_string).collect();
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={account}"), format!("--regid={account}")]);
    match groups.is_empty() {
        true => command.arg("--clear-groups"),
        false => command.arg(format!("--groups={}", groups.join(","))),
    };
    command.env_clear().stdin(Stdio::null());
    command
}

/// A home that belongs to the service's account, with a connection file of root.
fn home_of_service(site: &FakeSite) -> Home {
    let home = Home::with_site(site);
    set_mode(&home.path(""), 0o755);
    set_mode(&home.temporary(), 0o1777);
    chown(home.path(""), Some(SERVICE), Some(SERVICE)).unwrap();
    home
}

/// All files and folders below `folder`.
fn all(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(all(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}

#[test]
fn new_files_are_closed_to_others_and_secrets_and_locks_to_the_group() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    usual(&home, &["scan", "--report", "report.json"]).check(0, &[]);
    usual(&home, &["store", "backup", "data/a.backup"]).check(0, &[]);
    for folder in ["data", "export"] {
        assert_eq!(mode(&home.path(folder)), 0o750, "{folder}");
        for path in all(&home.path(folder)) {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let private = [".lock", ".session", ".salt", ".follower", ".backups.json"];
            let expected = match private.iter().any(|end| name.ends_with(end)) {
                true => 0o600,
                false => 0o640,
            };
            assert_eq!(mode(&path), expected, "{name}");
        }
    }
    assert_eq!(mode(&home.path("report.json")), 0o640);
    // A stricter umask is respected.
    let home = Home::with_site(&site);
    with_umask(&home, "077", &["scan"]).check(0, &[]);
    assert_eq!(mode(&home.path("export/qlik.visualization.ndjson")), 0o600);
    assert_eq!(mode(&home.path("data")), 0o700);
}

#[test]
fn a_file_that_is_replaced_keeps_its_mode_and_group() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let export = home.path("export/qlik.visualization.ndjson");
    home.write("export/qlik.visualization.ndjson", "");
    home.write("report.json", "");
    home.run(&["store", "backup", "a.backup"]);
    let group = if is_root() {
        4_711
    } else {
        export.metadata().unwrap().gid()
    };
    for file in [&export, &home.path("report.json")] {
        chown(file, None, Some(group)).unwrap();
        set_mode(file, 0o664);
    }
    usual(&home, &["scan", "--report", "report.json"]).check(0, &[]);
    for file in [&export, &home.path("report.json")] {
        assert!(file.metadata().unwrap().len() > 0);
        assert_eq!((mode(file), file.metadata().unwrap().gid()), (0o664, group));
    }
    usual(&home, &["scan", "--no-store"]).check(0, &[]);
    assert_eq!(mode(&export), 0o664);
    usual(&home, &["store", "backup", "a.backup"]).check(0, &[]);
    set_mode(&home.path("a.backup"), 0o600);
    usual(&home, &["store", "backup", "a.backup"]).check(0, &[]);
    assert_eq!(mode(&home.path("a.backup")), 0o600);
}

#[test]
fn files_that_root_creates_in_the_home_of_a_service_belong_to_the_service() {
    if !is_root() {
        return;
    }
    let commands: [&[&str]; 7] = [
        &["check"],
        &["inventory"],
        &["filter", "test", "qlik"],
        &["scan"],
        &["scan", "--no-store"],
        &["store", "backup", "data/a.backup"],
        &["encrypt"],
    ];
    for command in commands {
        // Each home opens its own sessions, and a site allows five.
        let site = FakeSite::start_in_thread();
        let home = home_of_service(&site);
        usual(&home, &["scan"]).check(0, &[]);
        for folder in ["data", "export", "conf"] {
            let _ = fs::remove_dir_all(home.path(folder));
        }
        usual(&home, command);
        for folder in ["data", "export", "conf"].map(|name| home.path(name)) {
            for path in all(folder.parent().unwrap())
                .iter()
                .filter(|path| path.starts_with(&folder))
            {
                assert_eq!(
                    path.symlink_metadata().unwrap().uid(),
                    SERVICE,
                    "{command:?}: {}",
                    path.display()
                );
            }
        }
        as_account(&home, SERVICE, &[], &["scan"]).check(0, &["complete"]);
        as_account(&home, SERVICE, &[], &["check"]).check(0, &[]);
    }
}

#[test]
fn the_service_reuses_the_session_that_root_opened() {
    if !is_root() {
        return;
    }
    let site = FakeSite::start_in_thread();
    let home = home_of_service(&site);
    usual(&home, &["check"]).check(0, &[]);
    let check = as_account(&home, SERVICE, &[], &["check"]);
    assert!(
        check
            .check(0, &[])
            .output
            .contains("reused the saved session"),
        "{}",
        check.output
    );
    assert_eq!(session_files(&home).len(), 1);
}

#[test]
fn an_account_that_cannot_give_a_session_to_the_service_does_not_save_it() {
    if !is_root() {
        return;
    }
    let site = FakeSite::start_in_thread();
    let home = home_of_service(&site);
    as_account(&home, SERVICE, &[], &["check"]).check(0, &[]);
    let before: Vec<_> = all(&home.path("data"));
    set_mode(&home.path("data"), 0o770);
    let check = as_account(&home, OTHER, &[SERVICE], &["check"]);
    assert!(
        check.output.contains("the session cannot be kept"),
        "{}",
        check.output
    );
    assert_eq!(all(&home.path("data")), before);
    let again = as_account(&home, SERVICE, &[], &["check"]);
    assert!(
        again
            .check(0, &[])
            .output
            .contains("reused the saved session"),
        "{}",
        again.output
    );
}

#[test]
fn an_account_with_read_access_cannot_hold_a_lock() {
    if !is_root() {
        return;
    }
    let site = FakeSite::start_in_thread();
    let home = home_of_service(&site);
    as_account(&home, SERVICE, &[], &["scan"]).check(0, &[]);
    // As earlier versions made them.
    set_mode(&home.path("data"), 0o755);
    for path in all(&home.path("data")) {
        if path.extension().is_some_and(|end| end == "lock") {
            set_mode(&path, 0o644);
        }
    }
    as_account(&home, SERVICE, &[], &["scan"]).check(0, &[]);
    for name in ["qlik.lock", ".store.lock", "ndjson%3Aexport.follower"] {
        let mut flock = account_command(OTHER, &[SERVICE]);
        flock
            .args(["flock", "--nonblock"])
            .arg(home.path("data").join(name))
            .arg("true");
        assert!(
            !flock.stderr(Stdio::null()).status().unwrap().success(),
            "{name}"
        );
    }
    // An account that may read the store still reads it.
    set_mode(&home.path("data/catalog.db"), 0o644);
    let list = as_account(&home, OTHER, &[SERVICE], &["catalog", "list"]);
    assert!(
        list.check(0, &[]).output.contains("qlik/"),
        "{}",
        list.errors
    );
    as_account(&home, OTHER, &[SERVICE], &["scan"]);
    as_account(&home, SERVICE, &[], &["scan"]).check(0, &[]);
}

#[test]
fn a_lock_with_a_second_name_is_not_written_to() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write("precious", "precious");
    fs::create_dir(home.path("data")).unwrap();
    fs::hard_link(home.path("precious"), home.path("data/qlik.lock")).unwrap();
    home.run(&["scan"]).check(4, &["more than one name"]);
    assert_eq!(home.read("precious"), "precious");
}

#[test]
fn a_service_of_its_own_account_works_after_root_ran_commands() {
    if !is_root() {
        return;
    }
    let site = FakeSite::start_in_thread();
    let home = home_of_service(&site);
    usual(&home, &["check"]).check(0, &[]);
    usual(&home, &["scan"]).check(0, &[]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_scanner-cli"));
    command
        .arg("run")
        .current_dir(home.path(""))
        .env_clear()
        .env("TMPDIR", home.temporary());
    command.uid(SERVICE).gid(SERVICE).stdin(Stdio::null());
    let running = Running::from_command(&home, command);
    wait("a scan", || running.log().contains("scan complete"));
    usual(&home, &["check"]).check(0, &[]);
    let log = running.stop();
    assert!(!log.contains("cannot"), "{log}");
}

#[test]
fn the_mode_of_a_follower_is_that_of_its_files_and_lets_readers_into_a_new_folder() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let set = |mode: &str| {
        let follower = format!("followers = [ {{ kind = ndjson, path = export, mode = {mode} }} ]");
        home.write("conf/application.conf", follower);
    };
    set("\"0644\"");
    usual(&home, &["scan"]).check(0, &[]);
    let export = home.path("export/qlik.visualization.ndjson");
    assert_eq!(mode(&export), 0o644);
    assert_eq!(mode(&home.path("export")), 0o755);
    // A new mode applies even if no item changed; a number is octal, too.
    set("0604");
    set_mode(&home.path("export"), 0o750);
    usual(&home, &["scan"]).check(0, &["they may not enter the folder `export`", "chmod"]);
    assert_eq!(mode(&export), 0o604);
    for wrong in ["0444", "rw", "0755"] {
        set(wrong);
        usual(&home, &["scan"]).check(3, &["conf/application.conf:1:", "octal mode", wrong]);
    }
}

#[test]
fn status_reports_that_it_may_not_open_the_lock_of_the_service() {
    if !is_root() {
        return;
    }
    let site = FakeSite::start_in_thread();
    let home = home_of_service(&site);
    let mut command = Command::new(env!("CARGO_BIN_EXE_scanner-cli"));
    command
        .arg("run")
        .current_dir(home.path(""))
        .env_clear()
        .env("TMPDIR", home.temporary());
    command.uid(SERVICE).gid(SERVICE).stdin(Stdio::null());
    let running = Running::from_command(&home, command);
    wait("a scan", || running.log().contains("scan complete"));
    as_account(&home, OTHER, &[], &["status"])
        .check(3, &["cannot tell whether a service is running"]);
    let healthy = as_account(&home, OTHER, &[], &["status", "--healthy"]);
    assert!(healthy.check(4, &[]).output.contains("cannot be opened"));
    for account in [SERVICE, 0] {
        as_account(&home, account, &[], &["status", "--healthy"]).check(0, &[]);
    }
    running.stop();
}
