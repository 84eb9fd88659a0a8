//! Work beside the delivery, so that the next changes are prepared while others are sent.

use std::panic::resume_unwind;

use tokio::task::JoinSet;

/// Work in a task of its own. If this is dropped, the work ends at its next await.
#[derive(Debug)]
pub struct Background<T>(JoinSet<T>);

impl<T: Send + 'static> Background<T> {
    /// Begins the work.
    #[must_use]
    pub fn begin(work: impl Future<Output = T> + Send + 'static) -> Self {
        let mut task = JoinSet::new();
        task.spawn(work);
        Self(task)
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// If the work has panicked.
    pub async fn end(mut self) -> T {
        match self.0.join_next().await {
            Some(Ok(done)) => done,
            // Nobody else can cancel it.
            Some(Err(error)) => resume_unwind(error.into_panic()),
            None => unreachable!("the set has one task"),
        }
    }
}
