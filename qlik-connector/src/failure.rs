//! Errors of the client in the words of a scan: at which step, what happened, what to try.

use std::time::Duration;

use catalog_model::{ScanError, with_causes};
use qrs_client::{Error, Fact, QrsClient, TimeLimit};

use crate::{check::session_is_not_kept, hint::hint};

/// A step of a scan that failed for good.
pub(crate) fn failure(step: String, error: &Error, client: &QrsClient) -> ScanError {
    ScanError::Source {
        step,
        message: describe(error),
        hint: Some(advice(error, client)),
        may_pass: error.is_retryable(),
    }
}

/// What to do about a failed request.
///
/// Where the site does not keep the session, it refuses a request because of too many sessions, whatever it says.
pub(crate) fn advice(error: &Error, client: &QrsClient) -> String {
    let lost = session_is_not_kept(client.session_state());
    let lost = lost.filter(|_| may_be_of_sessions(error.fact()));
    let Some(lost) = lost else {
        return hint(error, client.site());
    };
    let advice = lost.hint.unwrap_or_default();
    format!(
        "the account most likely has too many sessions, because the site does not keep them, and a site allows a user five \
         sessions at a time: {advice}"
    )
}

/// Whether a site may refuse a request in this way because the user has too many sessions.
fn may_be_of_sessions(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::RedirectToLogin(_)
            | Fact::RedirectToIdentityProvider
            | Fact::LoginForm
            | Fact::WebPage
            | Fact::CredentialsRequested(_)
            | Fact::Forbidden
            | Fact::TooManySessions
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
pub(crate) fn setting(limit: TimeLimit) -> &'static str {
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
