//! Checks as JSON: `check --format json`.

use catalog_model::Verdict;
use serde::Serialize;

use super::CheckReport;
use crate::json_text::json_page;

#[derive(Serialize)]
struct ChecksJson<'a> {
    connections: Vec<CheckedJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    followers: Vec<CheckedJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<CheckedJson<'a>>,
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

/// Everything that was checked.
pub struct CheckGroups<'a> {
    /// The connections.
    pub connections: &'a [CheckReport],
    /// The followers.
    pub followers: &'a [CheckReport],
    /// The store, if it is on a server.
    pub store: Option<&'a CheckReport>,
    /// Files other than connection files. Only a check without the sites has them.
    pub files: &'a [CheckReport],
}

impl CheckGroups<'_> {
    /// The checks as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        json_page(&ChecksJson {
            connections: self.connections.iter().map(checked_json).collect(),
            followers: self.followers.iter().map(checked_json).collect(),
            store: self.store.map(checked_json),
            files: self.files.iter().map(checked_json).collect(),
        })
    }
}

fn checked_json(checked: &CheckReport) -> CheckedJson<'_> {
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
