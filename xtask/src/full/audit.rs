//! Known vulnerabilities of dependencies, from the advisory database of cargo-audit.

use xshell::{Shell, cmd};

use super::Verdict;
use crate::tools::tool;

/// Audits lock files.
const CARGO_AUDIT: (&str, &str) = ("cargo-audit", "0.22.2");

/// The lock files that are audited.
const LOCK_FILES: [&str; 2] = ["Cargo.lock", "fuzz/Cargo.lock"];

/// Messages of cargo-audit if it cannot fetch its database, in lower case.
const NO_DATABASE: [&str; 3] = ["advisory database", "advisory-db", "git operation failed"];

/// Audits every lock file. Without the advisory database, the part does not run.
pub(super) fn run(shell: &Shell) -> Verdict {
    let cargo_audit = match tool(shell, CARGO_AUDIT) {
        Ok(tool) => tool,
        Err(error) => return Verdict::Failed(error.to_string()),
    };
    for file in LOCK_FILES {
        let audit = cmd!(shell, "{cargo_audit} audit --json --file {file}");
        let output = match audit.ignore_status().output() {
            Ok(output) => output,
            Err(error) => return Verdict::Failed(error.to_string()),
        };
        let report = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        match judge(&report, &errors) {
            Verdict::Passed | Verdict::PassedWithNote(_) => {}
            Verdict::Failed(reason) => return Verdict::Failed(format!("{file}: {reason}")),
            not_run => return not_run,
        }
    }
    Verdict::Passed
}

/// The verdict of an audit. It passes only if the report has no vulnerability; an error is not a clean result.
fn judge(report: &str, errors: &str) -> Verdict {
    let parsed = serde_json::from_str::<serde_json::Value>(report);
    let found = parsed.as_ref().ok().and_then(|report| {
        let list = report["vulnerabilities"]["list"].as_array()?;
        Some(list.iter().map(vulnerability).collect::<Vec<_>>())
    });
    match found {
        Some(found) if found.is_empty() => Verdict::Passed,
        Some(found) => Verdict::Failed(found.join(", ")),
        None => {
            let error = errors.lines().rev().find(|line| !line.trim().is_empty());
            let error = error.unwrap_or("it printed no report").trim();
            let lower = errors.to_lowercase();
            match NO_DATABASE.iter().any(|text| lower.contains(text)) {
                true => Verdict::NotRun(format!("the advisory database cannot be had: {error}")),
                false => Verdict::Failed(error.to_owned()),
            }
        }
    }
}

fn vulnerability(found: &serde_json::Value) -> String {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("unknown").to_owned();
    format!(
        "{} {} ({})",
        text(&found["package"]["name"]),
        text(&found["package"]["version"]),
        text(&found["advisory"]["id"]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(report: &str, errors: &str, expected: &str) {
        assert_eq!(judge(report, errors).to_string(), expected);
    }

    #[test]
    fn only_a_report_without_vulnerabilities_passes() {
        check(
            r#"{"vulnerabilities":{"found":false,"count":0,"list":[]}}"#,
            "",
            "passed",
        );
        let found = r#"{"vulnerabilities":{"list":[{"advisory":{"id":"RUSTSEC-2026-0001"},"package":{"name":"a","version":"1.0.0"}}]}}"#;
        check(found, "", "FAILED: a 1.0.0 (RUSTSEC-2026-0001)");
        check(
            "",
            "error: couldn't fetch advisory database: no route",
            "not run: the advisory database cannot be had: error: couldn't fetch advisory database: no route",
        );
        check(
            "",
            "error: invalid Cargo.lock",
            "FAILED: error: invalid Cargo.lock",
        );
        check("{}", "", "FAILED: it printed no report");
    }
}
