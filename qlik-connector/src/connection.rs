//! One Qlik Sense site: a scan of it, begun again where that helps, and what else the contract asks.

use async_trait::async_trait;
use catalog_model::{
    Completeness, Connection, ConnectionCode, ContainerKind, Diagnostic, FieldRevision, Finding,
    PropertyDefinition, ScanError, ScanSink, SessionHold, SinkError, Stage, Visualization,
    filter::{Decision, ItemFilter},
    with_causes,
};
use qrs_client::{Error, ErrorKind, QrsClient, SiteUrl};
use secrecy::SecretString;

use crate::{
    addresses::Addresses,
    apps::WithOwners,
    attempt::Attempt,
    check::{Route, check, check_offline, session_is_not_kept},
    containers,
    counting::Counts,
    failure::{describe, failure},
    find::{Asking, find},
    properties,
    retries::Retries,
    stored_sheet::StoredSheet,
    trust::Trusted,
};

/// What to do about a list that has more than any site.
pub(crate) const TOO_MUCH: &str = "the list is not what a Qlik Sense site sends: check what `connection.url` points to, and whether a \
    gateway on the way changes answers";

/// A site that an account may read.
pub(crate) struct QlikConnection {
    pub(crate) code: ConnectionCode,
    pub(crate) client: QrsClient,
    /// The base of people's links.
    pub(crate) links: SiteUrl,
    pub(crate) counts: Counts,
    pub(crate) trusted: Trusted,
    pub(crate) route: Route,
    pub(crate) filter: Option<ItemFilter>,
    pub(crate) addresses: Addresses,
    pub(crate) with_owners: WithOwners,
}

/// Why an attempt at a scan ended early.
pub(crate) enum Stopped {
    /// The site: at which step, and how.
    Source(String, Error),
    /// A list that is to be read again, since it holds a record more than once.
    Repeated {
        /// What the list holds.
        list: &'static str,
        /// The id of the first such record.
        id: String,
    },
    /// A list that has more than any site: at which step, and what it exceeds.
    TooMuch(String, String),
    /// The sink does not take more.
    Sink(SinkError),
}

impl From<SinkError> for Stopped {
    fn from(error: SinkError) -> Self {
        Self::Sink(error)
    }
}

impl QlikConnection {
    /// Scans the site, again where that helps.
    async fn attempts(&self, sink: &mut dyn ScanSink) -> Result<Completeness, ScanError> {
        let mut retries = Retries::default();
        loop {
            let ended = Attempt::new(self, &retries).run(sink).await;
            let pause = match ended {
                Ok(closing) => return Ok(closing),
                Err(Stopped::Source(step, error)) if breaks(&error) && retries.may_restart() => {
                    sink.restart(&format!("{step}: {}", describe(&error)))?;
                    retries.broke()
                }
                Err(Stopped::Repeated { list, id }) => {
                    sink.restart(&format!(
                        "reading the list of {list}: it holds the record `{id}` more than once"
                    ))?;
                    retries.repeats(list)
                }
                Err(Stopped::Source(step, error)) => {
                    return Err(failure(step, &error, &self.client));
                }
                Err(Stopped::TooMuch(step, excess)) => {
                    return Err(ScanError::Source {
                        step,
                        message: format!("gave up on the list: {excess}"),
                        hint: Some(TOO_MUCH.to_owned()),
                        may_pass: false,
                    });
                }
                Err(Stopped::Sink(error)) => return Err(error.into()),
            };
            tokio::time::sleep(pause).await;
        }
    }
}

#[async_trait]
impl Connection for QlikConnection {
    fn properties(&self) -> &[PropertyDefinition] {
        properties::ALL
    }

    fn revisions(&self) -> &[FieldRevision] {
        properties::REVISIONS
    }

    fn key_parts(&self) -> &[&'static str] {
        &["app", "sheet"]
    }

    fn container_kinds(&self) -> &[ContainerKind] {
        containers::KINDS
    }

    async fn scan(&self, sink: &mut dyn ScanSink) -> Result<Completeness, ScanError> {
        let ended = self.attempts(sink).await;
        if let Some(warning) = session_is_not_kept(self.client.session_state()) {
            sink.warn(warning);
        }
        ended
    }

    async fn check(&self) -> Vec<Stage> {
        let users = self.addresses.user_list();
        check(&self.client, &self.trusted, self.route, users).await
    }

    fn check_offline(&self) -> Vec<Stage> {
        check_offline(&self.trusted, self.filter.as_ref())
    }

    async fn find(&self, subject: &str) -> Result<Option<Vec<Finding>>, ScanError> {
        let asking = Asking {
            client: &self.client,
            code: &self.code,
            links: &self.links,
            filter: self.filter.as_ref(),
        };
        find(asking, subject).await.map(Some)
    }

    fn filter(&self) -> Option<&ItemFilter> {
        self.filter.as_ref()
    }

    fn decide(&self, item: &Visualization) -> Option<Decision> {
        let filter = self.filter.as_ref()?;
        Some(filter.decide(&StoredSheet(item)))
    }

    fn session(&self) -> Option<SecretString> {
        self.client.session()
    }

    fn resume(&self, session: &SecretString) {
        self.client.resume(session);
    }

    fn session_key(&self, salt: &str) -> Option<String> {
        Some(self.client.session_key(salt))
    }

    fn hold_session(&self) -> SessionHold {
        SessionHold::new(self.client.hold_session())
    }

    async fn end_session(&self) -> Option<Diagnostic> {
        let error = self.client.end_session().await.err()?;
        Some(Diagnostic::warning(format!(
                "the session could not be ended (`connection.logout`): {}",
                with_causes(&error)
            ), "it ends by itself 30 minutes after its last request; remove `connection.logout` if the site does not \
                 allow it"
                    .to_owned()))
    }
}

/// Whether the error is a break in the middle of a list that another attempt may not meet: an exceeded time limit would
/// only be exceeded again. Before the first record, the client itself retries.
pub(crate) fn breaks(error: &Error) -> bool {
    error.kind() == ErrorKind::ListBroken && error.time_limit().is_none()
}

/// An empty list means "no rights" at least as often as "nothing there": rules only grant, and what they do not grant is
/// left out in silence.
pub(crate) fn nothing_visible(what: &str) -> Diagnostic {
    Diagnostic::warning(format!("the account sees no {what} at all, which is also what an account without rights sees"), "if the site has some, add the security rule of docs/qlik-setup.md: resource filter \
             `App_*,App.Object_*,Stream_*,User_*`, action Read, context `Both in hub and QMC`, for this account"
                .to_owned())
}
