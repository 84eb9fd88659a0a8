//! Checks the boundaries between the crates, which are tables. ARCHITECTURE.md has the reasons.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use xshell::{Shell, cmd};

use crate::Outcome;

mod circles;
mod paths;
mod tables;

use tables::{
    ARROWS, MAY_OPEN_FILES, MAY_SAY, NEVER_BELOW, NEVER_DIRECT, NEVER_SAID, UNCHECKED_FILES,
};

/// The source folders that are searched for `UNCHECKED_FILES`: those of every crate in `scanner-cli`.
fn folders_in_scanner_cli() -> Result<Vec<PathBuf>, std::io::Error> {
    let mut folders = vec![PathBuf::from("scanner-cli/src")];
    for entry in fs::read_dir("scanner-cli")? {
        let crate_folder = entry?.path();
        if crate_folder.join("Cargo.toml").exists() {
            folders.push(crate_folder.join("src"));
        }
    }
    Ok(folders)
}

/// Maximum number of lines of `main.rs`, which only starts the program.
const MAIN_LINES: usize = 30;

pub(crate) fn check(shell: &Shell) -> Outcome {
    let metadata = cmd!(shell, "cargo metadata --format-version 1 --no-deps")
        .quiet()
        .read()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let mut problems = Vec::new();
    for (name, normal, tests) in ARROWS {
        let package = package(&metadata, name)?;
        compare_arrows(name, &own(package, Of::Crate), normal, &mut problems);
        let tests_of = format!("the test code of {name}");
        compare_arrows(&tests_of, &own(package, Of::Tests), tests, &mut problems);
    }
    for (name, forbidden) in NEVER_DIRECT {
        let direct = dependencies(package(&metadata, name)?, Of::Crate);
        name_forbidden(
            name,
            direct.iter().map(String::as_str),
            forbidden,
            &mut problems,
        );
    }
    for (name, forbidden) in NEVER_BELOW {
        let library = "{lib}";
        let tree = cmd!(
            shell,
            "cargo tree --quiet --package {name} --edges normal --prefix none --format {library}"
        );
        let tree = tree.quiet().read()?;
        name_forbidden(
            name,
            tree.lines()
                .filter_map(|line| line.split_whitespace().next()),
            forbidden,
            &mut problems,
        );
    }
    for (folder, words) in NEVER_SAID {
        search(Path::new(folder), words, &mut problems)?;
    }
    for folder in folders_in_scanner_cli()? {
        search_unchecked_files(&folder, &mut problems)?;
    }
    circles::check(&folders_of_sources(&metadata)?, &mut problems)?;
    let main = fs::read_to_string("scanner-cli/src/main.rs")?
        .lines()
        .count();
    if main > MAIN_LINES {
        problems.push(format!(
            "scanner-cli/src/main.rs has {main} lines, more than {MAIN_LINES}"
        ));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(format!("the layers are broken:\n  {}", problems.join("\n  ")).into())
    }
}

/// The source folders of all our crates, relative to the workspace.
fn folders_of_sources(metadata: &Value) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let root = metadata["workspace_root"].as_str().unwrap_or_default();
    let mut folders = Vec::new();
    for (name, ..) in ARROWS {
        let manifest = package(metadata, name)?["manifest_path"].as_str();
        let folder = Path::new(manifest.unwrap_or_default()).with_file_name("src");
        let folder = folder.strip_prefix(root)?;
        folders.push(folder.display().to_string().replace('\\', "/"));
    }
    Ok(folders)
}

/// Which dependencies of a crate are checked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Crate,
    Tests,
}

fn package<'a>(metadata: &'a Value, name: &str) -> Result<&'a Value, String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .into_iter()
        .find(|package| package["name"] == name)
        .ok_or_else(|| format!("the workspace has no crate {name}"))
}

fn dependencies(package: &Value, of: Of) -> BTreeSet<String> {
    let all = package["dependencies"].as_array().into_iter().flatten();
    all.filter(|dependency| (dependency["kind"] == "dev") == (of == Of::Tests))
        .filter_map(|dependency| dependency["name"].as_str().map(str::to_owned))
        .collect()
}

fn own(package: &Value, of: Of) -> BTreeSet<String> {
    let mut own = dependencies(package, of);
    own.retain(|name| ARROWS.iter().any(|(known, ..)| known == name));
    own
}

fn compare_arrows(who: &str, found: &BTreeSet<String>, table: &[&str], problems: &mut Vec<String>) {
    for lost in table.iter().filter(|name| !found.contains(**name)) {
        problems.push(format!(
            "{who} no longer uses {lost}: remove the arrow from the table"
        ));
    }
    for extra in found.iter().filter(|name| !table.contains(&name.as_str())) {
        problems.push(format!("{who} must not use {extra}"));
    }
}

fn name_forbidden<'a>(
    name: &str,
    found: impl Iterator<Item = &'a str>,
    forbidden: &[&str],
    problems: &mut Vec<String>,
) {
    for package in found.filter(|found| forbidden.contains(found)) {
        problems.push(format!("{name} depends on {package}"));
    }
}

fn search(folder: &Path, words: &[&str], problems: &mut Vec<String>) -> Outcome {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            search(&path, words, problems)?;
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && path != Path::new(MAY_SAY)
        {
            for (index, line) in fs::read_to_string(&path)?.lines().enumerate() {
                for word in words.iter().filter(|word| line.contains(**word)) {
                    problems.push(format!(
                        "{}:{} contains `{word}`",
                        path.display(),
                        index + 1
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Finds uses of `UNCHECKED_FILES` outside of tests.
fn search_unchecked_files(folder: &Path, problems: &mut Vec<String>) -> Outcome {
    let is_exempt = |path: &Path| {
        MAY_OPEN_FILES
            .iter()
            .any(|exempt| path == Path::new(exempt))
    };
    if is_exempt(folder) {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "tests" {
            search_unchecked_files(&path, problems)?;
        }
        let is_source = name.ends_with(".rs") && name != "tests.rs";
        if !is_source || is_exempt(&path) {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let program = text.lines().take_while(|line| *line != "#[cfg(test)]");
        for (index, line) in program.enumerate() {
            for word in UNCHECKED_FILES.iter().filter(|word| line.contains(**word)) {
                problems.push(format!(
                    "{}:{} contains `{word}`; use the crate `file-access` to read and write files",
                    path.display(),
                    index + 1
                ));
            }
        }
    }
    Ok(())
}
