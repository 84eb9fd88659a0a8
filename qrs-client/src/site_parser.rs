//! Reads the URL of a site as people write it. Nothing here touches the network.

use std::net::Ipv6Addr;
use std::str::FromStr;

use url::{ParseError, Url};

use crate::error::Error;
use crate::site::SiteUrl;

/// First path segments of the pages and interfaces of a virtual proxy. The site's URL ends before them.
const PAGES: [&str; 10] = [
    "hub",
    "sense",
    "qrs",
    "qmc",
    "qps",
    "dev-hub",
    "single",
    "insightadvisor",
    "internal_forms_authentication",
    "internal_windows_authentication",
];

impl SiteUrl {
    /// Reads a site's URL. An IPv6 address needs no brackets if its end is unambiguous. A pasted `/hub`, `/qrs`, `/sense/app/…` and
    /// the like is removed, and so are a query and a fragment.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if it is not a URL, its scheme is
    /// not http or https, or it contains a user name or password. The message does not repeat a password.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(without_scheme(text));
        };
        if !["http", "https"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
        {
            return Err(Error::configuration(
                "the site's URL must begin with `https://` or `http://`",
            ));
        }
        let host_end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        if rest[..host_end].contains('@') {
            return Err(
                Error::configuration("the site's URL contains a user name or password").with_hint(
                    "remove the part before the `@`; the header authenticates the client",
                ),
            );
        }
        let bracketed = bracketed(&rest[..host_end])?
            .map(|host| format!("{scheme}://{host}{}", &rest[host_end..]));
        let mut url = Url::parse(bracketed.as_deref().unwrap_or(text)).map_err(|error| {
            let why = parse_problem(error, &rest[..host_end]);
            Error::configuration(format!("the site's URL is not valid: {why}"))
        })?;
        if url.host().is_none() || !url.username().is_empty() || url.password().is_some() {
            return Err(Error::configuration("the site's URL is not valid"));
        }
        url.set_query(None);
        url.set_fragment(None);
        let end = rest.find(['?', '#']).unwrap_or(rest.len());
        check_prefix(rest.get(host_end..end).unwrap_or_default())?;
        let prefix = prefix(url.path());
        url.set_path(&prefix);
        Ok(Self::from_checked(url))
    }
}

impl FromStr for SiteUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

/// Why the part of a URL from its host to its path cannot be parsed.
fn parse_problem(error: ParseError, host_and_port: &str) -> String {
    let text = match error {
        ParseError::EmptyHost => "it has no host name",
        ParseError::InvalidPort => {
            let port = host_and_port.rsplit(':').next().unwrap_or_default();
            // Anything else may be a password.
            let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
            let given = is_number.then(|| format!(", not `{port}`"));
            let given = given.unwrap_or_default();
            return format!("the port must be a number from 1 to 65535{given}");
        }
        ParseError::InvalidDomainCharacter => "the host name has a character that none can have",
        ParseError::IdnaError => "the host name is not a valid international domain name",
        ParseError::InvalidIpv4Address => "the host is not a valid IPv4 address",
        ParseError::InvalidIpv6Address => "the host is not a valid IPv6 address",
        other => return other.to_string(),
    };
    text.to_owned()
}

/// The host with brackets around an IPv6 address that has none, if it is one.
///
/// # Errors
///
/// If the last part of the address could also be the port.
fn bracketed(host: &str) -> Result<Option<String>, Error> {
    let address = host.parse::<Ipv6Addr>().ok();
    let (before, port) = host.rsplit_once(':').unwrap_or((host, ""));
    let with_port = before
        .parse::<Ipv6Addr>()
        .ok()
        .zip(port.parse::<u16>().ok());
    match (address, with_port) {
        (Some(address), None) => Ok(Some(format!("[{address}]"))),
        (None, Some((address, port))) => Ok(Some(format!("[{address}]:{port}"))),
        (None, None) => Ok(None),
        (Some(whole), Some((address, port))) => Err(Error::configuration(format!(
            "the site's URL has an IPv6 address without brackets, which may end in a port: write `[{address}]:{port}` or \
             `[{whole}]` instead of `{host}`"
        ))),
    }
}

/// The error of a URL without a scheme. `localhost:4242` would parse as a URL with the scheme `localhost`.
fn without_scheme(text: &str) -> Error {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'@');
    if text.is_empty() || !plain {
        return Error::configuration("the site's URL must begin with `https://`");
    }
    for scheme in ["https", "http"] {
        if let Some(rest) = text.strip_prefix(scheme)
            && let Some(rest) = rest.strip_prefix("//")
        {
            return Error::configuration(format!(
                "the site's URL has no `:` after `{scheme}`; write `{scheme}://{rest}`"
            ));
        }
    }
    let text = text.trim_start_matches("https:").trim_start_matches('/');
    Error::configuration(format!(
        "the site's URL must begin with `https://`; write `https://{text}`"
    ))
}

/// Refuses a prefix that no virtual proxy can have: it consists of lower-case letters, digits and a few other characters (Qlik
/// help, "Virtual proxies").
fn check_prefix(path: &str) -> Result<(), Error> {
    let segments = path
        .split(['/', '\\'])
        .filter(|segment| !segment.is_empty());
    let mut prefix = segments.take_while(|segment| !is_page(segment));
    let Some((segment, why)) = prefix.find_map(|segment| Some((segment, prefix_problem(segment)?)))
    else {
        return Ok(());
    };
    let shown = segment.escape_debug();
    let error = Error::configuration(format!(
        "the site's URL has the prefix `{shown}`, which no virtual proxy can have: {why}"
    ));
    let lower = segment.to_ascii_lowercase();
    Err(if prefix_problem(&lower).is_none() {
        error.with_hint(format!(
            "use `{lower}` if that is the prefix; the QMC shows it under Virtual proxies, in the column Prefix"
        ))
    } else {
        error.with_hint(
            "the QMC shows the prefix under Virtual proxies, in the column Prefix, not in the column Description",
        )
    })
}

/// Why a text cannot be the prefix of a virtual proxy, if it cannot.
fn prefix_problem(segment: &str) -> Option<&'static str> {
    let has = |matches: fn(char) -> bool| segment.contains(matches);
    if has(char::is_whitespace) || segment.contains("%20") {
        Some("it has a space")
    } else if !segment.is_ascii() || segment.contains('%') {
        Some("it has characters other than `a` to `z`, digits, `-`, `_`, `.` and `~`")
    } else if has(|c| c.is_ascii_uppercase()) {
        Some("it has capital letters")
    } else {
        None
    }
}

fn is_page(segment: &str) -> bool {
    PAGES.iter().any(|page| segment.eq_ignore_ascii_case(page))
}

/// The virtual proxy's prefix between slashes. A doubled slash would break every request.
fn prefix(path: &str) -> String {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let site = segments.take_while(|segment| !is_page(segment));
    site.fold("/".to_owned(), |prefix, segment| prefix + segment + "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_url_becomes_the_url_of_the_site() {
        let cases = [
            ("https://qlik.example", "https://qlik.example/"),
            (" https://Qlik.Example/ ", "https://qlik.example/"),
            ("HTTPS://qlik.example:443/vp", "https://qlik.example/vp/"),
            (
                "https://qlik.example:4433/vp/",
                "https://qlik.example:4433/vp/",
            ),
            ("http://10.0.0.7/vp//", "http://10.0.0.7/vp/"),
            ("https://qlik.example//vp", "https://qlik.example/vp/"),
            ("https://qlik.example/hub", "https://qlik.example/"),
            ("https://qlik.example/vp/hub/", "https://qlik.example/vp/"),
            (
                "https://qlik.example/vp/hub/my/work?a=b#c",
                "https://qlik.example/vp/",
            ),
            ("https://qlik.example/vp/qrs", "https://qlik.example/vp/"),
            ("https://qlik.example/QMC/", "https://qlik.example/"),
            ("https://qlik.example/vp?x=1", "https://qlik.example/vp/"),
            (
                "https://qlik.example/sense/app/12/sheet/34/state/analysis",
                "https://qlik.example/",
            ),
            (
                "https://qlik.example/vp/internal_forms_authentication/?targetId=1",
                "https://qlik.example/vp/",
            ),
            ("https://qlik.example/hubs", "https://qlik.example/hubs/"),
            ("https://[::1]:8443/vp", "https://[::1]:8443/vp/"),
            ("https://::1/vp", "https://[::1]/vp/"),
            ("https://2001:DB8::7", "https://[2001:db8::7]/"),
            ("http://fe80::1/hub", "http://[fe80::1]/"),
            (
                "https://2001:db8:1:2:3:4:5:6:8443/vp",
                "https://[2001:db8:1:2:3:4:5:6]:8443/vp/",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(
                SiteUrl::parse(text).unwrap().to_string(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn an_error_says_what_to_write() {
        let cases = [
            ("", "must begin with `https://`"),
            ("localhost:4242", "write `https://localhost:4242`"),
            ("qlik.example/vp", "write `https://qlik.example/vp`"),
            ("https:/qlik.example", "write `https://qlik.example`"),
            (
                "http//localhost:4242/vp",
                "write `http://localhost:4242/vp`",
            ),
            ("https//qlik.example", "write `https://qlik.example`"),
            ("//qlik.example", "write `https://qlik.example`"),
            (
                "ftp://qlik.example",
                "must begin with `https://` or `http://`",
            ),
            ("https://", "has no host name"),
            ("https://qlik example/", "not valid"),
            (
                "https://qlik.example:99999/",
                "the port must be a number from 1 to 65535, not `99999`",
            ),
            ("https://qlik.example:hunter2/", "from 1 to 65535"),
            (
                "https://::1:8443/vp",
                "write `[::1]:8443` or `[::1:8443]` instead of `::1:8443`",
            ),
            ("https://[::1/vp", "not a valid IPv6 address"),
        ];
        for (text, expected) in cases {
            let message = SiteUrl::parse(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn a_prefix_that_cannot_exist_is_refused() {
        let cases = [
            (
                "https://qlik.example/Scanner",
                "capital letters",
                "use `scanner`",
            ),
            (
                "https://qlik.example/SCANNER/hub",
                "capital letters",
                "use `scanner`",
            ),
            ("https://qlik.example/my proxy", "a space", "column Prefix"),
            (
                "https://qlik.example/My%20proxy/",
                "a space",
                "column Prefix",
            ),
            (
                "https://qlik.example/entdeckung-für-alle",
                "other than `a` to `z`",
                "column Prefix",
            ),
            (
                "https://qlik.example/%C3%BC",
                "other than `a` to `z`",
                "column Prefix",
            ),
            (
                "https://qlik.example/\u{441}canner",
                "other than `a` to `z`",
                "column Prefix",
            ),
            (
                "https://qlik.example\\Scanner",
                "capital letters",
                "use `scanner`",
            ),
        ];
        for (text, why, hint) in cases {
            let error = SiteUrl::parse(text).unwrap_err();
            assert!(error.to_string().contains(why), "{text}: {error}");
            assert!(error.hint().unwrap().contains(hint), "{text}: {error:?}");
        }
        for text in [
            "https://QLIK.example/scanner-1_2.3~4",
            "https://qlik.example/QMC/Some Page",
            "https://qlik.example/vp/sense/app/AB/sheet/Ü",
            "https://qlik.example/vp?X=Y#Z",
        ] {
            assert!(SiteUrl::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn host_and_prefix_are_parts_of_the_url() {
        let site = SiteUrl::parse("https://qlik.example:8443/a/b/hub").unwrap();
        assert_eq!((site.host(), site.prefix()), ("qlik.example", Some("a/b")));
        let site = SiteUrl::parse("https://qlik.example/hub").unwrap();
        assert_eq!(site.prefix(), None);
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        let cases = [
            "https://me:hunter2@qlik.example/",
            "https://me:hun@ter2@qlik.example/",
            "https://me:hunter2/x@qlik.example/",
            "https://hunter2@qlik.example",
            "https:\\\\me:hunter2@qlik.example/",
            "ftp://me:hunter2@qlik.example/",
            "me:hunter2@qlik.example",
            "https:me:hunter2@qlik.example",
        ];
        for text in cases {
            let error = SiteUrl::parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("ter2"), "{error}");
        }
    }
}
