//! Runs the tests for Windows under Wine.
//!
//! Wine 8 lacks `bcryptprimitives.dll`, from which Rust's standard library takes random numbers; programs end with code 53. A
//! library with its only function, made from [`SHIM`], is put beside the test programs. It is for tests only: Windows has the
//! real one.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use xshell::{Shell, cmd};

use super::{Cargo, LINKER};
use crate::{
    Outcome, root,
    test::binaries::{self, Launcher},
};

mod service;

/// Names of Wine's programs: as Debian installs them, and in the path.
const WINE: [&str; 3] = ["/usr/lib/wine/wine64", "wine64", "wine"];
const WINE_SERVER: [&str; 2] = ["/usr/lib/wine/wineserver64", "wineserver"];

/// The missing library. `SystemFunction036` is the exported name of `RtlGenRandom`.
const SHIM: &str = "\
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)
{
    return SystemFunction036(data, (ULONG)length);
}
";
const SHIM_NAME: &str = "bcryptprimitives.dll";

/// Stack size of the threads of tests, in bytes: that of the threads of the program. The stack frames of programs for Windows
/// are larger, and an overflow makes Wine hang.
const STACK_SIZE: &str = "8388608";
/// A test program that runs longer hangs.
const TIME_LIMIT: Duration = Duration::from_secs(30 * 60);

/// What is missing to run the tests, or `None`.
pub(crate) fn missing(shell: &Shell) -> Option<&'static str> {
    match find(shell, &WINE) {
        Some(_) => None,
        None => Some("Wine is missing (Debian: wine64)"),
    }
}

/// Runs the test programs that cargo has built.
pub(super) fn run(shell: &Shell, cargo: &Cargo<'_>, built: &str) -> Outcome {
    let wine = find(shell, &WINE).ok_or("Wine is missing: apt-get install wine64")?;
    for folder in [cargo.programs(), cargo.programs().join("deps")] {
        make_shim(shell, &folder)?;
    }
    // Its settings, drives and services, without those of a run that was interrupted.
    let prefix = cargo.folder.join("wine");
    stop(shell, &prefix);
    if prefix.exists() {
        fs::remove_dir_all(&prefix)?;
    }
    fs::create_dir_all(&prefix)?;
    let launcher = Launcher {
        runner: Some(wine.clone()),
        variables: vec![
            ("WINEPREFIX", prefix.clone().into()),
            ("WINEDEBUG", "-all".into()),
            // insta would ask cargo, which does not run under Wine.
            ("INSTA_WORKSPACE_ROOT", root().into()),
            ("INSTA_UPDATE", "no".into()),
            ("RUST_MIN_STACK", STACK_SIZE.into()),
        ],
        time_limit: Some(TIME_LIMIT),
    };
    let former = deny_access_of_others();
    let outcome = start(shell, &wine, &prefix).and_then(|()| {
        let tests = binaries::run(built, &launcher);
        let service = service::run(shell, &launcher, &prefix, &cargo.program());
        tests.and(service)
    });
    restore(former);
    stop(shell, &prefix);
    outcome
}

/// Starts Wine's server, and Windows with its services. Without the server, Windows ends with its last program. The services keep
/// the outputs of the program that starts them open, and a reader of those would wait for the services.
fn start(shell: &Shell, wine: &Path, prefix: &Path) -> Outcome {
    let (_, server) = programs(shell)?;
    for begun in [
        cmd!(shell, "{server} --persistent"),
        cmd!(shell, "{wine} cmd /c exit"),
    ] {
        let begun = begun.env("WINEPREFIX", prefix).env("WINEDEBUG", "-all");
        begun.quiet().ignore_stdout().ignore_stderr().run()?;
    }
    Ok(())
}

/// Ends all programs that Wine runs with these settings, such as those that a killed test has started.
fn stop(shell: &Shell, prefix: &Path) {
    if let Some(server) = find(shell, &WINE_SERVER) {
        let stopped = cmd!(shell, "{server} --kill").env("WINEPREFIX", prefix);
        let _ = stopped.quiet().ignore_stderr().run();
    }
}

/// Lets Wine create files that are open to their owner alone. Wine 8 shows the mode of a file as its access list, and does not
/// remove the access of others when a program asks for it, so that private files would not look private.
#[cfg(unix)]
fn deny_access_of_others() -> rustix::fs::Mode {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077))
}

#[cfg(unix)]
fn restore(former: rustix::fs::Mode) {
    rustix::process::umask(former);
}

#[cfg(not(unix))]
fn deny_access_of_others() {}

#[cfg(not(unix))]
fn restore(_former: ()) {}

/// Wine, and its server.
pub(crate) fn programs(shell: &Shell) -> Result<(PathBuf, PathBuf), Box<dyn std::error::Error>> {
    let both = find(shell, &WINE).zip(find(shell, &WINE_SERVER));
    both.ok_or_else(|| "Wine is missing: apt-get install wine64".into())
}

/// Makes the library that Wine lacks, in a folder.
pub(crate) fn make_shim(shell: &Shell, folder: &Path) -> Outcome {
    let library = folder.join(SHIM_NAME);
    if library.exists() {
        return Ok(());
    }
    let source = folder.join("bcryptprimitives.c");
    fs::write(&source, SHIM)?;
    cmd!(shell, "{LINKER} -shared -o {library} {source} -ladvapi32").run()?;
    Ok(())
}

/// The first of these programs that is installed.
fn find(shell: &Shell, names: &[&str]) -> Option<PathBuf> {
    let is_there = |name: &&&str| {
        let asked = cmd!(shell, "{name} --version").quiet();
        asked.ignore_stdout().ignore_stderr().run().is_ok()
    };
    names.iter().find(is_there).map(PathBuf::from)
}
