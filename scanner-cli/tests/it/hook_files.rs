//! Files of hooks: errors, permissions, and `hook test`.

use std::fs;

use qrs_client::fake_site::FakeSite;

#[cfg(unix)]
use crate::{
    hooks::ended,
    service::{Running, wait},
};
use crate::{
    hooks::{hook, write_hooks},
    scanner::{Home, connection, items, with_slashes},
    service::status,
};

#[test]
fn an_invalid_hook_file_is_shown_by_status_and_check() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write(
        "hooks/a.conf",
        hook("good", "post_items_upsert_command = [sh]\ntime_limt = 5 s"),
    );
    home.write(
        "hooks/b.conf",
        hook("bad", "post_items_upsert_command = sh"),
    );
    home.write("hooks/c.conf", "enabled = false");
    home.write(
        "hooks/d.conf",
        hook("good", "post_items_upsert_command = [sh]"),
    );
    home.write("hooks/e.conf", "{{{");
    let json = status(&home);
    let states: Vec<_> = (json["hook_files"].as_array().unwrap().iter())
        .map(|file| {
            (
                with_slashes(file["file"].as_str().unwrap()),
                file["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        states,
        [
            ("hooks/a.conf", "valid"),
            ("hooks/b.conf", "error"),
            ("hooks/c.conf", "disabled"),
            ("hooks/d.conf", "error"),
            ("hooks/e.conf", "error")
        ]
        .map(|(file, state)| (file.to_owned(), state))
    );
    let text = with_slashes(&home.run(&["status"]).output);
    for part in [
        "hooks/a.conf: warning",
        "`time_limt` is not a setting of a hook",
        "hooks/b.conf: error\n  error      hooks/b.conf:4:",
        "has the same code `good` as `hooks/a.conf`",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let check = home.run(&["check"]);
    check.check(
        3,
        &[
            "hooks/b.conf:4:",
            "must be a list of texts",
            "did you mean `time_limit`?",
            "hooks/e.conf:1:",
        ],
    );
    assert!(check.output.contains("12 apps, 53 sheets"));
    for file in ["b", "d", "e"] {
        fs::remove_file(home.path(&format!("hooks/{file}.conf"))).unwrap();
    }
    home.run(&["check"]).check(0, &[]);
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_hook_is_tested_with_the_changes_of_the_last_scan() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    write_hooks(&home);
    home.run(&["hook", "test", "script"])
        .check(3, &["there is no store"]);
    home.run(&["scan"]).check(0, &[]);
    home.run(&["hook", "test", "script"])
        .check(4, &["hook `script` after scan 1 of `qlik`: exit code 3"]);
    assert_eq!(home.read("items.txt").lines().count(), 53);
    assert_eq!(items(&home.read("changes.txt")).len(), 53);
    let env = home.read("env.txt");
    for line in [
        "ZEENEA_HOOK_CONNECTOR_CODE=qlik-sense",
        "ZEENEA_HOOK_CONNECTION_CODE=qlik",
        "SCANNER_HOOK_RESET=false",
    ] {
        assert!(env.contains(line), "{env}");
    }
    home.write(
        "connections/other.conf",
        connection("other", &FakeSite::start_in_thread()),
    );
    home.run(&["scan", "qlik"]).check(0, &[]);
    home.run(&["hook", "test", "script", "--connection", "qlik"])
        .check(4, &["after scan 2 of `qlik`"]);
    assert_eq!(home.read("items.txt"), "");
    home.run(&["hook", "test", "script", "--connection", "other"])
        .check(2, &["`other`", "qlik"]);
    home.run(&["hook", "test", "none"])
        .check(4, &["cannot be started"]);
    home.run(&["hook", "test", "slow"])
        .check(4, &["took longer than 5s"]);
    // A disabled hook can be tested before it is enabled.
    home.run(&["hook", "test", "off"])
        .check(0, &["exit code 0"]);
    home.run(&["hook", "test", "bad"])
        .check(3, &["hooks/bad.conf:4:"]);
    fs::remove_file(home.path("hooks/bad.conf")).unwrap();
    home.run(&["hook", "test", "scrpt"])
        .check(2, &["no hook has the code `scrpt`", "script"]);
    home.write(
        "hooks/loud.conf",
        hook(
            "loud",
            "post_items_upsert_command = [sh, -c, \"echo 'ACME\\\\scanner'; echo warned >&2\"]",
        ),
    );
    let loud = home.run(&["hook", "test", "loud"]);
    loud.check(0, &["warned", "stream=\"stderr\""]);
}

#[test]
fn misspelt_codes_and_settings_of_hooks_are_reported() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    write_hooks(&home);
    home.run(&["scan"]).check(0, &[]);
    // With an invalid file, a misspelt code is reported, too.
    home.run(&["hook", "test", "scrpt"]).check(
        3,
        &[
            "hooks/bad.conf:4:",
            "no valid hook file has the code `scrpt`",
            "did you mean `script`?",
        ],
    );
    fs::remove_file(home.path("hooks/bad.conf")).unwrap();
    home.run(&["hook", "test", "scrpt"]).check(
        2,
        &["no hook has the code `scrpt`", "did you mean `script`?"],
    );
    home.run(&["hook", "test", "script", "--connection", "qlki"])
        .check(2, &["did you mean `qlik`?"]);
    home.write(
        "hooks/misspelt.conf",
        "code = x\nhok_id = external-script\npost_items_upsert_comand = [sh]\n",
    );
    home.run(&["check", "--offline"]).check(
        3,
        &[
            "hooks/misspelt.conf:2:",
            "line 2 has `hok_id`: did you mean `hook_id`?",
            "line 3 has `post_items_upsert_comand`: did you mean `post_items_upsert_command`?",
        ],
    );
}

#[cfg(unix)]
const WARNING: &str = "with it what the scanner runs";

#[cfg(unix)]
fn set_mode(home: &Home, name: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(home.path(name), fs::Permissions::from_mode(mode)).unwrap();
}

/// A home with a hook and settings that only the owner can change.
#[cfg(unix)]
fn closed_home(site: &FakeSite) -> Home {
    let home = Home::with_site(site);
    home.write("notify.sh", "true");
    home.write(
        "hooks/a.conf",
        hook("a", "post_items_upsert_command = [sh, notify.sh]"),
    );
    home.write("conf/application.conf", "automation.parallel = 2");
    for (name, mode) in [
        ("notify.sh", 0o644),
        ("hooks", 0o755),
        ("hooks/a.conf", 0o644),
        ("conf", 0o755),
        ("conf/application.conf", 0o640),
    ] {
        set_mode(&home, name, mode);
    }
    home
}

/// Checks whether a command prints a text.
#[cfg(unix)]
fn check_printed(home: &Home, command: &str, text: &str, expected: bool) {
    let run = home.run(&[command]);
    let is_printed = run.errors.contains(text) || run.output.contains(text);
    assert_eq!(
        is_printed, expected,
        "{command} {text}: {}{}",
        run.output, run.errors
    );
}

#[cfg(unix)]
#[test]
fn files_that_name_programs_cause_a_warning_if_others_may_write_them() {
    let site = FakeSite::start_in_thread();
    let home = closed_home(&site);
    for command in ["check", "status", "scan"] {
        check_printed(&home, command, WARNING, false);
    }
    for (name, mode, valid_mode, text) in [
        (
            "hooks/a.conf",
            0o666,
            0o644,
            "can change the hook file `hooks/a.conf`",
        ),
        (
            "hooks/a.conf",
            0o664,
            0o644,
            "its group can change the hook file",
        ),
        (
            "notify.sh",
            0o646,
            0o644,
            "can change the program of a hook `notify.sh`",
        ),
        ("hooks", 0o777, 0o755, "can change the folder `hooks`"),
        (".", 0o777, 0o755, "can change the folder `"),
        ("hooks", 0o1777, 0o755, ""),
    ] {
        set_mode(&home, name, mode);
        for command in ["check", "status"] {
            check_printed(&home, command, WARNING, !text.is_empty());
            check_printed(&home, command, text, true);
        }
        set_mode(&home, name, valid_mode);
    }
    for (name, mode, valid_mode) in [
        ("conf/application.conf", 0o662, 0o640),
        ("conf", 0o775, 0o755),
    ] {
        set_mode(&home, name, mode);
        check_printed(&home, "scan", &format!("`{name}` and {WARNING}"), true);
        set_mode(&home, name, valid_mode);
    }
}

#[cfg(unix)]
#[test]
fn the_log_warns_once_of_a_hook_file_that_others_may_write() {
    let site = FakeSite::start_in_thread();
    let home = closed_home(&site);
    set_mode(&home, "hooks/a.conf", 0o666);
    let running = Running::start(&home);
    wait("the hook", || ended(&home, "a").is_some());
    assert_eq!(
        running.stop().matches("can change the hook file").count(),
        1
    );
}

#[test]
fn quotes_and_invisible_characters_in_hook_files_are_reported() {
    let home = Home::empty();
    for (content, state, text) in [
        (
            hook("a", "post_items_upsert_command = ['sh']"),
            "valid",
            "`post_items_upsert_command` is in single quotes",
        ),
        (
            hook("a", "post_items_upsert_command = [ “sh” ]"),
            "valid",
            "`post_items_upsert_command` is in typographic quotes",
        ),
        (
            hook("a", "post_items_upsert_command = [\"s\u{200b}h\"]"),
            "valid",
            "`post_items_upsert_command` has an invisible character: U+200B (zero width space)",
        ),
        (
            hook("a", "post_items_upsert_command = [sh]").replace("code = a", "code = 'a'"),
            "error",
            "write `code = \"a\"`",
        ),
        (
            hook("a\u{200b}", "post_items_upsert_command = [sh]"),
            "error",
            "`code` has an invisible character: U+200B (zero width space)",
        ),
    ] {
        home.write("hooks/a.conf", &content);
        let status = home.run(&["status"]).output;
        assert!(status.contains(text), "{text} in {status}");
        let json = crate::service::status(&home);
        assert_eq!(json["hook_files"][0]["state"], state, "{content}");
    }
}
