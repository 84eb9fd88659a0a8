//! A connection that does not tell what its file was given as a secret: the one place through which all texts of a
//! source come, those about its items aside, which are the catalog's.

use async_trait::async_trait;
use catalog_model::{
    Completeness, Connection, Diagnostic, Filtering, Finding, IdLedger, Lookup, Observation,
    Progress, RepeatedRecord, ScanError, ScanRequest, ScanSink, Schema, SessionHold, Sessions,
    SinkError, Stage, UndecidedItem, UnreadableRecord, Visualization,
    filter::{Decision, Evaluation, ItemFilter, PatternGaveUp, UnknownCause},
};
use secrecy::SecretString;

use super::given::Given;

/// A connection in whose texts stars stand for secrets.
pub(super) struct Discreet {
    pub(super) connection: Box<dyn Connection>,
    pub(super) given: Given,
}

/// A sink that hears no secret.
struct DiscreetSink<'a> {
    sink: &'a mut dyn ScanSink,
    given: &'a Given,
}

#[async_trait]
impl Connection for Discreet {
    fn schema(&self) -> Schema {
        self.connection.schema()
    }

    async fn scan(
        &self,
        request: ScanRequest,
        sink: &mut dyn ScanSink,
    ) -> Result<Completeness, ScanError> {
        let mut discreet = DiscreetSink {
            sink,
            given: &self.given,
        };
        self.statement(self.connection.scan(request, &mut discreet).await)
    }

    async fn check(&self) -> Vec<Stage> {
        self.stages(self.connection.check().await)
    }

    fn check_offline(&self) -> Vec<Stage> {
        self.stages(self.connection.check_offline())
    }

    fn lookup(&self) -> Option<Box<dyn Lookup + '_>> {
        let inner = self.connection.lookup()?;
        let given = &self.given;
        Some(Box::new(DiscreetCapability { inner, given }))
    }

    fn filtering(&self) -> Option<Box<dyn Filtering + '_>> {
        let inner = self.connection.filtering()?;
        let given = &self.given;
        Some(Box::new(DiscreetCapability { inner, given }))
    }

    fn sessions(&self) -> Option<Box<dyn Sessions + '_>> {
        let inner = self.connection.sessions()?;
        let given = &self.given;
        Some(Box::new(DiscreetCapability { inner, given }))
    }
}

/// A capability of a connection in whose texts stars stand for secrets.
struct DiscreetCapability<'a, T: ?Sized> {
    inner: Box<T>,
    given: &'a Given,
}

#[async_trait]
impl Lookup for DiscreetCapability<'_, dyn Lookup + '_> {
    async fn find(&self, subject: &str) -> Result<Vec<Finding>, ScanError> {
        let found = self.inner.find(subject).await;
        let found = found.map_err(|error| self.given.error(error))?;
        let clean = |finding| self.given.finding(finding);
        Ok(found.into_iter().map(clean).collect())
    }
}

impl Filtering for DiscreetCapability<'_, dyn Filtering + '_> {
    fn filter(&self) -> &ItemFilter {
        self.inner.filter()
    }

    fn decide(&self, item: &Visualization) -> Evaluation {
        let mut evaluation = self.inner.decide(item);
        if let Decision::Undecided { cause, .. } = &mut evaluation.decision {
            *cause = self.given.cause(cause.clone());
        }
        evaluation
    }
}

#[async_trait]
impl Sessions for DiscreetCapability<'_, dyn Sessions + '_> {
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
        Some(self.given.warning(warning))
    }
}

impl Discreet {
    fn stages(&self, stages: Vec<Stage>) -> Vec<Stage> {
        let clean = |stage: Stage| Stage {
            seen: self.given.clean(stage.seen),
            hint: stage.hint.map(|hint| self.given.clean(hint)),
            ..stage
        };
        stages.into_iter().map(clean).collect()
    }

    fn statement(
        &self,
        statement: Result<Completeness, ScanError>,
    ) -> Result<Completeness, ScanError> {
        match statement {
            Ok(Completeness::Complete) => Ok(Completeness::Complete),
            Ok(Completeness::Partial(reasons)) => {
                let reasons = reasons.into_iter().map(|one| self.given.clean(one));
                Ok(Completeness::Partial(reasons.collect()))
            }
            Err(error) => Err(self.given.error(error)),
        }
    }
}

impl Given {
    fn cause(&self, cause: UnknownCause) -> UnknownCause {
        match cause {
            UnknownCause::Criterion(criterion) => UnknownCause::Criterion(self.clean(criterion)),
            UnknownCause::Pattern(PatternGaveUp { pattern, why }) => {
                let pattern = self.clean(pattern);
                UnknownCause::Pattern(PatternGaveUp { pattern, why })
            }
        }
    }

    /// What is said of a filter, which may quote it.
    fn finding(&self, finding: Finding) -> Finding {
        match finding {
            Finding::Undecided { key, label, why } => Finding::Undecided {
                key,
                label,
                why: self.clean(why),
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
                because: because.into_iter().map(|one| self.clean(one)).collect(),
            },
            finding => finding,
        }
    }

    fn warning(&self, warning: Diagnostic) -> Diagnostic {
        warning.map_texts(|text| self.clean(text))
    }

    fn error(&self, error: ScanError) -> ScanError {
        match error {
            ScanError::Source {
                step,
                message,
                hint,
                may_pass,
            } => ScanError::Source {
                step: self.clean(step),
                message: self.clean(message),
                hint: hint.map(|hint| self.clean(hint)),
                may_pass,
            },
            // What a sink says is of this machine, not of the source.
            error => error,
        }
    }
}

#[async_trait]
impl ScanSink for DiscreetSink<'_> {
    async fn ready(&mut self) -> Result<(), SinkError> {
        self.sink.ready().await
    }

    fn observe(&mut self, observation: Observation) -> Result<(), SinkError> {
        self.sink.observe(match observation {
            Observation::Unreadable(record) => Observation::Unreadable(UnreadableRecord {
                reason: self.given.clean(record.reason),
                place: self.given.clean(record.place),
                ..record
            }),
            Observation::Undecided(item) => Observation::Undecided(UndecidedItem {
                reason: self.given.clean(item.reason),
                ..item
            }),
            item => item,
        })
    }

    fn restart(&mut self, cause: &str) -> Result<(), SinkError> {
        self.sink.restart(&self.given.clean(cause.to_owned()))
    }

    fn warn(&mut self, warning: Diagnostic) {
        self.sink.warn(self.given.warning(warning));
    }

    fn progress(&mut self, progress: Progress) {
        self.sink.progress(match progress {
            Progress::Connected { version } => Progress::Connected {
                version: self.given.clean(version),
            },
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
