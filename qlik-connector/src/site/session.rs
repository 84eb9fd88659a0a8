//! Sessions that a site does not keep.

use catalog_model::Diagnostic;
use qrs_client::SessionState;

/// Returns a warning if the site does not keep the session.
pub(crate) fn session_is_not_kept(state: SessionState) -> Option<Diagnostic> {
    let cause = match state {
        SessionState::NoCookie => "the site sets no session cookie",
        SessionState::NewWithEachAnswer => "the site sets a new session cookie with each response",
        _ => return None,
    };
    Some(Diagnostic::warning(format!(
            "the session is not kept, because {cause}: each request opens another session, and a site \
             allows five sessions at a time"
        ), "check that no gateway or load balancer between the scanner and the site removes, joins or changes the \
             headers `Set-Cookie` and `Cookie`\nif the site has several proxy nodes, check that each client stays on one \
             node"
                .to_owned()))
}
