//! Addresses of databases: `postgresql://scanner@db.example.com/catalog`.

use percent_encoding::percent_decode_str;
use url::{Host, ParseError, Url};

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

/// What the URL says.
pub(crate) struct PlaceOfDatabase {
    pub(crate) hosts: Vec<HostAddress>,
    pub(crate) wanted: WantedServer,
    pub(crate) user: String,
    pub(crate) database: String,
}

/// A message and a hint.
pub(crate) type UrlError = (&'static str, &'static str);

/// The port of PostgreSQL.
const PORT: u16 = 5432;
/// The parameter of a URL with several hosts.
const WANTED: &str = "target_session_attrs";
/// How `url` is written.
const EXAMPLE: &str = "write it like `url = \"postgresql://scanner@db.example.com/catalog\"`";
/// A message and a hint.
const SEVERAL_HOSTS: UrlError = (
    "`url` has several hosts",
    "write the host of the primary server",
);

/// Reads a `url` that may have several hosts: each with the rest is a URL of its own.
pub(crate) fn parse_several(text: &str) -> Result<PlaceOfDatabase, UrlError> {
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
pub(crate) fn parse(text: &str, wanted: Option<WantedServer>) -> Result<PlaceOfDatabase, UrlError> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
