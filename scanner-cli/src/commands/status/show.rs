//! The status as lines for people, and as JSON for programs.

use catalog_model::counted;
use jiff::Timestamp;
use serde::Serialize;

use super::{followers::ShownFollower, schedule::ShownSchedule};
use crate::{
    home::shown,
    hooks::HookFile,
    json_text::json_page,
    listing::{instant, moment},
    printable::Page,
    problem::Problem,
    service::{ConnectionState, HookRun, reason, reasons},
    service_state::{FileStatus, is_ahead},
    store::StoredScan,
};

/// The scanner itself.
#[derive(Serialize)]
pub(super) struct Scanner<'a> {
    pub(super) name: Option<String>,
    pub(super) version: &'a str,
    pub(super) running: bool,
    pub(super) pid: Option<u32>,
    pub(super) started: Option<&'a str>,
    /// What keeps it from beginning, or from taking up what its own settings say.
    pub(super) error: Option<String>,
    /// The time zone of all schedules; null if it has no name.
    pub(super) time_zone: Option<&'a str>,
    /// The schedule of connections without one of their own.
    #[serde(flatten)]
    pub(super) schedule: ShownSchedule,
}

/// A connection.
#[derive(Serialize)]
pub(super) struct Shown {
    code: Option<String>,
    name: Option<String>,
    file: Option<String>,
    state: FileStatus,
    error: Option<String>,
    /// What is odd, although it stops nothing.
    warning: Option<String>,
    last_scan: Option<Scan>,
    next_scan: Option<String>,
    /// Which repetition of a failed scan the next one is.
    retry: Option<usize>,
    #[serde(flatten)]
    schedule: ShownSchedule,
    scanning: bool,
    /// The process that is reading the connection.
    #[serde(skip)]
    holder: Option<String>,
}

#[derive(Serialize)]
struct Scan {
    id: i64,
    outcome: Option<String>,
    started: String,
    finished: Option<String>,
    items: i64,
    added: i64,
    changed: i64,
    removed: i64,
    returned: i64,
    unreadable: i64,
    excluded: i64,
    reasons: Vec<String>,
    #[serde(skip)]
    moment: String,
}

/// The hooks: how they ended, and their files.
#[derive(Serialize)]
pub(super) struct Hooks<'a> {
    #[serde(rename = "hooks")]
    pub(super) runs: &'a [HookRun],
    #[serde(rename = "hook_files")]
    pub(super) files: &'a [HookState],
}

/// The file of a hook.
#[derive(Serialize)]
pub(super) struct HookState {
    file: String,
    code: Option<String>,
    state: FileStatus,
    error: Option<String>,
    warning: Option<String>,
}

impl HookState {
    pub(super) fn of(file: &HookFile) -> Self {
        let state = match (&file.hook, file.enabled) {
            (_, false) => FileStatus::Disabled,
            (Some(_), true) => FileStatus::Valid,
            (None, true) => FileStatus::Error,
        };
        let is_warning = |problem: &&Problem| !problem.is_error();
        let mut warnings = file.problems.iter().filter(is_warning);
        Self {
            file: shown(&file.path),
            code: file.code().map(str::to_owned),
            error: (state == FileStatus::Error).then(|| reasons(&file.problems)),
            warning: warnings.next().map(reason),
            state,
        }
    }
}

#[derive(Serialize)]
struct StatusJson<'a> {
    scanner: &'a Scanner<'a>,
    connections: &'a [Shown],
    followers: &'a [ShownFollower],
    #[serde(flatten)]
    hooks: &'a Hooks<'a>,
}

impl Shown {
    /// A connection is valid if its file is, and its site takes it.
    pub(super) fn of(
        connection: ConnectionState,
        scan: Option<&StoredScan>,
        schedule: ShownSchedule,
        now: Timestamp,
    ) -> Self {
        let failed = scan.filter(|scan| scan.outcome.as_deref() == Some("failed"));
        let failed = failed.filter(|_| connection.state == FileStatus::Valid);
        Self {
            state: if failed.is_some() {
                FileStatus::Error
            } else {
                connection.state
            },
            error: connection
                .error
                .or_else(|| Some(failed?.reasons.join("; "))),
            warning: scan.and_then(|scan| dated_ahead(scan, now)),
            code: connection.code,
            name: connection.name,
            file: connection.file,
            last_scan: scan.map(Scan::of),
            next_scan: connection.next_scan,
            retry: connection.retry,
            schedule,
            scanning: connection.scanning,
            holder: None,
        }
    }
}

impl Shown {
    /// The same, with the process that is reading the connection.
    pub(super) fn read_by(self, holder: Option<String>) -> Self {
        Self { holder, ..self }
    }
}

/// Says that a scan is dated in the future, if it is.
fn dated_ahead(scan: &StoredScan, now: Timestamp) -> Option<String> {
    let started = Timestamp::from_millisecond(scan.started).ok()?;
    is_ahead(started, now).then(|| {
        format!(
            "the last scan has the date {started:.0}, but the current time is {now:.0}; check the clock of this machine (the schedule does not wait for that date)"
        )
    })
}

impl Scan {
    fn of(scan: &StoredScan) -> Self {
        Self {
            id: scan.id,
            outcome: scan.outcome.clone(),
            started: instant(scan.started),
            finished: scan.ended.map(instant),
            items: scan.counts.seen,
            added: scan.counts.added,
            changed: scan.counts.changed,
            removed: scan.counts.removed,
            returned: scan.counts.returned,
            unreadable: scan.counts.unreadable,
            excluded: scan.counts.excluded,
            reasons: scan.reasons.clone(),
            moment: moment(scan.started),
        }
    }
}

pub(super) fn as_json(
    scanner: &Scanner<'_>,
    (connections, followers): (&[Shown], &[ShownFollower]),
    hooks: &Hooks<'_>,
) -> String {
    json_page(&StatusJson {
        scanner,
        connections,
        followers,
        hooks,
    })
}

pub(super) fn as_text(
    scanner: &Scanner<'_>,
    (connections, followers): (&[Shown], &[ShownFollower]),
    hooks: &Hooks<'_>,
) -> String {
    let name = scanner
        .name
        .as_ref()
        .map(|name| format!(" {name}"))
        .unwrap_or_default();
    let does = match (scanner.running, scanner.pid) {
        (true, Some(pid)) => format!(" is running as process {pid}"),
        (true, None) => " is running".to_owned(),
        (false, _) => ": no service is running for this home".to_owned(),
    };
    let mut text = Page::default();
    writeln!(text, "scanner{name} {}{does}", scanner.version);
    if let Some(error) = &scanner.error {
        writeln!(text, "  error      {error}");
    }
    for (heading, content) in scanner.schedule.lines() {
        writeln!(text, "  {heading:10} {content}");
    }
    for connection in connections {
        add(&mut text, connection);
    }
    for follower in followers {
        follower.add(&mut text);
    }
    for HookRun {
        hook,
        connection,
        finished,
        exit_code,
        error,
        ..
    } in hooks.runs
    {
        let ended = match (exit_code, error) {
            (Some(code), _) => format!("exit code {code}"),
            (None, error) => error.clone().unwrap_or_default(),
        };
        writeln!(text, "hook {hook}");
        writeln!(text, "  {connection}, {finished}: {ended}");
    }
    for hook in hooks.files {
        add_file(&mut text, hook);
    }
    text.into()
}

/// Adds the file of a hook, if a person should know something about it.
fn add_file(text: &mut Page, hook: &HookState) {
    let (word, message) = match (&hook.error, &hook.warning) {
        (Some(error), _) => ("error", error),
        (None, Some(warning)) => ("warning", warning),
        (None, None) => return,
    };
    writeln!(text, "{}: {word}", hook.file);
    writeln!(text, "  {word:10} {message}");
}

fn add(text: &mut Page, connection: &Shown) {
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
    let mut line = |heading: &str, content: &str| writeln!(text, "  {heading:10} {content}");
    line("file", file);
    if let Some(error) = &connection.error {
        line("error", error);
    }
    if let Some(warning) = &connection.warning {
        line("warning", warning);
    }
    match &connection.last_scan {
        Some(scan) => {
            let outcome = scan.outcome.as_deref().unwrap_or_default();
            let Scan {
                id, moment, items, ..
            } = scan;
            line(
                "last scan",
                &format!(
                    "{id}, {moment}: {outcome}, {}",
                    counted(items.unsigned_abs(), "item")
                ),
            );
        }
        None => line("last scan", "none"),
    }
    match (&connection.next_scan, connection.retry) {
        _ if connection.scanning => match &connection.holder {
            Some(holder) => line("next scan", &format!("running now ({holder})")),
            None => line("next scan", "running now"),
        },
        (Some(next), Some(retry)) => line("next scan", &format!("{next} (retry {retry})")),
        (Some(next), None) => line("next scan", next),
        (None, _) => {}
    }
    for (heading, content) in connection.schedule.lines() {
        line(heading, content);
    }
}
