//! Errors of the client in the words of a scan: at which step, what happened, what to try.

use std::time::Duration;

use catalog_model::{ScanError, with_causes};
use qrs_client::{Error, ErrorKind, SessionState, TimeLimit};

use crate::check::session_is_not_kept;

/// A step of a scan that failed for good.
///
/// Where the site does not keep the session, it refuses a request because of too many sessions, whatever it says.
pub(crate) fn failure(step: String, error: &Error, session: SessionState) -> ScanError {
    let lost = session_is_not_kept(session).filter(|_| may_be_of_sessions(error.kind()));
    let hint = lost.map_or_else(
        || hint(error),
        |lost| {
            let advice = lost.hint.unwrap_or_default();
            format!(
                "the account most likely has too many sessions, because the site does not keep them, and a site allows a \
                 user five sessions at a time: {advice}"
            )
        },
    );
    ScanError::Source {
        step,
        message: describe(error),
        hint: Some(hint),
        may_pass: error.is_retryable(),
    }
}

/// Whether a site may refuse a request in this way because the user has too many sessions.
fn may_be_of_sessions(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::RedirectedToLogin
            | ErrorKind::LoginPage
            | ErrorKind::Unauthorized
            | ErrorKind::Forbidden
            | ErrorKind::TooManySessions
    )
}

/// What happened, with its causes and with the setting of a time limit that was exceeded.
pub(crate) fn describe(error: &Error) -> String {
    let message = with_causes(error);
    match error.time_limit() {
        Some((limit, value)) => {
            let (setting, value) = (setting(limit), written(value));
            let of_lists = match limit {
                TimeLimit::FirstByteOfList => " for lists",
                _ => "",
            };
            format!("{message} (`{setting}` is {value}{of_lists})")
        }
        None => message,
    }
}

/// The setting of a time limit.
fn setting(limit: TimeLimit) -> &'static str {
    match limit {
        TimeLimit::Connect => "connection.time_limits.connect",
        TimeLimit::FirstByte | TimeLimit::FirstByteOfList => "connection.time_limits.first_byte",
        TimeLimit::Silence => "connection.time_limits.silence",
        _ => "connection.time_limits.list",
    }
}

/// A duration as a connection file has it: `100 ms`, `120 s`, `15 m`.
fn written(time: Duration) -> String {
    let (seconds, millis) = (time.as_secs(), time.as_millis());
    if millis % 1000 != 0 {
        format!("{millis} ms")
    } else if seconds >= 600 && seconds % 60 == 0 {
        format!("{} m", seconds / 60)
    } else {
        format!("{seconds} s")
    }
}

/// What to try: in the words of the connection file, which the client does not know, unless the client knows exactly.
pub(crate) fn hint(error: &Error) -> String {
    match (error.kind(), error.hint()) {
        (ErrorKind::Tls | ErrorKind::Proxy | ErrorKind::UnexpectedAnswer, Some(hint)) => {
            hint.to_owned()
        }
        _ if let Some((limit, _)) = error.time_limit() => hint_for_limit(limit),
        (kind, _) => hint_for(kind).to_owned(),
    }
}

fn hint_for_limit(limit: TimeLimit) -> String {
    let setting = setting(limit);
    match limit {
        TimeLimit::Connect => format!(
            "check host and port of `connection.url`, and that a firewall lets the scanner through; if the network is that \
             slow, set a longer `{setting}`"
        ),
        TimeLimit::FirstByte => format!(
            "check the load of the site, or set a longer `{setting}`; a site that nobody used for a while needs up to 20 s \
             for its first answer"
        ),
        TimeLimit::FirstByteOfList => format!(
            "check the load of the site, or set a longer `{setting}`: a large site may need minutes until a list begins"
        ),
        TimeLimit::Silence => format!(
            "check the load of the site and whether a gateway or firewall drops idle connections, or set a longer \
             `{setting}`"
        ),
        _ => format!("set a longer `{setting}`, or scan at a time when the site is less busy"),
    }
}

const HEADER_REFUSED: &str = "the virtual proxy did not accept the header: check that `connection.url` ends in the prefix of the virtual \
    proxy with header authentication, `connection.auth.key` is the header name set there, and \
    `connection.auth.value` is `DOMAIN\\user` of an active account, as its pattern wants it; too many sessions \
    of the account look the same, and end after 30 minutes";

const TOO_MANY_SESSIONS: &str = "a site allows a user five sessions at a time, each of which ends 30 minutes after its last request: wait, \
    or let the Qlik administrator end them; give the scanner an account that nothing else uses, run `check`, \
    which warns if the site does not keep the session, and if that does not help set `connection.logout = true`";

pub(crate) fn hint_for(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unreachable => {
            "check host and port of `connection.url`, that a firewall lets the scanner through, and the `proxy` settings \
             if the site is behind a proxy"
        }
        ErrorKind::Tls => {
            "check that `connection.url` says `https` only for a TLS port, and that the authority which issued the \
             site's certificate is trusted"
        }
        ErrorKind::Proxy => {
            "check the `proxy` settings: scheme, hostname, port, username and password, and that the proxy lets this \
             machine reach the site"
        }
        ErrorKind::RedirectedToLogin | ErrorKind::Unauthorized => HEADER_REFUSED,
        ErrorKind::LoginPage => {
            "an answer that is a web page comes from a login form or from a gateway in front of the site: check that \
             `connection.url` ends in the prefix of the virtual proxy with header authentication"
        }
        ErrorKind::Xsrf => {
            "something between the scanner and the site drops the query or the header `X-Qlik-Xrfkey`: ask whoever runs \
             the proxy or gateway there"
        }
        ErrorKind::Forbidden => {
            "check in the QMC that the account is active and not blocked, that it may read (docs/qlik-setup.md has the \
             rule), and that it has not five sessions open already, which end after 30 minutes"
        }
        ErrorKind::NotFound => {
            "check that `connection.url` names a Qlik Sense Enterprise on Windows site and the prefix of its virtual proxy"
        }
        ErrorKind::BadRequest => {
            "check that `connection.url` ends in the prefix of a virtual proxy that is linked to the central proxy, and \
             that its host name is in the virtual proxy's host allow list"
        }
        ErrorKind::TooManySessions => TOO_MANY_SESSIONS,
        ErrorKind::RequestTooLong => {
            "raise the limit for request headers on the gateway or load balancer in front of the site, and check that \
             `connection.auth.value` is not longer than intended"
        }
        ErrorKind::ServerError => {
            "the site has trouble of its own: try later, and look at the repository's log"
        }
        ErrorKind::ListBroken => {
            "the connection broke, or something on the way cut or changed the answer: try again, at a quieter time if it \
             stays"
        }
        ErrorKind::TooLarge => {
            "the response is not what a Qlik Sense site sends: check what `connection.url` points to, and whether a gateway \
             on the way changes responses"
        }
        ErrorKind::Configuration => "correct the setting that is named",
        _ => "check that `connection.url` names a Qlik Sense Enterprise on Windows site",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_as_in_a_connection_file() {
        for (millis, expected) in [
            (100, "100 ms"),
            (1_500, "1500 ms"),
            (10_000, "10 s"),
            (120_000, "120 s"),
            (900_000, "15 m"),
            (3_600_000, "60 m"),
            (601_000, "601 s"),
        ] {
            assert_eq!(written(Duration::from_millis(millis)), expected);
        }
    }
}
