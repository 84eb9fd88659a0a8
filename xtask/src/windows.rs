//! `cargo xtask windows --build`: builds for Windows on Linux, to find changes that break it early.
//!
//! Uses the compiler in the path if it has the target's standard library (`rustup target add x86_64-pc-windows-gnu`).
//! Otherwise Debian's compiler builds the standard library from its source:
//! `apt-get install rustc-web rust-web-src gcc-mingw-w64-x86-64`.

use std::path::{Path, PathBuf};

use xshell::{Shell, cmd};

use crate::{Outcome, target};

const TARGET: &str = "x86_64-pc-windows-gnu";
const LINKER: &str = "x86_64-w64-mingw32-gcc";
/// Debian's compiler. Debian has a package with the matching source of the standard library.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// Checks all crates with their tests, with warnings as errors, and builds `scanner-cli.exe`.
pub(crate) fn build(shell: &Shell) -> Outcome {
    if cmd!(shell, "{LINKER} --version").quiet().read().is_err() {
        return Err(format!("`{LINKER}` is missing: apt-get install gcc-mingw-w64-x86-64").into());
    }
    let folder = target(shell)?.join("windows");
    let _linker = shell.push_env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", LINKER);
    let _folder = shell.push_env("CARGO_TARGET_DIR", &folder);
    match installed_library(shell) {
        true => run(shell, &[]),
        false => {
            debian_compiler(shell)?;
            let _compiler = shell.push_env("RUSTC", DEBIAN_RUSTC);
            let _unstable = shell.push_env("RUSTC_BOOTSTRAP", "1");
            run(shell, &["-Zbuild-std=std,panic_unwind,test"])
        }
    }?;
    report(&folder)
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

fn run(shell: &Shell, library: &[&str]) -> Outcome {
    cmd!(
        shell,
        "cargo build --quiet {library...} --target {TARGET} --package scanner-cli"
    )
    .run()?;
    cmd!(
        shell,
        "cargo check --quiet {library...} --target {TARGET} --workspace --exclude xtask --all-targets --all-features"
    )
    .env("RUSTFLAGS", "-D warnings")
    .run()?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result of the command")]
fn report(folder: &Path) -> Outcome {
    let program = folder.join(TARGET).join("debug/scanner-cli.exe");
    let size = std::fs::metadata(&program)?.len();
    println!(
        "windows: all tests check without warnings; {} has {} MB",
        program.display(),
        size / 1_000_000
    );
    Ok(())
}
