//! Tasks: started by a request, they proceed by one step whenever their executions are read.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Site;
use super::writing::not_found;
use crate::answer::Answer;
use crate::content::Content;
use crate::schema::Entity;

/// The id in the response for a task that was not started.
const NOTHING: &str = "00000000-0000-0000-0000-000000000000";

/// The status of an aborted execution.
const ABORTED: i64 = 6;

/// The executions that have not ended.
pub(super) struct Executions {
    /// The statuses that an execution goes through.
    steps: Vec<i64>,
    /// The remaining steps, by the id of the execution's result.
    running: BTreeMap<String, Vec<i64>>,
}

impl Default for Executions {
    /// Triggered, started, finished with success.
    fn default() -> Self {
        Self {
            steps: vec![1, 2, 7],
            running: BTreeMap::new(),
        }
    }
}

impl Site {
    pub(crate) fn set_execution_steps(&self, statuses: &[i64]) {
        self.live().executions.steps = statuses.to_vec();
    }

    /// Starts a task and returns the id of its execution; zeros if the task is disabled or runs already.
    pub(super) fn start_task(&self, task: &str) -> Result<String, Answer> {
        let mut live = self.live();
        let live = &mut *live;
        let content = Arc::make_mut(&mut live.content);
        let record = content
            .record(Entity::ReloadTask, task)
            .ok_or_else(not_found)?;
        let running = &mut live.executions.running;
        let runs = running.keys().any(|id| {
            content
                .record(Entity::ExecutionResult, id)
                .map(|it| &it["taskID"])
                == Some(&record["id"])
        });
        if runs || record["enabled"] != true {
            return Ok(NOTHING.to_owned());
        }
        let app = record["app"]["id"].clone();
        let execution = content.next_guid();
        let now = content.next_date();
        let (first, rest) = match live.executions.steps.split_first() {
            Some((first, rest)) => (*first, rest.to_vec()),
            None => (0, Vec::new()),
        };
        let result = content.add(
            Entity::ExecutionResult,
            json!({
                "taskID": task, "executionID": execution, "appID": app, "status": first, "startTime": now,
            }),
        );
        running.insert(result.clone(), rest);
        copy_to_task(content, &result);
        Ok(execution)
    }

    pub(super) fn stop_task(&self, task: &str) -> Result<Answer, Answer> {
        let mut live = self.live();
        let live = &mut *live;
        let content = Arc::make_mut(&mut live.content);
        content
            .record(Entity::ReloadTask, task)
            .ok_or_else(not_found)?;
        let of_task = |id: &String| {
            let record = content.record(Entity::ExecutionResult, id);
            record.is_some_and(|record| record["taskID"] == task)
        };
        let stopped: Vec<_> = live
            .executions
            .running
            .keys()
            .filter(|id| of_task(id))
            .cloned()
            .collect();
        for id in stopped {
            live.executions.running.remove(&id);
            set_status(content, &id, ABORTED, true);
        }
        Ok(Answer::empty())
    }

    /// Takes each running execution to its next step.
    pub(super) fn proceed_with_tasks(&self) {
        let mut live = self.live();
        let live = &mut *live;
        let content = Arc::make_mut(&mut live.content);
        live.executions.running.retain(|id, steps| {
            if steps.is_empty() || content.record(Entity::ExecutionResult, id).is_none() {
                return false;
            }
            let status = steps.remove(0);
            set_status(content, id, status, steps.is_empty());
            !steps.is_empty()
        });
    }
}

fn set_status(content: &mut Content, result: &str, status: i64, is_end: bool) {
    content.set(result, "status", json!(status));
    if is_end {
        let now = content.next_date();
        content.set(result, "stopTime", json!(now));
        content.set(result, "duration", json!(1_000));
    }
    copy_to_task(content, result);
}

/// Shows the execution as the last one of its task.
fn copy_to_task(content: &mut Content, result: &str) {
    let Some(record) = content.record(Entity::ExecutionResult, result) else {
        return;
    };
    let task = record["taskID"].as_str().unwrap_or_default().to_owned();
    let result = record.clone();
    let Some(task_record) = content.record(Entity::ReloadTask, &task) else {
        return;
    };
    let mut operational: Value = task_record["operational"].clone();
    operational["lastExecutionResult"] = result;
    content.set(&task, "operational", operational);
}
