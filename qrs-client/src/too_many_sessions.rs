//! Recognizes what a site says to a user who has too many sessions. Nothing here touches the network.

use url::Url;

use crate::asked::Asked;
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;
use crate::renewal::Doubt;
use crate::retry::Trouble;

/// What Qlik Sense and gateways call it, without spaces and punctuation: "You cannot access Qlik Sense because you have
/// too many sessions active in parallel" (Qlik community, ta-p/1715138), "Too many active sessions in parallel" (qExt
/// #68), `OnMaxParallelSessionsExceeded` (enigma.js #970).
const NAMES: [&str; 12] = [
    "toomanysession",
    "toomanyactivesession",
    "toomanyparallelsession",
    "toomanyopensession",
    "toomanyconcurrentsession",
    "maxsession",
    "maximumsession",
    "parallelsession",
    "sessionlimit",
    "sessionsexceeded",
    "maximumnumberofsession",
    "maximumnumberofparallelsession",
];

/// Whether a redirect leads to the page about too many sessions.
pub(crate) fn is_page(location: &Url) -> bool {
    // The host is not part of it, nor what a login page is to lead back to.
    let query = location
        .query_pairs()
        .filter(|(_, value)| !value.contains("://"));
    let query = query.map(|(name, value)| format!("{name}={value}"));
    let fragment = location.fragment().filter(|text| !text.contains("://"));
    let parts = std::iter::once(location.path()).chain(fragment);
    let parts = parts.map(|part| part.replace("%20", ""));
    parts.chain(query).any(|part| {
        let part = letters(&part);
        part.contains("session") && LIMITS.iter().any(|limit| part.contains(limit))
    })
}

/// What the address of such a page has besides the sessions.
const LIMITS: [&str; 9] = [
    "toomany",
    "nomore",
    "exhaust",
    "reached",
    "max",
    "limit",
    "exceed",
    "parallel",
    "concurrent",
];

/// Whether a text is about too many sessions.
pub(crate) fn is_said(text: &str) -> bool {
    let letters = letters(text);
    NAMES.iter().any(|name| letters.contains(name))
}

/// A text in lower case, without spaces and punctuation.
fn letters(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// The error of a site that refuses another session.
pub(crate) fn error(asked: &Asked) -> Error {
    let message = "the site refuses another session: the account has too many open sessions";
    asked
        .error(ErrorKind::TooManySessions, message)
        .with_fact(Fact::TooManySessions)
        .with_hint(
            "a site allows a user five sessions at a time, each of which ends 30 minutes after its last request: wait \
             until they have ended, or let the site's administrator end them",
        )
        .with_doubt(Doubt::Likely)
        .with_trouble(Trouble::Sessions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_known_by_its_address() {
        let cases = [
            ("https://q.example/vp/toomanysessions", true),
            ("https://q.example/vp/hub/too-many-sessions/?x=1", true),
            ("https://q.example/error?reason=TooManySessions", true),
            ("https://q.example/error?text=too%20many+sessions", true),
            ("https://q.example/error/Too%20many%20sessions", true),
            (
                "https://q.example/error?code=OnMaxParallelSessionsExceeded",
                true,
            ),
            ("https://q.example/max_sessions.html", true),
            ("https://q.example/sessions/limit", true),
            ("https://q.example/hub/#/too-many-sessions", true),
            ("https://q.example/no-more-sessions", true),
            ("https://q.example/vp/error/max-user-sessions", true),
            (
                "https://q.example/internal_forms_authentication/?targetId=1",
                false,
            ),
            ("https://idp.example/auth?max_age=0&session_state=1", false),
            ("https://toomanysessions.example/login", false),
            (
                "https://idp.example/?back=https://q.example/toomanysessions",
                false,
            ),
        ];
        for (url, expected) in cases {
            assert_eq!(is_page(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn the_page_is_known_by_its_text() {
        let cases = [
            (
                "You cannot access Qlik Sense because you have too many sessions active in parallel.",
                true,
            ),
            ("Too many active sessions in parallel", true),
            ("Maximum number of parallel sessions exceeded", true),
            ("Your session has expired. Log in", false),
            ("Forbidden", false),
        ];
        for (text, expected) in cases {
            assert_eq!(is_said(text), expected, "{text}");
        }
    }
}
