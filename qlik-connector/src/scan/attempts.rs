//! A scan of a site, with new attempts if they can help.

use catalog_model::{Completeness, ScanError, ScanRequest, ScanSink};

use crate::{
    scan::{attempt::Attempt, changes::Plan, retries::Retries, source::Source},
    site::{
        attempt_error::{AttemptError, TOO_MUCH},
        describe::describe,
        failure::failure,
    },
};

impl Source {
    /// Scans the site, and begins again if this can help.
    pub(crate) async fn scan(
        &self,
        request: ScanRequest,
        sink: &mut dyn ScanSink,
    ) -> Result<Completeness, ScanError> {
        let mut retries = Retries::new(self.parallel);
        let mut plan = self.plan(request);
        loop {
            let ended = Attempt::new(self, &retries).run(sink, &plan).await;
            let pause = match ended {
                Ok(closing) => return Ok(closing),
                Err(AttemptError::Source(step, error)) if retries.may_restart(&error) => {
                    sink.restart(&format!("{step}: {}", describe(&error)))?;
                    retries.interrupted()
                }
                Err(AttemptError::Repeated { list, id }) => {
                    sink.restart(&format!(
                        "reading the list of {list}: it contains the record `{id}` more than once"
                    ))?;
                    retries.repeats(list)
                }
                Err(AttemptError::Odd(why)) => {
                    sink.restart(&format!("reading only changes: {why}"))?;
                    plan = Plan::Everything(Some(why));
                    continue;
                }
                Err(AttemptError::Source(step, error)) => {
                    return Err(failure(step, &error, &self.client));
                }
                Err(AttemptError::TooMuch(step, excess)) => {
                    return Err(ScanError::Source {
                        step,
                        message: format!("stopped reading the list: {excess}"),
                        hint: Some(TOO_MUCH.to_owned()),
                        may_pass: false,
                    });
                }
                Err(AttemptError::Sink(error)) => return Err(error.into()),
            };
            tokio::time::sleep(pause).await;
        }
    }
}
