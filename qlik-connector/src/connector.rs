//! The connector `qlik-sense`: the settings of its connections, and the connection made from them.

use std::time::Duration;

use catalog_model::{
    Connection, ConnectionCode, Connector, ConnectorId, Place, PropertyDefinition, Settings,
    filter::ItemFilter,
    settings::{Invalid, Located, SettingProblem, Stands},
    with_causes,
};
use qrs_client::{
    HeaderCredentials, Proxy, ProxyScheme, QrsClient, SessionEnd, SessionPool, SiteUrl, TimeLimits,
};

use secrecy::{ExposeSecret, SecretString};

use crate::{
    check::{Route, STAGES},
    connection::QlikConnection,
    filters::criteria::CRITERIA,
    items::apps::WithOwners,
    people::addresses::Addresses,
    scan::source::Source,
    schema::properties,
    settings::{accepted::accepted, trust::Trusted},
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
const HEADER: &str = "connection.auth.key";
const HEADER_VALUE: &str = "connection.auth.value";
const RETRY: &str = "connection.time_limits.retry";

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

    fn open(
        &self,
        code: ConnectionCode,
        settings: &mut Settings,
    ) -> Result<Box<dyn Connection>, Invalid> {
        let site = settings.required_text(URL);
        let place = site.as_ref().map(|text| text.place.clone());
        let site = site.and_then(|text| site_url(settings, URL, text));
        let links = settings.text(LINK_URL);
        if let (Some(site), Some(place), None) = (&site, place, &links) {
            warn_of_links(settings, site, place);
        }
        let links = links.and_then(|text| site_url(settings, LINK_URL, text));
        let credentials = credentials(settings);
        let verify_counts = settings.flag("connection.verify_counts", true);
        let time_limits = time_limits(settings);
        let retry_for = settings.duration(RETRY);
        let session_end = session_end(settings);
        let trusted = Trusted::read(settings);
        let proxy = proxy(settings);
        let proxied = proxy.is_some();
        let addresses = Addresses::read(settings);
        let app_owner = settings.flag("connection.contacts.app_owner", false);
        let filter = ItemFilter::read(settings, CRITERIA);
        settings.check()?;
        let site = settings.checked(site)?;
        let mut builder = QrsClient::builder(site.clone(), settings.checked(credentials)?)
            .trust(trusted.trust())
            .time_limits(time_limits)
            .sessions(&self.sessions)
            .session_end(session_end);
        if let Some(proxy) = proxy {
            builder = builder.proxy(proxy);
        }
        if let Some(time) = retry_for {
            builder = builder.retry_for(time.value);
        }
        let client = builder.build();
        let client = accepted(settings, URL, client);
        settings.check()?;
        let source = Source {
            code,
            client: settings.checked(client)?,
            links: links.unwrap_or(site),
            counts: if verify_counts {
                Counts::Verify
            } else {
                Counts::Ignore
            },
            trusted,
            filter,
            addresses,
            with_owners: if app_owner {
                WithOwners::Yes
            } else {
                WithOwners::No
            },
        };
        let route = if proxied { Route::Proxy } else { Route::Direct };
        Ok(Box::new(QlikConnection { source, route }))
    }
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

/// Warns that links lead through the virtual proxy of the URL: people cannot log in there, since it takes a header.
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
        stands: Stands::Itself,
        within: None,
    });
}

/// The header. Both settings are read before either is checked, so that problems of both are reported.
fn credentials(settings: &mut Settings) -> Option<HeaderCredentials> {
    let header = settings.required_text(HEADER);
    let value = settings.required_secret(HEADER_VALUE);
    let header = header?.value;
    // With a value that is always valid, so that an error is about the name.
    let named = HeaderCredentials::new(header.trim(), SecretString::from("x"));
    accepted(settings, HEADER, named)?;
    let credentials = HeaderCredentials::new(header.trim(), value?.value);
    accepted(settings, HEADER_VALUE, credentials)
}

fn time_limits(settings: &mut Settings) -> TimeLimits {
    let mut limits = TimeLimits::default();
    let mut set = |name: &str, limits: &mut [&mut Duration]| {
        if let Some(set) = settings.duration(&format!("connection.time_limits.{name}")) {
            for limit in limits {
                **limit = set.value;
            }
        }
    };
    set("connect", &mut [&mut limits.connect]);
    let first_byte = &mut limits.first_byte;
    set(
        "first_byte",
        &mut [first_byte, &mut limits.first_byte_of_list],
    );
    set("silence", &mut [&mut limits.silence]);
    set("list", &mut [&mut limits.list]);
    limits
}

fn proxy(settings: &mut Settings) -> Option<Proxy> {
    let schemes = [("http", ProxyScheme::Http), ("https", ProxyScheme::Https)];
    let scheme = settings.choice("proxy.scheme", &schemes);
    let host = settings.text("proxy.hostname");
    let port = settings.port("proxy.port");
    let user = settings.text("proxy.username");
    // An empty password is sent; without an account it is that of a template that was not filled in.
    let password = settings.secret_or_empty("proxy.password");
    let password =
        password.filter(|given| user.is_some() || !given.value.expose_secret().trim().is_empty());
    // Whatever else is missing: people write a whole URL here.
    if let Some(host) = &host {
        let alone = Proxy::new(ProxyScheme::Http, &host.value, 80);
        accepted(settings, "proxy.hostname", alone);
    }
    if scheme.is_none() && host.is_none() && port.is_none() && user.is_none() && password.is_none()
    {
        return None;
    }
    let complete = [
        ("proxy.scheme", scheme.is_some()),
        ("proxy.hostname", host.is_some()),
        ("proxy.port", port.is_some()),
        // Basic authentication takes both or neither.
        ("proxy.username", user.is_some() || password.is_none()),
        ("proxy.password", password.is_some() || user.is_none()),
    ];
    for (key, _) in complete.into_iter().filter(|(_, set)| !set) {
        let message = format!("`{key}` is missing, but other `proxy` settings are set");
        settings.refuse(
            key,
            message,
            "set it, or remove all `proxy` settings".to_owned(),
        );
    }
    let proxy = Proxy::new(scheme?.value, host?.value.trim(), port?.value);
    let proxy = accepted(settings, "proxy.hostname", proxy)?;
    let (Some(user), Some(password)) = (user, password) else {
        return Some(proxy);
    };
    let proxy = proxy.basic_auth(&user.value, password.value);
    let checked = proxy.check_user();
    accepted(settings, "proxy.username", checked)?;
    Some(proxy)
}
