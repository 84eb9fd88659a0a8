//! One Qlik Sense site: a scan of it, begun again where that helps, and what else the contract asks.

use async_trait::async_trait;
use catalog_model::{
    Completeness, Connection, ConnectionCode, Diagnostic, Filtering, Lookup, ScanError,
    ScanRequest, ScanSink, Schema, SessionHold, Sessions, SinkError, Stage, Visualization,
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
    find::Asking,
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
    fn schema(&self) -> Schema {
        Schema {
            properties: properties::ALL,
            revisions: properties::REVISIONS,
            key_parts: &["app", "sheet"],
            container_kinds: containers::KINDS,
        }
    }

    /// Reads everything, whatever the request: QRS cannot list what changed without hiding what is gone.
    async fn scan(
        &self,
        _: ScanRequest,
        sink: &mut dyn ScanSink,
    ) -> Result<Completeness, ScanError> {
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

    fn lookup(&self) -> Option<Box<dyn Lookup + '_>> {
        Some(Box::new(Asking {
            client: &self.client,
            code: &self.code,
            links: &self.links,
            filter: self.filter.as_ref(),
        }))
    }

    fn filtering(&self) -> Option<Box<dyn Filtering + '_>> {
        let filter = self.filter.as_ref()?;
        Some(Box::new(SheetFilter(filter)))
    }

    fn sessions(&self) -> Option<Box<dyn Sessions + '_>> {
        Some(Box::new(SiteSessions(&self.client)))
    }
}

/// The filter of a connection, for sheets that a catalog holds.
struct SheetFilter<'a>(&'a ItemFilter);

impl Filtering for SheetFilter<'_> {
    fn filter(&self) -> &ItemFilter {
        self.0
    }

    fn decide(&self, item: &Visualization) -> Decision {
        self.0.decide(&StoredSheet(item))
    }
}

/// The session of the account with its site.
struct SiteSessions<'a>(&'a QrsClient);

#[async_trait]
impl Sessions for SiteSessions<'_> {
    fn current(&self) -> Option<SecretString> {
        self.0.session()
    }

    fn resume(&self, session: &SecretString) {
        self.0.resume(session);
    }

    fn key(&self, salt: &str) -> String {
        self.0.session_key(salt)
    }

    fn hold(&self) -> SessionHold {
        SessionHold::new(self.0.hold_session())
    }

    async fn end(&self) -> Option<Diagnostic> {
        let error = self.0.end_session().await.err()?;
        let hint = "it ends by itself 30 minutes after its last request; remove `connection.logout` if the site does not \
                    allow it";
        Some(Diagnostic::warning(
            format!(
                "the session could not be ended (`connection.logout`): {}",
                with_causes(&error)
            ),
            hint.to_owned(),
        ))
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
