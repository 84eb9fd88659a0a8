//! The result of `store check` as text and JSON.

use crate::{json_text::json_page, printable::Page, store::Health};

/// The result as text.
pub(super) fn as_text(health: &Health) -> String {
    let Health { items, .. } = health;
    let state = if health.problems.is_empty() {
        "intact"
    } else {
        "damaged"
    };
    let kind = if health.backup { "backup" } else { "store" };
    let mut text = Page::default();
    writeln!(text, "{kind} {}: {state}", health.file);
    for problem in &health.problems {
        writeln!(text, "  {problem}");
    }
    if !health.problems.is_empty() {
        writeln!(text, "  help: restore a backup with `store restore FILE`");
    }
    let mut line = |name: &str, value: String| writeln!(text, "  {name:<12}{value}");
    line(
        "id",
        health
            .store_id
            .clone()
            .unwrap_or_else(|| "none yet".to_owned()),
    );
    line("version", version(health));
    line("connections", health.connections.to_string());
    line(
        "items",
        format!(
            "{} present, {} unreadable, {} excluded, {} gone",
            items.present, items.unreadable, items.excluded, items.gone
        ),
    );
    line("scans", health.scans.to_string());
    line("changes", health.changes.to_string());
    line("size", sizes(health));
    line("journal", health.journal.clone());
    if !health.leftover_files.is_empty() {
        line("kept files", health.leftover_files.join(", "));
    }
    text.into()
}

fn version(health: &Health) -> String {
    let Health {
        version,
        current_version,
        ..
    } = health;
    if version == current_version {
        version.to_string()
    } else {
        format!("{version}; the next scan brings it up to version {current_version}")
    }
}

fn sizes(health: &Health) -> String {
    let free = u64::try_from(health.free_pages * health.page_bytes).unwrap_or(0);
    let mut text = format!("{}, {} of it free", size(health.bytes), size(free));
    if health.log_bytes > 0 {
        text.push_str(&format!(", and {} of log", size(health.log_bytes)));
    }
    text
}

/// The result as JSON.
pub(super) fn as_json(health: &Health) -> String {
    let mut value = serde_json::json!(health);
    if let Some(object) = value.as_object_mut() {
        object.insert("intact".to_owned(), health.problems.is_empty().into());
    }
    json_page(&value)
}

/// A number of bytes as text: `2.5 GB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1_000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1_000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_in_units_of_a_thousand() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (2_500_000_000, "2.5 GB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }
}
