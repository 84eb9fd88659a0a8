//! The settings of a database.

use std::{
    iter,
    sync::atomic::{AtomicUsize, Ordering},
    vec,
};

use catalog_model::{
    Diagnostic, Settings,
    settings::{Invalid, Located, PlaceKind, SettingProblem},
};
use outbound_http::{Proxy, TimeLimits, Trust};
use outbound_settings::{Names, OutboundSettings, stays_here};
use secrecy::SecretString;

use crate::database_url::{HostAddress, PlaceOfDatabase, WantedServer, parse, parse_several};

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
    /// The position of the server that was used last.
    last_used: AtomicUsize,
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
/// The schema if `schema` is not set.
const SCHEMA: &str = "qlik_catalog";
/// Maximum length of a name in PostgreSQL, in bytes.
const MAX_NAME: usize = 63;
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
            last_used: AtomicUsize::new(0),
        })
    }

    /// The positions of the servers in the order in which they are tried: the one that was used last, then the others.
    pub(crate) fn in_order(&self) -> vec::IntoIter<usize> {
        let last = self.last_used.load(Ordering::Relaxed);
        let others = (0..self.hosts.len()).filter(|index| *index != last);
        let order: Vec<_> = iter::once(last).chain(others).collect();
        order.into_iter()
    }

    /// Whether a server is tried beside one that does not answer. Not if any server will do, because the order of the URL counts
    /// then; and not behind a proxy, which may allow only one login at a time.
    pub(crate) fn tries_several_at_once(&self) -> bool {
        self.wanted != WantedServer::Any && self.proxy.is_none()
    }

    /// Remembers which server is used.
    pub(crate) fn used(&self, index: usize) {
        if self.wanted != WantedServer::Any {
            self.last_used.store(index, Ordering::Relaxed);
        }
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
