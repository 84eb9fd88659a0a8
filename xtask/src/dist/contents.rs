//! The files of a release for one system, in a folder that is usable as it is.

use std::{
    error::Error,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::{Made, Release, empty, packaging, programs::Printed};
use crate::{Outcome, root};

/// The system that a program is built for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    Linux,
    Windows,
}

impl System {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::Windows => "windows",
        }
    }

    /// What the program is compiled for.
    pub(super) const fn target(self) -> &'static str {
        match self {
            Self::Linux => "x86_64-unknown-linux-gnu",
            Self::Windows => "x86_64-pc-windows-gnu",
        }
    }

    const fn program(self) -> &'static str {
        match self {
            Self::Linux => "scanner-cli",
            Self::Windows => "scanner-cli.exe",
        }
    }
}

/// Shells, and the files of their completions.
const COMPLETIONS: [(&str, &str); 4] = [
    ("bash", "scanner-cli.bash"),
    ("zsh", "_scanner-cli"),
    ("fish", "scanner-cli.fish"),
    ("powershell", "scanner-cli.ps1"),
];

/// Files with settings, and the names of their JSON Schemas.
const SCHEMAS: [(&str, &str); 2] = [
    ("connection", "connection.schema.json"),
    ("application", "application.schema.json"),
];

/// Files and folders of the repository that are part of each package.
const DOCUMENTS: [&str; 5] = [
    "README.md",
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "docs",
];

/// Runs a program with arguments.
type Run<'a> = dyn Fn(&[&str]) -> Result<Printed, Box<dyn Error>> + 'a;

/// Writes the man pages, completions and JSON Schemas, which the program makes, into a folder. `run` runs the program and
/// returns what it prints, and `seen` is the folder as the program sees it.
pub(super) fn write_texts(folder: &Path, seen: &str, run: &Run<'_>) -> Outcome {
    for name in ["man", "completions", "schemas"] {
        fs::create_dir(folder.join(name))?;
    }
    run(&["man", "--dir", &format!("{seen}/man")])?;
    for (shell, file) in COMPLETIONS {
        let text = run(&["completions", shell])?.output;
        fs::write(folder.join("completions").join(file), text)?;
    }
    for (settings, file) in SCHEMAS {
        let text = run(&["config", "schema", settings])?.output;
        fs::write(folder.join("schemas").join(file), text)?;
    }
    Ok(())
}

/// Gathers the files of a release for one system in a new folder below `work`, which is returned.
pub(super) fn gather(
    (system, program): (System, &Path),
    texts: &Path,
    release: &Release,
    work: &Path,
) -> Made {
    let folder = empty(work.join(system.name()))?.join(release.file_name(system, ""));
    fs::create_dir(&folder)?;
    fs::copy(program, folder.join(system.program()))?;
    for document in DOCUMENTS {
        copy_all(&root().join(document), &folder.join(document))?;
    }
    copy_all(texts, &folder)?;
    copy_all(&packaging().join("examples"), &folder.join("examples"))?;
    if system == System::Linux {
        let unit = packaging().join("scanner-cli.service");
        fs::copy(unit, folder.join("scanner-cli.service"))?;
    }
    set_rights(&folder, &[system.program()])?;
    set_times(&folder, release.time)?;
    Ok(folder)
}

/// Copies a file, or a folder with everything in it.
pub(super) fn copy_all(from: &Path, to: &Path) -> Outcome {
    if !from.is_dir() {
        fs::copy(from, to).map_err(|error| format!("cannot copy {}: {error}", from.display()))?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy_all(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// All files below a folder, relative to it and sorted.
pub(super) fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for path in entries_below(folder)? {
        if !path.is_dir() {
            files.push(path.strip_prefix(folder)?.to_owned());
        }
    }
    files.sort();
    Ok(files)
}

/// The folder and everything below it.
fn entries_below(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = vec![folder.to_owned()];
    let mut next = 0;
    while let Some(path) = found.get(next).cloned() {
        next += 1;
        if path.is_dir() && !path.is_symlink() {
            for entry in fs::read_dir(&path)? {
                found.push(entry?.path());
            }
        }
    }
    Ok(found)
}

/// Gives all entries below a folder the same time, in seconds since 1970.
pub(super) fn set_times(folder: &Path, time: u64) -> Outcome {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(time);
    for path in entries_below(folder)? {
        fs::File::open(&path)?.set_modified(time)?;
    }
    Ok(())
}

/// Makes everything readable for all users, and only these programs executable.
pub(super) fn set_rights(folder: &Path, programs: &[&str]) -> Outcome {
    let is_program = |path: &Path| programs.iter().any(|name| path == folder.join(name));
    for path in entries_below(folder)? {
        let mode = match path.is_dir() || is_program(&path) {
            true => 0o755,
            false => 0o644,
        };
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}
