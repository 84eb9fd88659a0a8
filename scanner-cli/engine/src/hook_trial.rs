//! Finds what is needed to run a hook outside of the service: the hook, and the secrets to redact from its output.

use std::sync::Arc;

use crate::{
    connections::Ready,
    home::shown_absolute,
    hooks::{self, Hook},
    installation::Installation,
    near_code::did_you_mean,
    operation_error::OperationError,
    problem::Problem,
    secrets::Redactor,
};

/// The connector of a connection whose file cannot be used.
const DEFAULT_CONNECTOR: &str = "qlik-sense";

impl Installation {
    /// Finds the hook with this code, enabled or not, and the warnings about its file.
    ///
    /// # Errors
    /// If no valid file has the code.
    pub fn find_hook(&self, code: &str) -> Result<(Hook, Vec<Problem>), OperationError> {
        let files = hooks::files(&self.home, &self.variables);
        let mut known = Vec::new();
        let mut problems = Vec::new();
        for file in &files {
            if file.code() == Some(code) {
                if let Some(hook) = &file.hook {
                    return Ok((hook.clone(), file.problems.clone()));
                }
                problems.extend(file.problems.iter().cloned());
            }
            known.extend(file.code());
        }
        // An invalid file may have the code.
        let invalid = files
            .iter()
            .filter(|file| file.hook.is_none() && file.code() != Some(code));
        problems.extend(invalid.flat_map(|file| file.problems.iter().cloned()));
        let hint = match known.is_empty() {
            true => format!(
                "there is no valid hook file (`*.conf`) in `{}`",
                shown_absolute(&self.home.path("hooks"))
            ),
            false => format!(
                "{}the hooks are: {}",
                did_you_mean(code, &known),
                known.join(", ")
            ),
        };
        if !problems.iter().any(Problem::is_error) {
            let message = format!("no hook has the code `{code}`; {hint}");
            return Err(OperationError::unknown_name(message));
        }
        problems.push(Problem::general(
            format!("no valid hook file has the code `{code}`"),
            format!("fix the errors above first; {hint}"),
        ));
        Err(OperationError::configuration(problems))
    }

    /// The connector of a connection, and its secrets. If its file cannot be used, there are no secrets: a hook cannot
    /// get them either.
    ///
    /// # Errors
    /// If `conf/application.conf` is not valid.
    pub fn hook_context(&self, code: &str) -> Result<(String, Arc<Redactor>), OperationError> {
        self.restrictions()?;
        let selected = self.connections().ok();
        let selected = selected.and_then(|connections| connections.select(&[code.to_owned()]).ok());
        let ready = selected.and_then(|selected| selected.ready.into_iter().next());
        Ok(match ready {
            Some(Ready {
                connector, secrets, ..
            }) => (connector, secrets),
            None => (DEFAULT_CONNECTOR.to_owned(), Arc::default()),
        })
    }
}
