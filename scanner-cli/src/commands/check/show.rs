//! A check as lines for people, and as JSON for programs.

use catalog_model::Verdict;
use serde::Serialize;

use super::Checked;
use crate::report::plain;

pub(super) fn as_text(checked: &[Checked]) -> String {
    let names = checked
        .iter()
        .flat_map(|checked| &checked.stages)
        .map(|stage| stage.name.len());
    let width = names.max().unwrap_or(0);
    let mut text = String::new();
    for Checked {
        code,
        name,
        file,
        stages,
    } in checked
    {
        match (code, name) {
            (Some(code), Some(name)) => text.push_str(&format!("{code} ({name})\n")),
            (Some(code), None) => text.push_str(&format!("{code} ({file})\n")),
            _ => text.push_str(&format!("{file}\n")),
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
            text.push_str(line.trim_end());
            text.push('\n');
            if let Some(hint) = &stage.hint {
                text.push_str(&format!("  {:12} {:width$}  try: {hint}\n", "", ""));
            }
        }
    }
    plain(&text)
}

#[derive(Serialize)]
struct ChecksJson<'a> {
    connections: Vec<CheckedJson<'a>>,
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

pub(super) fn as_json(checked: &[Checked]) -> String {
    let connections = checked.iter().map(|checked| CheckedJson {
        code: checked.code.as_deref(),
        name: checked.name.as_deref(),
        file: &checked.file,
        stages: (checked.stages.iter())
            .map(|stage| StageJson {
                stage: stage.name,
                verdict: word(stage.verdict),
                seen: &stage.seen,
                milliseconds: stage.took.as_secs_f64() * 1e3,
                hint: stage.hint.as_deref(),
            })
            .collect(),
    });
    let json = ChecksJson {
        connections: connections.collect(),
    };
    let mut text = serde_json::to_string_pretty(&json).unwrap_or_default();
    text.push('\n');
    text
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Warning => "warning",
        Verdict::Failed => "failed",
        Verdict::NotReached => "not reached",
    }
}
