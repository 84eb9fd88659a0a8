//! Compares the public APIs of `qrs-client` and `outbound-http` with stored files, so that each change is visible in review.
//!
//! A removed or changed line breaks users and needs a new minor version (before 1.0) and an entry in the change log.

use std::{
    collections::BTreeSet,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use xshell::{Shell, cmd};

use super::Result;
use crate::target;

/// The libraries, their features that add items, and the files with their stored APIs: one item per line, as the `public-api` package prints it. `qrs-client`
/// re-exports types of `outbound-http`, whose items are in the second file.
const LIBRARIES: [(&str, &str, &str); 2] = [
    (
        "qrs-client",
        "blocking,trust-stores,windows-login",
        "qrs-client/public-api.txt",
    ),
    (
        "outbound-http",
        "trust-stores,windows-login",
        "qrs-client/http/public-api.txt",
    ),
];

/// How a difference is handled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difference {
    /// The check fails.
    Fails,
    /// The file is rewritten.
    IsAccepted,
}

/// Builds the documentation of the libraries as JSON and compares their public items with the files.
pub(super) fn check(shell: &Shell, difference: Difference) -> Result<String> {
    let mut results = Vec::new();
    for (package, features, stored) in LIBRARIES {
        let json = rustdoc_json(shell, package, features)?;
        let Some(items) = public_items(&json)? else {
            return Ok("not run: this compiler's rustdoc writes another JSON format".to_owned());
        };
        results.push(check_library(&items, stored, difference)?);
    }
    Ok(results.join("; "))
}

fn check_library(items: &[String], stored: &str, difference: Difference) -> Result<String> {
    if difference == Difference::IsAccepted {
        fs::write(stored, items.join("\n") + "\n")?;
        return Ok(format!("{} items written to {stored}", items.len()));
    }
    compare(stored, items)?;
    Ok(format!("{} items, as in {stored}", items.len()))
}

/// The path of the documentation as JSON.
fn rustdoc_json(shell: &Shell, package: &str, features: &str) -> Result<PathBuf> {
    let folder = target(shell)?.join("lint");
    // rustdoc's JSON is unstable: the variable allows it on a stable compiler.
    let _unstable = shell.push_env("RUSTC_BOOTSTRAP", "1");
    cmd!(
        shell,
        "cargo rustdoc --quiet --package {package} --lib --features {features} --target-dir {folder} -- -Z unstable-options --output-format json --cap-lints allow"
    )
    .run()?;
    Ok(folder.join(format!("doc/{}.json", package.replace('-', "_"))))
}

/// The items of the API, sorted; `None` if the JSON has a format that the package does not read.
fn public_items(json: &Path) -> Result<Option<Vec<String>>> {
    let value: serde_json::Value = serde_json::from_slice(&fs::read(json)?)?;
    if value["format_version"].as_u64() != Some(FORMAT) {
        return Ok(None);
    }
    let api = public_api::Builder::from_rustdoc_json(json)
        .sorted(true)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()?;
    Ok(Some(api.items().map(ToString::to_string).collect()))
}

/// The format of rustdoc's JSON that the `public-api` package reads.
const FORMAT: u64 = 57;

fn compare(file: &str, items: &[String]) -> Result<()> {
    let stored = fs::read_to_string(file)?;
    let stored: BTreeSet<&str> = stored.lines().collect();
    let current: BTreeSet<&str> = items.iter().map(String::as_str).collect();
    if stored == current {
        return Ok(());
    }
    let mut text = format!("the public API differs from {file}:\n");
    for line in stored.difference(&current) {
        writeln!(text, "  - {line}")?;
    }
    for line in current.difference(&stored) {
        writeln!(text, "  + {line}")?;
    }
    text.push_str("If this is meant, run `cargo xtask lint --accept-api` and describe the change in qrs-client/CHANGELOG.md");
    Err(text.into())
}
