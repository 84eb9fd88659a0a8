//! Starting a task, and waiting for its end.

use std::time::Duration;

use outbound_http::Method;
use serde::Deserialize;

use crate::client::QrsClient;
use crate::entity::Entity;
use crate::error::{Error, ErrorKind};
use crate::filter::{Field, Filter};
use crate::id::TaskId;
use crate::models::ExecutionResult;
use crate::path::QrsPath;

/// A started task; see [`QrsClient::start_task`].
#[derive(Debug, Clone)]
pub struct TaskRun {
    client: QrsClient,
    execution: String,
}

#[derive(Deserialize)]
struct Started {
    value: String,
}

impl QrsClient {
    /// Starts a task of any kind, and returns once the site has accepted it.
    ///
    /// ```no_run
    /// # async fn reload(client: &qrs_client::QrsClient) -> Result<(), qrs_client::Error> {
    /// use std::time::Duration;
    ///
    /// use qrs_client::TaskId;
    ///
    /// let task = TaskId::from("f1b2c3d4-0000-4000-8000-000000000001");
    /// let result = client.start_task(&task).await?.wait(Duration::from_secs(5)).await?;
    /// println!("{:?} after {} ms", result.status, result.duration);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); [`ErrorKind::UnexpectedAnswer`] if the site returns no id of the execution, as it does for a
    /// task that is disabled.
    pub async fn start_task(&self, task: &TaskId) -> Result<TaskRun, Error> {
        // Qlik help, Repository Service API: Task, start synchronous. It returns when the task has started.
        let path = QrsPath::new(format!("task/{task}/start/synchronous"));
        let Started { value } = self.send(Method::POST, path, None::<&()>).await?;
        // QRS answers with a GUID of zeros if it does not start the task.
        if value.bytes().all(|byte| matches!(byte, b'0' | b'-')) {
            let message = format!("the site did not start the task `{task}`");
            return Err(Error::new(ErrorKind::UnexpectedAnswer, message)
                .with_hint("check that the task is enabled and does not already run"));
        }
        Ok(TaskRun {
            client: self.clone(),
            execution: value,
        })
    }
}

impl TaskRun {
    /// The id of the execution.
    #[must_use]
    pub fn execution_id(&self) -> &str {
        &self.execution
    }

    /// The execution as it is now; `None` if the site has not recorded it yet.
    ///
    /// # Errors
    ///
    /// As [`QrsClient::get`].
    pub async fn result(&self) -> Result<Option<ExecutionResult>, Error> {
        let filter = self.filter()?;
        let results = self
            .client
            .entities::<ExecutionResult>()
            .list(Some(&filter));
        Ok(results.collect_all().await?.pop())
    }

    /// Asks the site at this interval until the execution has ended. Limit the time with `tokio::time::timeout`; the task
    /// continues on the site.
    ///
    /// # Errors
    ///
    /// As [`QrsClient::get`].
    pub async fn wait(&self, interval: Duration) -> Result<ExecutionResult, Error> {
        loop {
            match self.result().await? {
                Some(result) if result.status.is_final() => return Ok(result),
                _ => tokio::time::sleep(interval).await,
            }
        }
    }

    fn filter(&self) -> Result<Filter, Error> {
        let execution = <ExecutionResult as Entity>::Id::from(self.execution.as_str());
        Ok(Field::parse("executionID")?.equals(&execution))
    }
}
