//! Versions of Qlik Sense with which this connector was tested.

use catalog_model::Diagnostic;

/// The range of the repository's major versions with known responses: 3.0 (2016), 12.14 (2017), 22.0 (2019), 31.62
/// (2026).
const TESTED_VERSIONS: std::ops::RangeInclusive<u32> = 3..=31;

/// Returns a warning if the site's version is outside this range.
pub(crate) fn warning(version: &str) -> Option<Diagnostic> {
    let major: Option<u32> = version
        .split('.')
        .next()
        .and_then(|major| major.parse().ok());
    if major.is_some_and(|major| TESTED_VERSIONS.contains(&major)) {
        return None;
    }
    Some(Diagnostic::warning(
        format!("the site's version `{version}` has not been tested"),
        format!(
            "check the result; tested repository versions: {} to {}",
            TESTED_VERSIONS.start(),
            TESTED_VERSIONS.end()
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_untested_version_causes_a_warning() {
        for version in ["3.0.2.0", "14.20.5.0", "31.62.0.0"] {
            assert_eq!(warning(version), None);
        }
        for version in ["", "32.0.0.0", "x"] {
            assert!(warning(version).is_some());
        }
    }
}
