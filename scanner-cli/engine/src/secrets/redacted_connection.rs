//! Wraps a connection and redacts the secrets of its file. All texts of a source pass through here, except those of
//! items.

use async_trait::async_trait;
use catalog_model::{
    Completeness, Connection, Diagnostic, DigestKey, Extent, Filtering, Finding, IdLedger, Lookup,
    Observation, Progress, RecordDigest, RepeatedRecord, ScanError, ScanRequest, ScanSink, Schema,
    SessionHold, Sessions, SinkError, Stage, UndecidedItem, UnreadableRecord, Visualization,
    filter::{Decision, Evaluation, ItemFilter, PatternLimitError, UnknownCause},
};
use secrecy::SecretString;

use super::redactor::Redactor;

/// A connection with its secrets redacted in all texts.
pub(super) struct RedactedConnection {
    pub(super) connection: Box<dyn Connection>,
    pub(super) redactor: Redactor,
}

/// A sink that receives texts with secrets redacted.
struct RedactedSink<'a> {
    sink: &'a mut dyn ScanSink,
    redactor: &'a Redactor,
}

#[async_trait]
impl Connection for RedactedConnection {
    fn schema(&self) -> Schema {
        self.connection.schema()
    }

    async fn scan(
        &self,
        request: ScanRequest,
        sink: &mut dyn ScanSink,
    ) -> Result<Completeness, ScanError> {
        let mut redacted = RedactedSink {
            sink,
            redactor: &self.redactor,
        };
        self.statement(self.connection.scan(request, &mut redacted).await)
    }

    async fn check(&self) -> Vec<Stage> {
        self.redactor.stages(self.connection.check().await)
    }

    fn check_offline(&self) -> Vec<Stage> {
        self.redactor.stages(self.connection.check_offline())
    }

    fn lookup(&self) -> Option<Box<dyn Lookup + '_>> {
        let inner = self.connection.lookup()?;
        let redactor = &self.redactor;
        Some(Box::new(RedactedCapability { inner, redactor }))
    }

    fn filtering(&self) -> Option<Box<dyn Filtering + '_>> {
        let inner = self.connection.filtering()?;
        let redactor = &self.redactor;
        Some(Box::new(RedactedCapability { inner, redactor }))
    }

    fn sessions(&self) -> Option<Box<dyn Sessions + '_>> {
        let inner = self.connection.sessions()?;
        let redactor = &self.redactor;
        Some(Box::new(RedactedCapability { inner, redactor }))
    }
}

/// A capability of a connection, with secrets redacted in all texts.
struct RedactedCapability<'a, T: ?Sized> {
    inner: Box<T>,
    redactor: &'a Redactor,
}

#[async_trait]
impl Lookup for RedactedCapability<'_, dyn Lookup + '_> {
    async fn find(&self, subject: &str) -> Result<Vec<Finding>, ScanError> {
        let found = self.inner.find(subject).await;
        let found = found.map_err(|error| self.redactor.error(error))?;
        let clean = |finding| self.redactor.finding(finding);
        Ok(found.into_iter().map(clean).collect())
    }
}

impl Filtering for RedactedCapability<'_, dyn Filtering + '_> {
    fn filter(&self) -> &ItemFilter {
        self.inner.filter()
    }

    fn decide(&self, item: &Visualization) -> Evaluation {
        let mut evaluation = self.inner.decide(item);
        if let Decision::Undecided { cause, .. } = &mut evaluation.decision {
            *cause = self.redactor.cause(cause.clone());
        }
        evaluation
    }
}

#[async_trait]
impl Sessions for RedactedCapability<'_, dyn Sessions + '_> {
    fn current(&self) -> Option<SecretString> {
        self.inner.current()
    }

    fn resume(&self, session: &SecretString) {
        self.inner.resume(session);
    }

    fn key(&self, salt: &str) -> String {
        self.inner.key(salt)
    }

    fn hold(&self) -> SessionHold {
        self.inner.hold()
    }

    async fn end(&self) -> Option<Diagnostic> {
        let warning = self.inner.end().await?;
        Some(self.redactor.warning(warning))
    }
}

impl RedactedConnection {
    fn statement(
        &self,
        statement: Result<Completeness, ScanError>,
    ) -> Result<Completeness, ScanError> {
        match statement {
            Ok(Completeness::Complete) => Ok(Completeness::Complete),
            Ok(Completeness::Partial(reasons)) => {
                let reasons = reasons.into_iter().map(|one| self.redactor.redact(one));
                Ok(Completeness::Partial(reasons.collect()))
            }
            Err(error) => Err(self.redactor.error(error)),
        }
    }
}

impl Redactor {
    /// The stages of a check without secrets.
    pub(super) fn stages(&self, stages: Vec<Stage>) -> Vec<Stage> {
        let clean = |stage: Stage| Stage {
            seen: self.redact(stage.seen),
            hint: stage.hint.map(|hint| self.redact(hint)),
            ..stage
        };
        stages.into_iter().map(clean).collect()
    }

    fn cause(&self, cause: UnknownCause) -> UnknownCause {
        match cause {
            UnknownCause::Criterion(criterion) => UnknownCause::Criterion(self.redact(criterion)),
            UnknownCause::Pattern(PatternLimitError { pattern, why }) => {
                let pattern = self.redact(pattern);
                UnknownCause::Pattern(PatternLimitError { pattern, why })
            }
        }
    }

    /// Redacts a finding. Its texts may quote the filter.
    fn finding(&self, finding: Finding) -> Finding {
        match finding {
            Finding::Undecided { key, label, why } => Finding::Undecided {
                key,
                label,
                why: self.redact(why),
            },
            Finding::Excluded {
                key,
                label,
                rule,
                because,
            } => Finding::Excluded {
                key,
                label,
                rule,
                because: because.into_iter().map(|one| self.redact(one)).collect(),
            },
            finding => finding,
        }
    }

    fn warning(&self, warning: Diagnostic) -> Diagnostic {
        warning.map_texts(|text| self.redact(text))
    }

    fn error(&self, error: ScanError) -> ScanError {
        match error {
            ScanError::Source {
                step,
                message,
                hint,
                may_pass,
            } => ScanError::Source {
                step: self.redact(step),
                message: self.redact(message),
                hint: hint.map(|hint| self.redact(hint)),
                may_pass,
            },
            // Errors of the sink come from this machine and contain no secrets.
            error => error,
        }
    }
}

#[async_trait]
impl ScanSink for RedactedSink<'_> {
    async fn ready(&mut self) -> Result<(), SinkError> {
        self.sink.ready().await
    }

    async fn digest_key(&mut self) -> Option<DigestKey> {
        self.sink.digest_key().await
    }

    fn recognizes(&mut self, digest: RecordDigest) -> bool {
        self.sink.recognizes(digest)
    }

    fn observe(&mut self, observation: Observation) -> Result<(), SinkError> {
        self.sink.observe(match observation {
            Observation::Unreadable(record) => Observation::Unreadable(UnreadableRecord {
                reason: self.redactor.redact(record.reason),
                place: self.redactor.redact(record.place),
                ..record
            }),
            Observation::Undecided(item) => Observation::Undecided(UndecidedItem {
                reason: self.redactor.redact(item.reason),
                ..item
            }),
            item => item,
        })
    }

    fn restart(&mut self, cause: &str) -> Result<(), SinkError> {
        self.sink.restart(&self.redactor.redact(cause.to_owned()))
    }

    fn warn(&mut self, warning: Diagnostic) {
        self.sink.warn(self.redactor.warning(warning));
    }

    fn progress(&mut self, progress: Progress) {
        self.sink.progress(match progress {
            Progress::Connected { version } => Progress::Connected {
                version: self.redactor.redact(version),
            },
            Progress::Extent(Extent::Everything(why)) => {
                Progress::Extent(Extent::Everything(self.redactor.redact(why)))
            }
            progress => progress,
        });
    }

    fn repeated(&mut self, record: RepeatedRecord) {
        self.sink.repeated(record);
    }

    fn ledger(&mut self) -> Box<dyn IdLedger> {
        self.sink.ledger()
    }
}
