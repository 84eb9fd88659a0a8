//! `-q`, `-v`, `-vv`, `--log-level` and `RUST_LOG`, which every command has.

use qrs_client::fake_site::{FakeSite, Fault};

use crate::{
    scanner::{Home, Run, finish},
    service::{Running, scanned, wait},
};

/// Runs the command with this value of `RUST_LOG`.
fn run(home: &Home, arguments: &[&str], rust_log: &str) -> Run {
    let mut command = home.command(arguments);
    command.env("RUST_LOG", rust_log);
    finish(command)
}

#[test]
fn requests_are_logged_on_demand() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    for (arguments, rust_log, debug, trace) in [
        (&["scan"][..], "", false, false),
        (&["scan", "-v"], "", true, false),
        (&["-v", "scan"], "", true, false),
        (&["scan", "-vv"], "", true, true),
        (&["scan", "--log-level", "debug"], "", true, false),
        (&["scan", "--log-level=trace"], "warn", true, true),
        (&["scan", "--log-level", "info"], "trace", false, false),
        (&["scan"], "debug", true, false),
        (&["scan"], "qrs_client=trace", true, true),
        (&["scan"], "scanner_cli=trace", false, false),
        (&["inventory", "-v"], "", true, false),
        (&["check", "-v"], "", true, false),
        (&["explain", "Regions", "-v"], "", true, false),
        (&["filter", "test", "qlik", "-vv"], "", true, true),
        (&["check"], "trace", true, true),
    ] {
        let run = run(&home, arguments, rust_log);
        run.check(0, &[]);
        let found = (
            run.errors.contains("response path="),
            run.errors.contains("request path="),
        );
        assert_eq!(
            found,
            (debug, trace),
            "{arguments:?} {rust_log}: {}",
            run.errors
        );
        assert!(!run.output.contains("DEBUG"), "{arguments:?}");
    }
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_filter_for_the_program_logs_the_lines_of_its_crates() {
    let site = FakeSite::start_in_thread();
    for (rust_log, is_logged) in [
        ("scanner_cli=debug", true),
        ("scanner_cli", true),
        ("qrs_client=debug", false),
        ("scanner_cli=debug,scan_engine=error", false),
    ] {
        let home = Home::with_site(&site);
        let mut command = home.command(&["run"]);
        command.env("RUST_LOG", rust_log);
        let running = Running::from_command(&home, command);
        wait("a scan", || scanned(&home, "qlik", "complete") == 1);
        if is_logged {
            wait("its line", || running.log().contains("scan complete"));
        }
        let log = running.stop();
        let found =
            ["service started", "scan complete", "service stopping"].map(|line| log.contains(line));
        assert_eq!(found, [is_logged; 3], "{rust_log}: {log}");
    }
}

#[test]
fn every_command_accepts_the_options() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    for arguments in [
        &["status"][..],
        &["catalog", "list"],
        &["catalog", "scans"],
        &["config", "show", "qlik"],
        &["store", "check"],
        &["inventory"],
        &["explain", "Regions", "--offline"],
    ] {
        let plain = home.run(arguments);
        for option in [
            &["-q"][..],
            &["-v"],
            &["-vv"],
            &["--log-level", "off"],
            &["--color", "never"],
        ] {
            let run = home.run(&[arguments, option].concat());
            assert_eq!(
                (run.exit, &run.output),
                (0, &plain.output),
                "{arguments:?} {option:?}"
            );
        }
    }
    home.run(&["scan", "-q", "-v"])
        .check(2, &["`-q` and `-v` cannot be used together"]);
    home.run(&["-q", "scan", "--log-level", "info"])
        .check(2, &["`-q` and `--log-level` cannot be used together"]);
}

#[test]
fn a_quiet_command_prints_only_errors() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    for arguments in [
        &["scan", "-q"][..],
        &["inventory", "--quiet"],
        &["filter", "test", "qlik", "-q"],
    ] {
        let run = home.run(arguments);
        assert_eq!((run.exit, run.errors.as_str()), (0, ""), "{arguments:?}");
    }
    home.run(&["store", "backup", "b", "-q"]).check(0, &[]);
    home.write(
        "connections/odd.conf",
        "name = Odd, code = odd, connector_id = qlik-sense, enabled = false, unheard_of = 1",
    );
    assert_eq!(home.run(&["scan", "-q"]).errors, "");
    home.write("connections/bad.conf", "code = ");
    home.run(&["scan", "-q"]).check(3, &["error: "]);
    site.fail(Fault::missing_records(3).on("/qrs/app/object/full"));
    let run = home.run(&["scan", "qlik", "-q"]);
    run.check(
        5,
        &["qlik (Test site): partial", "the result may be incomplete"],
    );
    assert!(!run.errors.contains("INFO"), "{}", run.errors);
}

#[test]
fn other_crates_log_nothing_below_info() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    for rust_log in [
        "trace",
        "hyper=trace,reqwest=trace,mio=trace,info",
        "trace,tokio=trace",
    ] {
        let run = run(&home, &["check", "--log-level", "trace"], rust_log);
        let count = |errors: &str| errors.lines().filter(|line| line.contains("TRACE")).count();
        let own = run.errors.matches("request path=").count();
        assert_eq!(count(&run.errors), own, "{}", run.errors);
        let run = self::run(&home, &["check"], rust_log);
        let own = run.errors.matches("request path=").count();
        assert_eq!(count(&run.errors), own, "{rust_log}: {}", run.errors);
    }
}

#[test]
fn an_invalid_variable_is_reported() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let run = run(&home, &["scan"], "scanner_cli=loud");
    run.check(
        0,
        &[
            "warning: `RUST_LOG` is not valid and was ignored",
            "help: write a level",
        ],
    );
}
