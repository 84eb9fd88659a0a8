//! Authentication by a header that a virtual proxy trusts.

use std::fmt;

use outbound_http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::error::Error;

/// The header that a virtual proxy with header authentication trusts, and its value.
///
/// Anyone who can reach such a virtual proxy and sends that header *is* that user, so the value is a secret: no text of this
/// crate contains it, and it is sent marked as sensitive. Its format, a user id or `DOMAIN\user`, depends on the virtual
/// proxy.
#[derive(Clone)]
pub struct HeaderCredentials {
    name: HeaderName,
    /// US-ASCII without control characters, not empty, no space at either end.
    value: SecretString,
}

/// Headers that Qlik Sense reserves (Qlik help, Header authentication), in lower case.
const RESERVED_BY_QLIK: [&str; 7] = [
    "x-qlik-security",
    "x-qlik-user",
    "x-qlik-proxysession",
    "x-qlik-proxyid",
    "x-qlik-trace",
    "x-qlik-app",
    "x-qlik-capabilities",
];

/// Headers that the client or HTTP itself uses.
const USED_BY_CLIENT: [&str; 14] = [
    "x-qlik-xrfkey",
    "cookie",
    "host",
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl HeaderCredentials {
    /// Creates credentials from the name of the header and its value.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the name is not a valid header name, or one that Qlik
    /// Sense or the client uses itself (in any case), or if the value is empty or contains anything but printable US-ASCII.
    pub fn new(name: &str, value: SecretString) -> Result<Self, Error> {
        let name = header_name(name)?;
        if let Some(problem) = problem(value.expose_secret()) {
            return Err(Error::configuration(format!(
                "the value of the header `{name}` {problem}"
            )));
        }
        Ok(Self { name, value })
    }

    /// The header's name, in lower case.
    #[must_use]
    pub fn header(&self) -> &str {
        self.name.as_str()
    }

    pub(crate) fn name(&self) -> &HeaderName {
        &self.name
    }

    /// The value as a secret.
    pub(super) fn secret(&self) -> &SecretString {
        &self.value
    }

    /// The value as it is sent, marked as sensitive.
    pub(crate) fn value(&self) -> HeaderValue {
        let mut value = HeaderValue::from_str(self.value.expose_secret())
            .expect("the constructor accepts printable US-ASCII only");
        value.set_sensitive(true);
        value
    }
}

impl fmt::Debug for HeaderCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderCredentials")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

fn header_name(name: &str) -> Result<HeaderName, Error> {
    let parsed = HeaderName::from_bytes(name.trim().as_bytes());
    let Ok(parsed) = parsed else {
        return Err(
            Error::configuration("the header's name is not valid").with_hint(
                "a header's name consists of letters, digits and dashes, such as `X-Scanner-User`",
            ),
        );
    };
    if RESERVED_BY_QLIK.contains(&parsed.as_str()) {
        return Err(Error::configuration(format!(
            "the header `{parsed}` is reserved by Qlik Sense and cannot be used for authentication"
        ))
        .with_hint("choose another name in the virtual proxy, such as `X-Scanner-User`"));
    }
    if USED_BY_CLIENT.contains(&parsed.as_str()) {
        return Err(Error::configuration(format!(
            "the header `{parsed}` is used by the client and cannot be used for authentication"
        ))
        .with_hint("choose another name in the virtual proxy, such as `X-Scanner-User`"));
    }
    Ok(parsed)
}

/// Why a text is not a valid value, if it is not.
fn problem(value: &str) -> Option<String> {
    if value.is_empty() {
        return Some("is empty".to_owned());
    }
    if value.starts_with(' ') || value.ends_with(' ') {
        return Some("begins or ends with a space".to_owned());
    }
    let position = value.chars().position(|c| !matches!(c, ' '..='~'))?;
    Some(format!(
        "must be printable US-ASCII, but its character {} is not",
        position + 1
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &str) -> Result<HeaderCredentials, String> {
        HeaderCredentials::new(name, SecretString::from(value)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_reserved_header_is_refused_in_any_case() {
        for name in RESERVED_BY_QLIK.into_iter().chain(USED_BY_CLIENT) {
            assert!(check(name, "scanner").is_err(), "{name}");
            assert!(check(&name.to_uppercase(), "scanner").is_err(), "{name}");
        }
        assert!(check("X-Qlik-Scanner", "scanner").is_ok());
        for name in ["", "a b", "a:", "é"] {
            assert!(
                check(name, "scanner")
                    .unwrap_err()
                    .contains("header's name is not valid")
            );
        }
    }

    #[test]
    fn a_value_is_printable_us_ascii_and_not_repeated_in_messages() {
        assert!(check("X-User", "ACME\\scanner; x='1'").is_ok());
        let cases = [
            ("", "empty"),
            ("hunter2\n", "character 8"),
            ("hünter2", "character 2"),
            ("hunter2 ", "space"),
        ];
        for (value, expected) in cases {
            let message = check("X-User", value).unwrap_err();
            assert!(message.contains(expected), "{message}");
            assert!(!message.contains("nter2"), "{message}");
        }
    }

    #[test]
    fn debug_shows_only_the_name() {
        let credentials = check("X-User", "hunter2").unwrap();
        assert_eq!(
            format!("{credentials:?}"),
            "HeaderCredentials { name: \"x-user\", .. }"
        );
        assert!(!format!("{:?}", credentials.value()).contains("hunter2"));
    }
}
