//! `cargo xtask dist`: the packages of a release, in `target/dist`.
//!
//! All files of a release for one system are first gathered in a folder (`contents`). Each package is that folder, packed
//! by the tool of its kind; packages for Linux systems have the files at the usual places (`linux_tree`). The time of all
//! files is that of the last commit, so two runs make the same packages.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use xshell::{Shell, cmd};

use crate::{Outcome, root, target};

mod archives;
mod check;
mod container;
mod contents;
mod deb;
mod licences;
mod linux_tree;
mod msi;
mod programs;
mod release;
mod rpm;
mod sbom;
mod wine;

pub(crate) use check::ensure_possible;
use contents::System;
use release::{Package, Release};
use wine::{Wine, windows_path};

/// The name of the program, of the packages and of the service on Linux.
const NAME: &str = "scanner-cli";
/// What lists of packages show.
const SUMMARY: &str = "Scans Qlik Sense sites into data catalogs";
/// What the details of a package show.
const DESCRIPTION: &str =
    "Reads the sheets of Qlik Sense Enterprise on Windows sites and writes them for data catalogs.";

/// The path of something new, or why it could not be made.
type Made = Result<PathBuf, Box<dyn Error>>;

/// What to package.
#[derive(clap::Args)]
pub(crate) struct Request {
    /// Also install, run, upgrade and remove each package; needs root
    #[arg(long)]
    check: bool,
    /// Package this program for Linux instead of building one
    #[arg(long, value_name = "FILE")]
    linux_program: Option<PathBuf>,
    /// Package this program for Windows instead of building one, for example because it is signed
    #[arg(long, value_name = "FILE")]
    windows_program: Option<PathBuf>,
}

impl Request {
    /// Builds, packages and checks everything.
    pub(crate) const fn checked() -> Self {
        Self {
            check: true,
            linux_program: None,
            windows_program: None,
        }
    }
}

/// What a packer needs.
#[derive(Clone, Copy)]
struct Packing<'a> {
    shell: &'a Shell,
    release: &'a Release,
    /// The gathered files for Linux.
    linux: &'a Path,
    /// The gathered files for Windows.
    windows: &'a Path,
    /// The folder for intermediate files.
    work: &'a Path,
    /// The folder of the packages.
    to: &'a Path,
}

impl Packing<'_> {
    /// Where a package is.
    fn file(&self, package: Package) -> PathBuf {
        self.to.join(package.file_name(self.release))
    }
}

/// Builds the programs, packages them, and checks the packages if requested.
pub(crate) fn run(shell: &Shell, request: &Request) -> Outcome {
    programs::ensure_tools(shell)?;
    let release = Release::of_last_commit(shell)?;
    let target = target(shell)?;
    let (work, to) = (target.join("dist-work"), empty(target.join("dist"))?);
    let (linux, windows) = gather(shell, &release, &work, request)?;
    let packing = Packing {
        shell,
        release: &release,
        linux: &linux,
        windows: &windows,
        work: &work,
        to: &to,
    };
    let context = pack(&packing)?;
    sbom::write(&packing)?;
    container::image(&packing, &context)?;
    write_sums(shell, &to)?;
    report(&to)?;
    match request.check {
        true => check::run(&packing),
        false => Ok(()),
    }
}

/// Builds the programs that were not passed, and gathers the files for Linux and for Windows. Returns their folders.
fn gather(
    shell: &Shell,
    release: &Release,
    work: &Path,
    request: &Request,
) -> Result<(PathBuf, PathBuf), Box<dyn Error>> {
    let linux = match &request.linux_program {
        Some(program) => program.clone(),
        None => programs::linux(shell)?,
    };
    programs::check_libc(shell, &linux)?;
    let windows = match &request.windows_program {
        Some(program) => program.clone(),
        None => programs::windows(shell)?,
    };
    let linux_texts = empty(work.join("linux-texts"))?;
    contents::write_texts(
        &linux_texts,
        &linux_texts.display().to_string(),
        &|arguments| programs::succeed(cmd!(shell, "{linux} {arguments...}")),
    )?;
    let windows_texts = empty(work.join("windows-texts"))?;
    let (wine, program) = (Wine::new(shell)?, windows.display().to_string());
    contents::write_texts(
        &windows_texts,
        &windows_path(&windows_texts),
        &|arguments| wine.run(&[&[&*program], arguments].concat()),
    )?;
    licences::write(shell, &linux_texts, &windows_texts)?;
    Ok((
        contents::gather((System::Linux, &linux), &linux_texts, release, work)?,
        contents::gather((System::Windows, &windows), &windows_texts, release, work)?,
    ))
}

/// Makes the packages from the gathered files. Returns the folder of the container image's context.
fn pack(packing: &Packing<'_>) -> Made {
    archives::tar_gz(packing)?;
    archives::zip(packing)?;
    let tree = linux_tree::lay_out(packing)?;
    let deb = deb::pack(packing, &tree)?;
    rpm::pack(packing, &tree)?;
    msi::pack(packing)?;
    container::context(packing, &deb)
}

/// The folder of the repository with files of packages.
fn packaging() -> PathBuf {
    root().join("packaging")
}

/// An empty folder at this path. What was there is removed.
fn empty(folder: PathBuf) -> Made {
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Writes the checksums of all packages in the format of `sha256sum --check`.
fn write_sums(shell: &Shell, to: &Path) -> Outcome {
    let names = contents::files_below(to)?;
    let _folder = shell.push_dir(to);
    let sums = cmd!(shell, "sha256sum {names...}").quiet().read()?;
    fs::write(to.join("SHA256SUMS"), sums + "\n")?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result of the command")]
fn report(to: &Path) -> Outcome {
    println!("\n{}:", to.display());
    for name in contents::files_below(to)? {
        let size = fs::metadata(to.join(&name))?.len();
        println!("  {:>10} bytes  {}", size, name.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
