//! Secrets in the settings of followers.

use std::fs;

use qrs_client::fake_site::FakeSite;

use crate::{
    encryption::{KEY, check_hidden, encrypted, encrypted_for, set_mode},
    scanner::{Home, Run, connection, with_slashes},
    service::{Running, wait},
};

const OWNER: &str = "follower:my files";
const PROVIDER: &str =
    "secret-manager { key = s, provider = file, configuration { file-path = secrets.conf } }";

/// Settings with a follower whose folder is a secret. The path is in line 2, column 58.
fn settings(path: &str) -> String {
    format!("{PROVIDER}\nfollowers = [ {{ kind = ndjson, name = \"my files\", path = {path} }} ]\n")
}

fn texts(runs: impl IntoIterator<Item = Run>) -> Vec<String> {
    let texts = runs.into_iter().flat_map(|run| [run.output, run.errors]);
    texts.collect()
}

#[test]
fn a_follower_uses_secrets_and_no_command_shows_them() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site).traced();
    let encrypted = encrypted_for(&home, OWNER, "path", "s3cr3t-folder");
    let in_manager = encrypted_for(&home, "s", "secret_manager.folder", "s3cr3t-folder");
    home.write("secrets.conf", format!("s.folder = {in_manager}"));
    set_mode(&home.path("secrets.conf"), 0o600);
    for path in [&encrypted[..], "${secret_manager.folder}"] {
        home.write("conf/application.conf", settings(path));
        let scan = home.run(&["scan", "--report", "report.json"]);
        scan.check(0, &["qlik (Test site): complete", "items to ********/qlik"]);
        assert!(!scan.errors.contains("warning:"), "{}", scan.errors);
        assert_eq!(
            home.items("s3cr3t-folder/qlik.visualization.ndjson").len(),
            53
        );
        fs::remove_dir_all(home.path("s3cr3t-folder")).unwrap();
        // A file where the folder of the follower should be.
        home.write("s3cr3t-folder", "");
        let failed = home.run(&["scan"]);
        failed.check(6, &["follower my files: failed", "`********/qlik"]);
        let check = home.run(&["check"]);
        assert_eq!(check.exit, 6, "{}", check.output);
        assert!(
            check.output.contains("`********` cannot be written"),
            "{}",
            check.output
        );
        let others = [
            &["check", "--offline"][..],
            &["check", "--format", "json"],
            &["status"],
            &["status", "--format", "json"],
            &["catalog", "followers"],
            &["catalog", "followers", "--format", "ndjson"],
            &["config", "show", "conf/application.conf"],
            &[
                "config",
                "show",
                "conf/application.conf",
                "--format",
                "json",
            ],
        ];
        let others = others.map(|arguments| home.run(arguments));
        check_hidden(
            &home,
            &texts([scan, failed, check].into_iter().chain(others)),
        );
        fs::remove_file(home.path("s3cr3t-folder")).unwrap();
    }
}

#[test]
fn a_secret_that_a_follower_cannot_use_is_reported_with_its_place() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site).traced();
    // `catalog followers` needs a store.
    home.run(&["scan"]).check(0, &[]);
    let value = encrypted_for(&home, OWNER, "path", "s3cr3t");
    let check = |path: &str, said: &str| {
        home.write("conf/application.conf", settings(path));
        let runs = [
            &["scan"][..],
            &["check"],
            &["check", "--offline"],
            &["catalog", "followers"],
            &["run"],
        ];
        for arguments in runs {
            let run = home.run(arguments);
            run.check(3, &[said, "--> conf/application.conf:2:58", "help:"]);
            check_hidden(&home, &texts([run]));
        }
    };
    let other = encrypted_for(&home, "qlik", "path", "s3cr3t");
    let again = "encrypt the secret again: `scanner-cli encrypt --for \"follower:my files\" path`";
    check(
        &other,
        "it was encrypted for a connection, or for a follower other than `my files`",
    );
    check(&other, again);
    check(
        "${secret_manager.x}",
        "secrets cannot be read: there is no file `secrets.conf`",
    );
    fs::remove_file(home.path(KEY)).unwrap();
    check(&value, "there is no key file `conf/encryption.key`");
    // A new key can be created although the values of followers belong to the former one.
    encrypted(&home, "x");
    check(
        &value,
        "it was encrypted with a key other than the one in `conf/encryption.key`",
    );
    let value = encrypted_for(&home, OWNER, "path", "export");
    home.write("conf/application.conf", settings(&value));
    home.run(&["scan"])
        .check(0, &["qlik (Test site): complete"]);
}

#[test]
fn a_forgotten_connection_is_removed_without_showing_the_secret() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site).traced();
    let encrypted = encrypted_for(&home, OWNER, "path", "s3cr3t-folder");
    home.write("conf/application.conf", settings(&encrypted));
    home.run(&["scan"]).check(0, &["items to ********/qlik"]);
    fs::remove_file(home.path("connections/qlik.conf")).unwrap();
    let forget = home.run(&["catalog", "forget", "qlik", "--yes"]);
    assert_eq!(forget.exit, 0, "{}", forget.errors);
    let shown = format!("{}{}", forget.output, forget.errors);
    assert!(
        with_slashes(&shown).contains("********/qlik.visualization.ndjson"),
        "{shown}"
    );
    assert!(!shown.contains("s3cr3t"), "{shown}");
    assert!(!home.has("s3cr3t-folder/qlik.visualization.ndjson"));
}

#[test]
fn a_file_that_is_no_longer_maintained_is_reported_without_the_secret() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site).traced();
    let encrypted = encrypted_for(&home, OWNER, "path", "s3cr3t-folder");
    home.write("conf/application.conf", settings(&encrypted));
    home.write("secrets.conf", "");
    home.run(&["scan"]).check(0, &["items to ********/qlik"]);
    let narrowed = settings(&encrypted).replace("kind =", "connections = [other], kind =");
    home.write("conf/application.conf", narrowed);
    let scan = home.run(&["scan"]);
    scan.check(
        0,
        &["`********/qlik.visualization.ndjson` is no longer maintained"],
    );
    assert!(!scan.errors.contains("s3cr3t"), "{}", scan.errors);
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn the_service_uses_changed_secrets_of_followers() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site).traced();
    let configure = |path: &str| {
        let brief = "automation.look_interval = 50 ms\n";
        home.write("conf/application.conf", settings(path) + brief);
    };
    let written = |folder: &str| {
        let file = format!("{folder}/qlik.visualization.ndjson");
        wait(folder, || home.has(&file));
    };
    configure(&encrypted_for(&home, OWNER, "path", "s3cr3t-one"));
    let running = Running::start(&home);
    written("s3cr3t-one");
    let manage = |folder: &str| {
        let value = encrypted_for(&home, OWNER, "path", folder);
        home.write("secrets.conf", format!("s.folder = {value}"));
    };
    manage("s3cr3t-two");
    configure("${secret_manager.folder}");
    written("s3cr3t-two");
    manage("s3cr3t-three");
    written("s3cr3t-three");
    fs::remove_file(home.path("secrets.conf")).unwrap();
    let error = "there is no file `secrets.conf`";
    wait("an error", || {
        home.run(&["status"]).output.contains(error) || running.log().contains(error)
    });
    let status = home.run(&["status"]);
    manage("s3cr3t-four");
    written("s3cr3t-four");
    let log = running.stop();
    assert!(with_slashes(&log).contains("********/qlik"), "{log}");
    check_hidden(&home, &[log, status.output, status.errors]);
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_readable_key_of_a_connection_and_a_follower_causes_one_warning() {
    let site = FakeSite::start_in_thread();
    let home = Home::empty().traced();
    let account = encrypted_for(&home, "qlik", "connection.auth.value", "ACME\\scanner");
    let file = connection("qlik", &site) + &format!("connection.auth.value = {account}\n");
    home.write("connections/qlik.conf", file);
    home.write(
        "conf/application.conf",
        settings(&encrypted_for(&home, OWNER, "path", "export")),
    );
    set_mode(&home.path(KEY), 0o640);
    for arguments in [&["scan"][..], &["check"]] {
        let run = home.run(arguments);
        run.check(
            0,
            &["users other than its owner have access to the key file"],
        );
        assert_eq!(
            run.errors.matches("users other than").count(),
            1,
            "{}",
            run.errors
        );
    }
}
