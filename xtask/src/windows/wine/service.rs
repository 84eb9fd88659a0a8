//! Installs, starts and removes the service with Wine's service manager. Wine 8 has no accounts of services, no delayed start, no
//! recovery after a crash, and writes no event log, so these are not tested.

use std::{fs, path::Path};

use xshell::{Shell, cmd};

use crate::{Outcome, test::binaries::Launcher};

/// The commands, their exit codes, and what they print.
const STEPS: [(&str, i32, &str); 10] = [
    ("start", 4, "no service with the name"),
    ("install --account LocalSystem", 0, "installed the service"),
    ("install --account LocalSystem", 4, "choose another name"),
    ("status", 4, "stopped"),
    ("start", 0, "started the service"),
    ("status", 0, "running"),
    ("stop", 0, "stopped the service"),
    ("status", 4, "stopped"),
    ("uninstall", 0, "its home is kept"),
    ("status", 4, "not installed"),
];
/// What the service logs when it has started.
const READY: &str = "INFO ready";
/// The default home of the service.
const HOME: &str = "drive_c/ProgramData/scanner";

/// Runs all steps, and looks for the log of the service.
pub(super) fn run(shell: &Shell, launcher: &Launcher, prefix: &Path, program: &Path) -> Outcome {
    let wine = launcher.runner.as_deref().ok_or("no runner")?;
    let home = prefix.join(HOME);
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    for (step, exit, expected) in STEPS {
        let words = step.split(' ');
        let ended = cmd!(
            shell,
            "{wine} {program} service {words...} --name wine-test"
        )
        .envs(
            launcher
                .variables
                .iter()
                .map(|(name, value)| (*name, value)),
        )
        .quiet()
        .ignore_status()
        .output()?;
        let printed = [ended.stdout, ended.stderr].concat();
        let printed = String::from_utf8_lossy(&printed);
        if ended.status.code() != Some(exit) || !printed.contains(expected) {
            let code = ended.status;
            return Err(format!("`service {step}` under Wine ({code}): {printed}").into());
        }
    }
    cmd!(shell, "grep --recursive --quiet {READY} {home}/data/log")
        .quiet()
        .run()
        .map_err(|_error| "the service has written no log")?;
    fs::remove_dir_all(&home)?;
    Ok(())
}
