//! `cargo xtask test`: all checks of main, the fast ones first.

use xshell::{Shell, cmd};

use crate::{Outcome, layers, words};

pub(crate) mod binaries;

/// Number of faults of scanners that share a store. `full` has many more.
#[cfg(unix)]
const FAULTS: usize = 5;

pub(crate) fn run(shell: &Shell) -> Outcome {
    #[cfg(unix)]
    crate::postgresql::ensure_installed(shell)?;
    cmd!(shell, "cargo fmt --all --check").run()?;
    layers::check(shell)?;
    words::check()?;
    cmd!(
        shell,
        "cargo clippy --workspace --all-targets --all-features -- -D warnings"
    )
    .run()?;
    // The client must also build without the fake site, which not all of its users enable.
    cmd!(shell, "cargo clippy --package qrs-client -- -D warnings").run()?;
    // A snapshot that differs is an error. No file is written.
    let compare_only = shell.push_env("INSTA_UPDATE", "no");
    let built = binaries::build(shell)?;
    binaries::run(&built, &binaries::Launcher::default())?;
    cmd!(shell, "cargo test --workspace --all-features --doc").run()?;
    #[cfg(unix)]
    crate::fleet::run_faults(shell, FAULTS, 1, None)?;
    drop(compare_only);
    let strict_docs = shell.push_env("RUSTDOCFLAGS", "-D warnings");
    cmd!(
        shell,
        "cargo doc --workspace --all-features --no-deps --document-private-items"
    )
    .run()?;
    drop(strict_docs);
    Ok(())
}
