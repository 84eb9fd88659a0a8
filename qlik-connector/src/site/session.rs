//! Sessions that a site does not keep.

use catalog_model::Diagnostic;
use qrs_client::SessionState;

/// What to report of a session that the site does not keep.
pub(crate) fn session_is_not_kept(state: SessionState) -> Option<Diagnostic> {
    let cause = match state {
        SessionState::NoCookie => "the site sets no session cookie",
        SessionState::NewWithEachAnswer => "the site sets a new session cookie with each response",
        _ => return None,
    };
    Some(Diagnostic::warning(format!(
            "the session is not kept: {cause}, so each request opens a new session, and a site allows a user five \
             sessions at a time: the sixth request may be refused"
        ), "check that no gateway or load balancer between the scanner and the site removes, joins or changes the \
             headers `Set-Cookie` and `Cookie`; with several proxy nodes, that each client stays on one node"
                .to_owned()))
}
