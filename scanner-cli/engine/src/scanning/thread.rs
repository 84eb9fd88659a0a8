//! Work in threads of its own, on a runtime of its own: however long it computes, nobody else waits for a processor, and
//! the rest of the program ends without it.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::Duration,
};

use tokio::{runtime::Builder, sync::oneshot};

/// Threads of a runtime: while one decodes a list, the other serves connections and time limits.
const WORKERS: usize = 2;
/// How long the end of the work waits for what it started, such as closing its connections.
const LAST_WAIT: Duration = Duration::from_millis(100);

/// Runs what `work` makes to its end; nothing is sent if it panics.
///
/// # Errors
/// When the system has no thread for it.
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
            // Nobody waits any more for work that took too long to end.
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
    async fn work_that_computes_for_ever_holds_up_nobody() {
        let (end, ended) = mpsc::channel::<()>();
        let stuck = run_in_thread(move || async move {
            // As a computation does that never comes to an await.
            let _ = ended.recv();
        });
        assert_eq!(run_in_thread(|| async { 7 }).unwrap().await, Ok(7));
        drop(end);
        stuck.unwrap().await.unwrap();
        let panics = run_in_thread(|| async { panic!("a fault") });
        assert!(panics.unwrap().await.is_err());
    }
}
