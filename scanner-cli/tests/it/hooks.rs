//! Hooks: programs that run after a scan.

use std::{fs, process::Command};

use qrs_client::fake_site::FakeSite;
use serde_json::Value;

use crate::{
    scanner::{Home, connection, items},
    service::{Running, status, wait},
};

const SCRIPT: &str = "env | grep -E '^(ZEENEA|SCANNER)_HOOK' | sort > env.txt; cat > items.txt; cp \"$SCANNER_HOOK_CHANGES\" changes.txt; exit 3";

/// A script that starts another program and waits for it.
const SLOW: &str = "sleep 100 & echo $! > slow.pid; wait";

pub(crate) fn hook(code: &str, more: &str) -> String {
    format!("enabled = true\ncode = {code}\nhook_id = \"external-script\"\n{more}\n")
}

/// The result of a hook's run, if it has ended.
pub(crate) fn ended(home: &Home, code: &str) -> Option<Value> {
    let status = status(home);
    let hooks = status["hooks"].as_array()?;
    hooks.iter().find(|run| run["hook"] == code).cloned()
}

/// Checks that a hook failed for this reason.
fn failed(home: &Home, code: &str, error: &str) {
    let run = ended(home, code).unwrap();
    assert_eq!(run["exit_code"], Value::Null);
    assert!(run["error"].as_str().unwrap().contains(error), "{run}");
}

/// Whether the process with this number runs.
fn runs(pid: &str) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", pid]).output();
    let state = String::from_utf8(state.unwrap().stdout).unwrap();
    // A dead process may not have been reaped.
    !state.trim().is_empty() && !state.starts_with('Z')
}

pub(crate) fn write_hooks(home: &Home) {
    home.write("script.sh", SCRIPT);
    home.write("slow.sh", SLOW);
    for (code, more) in [
        ("script", "post_items_upsert_command = [sh, script.sh]"),
        (
            "slow",
            "post_items_upsert_command = [sh, slow.sh]\ntime_limit = 5 s",
        ),
        ("none", "post_items_upsert_command = [no-such-program]"),
        ("off", "post_items_upsert_command = [sh]\nenabled = false"),
        ("bad", "post_items_upsert_command = sh"),
    ] {
        home.write(&format!("hooks/{code}.conf"), hook(code, more));
    }
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_hook_receives_the_changes_of_a_scan_and_its_result_is_shown() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    write_hooks(&home);
    let running = Running::briefly(&home);
    wait("all hooks", || ended(&home, "slow").is_some());
    assert_eq!(ended(&home, "script").unwrap()["exit_code"], 3);
    failed(&home, "slow", "took longer than 5s");
    let sleeps = home.read("slow.pid");
    wait("the end of what it started", || !runs(sleeps.trim()));
    failed(&home, "none", "cannot be started");
    let log = running.stop();
    assert!(
        log.contains("hooks/bad.conf:4:") && log.contains("must be a list"),
        "{log}"
    );
    let variables = home.read("env.txt");
    for line in [
        "ZEENEA_HOOK_CONNECTOR_CODE=qlik-sense",
        "ZEENEA_HOOK_CONNECTION_CODE=qlik",
        "ZEENEA_HOOK_CONNECTION_ID=qlik",
        "SCANNER_HOOK_OUTCOME=complete",
        "SCANNER_HOOK_RESET=false",
    ] {
        assert!(
            variables.lines().any(|variable| variable == line),
            "no {line} in:\n{variables}"
        );
    }
    let scans = home.run(&["catalog", "scans", "--format", "ndjson"]);
    let scan = items(&scans.output)[0]["id"].as_str().unwrap().to_owned();
    assert!(
        variables.contains(&format!("SCANNER_HOOK_SCAN_ID={scan}\n")),
        "{variables}"
    );
    assert_eq!(home.read("items.txt").lines().count(), 53);
    assert!(home.read("items.txt").contains("/Sales Overview/Regions\n"));
    let changes = items(&home.read("changes.txt"));
    assert_eq!(changes.len(), 53);
    assert_eq!(changes[0]["change"], "added");
    assert!(home.names("data").iter().all(|name| !name.contains("hook")));
    // The results are known without a running service.
    let text = home.run(&["status"]).output;
    assert!(
        text.contains("hook script\n  qlik, ") && text.contains(": exit code 3"),
        "{text}"
    );
    // Hooks whose files were removed are no longer shown.
    for file in ["hooks/bad.conf", "hooks/script.conf"] {
        fs::remove_file(home.path(file)).unwrap();
    }
    let text = home.run(&["status"]).output;
    assert!(
        !text.contains("hook script") && text.contains("hook slow"),
        "{text}"
    );
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn excluded_items_are_not_on_the_standard_input_of_a_hook() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    let filter = "filter = \"app != 'Sales Overview'\"\n";
    home.write(
        "connections/qlik.conf",
        format!("{}{filter}", connection("qlik", &site)),
    );
    home.write("script.sh", SCRIPT);
    let command = "post_items_upsert_command = [sh, script.sh]";
    home.write("hooks/script.conf", hook("script", command));
    let running = Running::briefly(&home);
    wait("the hook", || ended(&home, "script").is_some());
    running.stop();
    assert_eq!(home.read("items.txt"), "");
    let changes = items(&home.read("changes.txt"));
    assert!(!changes.is_empty());
    assert!(changes.iter().all(|one| one["change"] == "excluded"));
}

/// A script that writes a lot, including secrets, to both streams. It leaves a process behind that keeps them open.
const LOUD: &str = "sleep 300 & echo $! > left.pid; echo 'as ACME\\scanner'; echo \"through $TRUST\" >&2; i=0; while [ $i -lt 30000 ]; do echo 'line that fills the pipe'; i=$((i+1)); done";

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn what_a_hook_writes_is_in_the_log_under_its_name_and_without_secrets() {
    let site = FakeSite::start_in_thread();
    let home = Home::empty();
    home.write("connections/qlik.conf", connection("qlik", &site));
    home.write("loud.sh", LOUD);
    let command = "post_items_upsert_command = [sh, loud.sh]";
    home.write("hooks/loud.conf", hook("loud", command));
    home.write(
        "conf/application.conf",
        "automation.look_interval = 50 ms\n",
    );
    let mut command = home.command(&["run", "--log-format", "json"]);
    command
        .env("TRUST", "pass-ACME\\scanner-word")
        .env("PATH", "/usr/bin:/bin");
    let running = Running::from_command(&home, command);
    wait("the hook", || ended(&home, "loud").is_some());
    assert_eq!(ended(&home, "loud").unwrap()["exit_code"], 0);
    let left = home.read("left.pid");
    assert!(runs(left.trim()));
    Command::new("kill").arg(left.trim()).status().unwrap();
    let log = running.stop();
    assert!(!log.contains("ACME"), "{log}");
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    let printed: Vec<_> = lines.iter().filter(|line| line["hook"] == "loud").collect();
    for (stream, text) in [
        ("stdout", "as ********"),
        ("stderr", "through pass-********-word"),
    ] {
        let line = printed.iter().find(|line| line["message"] == text);
        let line = line.unwrap_or_else(|| panic!("no {text}: {log}"));
        assert_eq!(
            (&line["stream"], &line["connection"]),
            (&stream.into(), &"qlik".into())
        );
    }
    assert_eq!(
        printed
            .iter()
            .filter(|line| line["stream"] == "stdout")
            .count(),
        201
    );
    let more = printed
        .iter()
        .find(|line| line["message"] == "more lines were not logged");
    assert_eq!(more.unwrap()["lines"], 30_001 - 200);
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_hook_receives_everything_again_after_a_restore() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write("script.sh", SCRIPT.replace("exit 3", "test ! -e failing"));
    let hook_file = hook("script", "post_items_upsert_command = [sh, script.sh]");
    home.write("hooks/script.conf", hook_file);
    let run = |exit: i64| {
        let before = ended(&home, "script").map(|run| run["finished"].clone());
        home.write(
            "connections/qlik.conf",
            connection("qlik", &site)
                + "# changed\n".repeat(exit as usize + 1).as_str()
                + &format!("# {before:?}\n"),
        );
        let running = Running::briefly(&home);
        wait("the hook", || {
            ended(&home, "script").map(|run| run["finished"].clone()) != before
        });
        running.stop();
        assert_eq!(ended(&home, "script").unwrap()["exit_code"], exit);
        items(&home.read("changes.txt")).len()
    };
    assert_eq!(run(0), 53);
    assert_eq!(run(0), 0);
    home.run(&["store", "backup", "saved.db"]).check(0, &[]);
    home.run(&["store", "restore", "saved.db"]).check(0, &[]);
    home.write("failing", "");
    assert_eq!(run(1), 53);
    assert!(home.read("env.txt").contains("SCANNER_HOOK_RESET=true"));
    fs::remove_file(home.path("failing")).unwrap();
    assert_eq!(
        run(0),
        53,
        "a hook that failed begins anew the next time, too"
    );
    assert_eq!(run(0), 0);
    assert!(home.read("env.txt").contains("SCANNER_HOOK_RESET=false"));
}

/// The numbers of threads and of open files of a process.
#[cfg(target_os = "linux")]
fn resources(pid: u32) -> (usize, usize) {
    let count = |what| {
        let entries = fs::read_dir(format!("/proc/{pid}/{what}"));
        entries.unwrap().count()
    };
    (count("task"), count("fd"))
}

#[cfg(target_os = "linux")]
#[test]
fn processes_that_hooks_leave_running_cost_neither_threads_nor_files() {
    let site = FakeSite::start_in_thread();
    let home = Home::empty();
    home.write(
        "connections/qlik.conf",
        connection("qlik", &site) + "schedule = \"* * * * * ?\"\n",
    );
    let script = "echo done; echo $$ >> runs.txt; sleep 300 & echo $! >> left.txt";
    home.write("script.sh", script);
    let command = "post_items_upsert_command = [sh, script.sh]";
    home.write("hooks/script.conf", hook("script", command));
    let running = Running::from_command(&home, {
        home.write(
            "conf/application.conf",
            "automation.look_interval = 50 ms\n",
        );
        let mut command = home.command(&["run"]);
        command.env("PATH", "/usr/bin:/bin");
        command
    });
    let runs = || fs::read_to_string(home.path("runs.txt")).map_or(0, |text| text.lines().count());
    wait("two runs", || runs() >= 2);
    let least = || {
        // Scans and polls come and go.
        let samples = (0..40).map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            resources(running.id())
        });
        let (threads, files): (Vec<_>, Vec<_>) = samples.unzip();
        (*threads.iter().min().unwrap(), *files.iter().min().unwrap())
    };
    let before = least();
    let from = runs();
    wait("ten more", || runs() >= from + 10);
    let after = least();
    for pid in home.read("left.txt").lines() {
        Command::new("kill").arg(pid).status().unwrap();
    }
    // Idle threads of the runtime may be more; a hook used to keep two threads and two files.
    assert!(
        after.0 < before.0 + 10 && after.1 < before.1 + 10,
        "{before:?} {after:?}"
    );
    let log = running.stop();
    assert!(log.matches("done").count() >= 10, "{log}");
}
