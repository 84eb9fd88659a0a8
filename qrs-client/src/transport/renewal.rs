//! Renews a session that the site has ended.
//!
//! A stored session must never be the reason for a failure: a request that failed possibly because of it is sent once more
//! without its cookies. How sites answer the cookie of an ended session is not specified: Qlik's help mentions a redirect to
//! the authentication module; 401, 403, 400 and a login page with status 200 were observed, too. Gateways use other statuses
//! for it, and answer with texts and JSON of their own.

use super::Transport;
use crate::body::Body;
use crate::call::Call;
use crate::error::{EndedSession, Error};
use crate::path::QrsPath;
use crate::session::SentCookies;
use crate::tries::Tries;
use crate::value::is_about;

/// A request that failed.
pub(super) struct FailedRequest {
    pub(super) error: Error,
    /// The cookies of the request.
    pub(super) cookies: SentCookies,
    /// Whether the session's cookies changed between the request and its response.
    pub(super) outdated: bool,
    /// Whether the request had a ticket and its response set the cookie of a session: the site may redirect to the same URL
    /// without the ticket.
    pub(super) has_opened_session: bool,
}

/// What a request for `/qrs/about` shows about the session of a failed request.
enum Probe {
    /// The site accepts the session, so the failure has another cause.
    Accepted,
    /// The site or another request has renewed the session since.
    Renewed,
    Refused,
}

impl Transport {
    /// Sends a request once. If it fails and an ended session may be the cause, sends it again without the cookies of that
    /// session, and returns the second result.
    pub(super) async fn send_renewing(
        &self,
        call: &Call,
        tries: &mut Tries,
    ) -> Result<Body, Error> {
        let mut failed = match self.send_once(call, tries.next_try()).await {
            Ok(body) => return Ok(body),
            Err(failed) => failed,
        };
        if failed.has_opened_session || (failed.may_be_ended_session() && failed.outdated) {
            failed = match self.send_once(call, tries.next_try()).await {
                Ok(body) => return Ok(body),
                Err(failed) => failed,
            };
        }
        if !failed.may_be_ended_session() {
            return Err(failed.error);
        }
        let cookies = &failed.cookies;
        if !self.renew(call, &failed.error, cookies, tries).await? {
            return Err(failed.error);
        }
        let refused = match self.send_once(call, tries.next_try()).await {
            Ok(body) => return Ok(body),
            Err(failed) => failed,
        };
        // A site may open a session for each request under way, until there are too many: one of them is in use now.
        if refused.outdated && refused.error.ended_session() != EndedSession::Excluded {
            let last = self.send_once(call, tries.next_try()).await;
            return last.map_err(|last| last.error);
        }
        Err(refused.error)
    }

    /// Drops the cookies of a request that failed, unless they are not the cause. Returns whether to send it once more.
    pub(crate) async fn renew(
        &self,
        call: &Call,
        error: &Error,
        cookies: &SentCookies,
        tries: &mut Tries,
    ) -> Result<bool, Error> {
        let probe = match error.ended_session() {
            EndedSession::Excluded => Probe::Accepted,
            _ if !self.login.can_renew() => Probe::Accepted,
            _ if !cookies.is_renewable() => Probe::Accepted,
            EndedSession::Possible if !call.path.is_about() => {
                Box::pin(self.probe(cookies, tries)).await?
            }
            EndedSession::Possible | EndedSession::Likely => Probe::Refused,
        };
        match probe {
            Probe::Accepted => Ok(false),
            Probe::Renewed => Ok(true),
            Probe::Refused => {
                self.session.drop_cookies(cookies);
                Ok(true)
            }
        }
    }

    /// Requests `/qrs/about`, which every account may read, with the cookies of a request that was refused. Without this,
    /// each scan of an account that lacks a right would open another session, until five sessions lock the account.
    async fn probe(&self, cookies: &SentCookies, tries: &mut Tries) -> Result<Probe, Error> {
        let about = Call::get(QrsPath::new("about"));
        loop {
            let error = match self.send_once(&about, tries.next_try()).await {
                Ok(mut body) => match body.whole().await {
                    Ok(json) if !is_about(&json) => return Ok(Probe::Refused),
                    _ => None,
                },
                Err(failed) if failed.error.ended_session() == EndedSession::Excluded => {
                    Some(failed.error)
                }
                Err(_) => return Ok(Probe::Refused),
            };
            match error {
                _ if self.session.has_changed_since(cookies) => return Ok(Probe::Renewed),
                Some(error) if tries.wait_for_next(error.class()).await => {}
                // It is unknown whether the session has ended, and the site has a failure of its own.
                Some(error) if error.is_retryable() => return Err(error),
                _ => return Ok(Probe::Accepted),
            }
        }
    }
}

impl FailedRequest {
    /// Whether the session that the request continued may be the cause.
    fn may_be_ended_session(&self) -> bool {
        self.cookies.is_renewable() && self.error.ended_session() != EndedSession::Excluded
    }
}
