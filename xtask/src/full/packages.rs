//! The packages that can be published: what is in them, and that a registry would accept them.

use std::{fs, path::Path};

use xshell::{Shell, cmd};

use super::Verdict;

type Checked<T> = Result<T, Box<dyn std::error::Error>>;

/// The libraries for other programs, and their folders.
const LIBRARIES: [(&str, &str); 3] = [
    ("outbound-http", "qrs-client/http"),
    ("qrs-fake-site", "qrs-client/fake-site"),
    ("qrs-client", "qrs-client"),
];

/// Ends of the names of files that no package may have: keys and trust stores, even if they are of tests only.
const NEVER_PACKAGED: [&str; 7] = [".jceks", ".jks", ".key", ".p12", ".p7b", ".pem", ".pfx"];

const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// Lists the files of each package, checks them, and packages the workspace without building it again.
pub(super) fn run(shell: &Shell) -> Verdict {
    match check(shell) {
        Ok(()) => match without_repository() {
            packages if packages.is_empty() => Verdict::Passed,
            packages => Verdict::PassedWithNote(format!(
                "{} cannot be published yet: `repository` is missing (see ARCHITECTURE.md, Releases)",
                packages.join(", ")
            )),
        },
        Err(error) => Verdict::Failed(error.to_string()),
    }
}

fn check(shell: &Shell) -> Checked<()> {
    for (package, folder) in LIBRARIES {
        let files = cmd!(
            shell,
            "cargo package --list --allow-dirty --package {package}"
        )
        .quiet()
        .read()?;
        let files: Vec<_> = files.lines().collect();
        let problem = wrong_files(&files).or_else(|| wrong_texts(Path::new(folder)));
        if let Some(problem) = problem {
            return Err(format!("{package}: {problem}").into());
        }
    }
    let published = cmd!(
        shell,
        "cargo publish --workspace --dry-run --no-verify --allow-dirty"
    )
    .run();
    if published.is_err() {
        // Publishing needs the registry, even if it is dry. Packaging does not.
        cmd!(
            shell,
            "cargo package --workspace --exclude xtask --no-verify --allow-dirty --offline"
        )
        .run()?;
    }
    Ok(())
}

/// The packages whose manifest names no repository. A maintainer adds the address once the repository is public.
fn without_repository() -> Vec<&'static str> {
    let lacks = |folder: &str| {
        let manifest = fs::read_to_string(Path::new(folder).join("Cargo.toml"));
        !names_repository(&manifest.unwrap_or_default())
    };
    let libraries = LIBRARIES.into_iter();
    let libraries = libraries.filter(|(_, folder)| lacks(folder));
    libraries.map(|(package, _)| package).collect()
}

fn names_repository(manifest: &str) -> bool {
    let mut lines = manifest.lines();
    lines.any(|line| {
        line.starts_with("repository = \"https://") || line == "repository.workspace = true"
    })
}

/// What is wrong with the files of a package.
fn wrong_files(files: &[&str]) -> Option<String> {
    let secret = files
        .iter()
        .find(|file| NEVER_PACKAGED.iter().any(|end| file.ends_with(end)));
    if let Some(file) = secret {
        return Some(format!("`{file}` must not be in a package"));
    }
    let missing = LICENCES.iter().find(|licence| !files.contains(licence))?;
    Some(format!("`{missing}` is missing"))
}

/// What is wrong with the licences and the README of a package. The README is read where rustdoc does not hide lines.
fn wrong_texts(folder: &Path) -> Option<String> {
    for licence in LICENCES {
        if fs::read(folder.join(licence)).ok() != fs::read(licence).ok() {
            return Some(format!(
                "`{licence}` differs from the one of the repository"
            ));
        }
    }
    let readme = fs::read_to_string(folder.join("README.md")).unwrap_or_default();
    let hidden = hidden_line(&readme)?;
    Some(format!("README.md has a line that rustdoc hides: {hidden}"))
}

/// The first line of a Rust example that rustdoc does not show.
fn hidden_line(readme: &str) -> Option<&str> {
    let mut is_rust = None;
    for line in readme.lines() {
        match (line.strip_prefix("```"), is_rust) {
            (Some(kind), None) => {
                is_rust = Some(matches!(kind, "" | "rust" | "no_run"));
            }
            (Some(_), Some(_)) => is_rust = None,
            (None, Some(true)) if line == "#" || line.starts_with("# ") => return Some(line),
            (None, _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_missing_licences_and_hidden_lines_are_found() {
        let complete = ["src/lib.rs", "LICENSE-APACHE", "LICENSE-MIT"];
        assert_eq!(wrong_files(&complete), None);
        assert!(wrong_files(&complete[..2]).is_some());
        assert!(wrong_files(&["a/site.key", "LICENSE-APACHE", "LICENSE-MIT"]).is_some());
        assert!(names_repository("[package]\nrepository.workspace = true\n"));
        assert!(names_repository(
            "[package]\nrepository = \"https://git.example/a\"\n"
        ));
        assert!(!names_repository(
            "[package]\n# repository = \"https://git.example\"\n"
        ));
        let readme = "# Title\n```sh\n# comment\n```\n```no_run\nlet x;\n# hidden\n```\n";
        assert_eq!(hidden_line(readme), Some("# hidden"));
        assert_eq!(hidden_line("# Title\n```text\n# x\n```\n# Next\n"), None);
    }
}
