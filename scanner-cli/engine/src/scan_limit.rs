//! The time limit of a scan as a whole.

use std::time::Duration;

use catalog_model::{ScanError, Settings};
use jiff::SignedDuration;

const SCAN_LIMIT: &str = "connection.time_limits.scan";
/// Time limit unless the file sets one. No known scan takes this long, so a scan that does is stuck.
const DEFAULT_LIMIT: Duration = Duration::from_secs(6 * 3600);

/// Reads the time limit of a scan. Returns `None` if the file switches the limit off. Problems are recorded in
/// `settings`.
pub fn scan_limit(settings: &mut Settings) -> Option<Duration> {
    let Some(set) = settings.text(SCAN_LIMIT) else {
        return Some(DEFAULT_LIMIT);
    };
    let off = ["0", "none"].contains(&set.value.trim());
    if off {
        return None;
    }
    settings.duration(SCAN_LIMIT).map(|limit| limit.value)
}

/// The error of a scan that took longer than `limit`.
pub fn limit_exceeded(limit: Duration) -> ScanError {
    let limit = SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX);
    ScanError::Source {
        step: "scanning".to_owned(),
        message: format!("the scan took longer than `{SCAN_LIMIT}` ({limit:#}) and was stopped"),
        hint: Some(format!(
            "find out what takes so long, or raise `{SCAN_LIMIT}` in the connection file"
        )),
        may_pass: false,
    }
}
