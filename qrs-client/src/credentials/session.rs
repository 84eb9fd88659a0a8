//! Authentication by an existing session.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::error::Error;

/// The cookie of a session that another program has opened.
///
/// The client never opens a session itself: when the site has ended this one, every request fails with
/// [`Fact::SessionEnded`](crate::Fact::SessionEnded).
#[derive(Clone)]
pub struct SessionCredentials {
    name: String,
    value: SecretString,
}

/// The name of the cookie, unless the virtual proxy has another one.
const DEFAULT_NAME: &str = "X-Qlik-Session";

impl SessionCredentials {
    /// Uses a cookie: `X-Qlik-Session=a3b1…`, or only its value if it has this name.
    ///
    /// ```
    /// use qrs_client::{SecretString, SessionCredentials};
    ///
    /// let cookie = SecretString::from("X-Qlik-Session-scanner=4d2d3c5f-6e5a-4f3e-9b1c-0f9b5e3a7d11");
    /// let credentials = SessionCredentials::new(&cookie)?;
    /// # Ok::<(), qrs_client::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the text is empty, has several cookies, or contains
    /// characters that a cookie cannot contain. The error does not contain the text.
    pub fn new(cookie: &SecretString) -> Result<Self, Error> {
        let text = cookie.expose_secret().trim();
        let (name, value) = text.split_once('=').unwrap_or((DEFAULT_NAME, text));
        let (name, value) = (name.trim(), value.trim());
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let is_value = |byte: u8| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte);
        let problem = if value.is_empty() {
            "is empty"
        } else if text.contains(';') {
            "has several cookies, or attributes"
        } else if name.is_empty() || !name.bytes().all(is_name) || !value.bytes().all(is_value) {
            "is not the name and value of a cookie"
        } else {
            return Ok(Self {
                name: name.to_owned(),
                value: SecretString::from(value),
            });
        };
        Err(Error::configuration(format!("the session {problem}"))
            .with_hint("use the session's cookie alone, such as `X-Qlik-Session=…`"))
    }

    /// The name of the cookie.
    #[must_use]
    pub fn cookie_name(&self) -> &str {
        &self.name
    }

    pub(crate) fn value(&self) -> &SecretString {
        &self.value
    }
}

impl fmt::Debug for SessionCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionCredentials")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_may_have_a_name() {
        let cases = [
            ("a3b1", Some(("X-Qlik-Session", "a3b1"))),
            (
                " X-Qlik-Session-vp = a3b1 \n",
                Some(("X-Qlik-Session-vp", "a3b1")),
            ),
            ("s=a=b", Some(("s", "a=b"))),
            ("", None),
            ("s=", None),
            ("=hunter2", None),
            ("a b=hunter2", None),
            ("s=hunter2; Path=/", None),
            ("hunter2\u{e9}", None),
        ];
        for (text, expected) in cases {
            let parsed = SessionCredentials::new(&text.into());
            if let Err(error) = &parsed {
                assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
            }
            let parsed = parsed.ok();
            let parts = parsed
                .as_ref()
                .map(|one| (one.cookie_name(), one.value().expose_secret()));
            assert_eq!(parts, expected, "{text}");
        }
    }
}
