//! Source files that a document names.

use std::collections::BTreeSet;

/// The source files in backticks that are not among `paths`, each with its line. A name may be the end of a path.
pub(super) fn missing(document: &str, paths: &BTreeSet<String>) -> Vec<String> {
    let exists = |name: &str| {
        paths.iter().any(|path| {
            let before = path.strip_suffix(name);
            before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        })
    };
    let mut missing = Vec::new();
    for (index, line) in document.lines().enumerate() {
        let names = line.split('`').skip(1).step_by(2);
        for name in names.filter(|name| name.ends_with(".rs") && !exists(name)) {
            missing.push(format!("line {}: `{name}`", index + 1));
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_source_file_that_does_not_exist_is_missing() {
        let paths = BTreeSet::from(["a/src/store.rs".to_owned()]);
        let document = "`store.rs` and `src/store.rs`, `x.toml`\n`other.rs`, `re.rs`";
        assert_eq!(
            missing(document, &paths),
            ["line 2: `other.rs`", "line 2: `re.rs`"]
        );
    }
}
