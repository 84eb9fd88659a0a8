//! The catalog in a browser: what the pages show of this program.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use catalog_model::with_causes;
use catalog_web::{
    CatalogWeb, ContainerRoute, Words,
    live::{ExplainedCatalog, ExplainedEntry, Live, LiveConnection, LiveFollower, LiveState},
};
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch;

use crate::{
    delivery::Followers,
    explanation::{Explanation, StoredEntry},
    installation::Installation,
    records::{FollowerCondition, FollowerRecord},
    service::{ConnectionState, ServiceView},
    store::{
        Catalog, Cursor, StoreError, StoreLocation,
        browse::{BrowseError, BrowseSettings, Browser},
    },
};

/// The addresses of containers: the kind that holds items first.
const CONTAINERS: [ContainerRoute; 2] = [
    ContainerRoute {
        path: "apps",
        kind: "app",
    },
    ContainerRoute {
        path: "streams",
        kind: "stream",
    },
];
/// What the items are called.
const WORDS: Words = Words {
    item: "sheet",
    items: "sheets",
    source: "Qlik",
};
/// The properties with tags.
const TAGS: [&str; 2] = ["tags", "application_tags"];
/// The property that says how an item is published.
const STATUS: &str = "sheet_status";
/// How long the live state is used before it is read again, so that frequent requests do not slow down the store.
const MAX_AGE: Duration = Duration::from_secs(2);
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The catalog of the store of a home. Without a running service, `views` is `None`.
///
/// # Errors
/// If the store cannot be read.
pub(crate) fn catalog_pages(
    installation: &Installation,
    views: Option<watch::Receiver<Arc<ServiceView>>>,
) -> Result<CatalogWeb, BrowseError> {
    let connectors = &installation.connectors;
    let known = connectors.ids().filter_map(|id| connectors.get(id));
    let settings = BrowseSettings {
        properties: known
            .flat_map(|known| known.properties().iter().copied())
            .collect(),
        tag_properties: TAGS.map(str::to_owned).to_vec(),
        status_property: Some(STATUS.to_owned()),
        ..BrowseSettings::default()
    };
    let store = installation.home.store();
    let browser = Arc::new(Browser::open(&store, settings)?);
    let live = StoreAndService {
        store,
        browser: Arc::clone(&browser),
        views,
        read: Mutex::default(),
    };
    let catalog = CatalogWeb::new(browser, Arc::new(live), CONTAINERS.to_vec());
    Ok(catalog.with_words(WORDS))
}

/// The live state: the store, and the service if it is running.
struct StoreAndService {
    store: StoreLocation,
    browser: Arc<Browser>,
    views: Option<watch::Receiver<Arc<ServiceView>>>,
    read: Mutex<Option<(Instant, Live)>>,
}

impl LiveState for StoreAndService {
    fn live(&self) -> Live {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, live)) = read.as_ref()
            && at.elapsed() < MAX_AGE
        {
            return live.clone();
        }
        let live = match self.view() {
            Some(view) => self.of_service(&view),
            None => self.of_store(),
        };
        *read = Some((Instant::now(), live.clone()));
        live
    }

    fn explain(&self, key: &str) -> Result<Vec<ExplainedEntry>, String> {
        let followers = self.view().map(|view| view.followers.clone());
        self.explained(key, &followers.unwrap_or_default())
            .map_err(|error| with_causes(&error))
    }
}

impl StoreAndService {
    fn view(&self) -> Option<Arc<ServiceView>> {
        let views = self.views.as_ref()?;
        Some(Arc::clone(&views.borrow()))
    }

    fn of_service(&self, view: &ServiceView) -> Live {
        let followers = self.followers(view).unwrap_or_default();
        let disabled = view.disabled.iter().map(FollowerRecord::disabled);
        let connections = view.connections.iter();
        Live {
            scanner: view.name.clone(),
            version: VERSION.to_owned(),
            is_running: true,
            started: Some(view.started),
            error: view.error.clone(),
            connections: connections
                .map(|state| live_connection(state, view.schedule.as_ref()))
                .collect(),
            followers: followers
                .into_iter()
                .chain(disabled)
                .map(live_follower)
                .collect(),
        }
    }

    /// Errors of the store are shown by the pages that read it.
    fn followers(&self, view: &ServiceView) -> Result<Vec<FollowerRecord>, StoreError> {
        let Some(catalog) = Catalog::open(&self.store)? else {
            return Ok(Vec::new());
        };
        let last = catalog.settled()?;
        let followers = view.followers.iter();
        let records =
            followers.map(|follower| FollowerRecord::read(&catalog, follower, last, true));
        records.collect()
    }

    /// Without a service, only what the store has is known: connections, and how far followers are.
    fn of_store(&self) -> Live {
        let now = Timestamp::now().as_millisecond();
        // Errors of the store are shown by the pages that read it.
        let summary = self.browser.summary(now).ok();
        let connections = summary.iter().flat_map(|summary| &summary.connections);
        let connections = connections.map(|overview| LiveConnection {
            code: Some(overview.connection.code.clone()),
            name: Some(overview.connection.name.clone()),
            state: "unknown".to_owned(),
            ..LiveConnection::default()
        });
        let followers = summary.iter().flat_map(|summary| {
            let followers = summary.followers.iter().cloned();
            followers.map(|(name, cursor)| stored_follower(name, cursor, summary.last_change))
        });
        Live {
            version: VERSION.to_owned(),
            connections: connections.collect(),
            followers: followers.collect(),
            ..Live::default()
        }
    }

    fn explained(
        &self,
        key: &str,
        followers: &Followers,
    ) -> Result<Vec<ExplainedEntry>, StoreError> {
        let Some(catalog) = Catalog::open(&self.store)? else {
            return Ok(Vec::new());
        };
        // Otherwise the whole store would be searched for similar items.
        if catalog.item(key)?.is_none() && catalog.container(key)?.is_none() {
            return Ok(Vec::new());
        }
        let found = Explanation::find(&catalog, followers, key)?;
        Ok(found.entries.into_iter().map(explained_entry).collect())
    }
}

fn live_connection(state: &ConnectionState, schedule: Option<&String>) -> LiveConnection {
    LiveConnection {
        code: state.code.clone(),
        name: state.name.clone(),
        file: state.file.clone(),
        state: word(&state.state),
        error: state.error.clone(),
        warning: None,
        is_scanning: state.scanning,
        next_scan: state.next_scan.as_deref().and_then(time),
        retry: state.retry,
        schedule: state.schedule.as_ref().or(schedule).cloned(),
    }
}

fn live_follower(record: FollowerRecord) -> LiveFollower {
    LiveFollower {
        state: word(&record.state),
        waiting_since: record.waiting_since.as_deref().and_then(time),
        delivered: record.followed.as_deref().and_then(time),
        last_success: record.last_success.as_deref().and_then(time),
        next_retry: record.next_retry.as_deref().and_then(time),
        name: record.follower,
        kind: record.kind,
        target: record.target,
        error: record.error,
        behind: record.behind,
        failures: record.failures,
        sent: record.sent,
        refused: record.refused,
    }
}

fn stored_follower(name: String, cursor: Cursor, last: i64) -> LiveFollower {
    let time = |millis: Option<i64>| Timestamp::from_millisecond(millis?).ok();
    LiveFollower {
        name,
        state: word(&FollowerCondition::new(&cursor, last)),
        behind: cursor.behind(last),
        delivered: time(cursor.followed),
        last_success: time(cursor.succeeded),
        failures: cursor.failures,
        sent: cursor.sent,
        refused: cursor.refused,
        error: cursor.error,
        ..LiveFollower::default()
    }
}

fn explained_entry(entry: StoredEntry) -> ExplainedEntry {
    let lines = entry.lines.into_iter();
    let catalogs = entry.catalogs.into_iter().map(|catalog| ExplainedCatalog {
        follower: catalog.follower,
        state: format!("{}{}", catalog.state, catalog.detail),
        is_failing: catalog.is_failing,
    });
    ExplainedEntry {
        key: entry.key,
        lines: lines
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        catalogs: catalogs.collect(),
    }
}

/// The word that JSON has for a state.
fn word(state: &impl Serialize) -> String {
    match serde_json::to_value(state) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}
