//! Converts errors of the client to errors of a scan, with the step and what to do.

use catalog_model::ScanError;
use qrs_client::{Credentials, Error, Fact, QrsClient};

use crate::{
    credentials::setting,
    site::{
        describe::describe,
        hint::{hint, hint_without_header},
        session::session_is_not_kept,
    },
};

/// Creates the error of a step of a scan that failed after all retries.
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
/// If a site does not keep the session, it refuses requests because of too many sessions, even if the response names
/// another reason.
pub(crate) fn advice(error: &Error, client: &QrsClient) -> String {
    let lost = session_is_not_kept(client.session_state());
    let lost = lost.filter(|_| may_be_of_sessions(error.fact()));
    let Some(lost) = lost else {
        return match client.credentials() {
            Credentials::Header(_) => hint(error, client.site()),
            other => hint_without_header(error, client.site(), setting(other)),
        };
    };
    lost.hint.unwrap_or_default() + "\n" + WAIT
}

/// After a failure because of sessions that are not kept.
const WAIT: &str = "then wait 30 minutes: the account most likely has too many sessions, because each request opened one, and \
    a site allows a user five at a time";

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
