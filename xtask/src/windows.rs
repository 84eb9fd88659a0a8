//! `cargo xtask windows`: builds for Windows on Linux, and runs the tests under Wine.
//!
//! The build uses the compiler in the path if it has the target's standard library
//! (`rustup target add x86_64-pc-windows-gnu`). Otherwise Debian's compiler builds the standard library from its source:
//! `apt-get install rustc-web rust-web-src gcc-mingw-w64-x86-64`. The tests also need `wine64`.
//!
//! Wine is not Windows: what passes there is evidence, not proof.

use std::path::{Path, PathBuf};

use xshell::{Shell, cmd};

use crate::{Outcome, target};

pub(crate) mod wine;

pub(crate) use self::wine::missing;

const TARGET: &str = "x86_64-pc-windows-gnu";
pub(crate) const LINKER: &str = "x86_64-w64-mingw32-gcc";
/// Debian's compiler. Debian has a package with the matching source of the standard library.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
/// Crates of which nothing runs on Windows: this one runs programs of Linux.
const EXCLUDED: &str = "xtask";

/// A cargo that builds for Windows.
struct Cargo<'a> {
    shell: &'a Shell,
    /// Where it builds.
    folder: PathBuf,
    /// Environment variables that choose the compiler.
    compiler: Vec<(&'static str, &'static str)>,
    /// Options that build the standard library.
    library: &'static [&'static str],
}

/// Checks all crates with their tests, with warnings as errors, and builds `scanner-cli.exe`.
pub(crate) fn build(shell: &Shell) -> Outcome {
    let cargo = Cargo::find(shell)?;
    cargo.run("build", &["--package", "scanner-cli"]).run()?;
    cargo
        .run(
            "check",
            &[
                "--workspace",
                "--exclude",
                EXCLUDED,
                "--all-targets",
                "--all-features",
            ],
        )
        .env("RUSTFLAGS", "-D warnings")
        .run()?;
    report(&cargo.program())
}

/// Builds `scanner-cli.exe` as it is released, with these flags of rustc. Returns its path.
pub(crate) fn release(shell: &Shell, flags: &str) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let cargo = Cargo::find(shell)?;
    let options = ["--release", "--locked", "--package", "scanner-cli"];
    cargo.run("build", &options).env("RUSTFLAGS", flags).run()?;
    Ok(cargo.folder.join(TARGET).join("release/scanner-cli.exe"))
}

/// Builds all tests, and runs them under Wine.
pub(crate) fn test(shell: &Shell) -> Outcome {
    let cargo = Cargo::find(shell)?;
    let built = cargo
        .run(
            "test",
            &[
                "--workspace",
                "--exclude",
                EXCLUDED,
                "--all-features",
                "--no-run",
                "--message-format=json-render-diagnostics",
            ],
        )
        .read()?;
    wine::run(shell, &cargo, &built)
}

impl<'a> Cargo<'a> {
    fn find(shell: &'a Shell) -> Result<Self, Box<dyn std::error::Error>> {
        if cmd!(shell, "{LINKER} --version").quiet().read().is_err() {
            return Err(
                format!("`{LINKER}` is missing: apt-get install gcc-mingw-w64-x86-64").into(),
            );
        }
        let has_library = installed_library(shell);
        if !has_library {
            debian_compiler(shell)?;
        }
        Ok(Self {
            shell,
            folder: target(shell)?.join("windows"),
            compiler: match has_library {
                true => Vec::new(),
                false => vec![("RUSTC", DEBIAN_RUSTC), ("RUSTC_BOOTSTRAP", "1")],
            },
            library: match has_library {
                true => &[],
                false => &["-Zbuild-std=std,panic_unwind,test"],
            },
        })
    }

    fn run(&self, command: &str, options: &[&str]) -> xshell::Cmd<'a> {
        let (shell, library) = (self.shell, self.library);
        cmd!(
            shell,
            "cargo {command} --quiet {library...} --target {TARGET} {options...}"
        )
        .env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", LINKER)
        .env("CARGO_TARGET_DIR", &self.folder)
        .envs(self.compiler.iter().copied())
    }

    /// The folder of programs.
    fn programs(&self) -> PathBuf {
        self.folder.join(TARGET).join("debug")
    }

    fn program(&self) -> PathBuf {
        self.programs().join("scanner-cli.exe")
    }
}

/// True if the compiler in the path has the standard library of the target.
fn installed_library(shell: &Shell) -> bool {
    let folder = cmd!(shell, "rustc --print target-libdir --target {TARGET}")
        .quiet()
        .read();
    folder.is_ok_and(|folder| Path::new(&folder).exists())
}

/// Debian's compiler with the source of its standard library.
fn debian_compiler(shell: &Shell) -> Outcome {
    let missing = "no standard library for Windows: run `rustup target add x86_64-pc-windows-gnu`, or \
                   `apt-get install rustc-web rust-web-src gcc-mingw-w64-x86-64`";
    let root = cmd!(shell, "{DEBIAN_RUSTC} --print sysroot")
        .quiet()
        .read()
        .map_err(|_error| missing)?;
    let library: PathBuf = Path::new(&root).join("lib/rustlib/src/rust/library/std");
    match library.exists() {
        true => Ok(()),
        false => Err(missing.into()),
    }
}

#[expect(clippy::print_stdout, reason = "the result of the command")]
fn report(program: &Path) -> Outcome {
    let size = std::fs::metadata(program)?.len();
    println!(
        "windows: all tests check without warnings; {} has {} MB",
        program.display(),
        size / 1_000_000
    );
    Ok(())
}
