//! One Qlik Sense site: what a scan asks, in which order, and what it makes of the answers.

use std::time::Duration;

use async_trait::async_trait;
use catalog_model::{
    Completeness, Connection, ConnectionCode, Finding, ItemKey, Progress, PropertyDefinition,
    ScanError, ScanSink, SinkError, Stage, Visualization, Warning,
    filter::{Decision, ItemFilter, Undecided},
    with_causes,
};
use qrs_client::{Error, ErrorKind, Field, Filter, QrsClient, SiteUrl};
use secrecy::SecretString;

use crate::{
    addresses::{Addresses, UserList},
    apps::{Apps, WithOwners},
    check::{Route, check},
    counting::{CountedTwice, Counts, or_warning},
    dates::Dates,
    failure::failure,
    find::{Asking, find},
    list::{Rows, Unreadable, read_list},
    lower::Surroundings,
    owners::Owners,
    properties,
    sheets::Sheets,
    stored_sheet::StoredSheet,
    trust::Trusted,
    version,
};

/// How often a scan begins, when a list breaks in the middle each time.
const ATTEMPTS: u32 = 3;

/// How long a scan waits before it begins again, the second time twice as long: a site with hiccups gets a chance.
const PAUSE: Duration = Duration::from_millis(500);

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
    /// The sink does not take more.
    Sink(SinkError),
    /// A pattern of the filter gave up on an item.
    Undecided(Undecided, ItemKey),
}

impl From<SinkError> for Stopped {
    fn from(error: SinkError) -> Self {
        Self::Sink(error)
    }
}

#[async_trait]
impl Connection for QlikConnection {
    fn properties(&self) -> &[PropertyDefinition] {
        properties::ALL
    }

    fn key_parts(&self) -> &[&'static str] {
        &["app", "sheet"]
    }

    async fn scan(&self, sink: &mut dyn ScanSink) -> Result<Completeness, ScanError> {
        let mut attempt = 1;
        loop {
            match self.attempt(sink, attempt).await {
                Ok(closing) => return Ok(closing),
                Err(Stopped::Source(step, error)) if breaks(&error) && attempt < ATTEMPTS => {
                    sink.restart(&format!("{step}: {}", with_causes(&error)))?;
                    tokio::time::sleep(PAUSE * attempt).await;
                    attempt += 1;
                }
                Err(Stopped::Source(step, error)) => return Err(failure(step, &error)),
                Err(Stopped::Sink(error)) => return Err(error.into()),
                Err(Stopped::Undecided(error, item)) => return Err(undecided(&error, &item)),
            }
        }
    }

    async fn check(&self) -> Vec<Stage> {
        let users = self.addresses.user_list();
        check(&self.client, &self.trusted, self.route, users).await
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

    fn decide(&self, item: &Visualization) -> Option<Result<Decision, Undecided>> {
        let filter = self.filter.as_ref()?;
        Some(filter.decide(&StoredSheet(item)))
    }

    fn session(&self) -> Option<SecretString> {
        self.client.session()
    }

    fn resume(&self, session: &SecretString) {
        self.client.resume(session);
    }
}

fn undecided(error: &Undecided, item: &ItemKey) -> ScanError {
    ScanError::Source {
        step: "filtering the sheets".to_owned(),
        message: format!("{error} on the item `{item}`"),
        hint: Some(error.hint.clone()),
        may_pass: false,
    }
}

/// Whether the error is a break in the middle of a list. What comes before the first record the client has tried again
/// itself.
fn breaks(error: &Error) -> bool {
    error.kind() == ErrorKind::ListBroken
}

impl QlikConnection {
    async fn attempt(
        &self,
        sink: &mut dyn ScanSink,
        attempt: u32,
    ) -> Result<Completeness, Stopped> {
        // One small call first: it opens the session that all others continue.
        let about = self.client.about().await;
        let about = about.map_err(|error| {
            Stopped::Source("asking the site for its version".to_owned(), error)
        })?;
        for warning in self
            .trusted
            .warnings()
            .iter()
            .cloned()
            .chain(version::warning(&about.build_version))
        {
            sink.warn(warning);
        }
        sink.progress(Progress::Connected {
            version: about.build_version,
        });
        let mut dates = Dates::default();
        let mut hidden = Vec::new();
        let apps = self.read_apps(sink, &mut dates, &mut hidden).await?;
        let owners = self.read_owners(sink, attempt).await?;
        let surroundings = Surroundings {
            code: &self.code,
            apps: &apps,
            owners: &owners,
        };
        let mut sheets = Sheets::new(surroundings, dates, self.filter.as_ref());
        let rows = self.read_sheets(sink, &mut sheets, &mut hidden).await?;
        sheets.close(sink, &mut hidden);
        if apps.is_empty() || rows == 0 {
            sink.warn(nothing_visible(if rows == 0 { "sheet" } else { "app" }));
        }
        Ok(Completeness::of(hidden))
    }

    async fn read_apps(
        &self,
        sink: &mut dyn ScanSink,
        dates: &mut Dates,
        hidden: &mut Vec<String>,
    ) -> Result<Apps, Stopped> {
        let mut apps = Apps::new(self.links.clone(), self.with_owners);
        let mut unreadable = Unreadable::of("apps");
        let before = self.app_count(sink).await;
        let rows = read_list(
            sink,
            self.client.apps(None),
            Rows::of("apps", before),
            |_, record| {
                match record {
                    Ok(app) => apps.add(app, dates),
                    Err(record) => {
                        apps.add_unreadable(&record);
                        unreadable.add(&record);
                    }
                }
                Ok(())
            },
        )
        .await?;
        let after = self.app_count(sink).await;
        hidden.extend(CountedTwice { before, after }.difference("apps", rows));
        hidden.extend(unreadable.without_id());
        unreadable.warn(
            "their sheets are described by what the sheets say of their app",
            sink,
        );
        Ok(apps)
    }

    /// The users' addresses. Without them the scan goes on: contacts are unknown then.
    async fn read_owners(
        &self,
        sink: &mut dyn ScanSink,
        attempt: u32,
    ) -> Result<Owners<'_>, Stopped> {
        if self.addresses.user_list() == UserList::Unwanted {
            return Ok(Owners::unwanted(&self.addresses));
        }
        let mut owners = Owners::new(&self.addresses);
        let mut unreadable = Unreadable::of("users");
        let rows = read_list(
            sink,
            self.client.users(None),
            Rows::of("users", None),
            |_, record| {
                match record {
                    Ok(user) => owners.add(user),
                    Err(record) => unreadable.add(&record),
                }
                Ok(())
            },
        );
        match rows.await {
            Ok(_) => {
                unreadable.warn("contacts of what they own are unknown", sink);
                Ok(owners)
            }
            Err(Stopped::Source(step, error)) if breaks(&error) && attempt < ATTEMPTS => {
                Err(Stopped::Source(step, error))
            }
            Err(Stopped::Source(_, error)) => {
                sink.warn(Warning {
                    message: format!(
                        "the users could not be read, so contacts are unknown: {}",
                        with_causes(&error)
                    ),
                    hint: Some(self.addresses.hint_for_hidden_users()),
                });
                Ok(Owners::unreadable(&self.addresses))
            }
            Err(stopped) => Err(stopped),
        }
    }

    async fn read_sheets(
        &self,
        sink: &mut dyn ScanSink,
        sheets: &mut Sheets<'_>,
        hidden: &mut Vec<String>,
    ) -> Result<u64, Stopped> {
        let filter = Field::OBJECT_TYPE.equals("sheet");
        let before = self.sheet_count(&filter, sink).await;
        let list = self.client.app_objects(Some(&filter));
        let rows = Rows::of("sheets", before);
        let rows = read_list(sink, list, rows, |sink, record| sheets.take(sink, record)).await?;
        let after = self.sheet_count(&filter, sink).await;
        hidden.extend(CountedTwice { before, after }.difference("sheets", rows));
        Ok(rows)
    }

    async fn app_count(&self, sink: &mut dyn ScanSink) -> Option<u64> {
        match self.counts {
            Counts::Verify => or_warning(self.client.app_count(None).await, "apps", sink),
            Counts::Ignore => None,
        }
    }

    async fn sheet_count(&self, filter: &Filter, sink: &mut dyn ScanSink) -> Option<u64> {
        match self.counts {
            Counts::Verify => or_warning(
                self.client.app_object_count(Some(filter)).await,
                "sheets",
                sink,
            ),
            Counts::Ignore => None,
        }
    }
}

/// An empty list means "no rights" at least as often as "nothing there": rules only grant, and what they do not grant is
/// left out in silence.
fn nothing_visible(what: &str) -> Warning {
    Warning {
        message: format!("the account sees no {what} at all, which is also what an account without rights sees"),
        hint: Some(
            "if the site has some, add the security rule of docs/qlik-setup.md: resource filter \
             `App_*,App.Object_*,Stream_*,User_*`, action Read, context `Both in hub and QMC`, for this account"
                .to_owned(),
        ),
    }
}
