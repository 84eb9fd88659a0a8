//! The status as text.

use catalog_model::{counted, grouped};

use crate::{
    local_time::LocalTime,
    printable::Page,
    records::{FleetRecord, FollowerCondition},
    service::HookRun,
    service_state::FileStatus,
    status_record::{
        ConnectionRecord, FollowerState, HookFileState, LastScanRecord, ScannerState, StatusRecord,
    },
};

pub(super) fn text(status: &StatusRecord<'_>, local: &LocalTime) -> String {
    let mut text = Page::default();
    write_scanner(&mut text, &status.scanner);
    for connection in &status.connections {
        write_connection(&mut text, connection, local);
    }
    if let Some(fleet) = &status.fleet {
        write_fleet(&mut text, fleet);
    }
    for follower in &status.followers {
        write_follower(&mut text, follower, local);
    }
    for run in status.hooks {
        write_hook_run(&mut text, run, local);
    }
    for file in &status.hook_files {
        write_hook_file(&mut text, file);
    }
    text.into()
}

fn write_line(text: &mut Page, heading: &str, content: &str) {
    writeln!(text, "  {heading:10} {content}");
}

fn write_scanner(text: &mut Page, scanner: &ScannerState<'_>) {
    let name = scanner.name.map(|name| format!(" {name}"));
    let name = name.unwrap_or_default();
    let state = match (scanner.running, scanner.pid) {
        (true, Some(pid)) => format!(" is running as process {pid}"),
        (true, None) => " is running".to_owned(),
        (false, _) => ": no service is running for this home".to_owned(),
    };
    writeln!(text, "scanner{name} {}{state}", scanner.version);
    if let Some(error) = scanner.error {
        write_line(text, "error", error);
    }
    for (heading, content) in &scanner.schedule.lines {
        write_line(text, heading, content);
    }
}

fn write_connection(text: &mut Page, connection: &ConnectionRecord, local: &LocalTime) {
    let state = match connection.state {
        FileStatus::Valid => "valid",
        FileStatus::Error => "error",
        FileStatus::Disabled => "disabled",
        FileStatus::Removed => "removed",
    };
    let file = connection.file.as_deref().unwrap_or("(no file)");
    let title = match (&connection.code, &connection.name) {
        (Some(code), Some(name)) => format!("{code} ({name})"),
        (Some(code), None) => code.clone(),
        _ => file.to_owned(),
    };
    writeln!(text, "{title}: {state}");
    write_line(text, "file", file);
    if let Some(error) = &connection.error {
        write_line(text, "error", error);
    }
    if let Some(warning) = &connection.warning {
        write_line(text, "warning", warning);
    }
    let last = connection.last_scan.as_ref();
    let last = last.map(|scan| last_scan(scan, local));
    write_line(text, "last scan", last.as_deref().unwrap_or("none"));
    if let Some(next) = next_scan(connection, local) {
        write_line(text, "next scan", &next);
    }
    for (heading, content) in &connection.schedule.lines {
        write_line(text, heading, content);
    }
}

fn last_scan(scan: &LastScanRecord, local: &LocalTime) -> String {
    let outcome = scan.outcome.as_deref().unwrap_or_default();
    let items = counted(scan.counts.items.unsigned_abs(), "item");
    let unread = match scan.counts.unread.unsigned_abs() {
        0 => String::new(),
        unread => format!(" ({} unchanged and not read)", grouped(unread)),
    };
    format!(
        "{}, {}: {outcome}, {items}{unread}",
        scan.id,
        local.of(&scan.started_second)
    )
}

fn next_scan(connection: &ConnectionRecord, local: &LocalTime) -> Option<String> {
    match (&connection.next_scan, connection.retry) {
        _ if connection.scanning => Some(match &connection.holder {
            Some(holder) => format!("running now ({holder})"),
            None => "running now".to_owned(),
        }),
        (Some(next), Some(retry)) => Some(format!("{} (retry {retry})", local.of(next))),
        (Some(next), None) => Some(local.of(next).into_owned()),
        (None, _) => None,
    }
}

/// Writes which scanners share the store, and who scans what.
fn write_fleet(text: &mut Page, fleet: &FleetRecord) {
    let alive = fleet.scanners.iter().filter(|one| one.state == "alive");
    let (alive, all) = (alive.count(), fleet.scanners.len());
    writeln!(
        text,
        "fleet: {alive} of {} alive",
        counted(all as u64, "scanner")
    );
    for scanner in &fleet.scanners {
        let connections = match scanner.connections.is_empty() {
            true => "no connection".to_owned(),
            false => scanner.connections.join(", "),
        };
        let overdue = match scanner.overdue_seconds.round() {
            0.0 => String::new(),
            seconds => format!(", a scan is overdue by {seconds} s"),
        };
        writeln!(
            text,
            "  {} on {}, version {}: {}, last report {:.0} s ago{overdue}: {connections}",
            scanner.name, scanner.host, scanner.version, scanner.state, scanner.last_report_seconds
        );
    }
    for connection in &fleet.connections {
        let state = match (&connection.scanner, &connection.reason) {
            (Some(scanner), _) if connection.scanning => format!("{scanner} scans it now"),
            (Some(scanner), _) => format!("{scanner} scans it"),
            (None, reason) => format!("nobody scans it: {}", reason.as_deref().unwrap_or_default()),
        };
        writeln!(text, "  {}: {state}", connection.code);
    }
}

fn write_follower(text: &mut Page, follower: &FollowerState, local: &LocalTime) {
    let state = match (follower.state, follower.behind) {
        (FollowerCondition::Disabled, _) => "disabled".to_owned(),
        (FollowerCondition::Failing, _) => {
            let failures = counted(follower.failures.unsigned_abs(), "failure");
            format!("failing, {failures} in a row")
        }
        (_, None) => match follower.followed {
            Some(_) => "all items wait for delivery".to_owned(),
            None => "nothing delivered yet".to_owned(),
        },
        (_, Some(0)) => "up to date".to_owned(),
        (_, Some(behind)) => format!("{} behind", counted(behind.unsigned_abs(), "change")),
    };
    let last = follower.followed.as_ref();
    let last = last.map(|time| format!(", last delivery {}", local.of(time)));
    let waiting = follower.waiting_since.as_ref();
    let waiting = waiting.map(|time| format!(", waiting since {}", local.of(time)));
    let retry = match &follower.next_retry {
        Some(time) => format!(", next retry {}", local.of(time)),
        None if follower.failures > 0 => {
            ", retried by the next `scan` or `follow` (no service is running)".to_owned()
        }
        None => String::new(),
    };
    writeln!(
        text,
        "follower {}: {state}{}{}{retry}",
        follower.follower,
        waiting.unwrap_or_default(),
        last.unwrap_or_default(),
    );
    write_line(text, "kind", &follower.kind);
    if let Some(target) = &follower.target {
        write_line(text, "target", target);
    }
    if follower.sent > 0 {
        let sent = counted(follower.sent.unsigned_abs(), "item");
        write_line(text, "sent", &sent);
    }
    if follower.refused > 0 {
        let refused = counted(follower.refused.unsigned_abs(), "item");
        let more = "`catalog followers` lists them";
        write_line(text, "refused", &format!("{refused}; {more}"));
    }
    if let Some(error) = &follower.error {
        write_line(text, "error", error);
    }
}

fn write_hook_run(text: &mut Page, run: &HookRun, local: &LocalTime) {
    let ended = match (run.exit_code, &run.error) {
        (Some(code), _) => format!("exit code {code}"),
        (None, error) => error.clone().unwrap_or_default(),
    };
    writeln!(text, "hook {}", run.hook);
    writeln!(
        text,
        "  {}, {}: {ended}",
        run.connection,
        local.of(&run.finished)
    );
}

/// Writes the file of a hook if it has an error or a warning.
fn write_hook_file(text: &mut Page, file: &HookFileState) {
    let (word, message) = match (&file.error, &file.warning) {
        (Some(error), _) => ("error", error),
        (None, Some(warning)) => ("warning", warning),
        (None, None) => return,
    };
    writeln!(text, "{}: {word}", file.file);
    write_line(text, word, message);
}
