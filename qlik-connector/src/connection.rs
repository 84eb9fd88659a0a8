//! A connection to a Qlik Sense site. Implements the contract of connections.

use async_trait::async_trait;
use catalog_model::{
    Completeness, Connection, Diagnostic, Filtering, Lookup, ScanError, ScanRequest, ScanSink,
    Schema, SessionHold, Sessions, Stage, Visualization,
    filter::{Evaluation, ItemFilter},
    with_causes,
};
use qrs_client::QrsClient;
use secrecy::SecretString;

use crate::{
    check::{Route, check, check_offline, with_table},
    filters::stored_sheet::StoredSheet,
    find::Asking,
    scan::source::Source,
    schema::{kinds, properties},
    site::session::session_is_not_kept,
};

/// A connection to one site.
pub(crate) struct QlikConnection {
    pub(crate) source: Source,
    pub(crate) route: Route,
}

#[async_trait]
impl Connection for QlikConnection {
    fn schema(&self) -> Schema {
        Schema {
            properties: properties::ALL,
            revisions: properties::REVISIONS,
            key_parts: &["app", "sheet"],
            container_kinds: kinds::KINDS,
        }
    }

    async fn scan(
        &self,
        request: ScanRequest,
        sink: &mut dyn ScanSink,
    ) -> Result<Completeness, ScanError> {
        let ended = self.source.scan(request, sink).await;
        if let Some(warning) = session_is_not_kept(self.source.client.session_state()) {
            sink.warn(warning);
        }
        ended
    }

    async fn check(&self) -> Vec<Stage> {
        let users = self.source.addresses.user_list();
        let stages = check(&self.source.client, &self.source.trust, self.route, users).await;
        match self.source.incremental {
            Some(_) => with_table(&self.source, stages).await,
            None => stages,
        }
    }

    fn check_offline(&self) -> Vec<Stage> {
        check_offline(&self.source.trust, self.source.filter.as_ref())
    }

    fn lookup(&self) -> Option<Box<dyn Lookup + '_>> {
        Some(Box::new(Asking {
            client: &self.source.client,
            code: &self.source.code,
            links: &self.source.links,
            filter: self.source.filter.as_ref(),
            parallel: self.source.parallel,
        }))
    }

    fn filtering(&self) -> Option<Box<dyn Filtering + '_>> {
        let filter = self.source.filter.as_ref()?;
        Some(Box::new(SheetFilter(filter)))
    }

    fn sessions(&self) -> Option<Box<dyn Sessions + '_>> {
        Some(Box::new(SiteSessions(&self.source.client)))
    }
}

/// The filter of a connection, applied to sheets in a catalog.
struct SheetFilter<'a>(&'a ItemFilter);

impl Filtering for SheetFilter<'_> {
    fn filter(&self) -> &ItemFilter {
        self.0
    }

    fn decide(&self, item: &Visualization) -> Evaluation {
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
        let hint = "remove `connection.logout` if the site does not allow this: the session ends by itself 30 minutes after \
                    its last request";
        Some(Diagnostic::warning(
            format!(
                "the session could not be ended (`connection.logout`): {}",
                with_causes(&error)
            ),
            hint.to_owned(),
        ))
    }
}
