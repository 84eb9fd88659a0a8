//! The settings of a database.

use catalog_model::{
    Diagnostic, Settings,
    settings::{Invalid, Located, PlaceKind, SettingProblem},
};
use outbound_http::{Proxy, TimeLimits, Trust};
use outbound_settings::{Names, OutboundSettings, stays_here};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::{Host, ParseError, Url};

/// Where the database is, and how it is reached.
pub struct Target {
    /// The servers, in the order in which they are tried. There is at least one.
    pub hosts: Vec<HostAddress>,
    /// Which of the servers is used.
    pub wanted: WantedServer,
    /// The role that logs in.
    pub user: String,
    /// The name of the database.
    pub database: String,
    /// The password of the role.
    pub password: Option<SecretString>,
    /// The schema of the tables.
    pub schema: String,
    /// Whether the connection uses TLS.
    pub encryption: Encryption,
    /// The certificates that are trusted.
    pub trust: Trust,
    /// What is odd about the trust store, or that certificates are not checked.
    pub trust_warnings: Vec<Diagnostic>,
    /// The proxy on the way to the server.
    pub proxy: Option<Proxy>,
    /// The time limits. `first_byte` is that of a statement.
    pub limits: TimeLimits,
}

/// The address of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAddress {
    /// A host name, or an address; an IPv6 address is in brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Which of several servers is used, as libpq's `target_session_attrs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WantedServer {
    /// The first one that accepts the login.
    Any,
    /// The first one that can be written, and so no standby.
    ReadWrite,
}

/// How many servers a URL may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Servers {
    One,
    Several,
}

/// Whether the connection uses TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// It does, and the server's certificate is checked as `tls` says.
    Tls,
    /// The server is on this machine.
    Local,
    /// `tls.disabled` is set, although the server is not on this machine.
    Disabled,
}

/// What messages call the server.
pub const SERVER: &str = "the database server";
/// The port of PostgreSQL.
const PORT: u16 = 5432;
/// The schema if `schema` is not set.
const SCHEMA: &str = "qlik_catalog";
/// Maximum length of a name in PostgreSQL, in bytes.
const MAX_NAME: usize = 63;
/// The parameter of a URL with several hosts.
const WANTED: &str = "target_session_attrs";
/// How `url` is written.
const EXAMPLE: &str = "write it like `url = \"postgresql://scanner@db.example.com/catalog\"`";
/// A message and a hint.
const SEVERAL_HOSTS: (&str, &str) = (
    "`url` has several hosts",
    "write the host of the primary server",
);
const DISABLED: &str = "tls.disabled";

impl Target {
    /// Reads all settings of a database.
    ///
    /// # Errors
    /// If a setting is missing or invalid; [`Settings::problems`] then lists every problem.
    pub fn read(settings: &mut Settings) -> Result<Self, Invalid> {
        Self::read_with(settings, Servers::One)
    }

    /// The same with a URL that may name several servers, of which the first one that fits is used: a database and its
    /// standbys.
    ///
    /// # Errors
    /// As those of [`read`](Self::read).
    pub fn read_several(settings: &mut Settings) -> Result<Self, Invalid> {
        Self::read_with(settings, Servers::Several)
    }

    fn read_with(settings: &mut Settings, servers: Servers) -> Result<Self, Invalid> {
        let url = settings.required_text("url");
        let place = url.and_then(|url| place(settings, &url, servers));
        let password = settings.secret("password");
        let schema = schema(settings);
        let is_set = !settings.lacks(DISABLED);
        let is_disabled = settings.flag(DISABLED, false);
        let names = Names {
            server: SERVER,
            ..Names::default()
        };
        let outbound = OutboundSettings::read(settings, &names);
        settings.check()?;
        let trust = outbound.trust.trust();
        let place = settings.checked(place)?;
        let mut hosts = place.hosts.iter();
        let is_local = hosts.all(|at| stays_here(&at.host, settings));
        let encryption = match (is_set, is_disabled, is_local) {
            (true, true, false) => Encryption::Disabled,
            (true, true, true) => Encryption::Local,
            (false, _, true) if trust == Trust::System => Encryption::Local,
            _ => Encryption::Tls,
        };
        Ok(Self {
            hosts: place.hosts,
            wanted: place.wanted,
            user: place.user,
            database: place.database,
            password: password.map(|password| password.value),
            schema,
            encryption,
            trust,
            trust_warnings: outbound.trust.warnings().to_vec(),
            proxy: outbound.proxy,
            limits: outbound.time_limits.limits(),
        })
    }

    /// The database as people name it: `postgresql://scanner@db.example.com:5432/catalog`.
    #[must_use]
    pub fn address(&self) -> String {
        let Self {
            hosts,
            user,
            database,
            ..
        } = self;
        let hosts = hosts.iter().map(|at| format!("{}:{}", at.host, at.port));
        let hosts: Vec<_> = hosts.collect();
        format!("postgresql://{user}@{}/{database}", hosts.join(","))
    }
}

/// What the URL says.
struct PlaceOfDatabase {
    hosts: Vec<HostAddress>,
    wanted: WantedServer,
    user: String,
    database: String,
}

/// A message and a hint.
type UrlError = (&'static str, &'static str);

fn place(
    settings: &mut Settings,
    text: &Located<String>,
    servers: Servers,
) -> Option<PlaceOfDatabase> {
    let text_of_url = text.value.trim();
    let parsed = match servers {
        Servers::One => parse(text_of_url, None),
        Servers::Several => parse_several(text_of_url),
    };
    match parsed {
        Ok(place) => Some(place),
        Err((message, hint)) => {
            // The line is not shown, since it may contain a password.
            settings.record(SettingProblem {
                key: "url".to_owned(),
                place: text.place.clone(),
                message: message.to_owned(),
                hint: Some(hint.to_owned()),
                place_kind: PlaceKind::Other,
                within: None,
            });
            None
        }
    }
}

/// Reads a `url` that may have several hosts: each with the rest is a URL of its own.
fn parse_several(text: &str) -> Result<PlaceOfDatabase, UrlError> {
    let (text, wanted) = match text.split_once('?') {
        None => (text, WantedServer::ReadWrite),
        Some((text, parameter)) => (text, wanted(parameter)?),
    };
    let Some((scheme, rest)) = text.split_once("://") else {
        return parse(text, Some(wanted));
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (format!("{user}@"), hosts),
        None => (String::new(), authority),
    };
    let one = |host: &str| parse(&format!("{scheme}://{user}{host}/{path}"), Some(wanted));
    let mut places = hosts.split(',').map(one);
    let mut first = places.next().unwrap_or_else(|| one(""))?;
    for place in places {
        first.hosts.extend(place?.hosts);
    }
    Ok(first)
}

/// Reads the parameters of a URL.
fn wanted(parameters: &str) -> Result<WantedServer, UrlError> {
    match parameters.split_once('=') {
        Some((WANTED, "any")) => Ok(WantedServer::Any),
        Some((WANTED, "read-write" | "primary")) => Ok(WantedServer::ReadWrite),
        Some((WANTED, _)) => Err((
            "`target_session_attrs` in `url` must be `read-write` or `any`",
            "remove it to use `read-write`: the store has to be written",
        )),
        _ => Err((
            "`url` contains parameters other than `target_session_attrs`",
            "remove them; TLS is set by `tls`, the schema by `schema`",
        )),
    }
}

/// Reads a `url` with one host. `wanted` is set if there may be several.
fn parse(text: &str, wanted: Option<WantedServer>) -> Result<PlaceOfDatabase, UrlError> {
    let url = match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "postgresql" | "postgres") => url,
        Err(ParseError::InvalidPort) if has_several_hosts(text) => return Err(SEVERAL_HOSTS),
        Err(ParseError::InvalidPort) => {
            return Err(("the port of `url` is not a number up to 65535", EXAMPLE));
        }
        _ => {
            let message = "`url` is not an address that begins with `postgresql://`";
            return Err((message, EXAMPLE));
        }
    };
    if url.password().is_some() {
        let hint = "write `url` without the password, and set `password`";
        return Err(("`url` contains a password", hint));
    }
    if url.query().is_some() || url.fragment().is_some() {
        let hint = "remove everything from the `?` on; TLS is set by `tls`, the schema by `schema`";
        return Err(("`url` contains parameters", hint));
    }
    let host = host(&url)?;
    let Some(user) = decoded(url.username()) else {
        return Err(("`url` has no user", EXAMPLE));
    };
    let path = url.path().trim_start_matches('/');
    let Some(database) = decoded(path).filter(|_| !path.contains('/')) else {
        return Err(("`url` has no name of a database", EXAMPLE));
    };
    let port = url.port().unwrap_or(PORT);
    Ok(PlaceOfDatabase {
        hosts: vec![HostAddress { host, port }],
        wanted: wanted.unwrap_or(WantedServer::Any),
        user,
        database,
    })
}

fn host(url: &Url) -> Result<String, UrlError> {
    let hint = "write one host name or address; a Unix socket cannot be used";
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
        return Err(("`url` has no host", hint));
    };
    if host.contains(',') {
        return Err(SEVERAL_HOSTS);
    }
    // Not done by the parser of URLs, which does not know the scheme: other alphabets, numbers, percents.
    match Host::parse(host) {
        Ok(host) => Ok(host.to_string()),
        Err(_) => Err(("the host of `url` is not valid", hint)),
    }
}

fn decoded(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    let is_usable = !text.is_empty() && !text.chars().any(char::is_control);
    is_usable.then(|| text.into_owned())
}

/// Whether there is a comma where the host is.
fn has_several_hosts(url: &str) -> bool {
    let host = url
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split('/').next());
    let host = host.and_then(|host| host.rsplit('@').next());
    host.is_some_and(|host| host.contains(','))
}

fn schema(settings: &mut Settings) -> String {
    let Some(schema) = settings.text("schema") else {
        return SCHEMA.to_owned();
    };
    let name = schema.value.trim();
    let is_reserved = name.starts_with("pg_") || name == "information_schema";
    let problem = match name {
        _ if name.len() > MAX_NAME => Some("is longer than 63 bytes"),
        _ if is_reserved => Some("belongs to PostgreSQL"),
        _ if name.chars().any(char::is_control) => Some("contains a control character"),
        _ => None,
    };
    if let Some(problem) = problem {
        let message = format!("`schema` {problem}");
        settings.refuse("schema", message, format!("remove it to use `{SCHEMA}`"));
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use std::{io, sync::Arc};

    use catalog_model::{
        Place,
        settings::{FileSource, Node, Value},
    };

    use super::*;

    struct NoFiles;

    impl FileSource for NoFiles {
        fn read(&self, _: &str) -> io::Result<Vec<u8>> {
            Err(io::ErrorKind::NotFound.into())
        }
    }

    fn several(url: &str) -> Result<(String, WantedServer), UrlError> {
        parse_several(url).map(|place| {
            let hosts = place
                .hosts
                .iter()
                .map(|at| format!("{}:{}", at.host, at.port));
            (hosts.collect::<Vec<_>>().join(" "), place.wanted)
        })
    }

    #[test]
    fn a_url_may_name_several_servers_of_which_one_must_be_writable() {
        use WantedServer::{Any, ReadWrite};
        for (url, hosts, wanted) in [
            ("postgresql://u@a/d", "a:5432", ReadWrite),
            (
                "postgresql://u@a:1,b,[::1]:3/d",
                "a:1 b:5432 [::1]:3",
                ReadWrite,
            ),
            (
                "postgres://u@a,b/d?target_session_attrs=any",
                "a:5432 b:5432",
                Any,
            ),
            (
                "postgresql://u@a,b/d?target_session_attrs=read-write",
                "a:5432 b:5432",
                ReadWrite,
            ),
        ] {
            assert_eq!(several(url), Ok((hosts.to_owned(), wanted)), "{url}");
        }
        for (url, message) in [
            ("postgresql://u:secret@a,b/d", "contains a password"),
            (
                "postgresql://u@a,b/d?sslmode=require",
                "parameters other than",
            ),
            (
                "postgresql://u@a,b/d?target_session_attrs=standby",
                "must be `read-write` or `any`",
            ),
            ("postgresql://u@a,/d", "begins with"),
            ("postgresql://u@a:1,b:x/d", "port"),
            ("postgresql://a,b/d", "has no user"),
            ("https://u@a,b/d", "begins with"),
        ] {
            let error = several(url).unwrap_err().0;
            assert!(error.contains(message), "{url}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    fn encryption(host: &str, tls: &[(&str, &str)]) -> Encryption {
        let node = |value: Value| Node::new(value, Place::new("application.conf", 1, 1));
        let text = |text: &str| node(Value::String(text.to_owned()));
        let tls = tls
            .iter()
            .map(|(name, value)| ((*name).to_owned(), text(value)));
        let root = [
            ("url".to_owned(), text(&format!("postgresql://a@{host}/b"))),
            ("tls".to_owned(), node(Value::Object(tls.collect()))),
        ];
        let root = root.into_iter().collect();
        let mut settings = Settings::new("application.conf", root, Arc::new(NoFiles));
        Target::read(&mut settings).unwrap().encryption
    }

    #[test]
    fn tls_is_required_beyond_this_machine_unless_it_is_disabled() {
        let (disabled, enabled) = ([("disabled", "true")], [("disabled", "false")]);
        let bypass = [("bypass_certificate_validation", "true")];
        for (host, tls, expected) in [
            ("db.example.com", &[][..], Encryption::Tls),
            ("10.0.0.1:5433", &enabled, Encryption::Tls),
            ("db.example.com", &disabled, Encryption::Disabled),
            ("db.example.com", &bypass, Encryption::Tls),
            ("localhost", &[], Encryption::Local),
            ("[::1]", &disabled, Encryption::Local),
            ("127.0.0.1", &enabled, Encryption::Tls),
            ("127.0.0.1", &bypass, Encryption::Tls),
        ] {
            assert_eq!(encryption(host, tls), expected, "{host} {tls:?}");
        }
    }
}
