//! Programs that are stopped together with the processes that they start.

use std::process::{Child, Command};

/// Puts a program into its own process group, so that processes that it starts are stopped with it.
#[cfg(unix)]
pub(crate) fn separate(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
pub(crate) fn separate(_command: &mut Command) {}

/// Kills a program. It was not waited for yet, so its process id still belongs to it. Errors are ignored: the program may
/// have ended in the meantime.
pub(crate) fn kill(child: &mut Child) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process_group};
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
    #[cfg(windows)]
    kill_tree(child);
    let _ = child.kill();
    let _ = child.wait();
}

/// Kills a program with the processes that it started. Windows has no groups of processes, but a tool that follows the chain of
/// parents.
#[cfg(windows)]
fn kill_tree(child: &Child) {
    use std::{env, path::Path, process::Stdio};

    let Some(system) = env::var_os("SystemRoot") else {
        return;
    };
    let _ = Command::new(Path::new(&system).join(r"System32\taskkill.exe"))
        .args(["/T", "/F", "/PID", &child.id().to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}
