//! Bulk requests: success although rows failed.

use serde_json::{Value, json};

use super::{Refused, State, schema};
use crate::faults::Fault;

impl State {
    pub(super) fn bulk(&mut self, of: &str, body: &Value, fault: Fault) -> Result<Value, Refused> {
        let Some(rows) = body.as_array() else {
            return Err((400, "Unable to process JSON".to_owned()));
        };
        if rows.len() > 50 {
            self.violation(format!("{} rows", rows.len()));
        }
        // A row that breaks the schema fails the whole request.
        for row in rows {
            schema::check_shape(of, row)?;
            self.refuse_poison(row, 500)?;
        }
        let stored = match fault {
            Fault::Half => rows.len() / 2,
            _ => rows.len(),
        };
        let (mut passed, mut failed) = (Vec::new(), Vec::new());
        for row in &rows[..stored] {
            let fqn = schema::qualified(of, row);
            let key = (of.to_owned(), fqn.clone());
            let former = self.entities.get(&key);
            if former.is_some_and(|former| former["sourceHash"] == row["sourceHash"]) {
                // Unchanged: skipped, also if it is deleted.
                passed.push(json!({ "request": fqn, "status": 200 }));
                continue;
            }
            match self.put(of, row) {
                Ok(_) => passed.push(json!({ "request": fqn, "status": 200 })),
                Err((status, message)) => {
                    failed.push(json!({ "request": fqn, "message": message, "status": status }))
                }
            }
        }
        if fault == Fault::Duplicates {
            passed.extend(passed.clone());
        }
        let status = match (passed.len(), failed.len()) {
            (passed, 0) if passed >= rows.len() => "success",
            (0, _) => "failure",
            _ => "partialSuccess",
        };
        Ok(json!({
            "dryRun": false,
            "status": status,
            "numberOfRowsProcessed": rows.len(),
            "numberOfRowsPassed": passed.len(),
            "numberOfRowsFailed": failed.len(),
            "successRequest": passed,
            "failedRequest": failed,
        }))
    }

    /// Refuses a row that is poison for the whole request, by status.
    pub(super) fn refuse_poison(&self, row: &Value, whole: u16) -> Result<(), Refused> {
        let poison = self.poison.iter().find(|(name, _)| row["name"] == **name);
        match poison {
            Some((name, status)) if *status == whole || whole == 0 => {
                Err((*status, format!("{name} is poison")))
            }
            _ => Ok(()),
        }
    }
}
