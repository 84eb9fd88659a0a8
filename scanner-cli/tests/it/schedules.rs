//! Schedules in files: what is refused, what is warned about, and the next times that commands print.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use qrs_client::fake_site::FakeSite;
use scanner_cli::Environment;
use serde_json::{Value, json};

use crate::{
    scanner::{Home, connection},
    service::{Running, status, wait},
};

/// The program's output, kept for the test.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn clock() -> Timestamp {
    "2026-11-24T07:00:00Z".parse().unwrap()
}

/// What a command prints at 7 o'clock UTC on Tuesday, 24 November 2026.
fn output(home: &Home, arguments: &[&str]) -> String {
    let output = Kept::default();
    let environment = Environment {
        variables: [].into(),
        home: None,
        input: Box::new(io::empty()),
        is_interactive: false,
        output: Box::new(output.clone()),
        errors: Box::new(io::sink()),
        screen: None,
        terminal: false,
        clock,
        zone: jiff::tz::TimeZone::UTC,
    };
    let home = home.path("").to_str().unwrap().to_owned();
    let all = ["scanner-cli", "--home", &home].into_iter();
    let all: Vec<_> = all
        .chain(arguments.iter().copied())
        .map(Into::into)
        .collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(scanner_cli::run(all, environment));
    String::from_utf8(output.0.lock().unwrap().clone()).unwrap()
}

fn json_of(home: &Home, arguments: &[&str]) -> Value {
    let all = [arguments, &["--format", "json"]].concat();
    serde_json::from_str(&output(home, &all)).unwrap()
}

const OWN: &str = "schedule = \"0 30 6 ? * MON-FRI\"\n";
const OWN_TIMES: [&str; 3] = [
    "2026-11-25T05:30:00.000Z",
    "2026-11-26T05:30:00.000Z",
    "2026-11-27T05:30:00.000Z",
];
const SCANNER: &str =
    "automation { synchronize = \"0 0 3 L * ?\", time_zone = \"Europe/Berlin\" }\n";
const SCANNER_TIMES: [&str; 3] = [
    "2026-11-30T02:00:00.000Z",
    "2026-12-31T02:00:00.000Z",
    "2027-01-31T02:00:00.000Z",
];

/// A home with a connection that has a schedule of its own, and one that has none.
fn home_of(site: &FakeSite) -> Home {
    let home = Home::with(&(connection("own", site) + OWN));
    home.write("connections/other.conf", connection("other", site));
    home.write("conf/application.conf", SCANNER);
    home
}

#[test]
fn status_prints_the_next_three_times() {
    let home = home_of(&FakeSite::start_in_thread());
    let status = json_of(&home, &["status"]);
    let scanner = &status["scanner"];
    assert_eq!(scanner["schedule"], "0 0 3 L * ?");
    assert_eq!(scanner["time_zone"], "Europe/Berlin");
    assert_eq!(scanner["next_times"], json!(SCANNER_TIMES));
    let of = |code: &str| {
        let mut all = status["connections"].as_array().unwrap().iter();
        all.find(|one| one["code"] == code).unwrap()
    };
    assert_eq!(of("own")["schedule"], "0 30 6 ? * MON-FRI");
    assert_eq!(of("own")["next_times"], json!(OWN_TIMES));
    assert_eq!(of("other")["next_times"], json!(SCANNER_TIMES));
    let text = output(&home, &["status"]);
    for lines in [
        "  schedule   0 0 3 L * ? (Europe/Berlin)\n  next times 2026-11-30T03:00:00+01:00, 2026-12-31T03:00:00+01:00, 2027-01-31T03:00:00+01:00\n",
        "  schedule   0 30 6 ? * MON-FRI (Europe/Berlin)\n  next times 2026-11-25T06:30:00+01:00, 2026-11-26T06:30:00+01:00, 2026-11-27T06:30:00+01:00\n",
    ] {
        assert_eq!(text.matches(lines).count(), 1, "{lines} in:\n{text}");
    }
}

#[test]
fn status_without_an_expression_has_no_times() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write(
        "connections/off.conf",
        connection("off", &site) + OWN + "enabled = false",
    );
    let status = json_of(&home, &["status"]);
    let scanner = &status["scanner"];
    assert_eq!(
        (&scanner["schedule"], &scanner["next_times"]),
        (&Value::Null, &json!([]))
    );
    for one in status["connections"].as_array().unwrap() {
        assert_eq!(
            (&one["schedule"], &one["next_times"]),
            (&Value::Null, &json!([])),
            "{one}"
        );
    }
}

#[test]
fn status_of_a_service_has_the_times_that_it_scans_at() {
    // The site stays, because a failed scan is repeated sooner than scheduled.
    let site = FakeSite::start_in_thread();
    let home = home_of(&site);
    let running = Running::start(&home);
    wait("the service's times", || {
        let status = status(&home);
        let connections = status["connections"].as_array().unwrap();
        let is_next = |one: &Value| {
            let times = one["next_times"].as_array().unwrap();
            times.len() == 3 && times[0] == one["next_scan"]
        };
        status["scanner"]["running"] == true
            && connections.len() == 2
            && connections.iter().all(is_next)
    });
    drop(running);
}

#[test]
fn config_show_prints_the_next_three_times() {
    let home = home_of(&FakeSite::start_in_thread());
    for (shown, times, line) in [
        (
            "own",
            OWN_TIMES,
            "next times by `schedule`: 2026-11-25T06:30:00+01:00, 2026-11-26T06:30:00+01:00, 2026-11-27T06:30:00+01:00 (Europe/Berlin)\n",
        ),
        (
            "other",
            SCANNER_TIMES,
            "next times by `automation` of `conf/application.conf`: 2026-11-30T03:00:00+01:00, 2026-12-31T03:00:00+01:00, 2027-01-31T03:00:00+01:00 (Europe/Berlin)\n",
        ),
    ] {
        let json = json_of(&home, &["config", "show", shown]);
        assert_eq!(json["next_times"], json!(times));
        assert_eq!(json["code"], shown);
        let text = output(&home, &["config", "show", shown]);
        assert!(text.ends_with(line), "{text}");
    }
    let settings = home.path("conf/application.conf");
    let settings = settings.to_str().unwrap();
    let json = json_of(&home, &["config", "show", settings]);
    assert_eq!(json["next_times"], json!(SCANNER_TIMES));
}

#[test]
fn config_show_reports_why_a_schedule_has_no_times() {
    let site = FakeSite::start_in_thread();
    let home = Home::with(&(connection("own", &site) + "schedule = \"0 2 * * *\"\n"));
    let run = home.run(&["config", "show", "own"]);
    run.check(
        0,
        &[
            "`schedule` is not a valid schedule: 5 fields instead of 6 or 7",
            "`0 0 2 * * ?`",
            "connections/qlik.conf:9:12",
        ],
    );
    assert!(!run.output.contains("next times"));
    // Other files have no schedule.
    home.write("other.conf", "a = 1");
    let other = home.path("other.conf");
    assert!(!output(&home, &["config", "show", other.to_str().unwrap()]).contains("next times"));
}

#[test]
fn an_invalid_schedule_is_refused_with_its_place() {
    let site = FakeSite::start_in_thread();
    for (schedule, texts) in [
        (
            "0 0 2 ? * 8",
            [
                "`schedule` is not a valid schedule: day of week: `8` at column 11 is not between 1 and 7 (1 is Sunday)",
                "connections/qlik.conf:9:12",
            ],
        ),
        (
            "0 2 * * *",
            ["5 fields instead of 6 or 7", "write `0 0 2 * * ?`"],
        ),
        (
            "0 0/90 * * * ?",
            [
                "minute: `90` at column 5 is a step of more than 59",
                "write `0 0 * * * ?`",
            ],
        ),
        (
            "0 0 0 31 2 ?",
            [
                "it does not match any time in the future",
                "the 31st of February does not exist",
            ],
        ),
        (
            "0 0 0 1 1 ? 2020",
            [
                "it does not match any time in the future",
                "years in the past do not match",
            ],
        ),
    ] {
        let setting = format!("schedule = \"{schedule}\"\n");
        let home = Home::with(&(connection("qlik", &site) + &setting));
        home.run(&["scan"]).check(3, &texts);
        let home = Home::with_site(&site);
        let setting = format!("automation.synchronize = \"{schedule}\"\n");
        home.write("conf/application.conf", setting);
        home.run(&["scan"]).check(
            3,
            &[
                "conf/application.conf:1:26",
                "`automation.synchronize` is not a valid schedule",
            ],
        );
    }
}

#[test]
fn parts_of_a_schedule_that_quartz_ignores_cause_a_warning() {
    let site = FakeSite::start_in_thread();
    let home = Home::with(&(connection("qlik", &site) + "schedule = \"0 0 2 ? * MON-FRI/2\"\n"));
    home.write(
        "conf/application.conf",
        "automation.synchronize = \"0 0 2 ? * MONDAY-FRIDAY\"\n",
    );
    let texts = [
        "`schedule`: day of week: Quartz reads `MON-FRI/2` at column 11 as `MON-FRI`",
        "or `2-6/2`",
        "connections/qlik.conf:9:12",
        "`automation.synchronize`: day of week: Quartz reads `MONDAY-FRIDAY` at column 11 as `MONDAY`",
        "or `MON-FRI`",
        "conf/application.conf:1:26",
    ];
    home.run(&["scan"]).check(0, &texts);
    let running = Running::start(&home);
    wait("both warnings", || {
        let log = running.log();
        [texts[0], texts[3]].iter().all(|text| log.contains(text))
    });
}
