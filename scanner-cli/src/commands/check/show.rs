//! A check as lines for people, and as JSON for programs.

use catalog_model::Verdict;
use serde::Serialize;

use crate::check::Checked;
use crate::{json_text::json_page, printable::Page};

pub(super) fn as_text<'a>(checked: impl IntoIterator<Item = &'a Checked>) -> String {
    let checked: Vec<_> = checked.into_iter().collect();
    let names = checked
        .iter()
        .flat_map(|checked| &checked.stages)
        .map(|stage| stage.name.len());
    let width = names.max().unwrap_or(0);
    let mut text = Page::default();
    for Checked {
        code,
        name,
        file,
        stages,
    } in checked
    {
        match (code, name) {
            (Some(code), Some(name)) => writeln!(text, "{code} ({name})"),
            (Some(code), None) => writeln!(text, "{code} ({file})"),
            (None, Some(follower)) => writeln!(text, "follower {follower}"),
            (None, None) => writeln!(text, "{file}"),
        }
        for stage in stages {
            let took = match stage.took.as_micros() {
                0 => String::new(),
                micros => format!("  [{}.{} ms]", micros / 1000, micros % 1000 / 100),
            };
            let line = format!(
                "  {:12} {:width$}  {}{took}",
                stage.verdict, stage.name, stage.seen
            );
            writeln!(text, "{}", line.trim_end());
            if let Some(hint) = &stage.hint {
                writeln!(text, "  {:12} {:width$}  try: {hint}", "", "");
            }
        }
    }
    text.into()
}

#[derive(Serialize)]
struct ChecksJson<'a> {
    connections: Vec<CheckedJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    followers: Vec<CheckedJson<'a>>,
    /// Of `--offline`: files other than connection files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<CheckedJson<'a>>,
}

#[derive(Serialize)]
struct CheckedJson<'a> {
    code: Option<&'a str>,
    name: Option<&'a str>,
    file: &'a str,
    stages: Vec<StageJson<'a>>,
}

#[derive(Serialize)]
struct StageJson<'a> {
    stage: &'a str,
    verdict: &'static str,
    seen: &'a str,
    milliseconds: f64,
    hint: Option<&'a str>,
}

/// What was checked, by what it is.
pub(super) struct Groups<'a> {
    pub(super) connections: &'a [Checked],
    pub(super) followers: &'a [Checked],
    /// Of `--offline`: files other than connection files.
    pub(super) files: &'a [Checked],
}

pub(super) fn as_json(groups: &Groups<'_>) -> String {
    json_page(&ChecksJson {
        connections: groups.connections.iter().map(checked_json).collect(),
        followers: groups.followers.iter().map(checked_json).collect(),
        files: groups.files.iter().map(checked_json).collect(),
    })
}

fn checked_json(checked: &Checked) -> CheckedJson<'_> {
    let stages = checked.stages.iter().map(|stage| StageJson {
        stage: stage.name,
        verdict: word(stage.verdict),
        seen: &stage.seen,
        milliseconds: stage.took.as_secs_f64() * 1e3,
        hint: stage.hint.as_deref(),
    });
    CheckedJson {
        code: checked.code.as_deref(),
        name: checked.name.as_deref(),
        file: &checked.file,
        stages: stages.collect(),
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Warning => "warning",
        Verdict::Failed => "failed",
        Verdict::NotReached => "not reached",
    }
}
