//! Programs of other people that the commands need. They are built or installed once into `target/tools`.

use std::{env, error::Error, fs, path::PathBuf};

use xshell::{Shell, cmd};

use crate::{Outcome, target};

/// The path of a tool. Builds the tool if it is missing.
pub(crate) fn tool(
    shell: &Shell,
    (name, version): (&str, &str),
) -> Result<PathBuf, Box<dyn Error>> {
    let root = target(shell)?
        .join("tools")
        .join(format!("{name}-{version}"));
    let binary = root.join("bin").join(name);
    if !binary.exists() {
        fs::create_dir_all(&root)?;
        // A tool that runs for seconds is not worth minutes of optimization.
        let _quick = shell.push_env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        let _unlinked = shell.push_env("CARGO_PROFILE_RELEASE_LTO", "off");
        cmd!(
            shell,
            "cargo install --quiet --locked --version {version} --root {root} {name}"
        )
        .run()?;
    }
    Ok(binary)
}

/// The folder with the programs of Python packages, each with its version: `name==1.2`. Installs them if they are missing.
pub(crate) fn python(shell: &Shell, packages: &[&str]) -> Result<PathBuf, Box<dyn Error>> {
    let root = target(shell)?.join("tools").join(packages.join("-"));
    let complete = root.join("complete");
    if !complete.exists() {
        cmd!(shell, "python3 -m venv --clear {root}").run()?;
        cmd!(shell, "{root}/bin/pip install --quiet {packages...}").run()?;
        fs::write(complete, "")?;
    }
    Ok(root.join("bin"))
}

/// An archive with a small Debian system, made from Debian's packages, with more of them. Needs root, and mmdebstrap.
pub(crate) fn debian(
    shell: &Shell,
    suite: &str,
    packages: &[&str],
) -> Result<PathBuf, Box<dyn Error>> {
    let folder = target(shell)?.join("tools");
    let name = [&["debian", suite], packages].concat().join("-");
    let archive = folder.join(format!("{name}.tar"));
    if !archive.exists() {
        fs::create_dir_all(&folder)?;
        let partial = folder.join(format!("{name}.partial.tar"));
        let packages = [&["ca-certificates", "tini"], packages].concat().join(",");
        cmd!(
            shell,
            "mmdebstrap --quiet --variant=minbase --include={packages} {suite} {partial}"
        )
        .run()?;
        fs::rename(partial, &archive)?;
    }
    Ok(archive)
}

/// Fails if a program is not in the path. `programs` are their names with their packages in Debian.
pub(crate) fn ensure_installed(programs: &[(&str, &str)]) -> Outcome {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&path).collect();
    let is_missing = |name: &str| !folders.iter().any(|folder| folder.join(name).is_file());
    let missing = programs.iter().filter(|(name, _)| is_missing(name));
    let (names, packages): (Vec<_>, Vec<_>) = missing.copied().unzip();
    match names.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "missing: `{}`; on Debian: apt-get install {}",
            names.join("`, `"),
            packages.join(" ")
        )
        .into()),
    }
}
