//! The connector `qlik-sense`: the settings of its connections, and the connection made from them.

use std::{ops::RangeInclusive, time::Duration};

use catalog_model::{
    Connection, ConnectionCode, Connector, ConnectorId, Place, PropertyDefinition, Settings,
    filter::ItemFilter,
    settings::{DeclarationGroup, Invalid, Located, PlaceKind, SettingProblem},
    with_causes,
};
use outbound_settings::{Names, OutboundSettings, TimeLimitSettings};
use qrs_client::{
    Error, QrsClient, QrsClientBuilder, SessionEnd, SessionPool, SiteUrl, TimeLimits,
};

use crate::{
    check::{Route, STAGES},
    connection::QlikConnection,
    credentials::{credentials, default_links},
    declared,
    filters::criteria::CRITERIA,
    items::apps::WithOwners,
    people::addresses::Addresses,
    scan::{changes::Incremental, source::Source},
    schema::properties,
    site::counts::Counts,
};

/// The connector for Qlik Sense Enterprise on Windows.
#[derive(Debug)]
pub struct QlikSense {
    id: ConnectorId,
    /// Connections to one site with one account share a session.
    sessions: SessionPool,
}

impl QlikSense {
    /// The id that connection files name.
    pub const ID: &str = "qlik-sense";
}

impl Default for QlikSense {
    fn default() -> Self {
        Self {
            id: ConnectorId::new(Self::ID).expect("the constant is not blank"),
            sessions: SessionPool::default(),
        }
    }
}

const URL: &str = "connection.url";
const LINK_URL: &str = "connection.link_url";
const PARALLEL: &str = "connection.parallel";

/// The values of `connection.parallel`, and what counts if it is not set: apps, users and sheets, and a count of each.
const PARALLEL_VALUES: RangeInclusive<usize> = 1..=16;
const DEFAULT_PARALLEL: usize = 6;

const INCREMENTAL: &str = "connection.incremental";
const FULL_EVERY: &str = "connection.full_every";

/// The values of `connection.full_every`, the maximum time between two scans that read everything.
const FULL_EVERY_VALUES: RangeInclusive<Duration> =
    Duration::from_mins(1)..=Duration::from_hours(366 * 24);
const DEFAULT_FULL_EVERY: Duration = Duration::from_hours(7 * 24);

/// What the settings and messages about the way to the site are called.
const OUTBOUND: Names = Names {
    server: "the site",
    time_limits: "connection.time_limits",
    total: "list",
};

impl Connector for QlikSense {
    fn id(&self) -> &ConnectorId {
        &self.id
    }

    fn stages(&self) -> &[&'static str] {
        STAGES
    }

    fn properties(&self) -> &[PropertyDefinition] {
        properties::ALL
    }

    fn settings(&self) -> &'static [DeclarationGroup] {
        declared::GROUPS
    }

    fn open(
        &self,
        code: ConnectionCode,
        settings: &mut Settings,
    ) -> Result<Box<dyn Connection>, Invalid> {
        let (site, links) = urls(settings);
        let credentials = credentials(settings);
        let counts = counts(settings);
        let parallel = settings.number_in(PARALLEL, PARALLEL_VALUES);
        let parallel = parallel.map_or(DEFAULT_PARALLEL, |parallel| parallel.value);
        let session_end = session_end(settings);
        let outbound = OutboundSettings::read(settings, &OUTBOUND);
        let addresses = Addresses::read(settings);
        let with_owners = with_owners(settings);
        let filter = ItemFilter::read(settings, CRITERIA);
        let incremental = incremental(settings);
        settings.check()?;
        let site = settings.checked(site)?;
        let builder = QrsClient::builder(site.clone(), settings.checked(credentials)?)
            .max_requests_at_once(parallel)
            .sessions(&self.sessions)
            .session_end(session_end);
        let client = with_outbound(builder, &outbound).build();
        let client = settings.accept(URL, client, Error::hint);
        settings.check()?;
        let route = match outbound.proxy {
            Some(_) => Route::Proxy,
            None => Route::Direct,
        };
        let source = Source {
            code,
            client: settings.checked(client)?,
            links: links.unwrap_or_else(|| default_links(&site)),
            counts,
            parallel,
            trust: outbound.trust,
            filter,
            addresses,
            with_owners,
            incremental,
        };
        Ok(Box::new(QlikConnection { source, route }))
    }
}

/// The URL of the site, and that of people's links, if they are set and valid.
fn urls(settings: &mut Settings) -> (Option<SiteUrl>, Option<SiteUrl>) {
    let site = settings.required_text(URL);
    let place = site.as_ref().map(|text| text.place.clone());
    let site = site.and_then(|text| site_url(settings, URL, text));
    let links = settings.text(LINK_URL);
    if let (Some(site), Some(place), None) = (&site, place, &links) {
        warn_of_links(settings, site, place);
    }
    let links = links.and_then(|text| site_url(settings, LINK_URL, text));
    (site, links)
}

/// Whether lists are compared with counts.
fn counts(settings: &mut Settings) -> Counts {
    match settings.flag("connection.verify_counts", true) {
        true => Counts::Verify,
        false => Counts::Ignore,
    }
}

/// Whether owners of apps are also contacts.
fn with_owners(settings: &mut Settings) -> WithOwners {
    match settings.flag("connection.contacts.app_owner", false) {
        true => WithOwners::Yes,
        false => WithOwners::No,
    }
}

/// Adds the settings about the way to the site.
fn with_outbound(builder: QrsClientBuilder, outbound: &OutboundSettings) -> QrsClientBuilder {
    let builder = builder
        .trust(outbound.trust.trust())
        .time_limits(time_limits(&outbound.time_limits));
    let builder = match &outbound.proxy {
        Some(proxy) => builder.proxy(proxy.clone()),
        None => builder,
    };
    match outbound.time_limits.retry {
        Some(time) => builder.retry_for(time),
        None => builder,
    }
}

/// Whether scans read only changes.
fn incremental(settings: &mut Settings) -> Option<Incremental> {
    let is_on = settings.flag(INCREMENTAL, false);
    let set = settings.duration_in(FULL_EVERY, FULL_EVERY_VALUES);
    if let (false, Some(set)) = (is_on, &set) {
        warn_of_full_every(settings, set.place.clone());
    }
    let full_every = set.map_or(DEFAULT_FULL_EVERY, |set| set.value);
    is_on.then_some(Incremental { full_every })
}

/// Warns that the maximum time between two scans of everything is set, although every scan reads everything.
fn warn_of_full_every(settings: &mut Settings, place: Place) {
    settings.warn(SettingProblem {
        key: FULL_EVERY.to_owned(),
        place,
        message: format!(
            "`{FULL_EVERY}` has no effect, because `{INCREMENTAL}` is not `true`: every scan reads everything"
        ),
        hint: Some(format!("set `{INCREMENTAL} = true`, or remove `{FULL_EVERY}`")),
        place_kind: PlaceKind::Setting,
        within: None,
    });
}

/// What happens to the session after a scan.
fn session_end(settings: &mut Settings) -> SessionEnd {
    match settings.flag("connection.logout", false) {
        true => SessionEnd::Logout,
        false => SessionEnd::Keep,
    }
}

fn site_url(settings: &mut Settings, key: &str, text: Located<String>) -> Option<SiteUrl> {
    match SiteUrl::parse(&text.value) {
        Ok(url) => Some(url),
        Err(error) => {
            let message = format!("`{key}`: {}", with_causes(&error));
            // The client's hint does not know that the address is in quotes here.
            let example = || format!("write it like `{key} = \"https://qlik.example.com/header\"`");
            let hint = error.hint().map_or_else(example, str::to_owned);
            settings.refuse(key, message, hint);
            None
        }
    }
}

/// Warns that links use the virtual proxy of the URL, where people cannot log in because it requires a header.
fn warn_of_links(settings: &mut Settings, site: &SiteUrl, place: Place) {
    let Some(prefix) = site.prefix() else {
        return;
    };
    let mut people = site.as_url().clone();
    people.set_path("");
    let people = people.as_str().trim_end_matches('/').to_owned();
    settings.warn(SettingProblem {
        key: URL.to_owned(),
        place,
        message: format!(
            "`{LINK_URL}` is not set: links to sheets use the scanner's own virtual proxy `{prefix}`, where people \
             usually cannot log in"
        ),
        hint: Some(format!(
            "set it to the URL under which people open the hub, such as `{LINK_URL} = \"{people}\"`"
        )),
        place_kind: PlaceKind::Setting,
        within: None,
    });
}

fn time_limits(set: &TimeLimitSettings) -> TimeLimits {
    let default = TimeLimits::default();
    TimeLimits::default()
        .with_connect(set.connect.unwrap_or(default.connect))
        .with_first_byte(set.first_byte.unwrap_or(default.first_byte))
        .with_first_byte_of_list(set.first_byte.unwrap_or(default.first_byte_of_list))
        .with_silence(set.silence.unwrap_or(default.silence))
        .with_list(set.total.unwrap_or(default.list))
}
