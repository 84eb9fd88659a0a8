//! Runs calls to the file system that may never return, each in a thread with a time limit.
//!
//! A call that hangs, for example in a network folder whose server is down, cannot be interrupted. Its thread waits
//! until the system responds. Until then, the same path is refused at once. The number of such threads is limited.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

/// Time limit of a call if no other call hangs.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Shortest time limit of a call, used if many others hang.
const MIN_TIME_LIMIT: Duration = Duration::from_secs(1);

/// Maximum number of threads whose calls hang.
const MAX_HANGING: usize = 64;

/// Maximum number of threads that wait for the next call.
const MAX_IDLE: usize = 4;

/// Size of a thread's stack in bytes. The calls need little.
const STACK: usize = 256 * 1024;

type Call = Box<dyn FnOnce() + Send>;

static THREADS: Mutex<Threads> = Mutex::new(Threads {
    idle: Vec::new(),
    hanging: BTreeSet::new(),
});

/// The threads that exist.
struct Threads {
    /// Senders to the threads that wait for a call.
    idle: Vec<mpsc::Sender<Call>>,
    /// The paths of calls that exceeded their limit and have not returned yet.
    hanging: BTreeSet<PathBuf>,
}

/// Runs a call for `path` in another thread.
///
/// # Errors
/// The call's own error; [`io::ErrorKind::TimedOut`] if it does not return in time, or an earlier one about this path
/// has not returned yet.
pub(super) fn run<T: Send + 'static>(
    path: &Path,
    call: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let limit = time_limit(path)?;
    let (sender, result) = mpsc::channel();
    let returned = Arc::new(AtomicBool::new(false));
    let (sets_returned, about) = (Arc::clone(&returned), path.to_path_buf());
    start(Box::new(move || {
        // The receiver may have stopped waiting.
        let _ = sender.send(call());
        let mut threads = threads();
        sets_returned.store(true, Ordering::Relaxed);
        threads.hanging.remove(&about);
    }))?;
    match result.recv_timeout(limit) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            Err(io::Error::other("reading it failed unexpectedly"))
        }
        Err(mpsc::RecvTimeoutError::Timeout) => {
            let mut threads = threads();
            if !returned.load(Ordering::Relaxed) {
                threads.hanging.insert(path.to_path_buf());
            }
            drop(threads);
            // The result may have arrived at the last moment.
            result.try_recv().unwrap_or_else(|_| Err(no_answer(limit)))
        }
    }
}

/// Returns the time limit of a call for `path`. It becomes shorter the more calls hang, so that a folder full of
/// hanging files does not delay other calls for minutes.
fn time_limit(path: &Path) -> io::Result<Duration> {
    let threads = threads();
    if threads.hanging.contains(path) {
        return Err(no_answer(TIME_LIMIT));
    }
    let hanging = u32::try_from(threads.hanging.len()).unwrap_or(u32::MAX);
    if threads.hanging.len() >= MAX_HANGING {
        let message = format!("it was not opened, because {hanging} other files do not respond");
        return Err(io::Error::new(io::ErrorKind::TimedOut, message));
    }
    Ok((TIME_LIMIT / hanging.saturating_add(1)).max(MIN_TIME_LIMIT))
}

fn no_answer(limit: Duration) -> io::Error {
    let message = format!("it did not respond within {} s", limit.as_secs());
    io::Error::new(io::ErrorKind::TimedOut, message)
}

/// Passes a call to a waiting thread, or to a new one.
fn start(mut call: Call) -> io::Result<()> {
    while let Some(thread) = { threads().idle.pop() } {
        match thread.send(call) {
            Ok(()) => return Ok(()),
            // That thread has ended.
            Err(mpsc::SendError(unsent)) => call = unsent,
        }
    }
    let (sender, calls) = mpsc::channel::<Call>();
    let own = sender.clone();
    let thread = thread::Builder::new()
        .name("file".to_owned())
        .stack_size(STACK);
    thread.spawn(move || {
        while let Ok(call) = calls.recv() {
            call();
            let mut threads = threads();
            if threads.idle.len() >= MAX_IDLE {
                return;
            }
            threads.idle.push(own.clone());
        }
    })?;
    let unsent = |_| io::Error::other("a thread for reading files has ended");
    sender.send(call).map_err(unsent)
}

fn threads() -> MutexGuard<'static, Threads> {
    THREADS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hanging_call_times_out_and_others_continue() {
        let path = Path::new("/hangs/1");
        threads().hanging.insert(path.to_path_buf());
        let error = run(path, || Ok(())).unwrap_err();
        assert_eq!(error.to_string(), "it did not respond within 10 s");
        let (go_on, waits) = mpsc::channel::<()>();
        let hanging = Path::new("/hangs/2");
        threads()
            .hanging
            .extend((10..20).map(|number| PathBuf::from(format!("/hangs/{number}"))));
        let error = run(hanging, move || {
            let _ = waits.recv();
            Ok(())
        });
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(threads().hanging.contains(hanging));
        threads()
            .hanging
            .retain(|path| path == hanging || !path.starts_with("/hangs"));
        assert_eq!(run(Path::new("/answers"), || Ok(7)).unwrap(), 7);
        // Once the call has returned, the path is accepted again.
        go_on.send(()).unwrap();
        while threads().hanging.contains(hanging) {
            thread::yield_now();
        }
        run(hanging, || Ok(())).unwrap();
        threads().hanging.retain(|path| !path.starts_with("/hangs"));
    }
}
