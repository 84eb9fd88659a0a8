//! Recognizes the responses for a user who has too many sessions. Nothing here touches the network.

use outbound_http::FailureClass;
use url::Url;

use crate::error::{EndedSession, Error, ErrorKind};
use crate::fact::Fact;
use crate::request_context::RequestContext;

/// The names that Qlik Sense and gateways have for it, without spaces and punctuation: "You cannot access Qlik Sense because you have
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
    // The host does not count, nor a URL to return to after the login.
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

/// Words that the address of such a page contains besides `session`.
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
pub(crate) fn is_text_about_it(text: &str) -> bool {
    let letters = letters(text);
    NAMES.iter().any(|name| letters.contains(name))
}

/// A text in lower case, without spaces and punctuation.
fn letters(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// The error of a site that refuses another session.
pub(crate) fn error(context: RequestContext<'_>) -> Error {
    with_message(MESSAGE.to_owned(), context)
}

/// The error of a site that redirects to its page about too many sessions.
pub(crate) fn redirect(target: &str, context: RequestContext<'_>) -> Error {
    with_message(format!("{MESSAGE}; it redirects to `{target}`"), context)
}

const MESSAGE: &str = "the site refuses another session: the account has too many open sessions";

fn with_message(message: String, context: RequestContext<'_>) -> Error {
    context
        .error(ErrorKind::TooManySessions, message)
        .with_fact(Fact::TooManySessions)
        .with_hint(
            "wait until the sessions have ended, 30 minutes after their last requests, or ask the site's administrator \
             to end them; a site allows a user five sessions at a time",
        )
        .with_ended_session(EndedSession::Likely)
        .with_class(FailureClass::Later)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_recognized_by_its_address() {
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
    fn the_page_is_recognized_by_its_text() {
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
            assert_eq!(is_text_about_it(text), expected, "{text}");
        }
    }
}
