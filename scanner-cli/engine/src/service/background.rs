//! Tasks that run in parallel to the loop of the service: polls, deliveries, hooks and the server of the monitoring
//! pages.

use std::{future::Future, time::Duration};

use tokio::{task::JoinSet, time::timeout};

/// Background tasks of one kind.
pub(super) struct BackgroundTasks<T>(JoinSet<T>);

/// How a background task ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TaskEnd<T> {
    /// It finished with this result.
    Finished(T),
    /// It was cancelled.
    Cancelled,
    /// It panicked. The reason is on standard error.
    Panicked,
}

impl<T: Send + 'static> BackgroundTasks<T> {
    /// Creates an empty set of tasks.
    pub(super) fn new() -> Self {
        Self(JoinSet::new())
    }

    /// Starts a task that never blocks its thread.
    pub(super) fn start(&mut self, task: impl Future<Output = T> + Send + 'static) {
        self.0.spawn(task);
    }

    /// Starts a task in its own thread, where it may wait for disks, locks and sites.
    pub(super) fn start_blocking(&mut self, task: impl FnOnce() -> T + Send + 'static) {
        self.0.spawn_blocking(task);
    }

    /// Whether no task is running, and no result is waiting to be collected.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Waits until the next task ends. Waits forever if no task is running.
    pub(super) async fn ended(&mut self) -> TaskEnd<T> {
        match self.0.join_next().await {
            Some(Ok(result)) => TaskEnd::Finished(result),
            Some(Err(error)) if error.is_cancelled() => TaskEnd::Cancelled,
            Some(Err(_)) => TaskEnd::Panicked,
            None => std::future::pending().await,
        }
    }

    /// Drops the results of tasks that have ended.
    pub(super) fn drop_ended(&mut self) {
        while self.0.try_join_next().is_some() {}
    }

    /// Waits until all tasks have ended, at most for `limit`. Passes the results to `take`.
    pub(super) async fn join(&mut self, limit: Duration, mut take: impl FnMut(TaskEnd<T>)) {
        let all = async {
            while !self.is_empty() {
                take(self.ended().await);
            }
        };
        // Tasks that have not ended by then are abandoned.
        let _ = timeout(limit, all).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn each_task_ends_with_its_result_or_a_panic() {
        let mut tasks = BackgroundTasks::new();
        tasks.start(async { 1 });
        assert_eq!(tasks.ended().await, TaskEnd::Finished(1));
        tasks.start_blocking(|| 2);
        assert_eq!(tasks.ended().await, TaskEnd::Finished(2));
        tasks.start_blocking(|| panic!("on purpose"));
        assert_eq!(tasks.ended().await, TaskEnd::Panicked);
        assert!(tasks.is_empty());
    }

    #[tokio::test]
    async fn a_task_that_does_not_end_is_abandoned() {
        let (end, ended) = mpsc::channel::<()>();
        let mut tasks = BackgroundTasks::new();
        tasks.start_blocking(move || {
            let _ = ended.recv();
        });
        let mut ends = 0;
        tasks.join(Duration::from_millis(50), |_| ends += 1).await;
        assert_eq!((ends, tasks.is_empty()), (0, false));
        drop(end);
        tasks.join(Duration::from_secs(60), |_| ends += 1).await;
        assert_eq!((ends, tasks.is_empty()), (1, true));
    }
}
