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
    let _ = child.kill();
    let _ = child.wait();
}
