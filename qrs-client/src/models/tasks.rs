//! Tasks, and what came of their executions.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{CustomProperty, Tag};
use crate::id::{AppId, ExecutionResultId, TaskId};
use crate::lenient::{self, Extra};
use crate::object::serialize_by_field;
use crate::objects_only;
use crate::timestamp::Timestamp;

objects_only!(Task, ReloadTask, ExecutionResult, AppOfTask, Operational);

serialize_by_field!(Task, ReloadTask, ExecutionResult, AppOfTask, Operational);

/// A task of any kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// When it was created.
    pub created_date: Timestamp,
    /// When it was last modified.
    pub modified_date: Timestamp,
    /// Its name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// Its kind: 0 reloads an app, 1 and 2 synchronize users or programs, 3 is an external program.
    #[serde(deserialize_with = "lenient::or_default")]
    pub task_type: i64,
    /// Whether it runs by itself.
    #[serde(deserialize_with = "lenient::or_default")]
    pub enabled: bool,
    /// Its last and next execution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operational: Option<Operational>,
    /// Its tags.
    #[serde(deserialize_with = "lenient::list")]
    pub tags: Vec<Tag>,
    /// The values of its custom properties.
    #[serde(deserialize_with = "lenient::list")]
    pub custom_properties: Vec<CustomProperty>,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// A task that reloads the data of an app.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct ReloadTask {
    /// Its id.
    pub id: TaskId,
    /// When it was created.
    pub created_date: Timestamp,
    /// When it was last modified.
    pub modified_date: Timestamp,
    /// Its name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// The app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<AppOfTask>,
    /// Whether it runs by itself.
    #[serde(deserialize_with = "lenient::or_default")]
    pub enabled: bool,
    /// How long it may run, in minutes.
    #[serde(deserialize_with = "lenient::or_default")]
    pub task_session_timeout: i64,
    /// How often it is repeated after a failure.
    #[serde(deserialize_with = "lenient::or_default")]
    pub max_retries: i64,
    /// Its last and next execution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operational: Option<Operational>,
    /// Its tags.
    #[serde(deserialize_with = "lenient::list")]
    pub tags: Vec<Tag>,
    /// The values of its custom properties.
    #[serde(deserialize_with = "lenient::list")]
    pub custom_properties: Vec<CustomProperty>,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// The result of one execution of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct ExecutionResult {
    /// Its id.
    pub id: ExecutionResultId,
    /// The task.
    #[serde(rename = "taskID")]
    pub task_id: TaskId,
    /// The id of the execution, as starting a task returns it.
    #[serde(rename = "executionID", deserialize_with = "lenient::text")]
    pub execution_id: String,
    /// The app, if the task reloads one.
    #[serde(rename = "appID")]
    pub app_id: AppId,
    /// The node that runs it.
    #[serde(deserialize_with = "lenient::text")]
    pub executing_node_name: String,
    /// How far it is.
    #[serde(deserialize_with = "lenient::or_default")]
    pub status: ExecutionStatus,
    /// When it started.
    pub start_time: Timestamp,
    /// When it ended.
    pub stop_time: Timestamp,
    /// How long it took, in milliseconds.
    #[serde(deserialize_with = "lenient::or_default")]
    pub duration: i64,
    /// Whether the log of the load script can be read.
    #[serde(deserialize_with = "lenient::or_default")]
    pub script_log_available: bool,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// The app of a reload task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct AppOfTask {
    /// The app's id.
    pub id: AppId,
    /// The app's name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// The last and the next execution of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct Operational {
    /// The last execution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_execution_result: Option<ExecutionResult>,
    /// When it runs next.
    pub next_execution: Timestamp,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// How far an execution of a task is (Qlik help, Repository Service API: `StatusEnum`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ExecutionStatus {
    /// It never started.
    #[default]
    NeverStarted,
    /// It was triggered.
    Triggered,
    /// It runs.
    Started,
    /// It waits for a free place.
    Queued,
    /// Someone asked to abort it.
    AbortInitiated,
    /// It is being aborted.
    Aborting,
    /// It was aborted.
    Aborted,
    /// It has succeeded.
    FinishedSuccess,
    /// It has failed.
    FinishedFail,
    /// It was skipped.
    Skipped,
    /// It is repeated after a failure.
    Retry,
    /// It could not run.
    Error,
    /// It was reset.
    Reset,
    /// A status that this version of the crate does not know.
    Unknown(i64),
}

const STATUSES: [ExecutionStatus; 13] = [
    ExecutionStatus::NeverStarted,
    ExecutionStatus::Triggered,
    ExecutionStatus::Started,
    ExecutionStatus::Queued,
    ExecutionStatus::AbortInitiated,
    ExecutionStatus::Aborting,
    ExecutionStatus::Aborted,
    ExecutionStatus::FinishedSuccess,
    ExecutionStatus::FinishedFail,
    ExecutionStatus::Skipped,
    ExecutionStatus::Retry,
    ExecutionStatus::Error,
    ExecutionStatus::Reset,
];

impl ExecutionStatus {
    /// Whether the execution has ended.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Aborted
                | Self::FinishedSuccess
                | Self::FinishedFail
                | Self::Skipped
                | Self::Error
                | Self::Reset
        )
    }
}

impl<'de> Deserialize<'de> for ExecutionStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        let known = usize::try_from(number).ok().and_then(|at| STATUSES.get(at));
        Ok(known.copied().unwrap_or(Self::Unknown(number)))
    }
}

impl Serialize for ExecutionStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = STATUSES.iter().position(|status| status == self);
        let known = known.and_then(|at| i64::try_from(at).ok());
        match (self, known) {
            (Self::Unknown(number), _) => serializer.serialize_i64(*number),
            (_, number) => serializer.serialize_i64(number.unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_execution_is_read_and_written_without_loss() {
        let json = json!({
            "id": "r-1", "taskID": "t-1", "executionID": "e-1", "appID": "a-1",
            "executingNodeName": "central", "status": 7, "duration": 1500,
            "startTime": "2019-02-15T15:46:20.997Z", "stopTime": "1753-01-01T00:00:00.000Z",
            "scriptLogAvailable": true, "details": [],
        });
        let read = ExecutionResult::deserialize(&json).unwrap();
        assert_eq!(read.status, ExecutionStatus::FinishedSuccess);
        assert_eq!(read.task_id.as_str(), "t-1");
        assert_eq!(serde_json::to_value(&read).unwrap(), json);
        for number in 0..=13 {
            let status: ExecutionStatus = serde_json::from_value(json!(number)).unwrap();
            assert_eq!(serde_json::to_value(status).unwrap(), json!(number));
        }
    }
}
