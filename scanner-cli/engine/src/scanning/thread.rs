//! Runs work in its own threads, on its own runtime. However long the work computes, other tasks do not wait for a
//! processor, and the program can exit without it.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::Duration,
};

use tokio::{runtime::Builder, sync::oneshot};

/// Number of threads of a runtime: while one decodes a list, the other serves connections and time limits.
const WORKERS: usize = 2;
/// How long the runtime waits at the end for tasks that the work started, such as closing connections.
const LAST_WAIT: Duration = Duration::from_millis(100);

/// Runs the future that `work` returns. If it panics, nothing is sent.
///
/// # Errors
/// If the system cannot create a thread.
pub(super) fn run_in_thread<T, F>(
    work: impl FnOnce() -> F + Send + 'static,
) -> io::Result<oneshot::Receiver<T>>
where
    T: Send + 'static,
    F: Future<Output = T>,
{
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("scan")
        .enable_all()
        .build()?;
    let (done, result) = oneshot::channel();
    let run = move || {
        let value = catch_unwind(AssertUnwindSafe(|| runtime.block_on(work())));
        runtime.shutdown_timeout(LAST_WAIT);
        if let Ok(value) = value {
            // The receiver is gone if the work took too long to end.
            let _ = done.send(value);
        }
    };
    thread::Builder::new().name("scan".to_owned()).spawn(run)?;
    Ok(result)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_that_computes_forever_does_not_delay_other_work() {
        let (end, ended) = mpsc::channel::<()>();
        let stuck = run_in_thread(move || async move {
            // Blocks like a computation that never reaches an await.
            let _ = ended.recv();
        });
        assert_eq!(run_in_thread(|| async { 7 }).unwrap().await, Ok(7));
        drop(end);
        stuck.unwrap().await.unwrap();
        let panics = run_in_thread(|| async { panic!("on purpose") });
        assert!(panics.unwrap().await.is_err());
    }
}
