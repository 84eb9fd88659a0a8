//! Hostile files that would use all memory, all stack or a processor for ever, read by processes with little memory: they
//! are reported, and the good file beside them is scanned.
#![cfg(target_os = "linux")]

use std::{
    process::Command,
    time::{Duration, Instant},
};

use qrs_client::fake_site::FakeSite;

use crate::{
    scanner::{Home, connection, finish},
    service::{Running, scanned, status, wait},
};

/// Maximum address space of a process, most of which is never used.
const MEMORY: u64 = 3 << 30;

/// Maximum time of a command: enough without optimization on a loaded machine.
const MAX_WAIT: Duration = Duration::from_secs(120);

/// Files by name, with a part of the message.
fn hostile() -> Vec<(&'static str, String, &'static str)> {
    let deep = |line: &str| {
        let lines = (1..5_000).map(|now: u32| {
            let names = line.replace("NOW", &now.to_string());
            names.replace("THEN", &(now - 1).to_string())
        });
        format!("a0 = 1\n{}", lines.collect::<String>())
    };
    let doubled = deep("aNOW = ${aTHEN}\naNOW = ${aTHEN}\n").replace("a0 = 1", "a0 = {k={}}");
    let forward = (0..5_000).map(|now| format!("a{now} = ${{a{}}}\n", now + 1));
    vec![
        (
            "deep",
            deep("aNOW = { x = ${aTHEN} }\n"),
            "nested too deeply",
        ),
        (
            "forward",
            forward.collect(),
            "refers to too many others in turn",
        ),
        (
            "double",
            format!("{doubled}z = ${{a60.k}}"),
            "takes too many steps",
        ),
        (
            "words",
            format!("a = [{}1]", "1,".repeat(2_000_000)),
            "words and symbols",
        ),
        (
            "again",
            "include \"again\"\n".repeat(1_000),
            "circular include",
        ),
        ("empty", "a =\n".repeat(100_000), "`a` has no value"),
    ]
}

/// One element of DER.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x84][..], &length, content].concat()
}

/// A PKCS12 file with one encrypted part that requires two thousand million rounds of PBKDF2.
fn many_rounds() -> Vec<u8> {
    const SEQUENCE: u8 = 0x30;
    const OCTETS: u8 = 0x04;
    let object = |bytes: &[u8]| element(0x06, bytes);
    let of_rsa = |rest: &[u8]| object(&[&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D][..], rest].concat());
    let sequence = |parts: &[Vec<u8>]| element(SEQUENCE, &parts.concat());
    let rounds = element(0x02, &2_000_000_000_u32.to_be_bytes());
    let salted = sequence(&[element(OCTETS, b"saltsalt"), rounds]);
    let pbkdf2 = sequence(&[of_rsa(&[1, 5, 12]), salted]);
    let aes = object(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42]);
    let aes = sequence(&[aes, element(OCTETS, &[0; 16])]);
    let pbes2 = sequence(&[of_rsa(&[1, 5, 13]), sequence(&[pbkdf2, aes])]);
    let secret = sequence(&[of_rsa(&[1, 7, 1]), pbes2, element(0x80, &[0; 32])]);
    let part = sequence(&[element(0x02, &[0]), secret]);
    let part = sequence(&[of_rsa(&[1, 7, 6]), element(0xA0, &part)]);
    let content = element(0xA0, &element(OCTETS, &sequence(&[part])));
    let safe = sequence(&[of_rsa(&[1, 7, 1]), content]);
    sequence(&[element(0x02, &[3]), safe])
}

/// Settings with files that could block a reader for ever, with a part of the message.
const BLOCKING_SETTINGS: [(&str, &str, &str); 5] = [
    (
        "rounds",
        "tls.truststore { path = rounds.p12, password = x }",
        "takes too much work to decrypt",
    ),
    (
        "pipe",
        "tls.truststore { path = pipe, type = PEM }",
        "`pipe` of `tls.truststore.path` cannot be read: it is a named pipe",
    ),
    (
        "device",
        "tls.truststore { path = /dev/zero, type = PKCS12, password = x }",
        "it is a device, not a file",
    ),
    (
        "mapping",
        "connection.contacts.mapping = deep.conf",
        "`connection.contacts.mapping`: the value of this substitution is nested too deeply",
    ),
    (
        "mapping-pipe",
        "connection.contacts.mapping = pipe.csv",
        "the file `pipe.csv` cannot be read: it is a named pipe",
    ),
];

/// Writes connections with these settings, the files that they name, and a connection file that is a pipe.
fn write_blocking_settings(home: &Home, site: &FakeSite) {
    for (code, setting, _) in BLOCKING_SETTINGS {
        // A colon and a slash need quotes.
        let setting = setting.replace("/dev/zero", "\"/dev/zero\"");
        let text = connection(code, site) + &setting + "\n";
        home.write(&format!("connections/{code}.conf"), text);
    }
    home.write("rounds.p12", many_rounds());
    home.write("deep.conf", &hostile()[0].1);
    for pipe in ["pipe", "pipe.csv", "connections/fifo.conf"] {
        let made = Command::new("mkfifo").arg(home.path(pipe)).status();
        assert!(made.unwrap().success(), "{pipe}");
    }
}

fn limited(home: &Home, arguments: &[&str]) -> Command {
    let program = home.command(arguments);
    let mut command = Command::new("prlimit");
    command
        .arg(format!("--as={MEMORY}"))
        .arg(program.get_program())
        .args(arguments)
        .current_dir(home.path(""))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("TMPDIR", home.temporary());
    command
}

fn home(site: &FakeSite) -> Home {
    let home = Home::with_site(site);
    for (name, text, _) in hostile() {
        home.write(&format!("connections/{name}.conf"), text);
    }
    // Thousands of unknown settings do not prevent a scan.
    let unknown: String = (0..20_000)
        .map(|number| format!("setting{number} = 1\n"))
        .collect();
    home.write(
        "connections/unknown.conf",
        connection("unknown", site) + &unknown,
    );
    home
}

#[test]
fn commands_report_hostile_files_and_scan_the_others() {
    let site = FakeSite::start_in_thread();
    let home = home(&site);
    for command in ["check", "scan"] {
        let begun = Instant::now();
        let mut run = finish(limited(&home, &[command]));
        run.errors.push_str(&run.output);
        let texts: Vec<_> = hostile().into_iter().map(|(_, _, text)| text).collect();
        run.check(3, &texts).check(3, &["19,950 more settings"]);
        assert!(begun.elapsed() < MAX_WAIT, "{command}");
    }
    assert!(home.has("export/qlik.visualization.ndjson"));
    assert!(home.has("export/unknown.visualization.ndjson"));
    for (name, _, text) in hostile() {
        let path = format!("connections/{name}.conf");
        finish(limited(&home, &["config", "show", &path])).check(3, &[text]);
    }
}

#[test]
fn settings_with_pipes_devices_and_expensive_files_stop_nothing() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    write_blocking_settings(&home, &site);
    let pipe = "connections/fifo.conf` cannot be read: it is a named pipe";
    let texts = BLOCKING_SETTINGS.map(|(_, _, text)| text);
    for command in ["check", "scan"] {
        let begun = Instant::now();
        let mut run = finish(limited(&home, &[command]));
        run.errors.push_str(&run.output);
        run.check(3, &texts).check(3, &[pipe]);
        assert!(begun.elapsed() < MAX_WAIT, "{command}");
    }
    assert!(home.has("export/qlik.visualization.ndjson"));
    home.write(
        "conf/application.conf",
        "automation.look_interval = 50 ms\n",
    );
    let running = Running::from_command(&home, limited(&home, &["run"]));
    wait("the reports", || {
        let connections = status(&home)["connections"].to_string();
        texts.iter().all(|text| connections.contains(text))
    });
    home.write("connections/later.conf", connection("later", &site));
    wait("a later file", || scanned(&home, "later", "complete") == 1);
    running.stop();
}

#[test]
fn the_service_reports_hostile_files_and_scans_the_others() {
    let site = FakeSite::start_in_thread();
    let home = home(&site);
    home.write("hooks/deep.conf", &hostile()[0].1);
    home.write(
        "conf/application.conf",
        "automation.look_interval = 50 ms\n",
    );
    let running = Running::from_command(&home, limited(&home, &["run"]));
    wait("a scan", || scanned(&home, "qlik", "complete") == 1);
    wait("the reports", || {
        let connections = status(&home)["connections"].to_string();
        hostile()
            .iter()
            .all(|(_, _, text)| connections.contains(text))
    });
    home.write("connections/later.conf", connection("later", &site));
    wait("a later file", || scanned(&home, "later", "complete") == 1);
    let log = running.stop();
    assert!(log.contains("hooks/deep.conf"), "{log}");
}

#[test]
fn an_application_file_out_of_range_is_reported() {
    for (text, expected) in [
        (
            "automation.look_interval = 1 ns",
            "`automation.look_interval` must be from 10ms to 24h",
        ),
        (
            "automation.look_interval = 9600 h",
            "must be from 10ms to 24h",
        ),
        (
            "automation.look_interval = -5 s",
            "`automation.look_interval` must be",
        ),
        (
            "automation.look_interval = NaN",
            "`automation.look_interval` must be",
        ),
        ("automation.parallel = 1000000", "a number from 1 to 64"),
        ("store.keep_changes_days = 4000000000", "from 1 to 36500"),
    ] {
        let home = Home::empty();
        home.write("conf/application.conf", text);
        home.run(&["run"])
            .check(3, &["conf/application.conf:1:", expected]);
    }
}
