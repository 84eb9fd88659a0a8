//! Versions of Qlik Sense that this connector is known to read.

use catalog_model::Diagnostic;

/// The repository's major versions between the oldest and the newest whose answers were seen: 3.0 (2016), 12.14 (2017),
/// 22.0 (2019), 31.62 (2026).
const SEEN: std::ops::RangeInclusive<u32> = 3..=31;

/// A warning if the site's version lies outside of what was seen.
pub(crate) fn warning(version: &str) -> Option<Diagnostic> {
    let major: Option<u32> = version
        .split('.')
        .next()
        .and_then(|major| major.parse().ok());
    if major.is_some_and(|major| SEEN.contains(&major)) {
        return None;
    }
    Some(Diagnostic::warning(
        format!("the site's version `{version}` has not been tested"),
        format!(
            "check the result; tested repository versions: {} to {}",
            SEEN.start(),
            SEEN.end()
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_was_never_seen_is_warned_about() {
        for version in ["3.0.2.0", "14.20.5.0", "31.62.0.0"] {
            assert_eq!(warning(version), None);
        }
        for version in ["", "32.0.0.0", "x"] {
            assert!(warning(version).is_some());
        }
    }
}
