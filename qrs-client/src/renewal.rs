//! Renews a session that the site has ended.
//!
//! A session that was kept is never the reason for a failure: what an ended one may have caused is asked once more
//! without its cookies. Which answer a site gives to the cookie of an ended session is not known: Qlik's help says a
//! redirect to the authentication module; 401, 403, 400 and a login page with status 200 were seen, too. Gateways have other
//! statuses for it, and answer with texts and JSON of their own.

use crate::body::Body;
use crate::client::is_about;
use crate::error::Error;
use crate::request::Get;
use crate::retry::{self, Tries};
use crate::session::Carried;
use crate::transport::Transport;

/// Whether an ended session may be the cause of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// It is not the cause.
    None,
    /// It may be. The account may also lack a right, or the request may be wrong. A request for `/qrs/about` decides.
    Possible,
    /// It is the usual cause.
    Likely,
}

/// A request that failed, and the cookies that it carried.
pub(crate) struct Failed {
    pub(crate) error: Error,
    pub(crate) carried: Carried,
    /// Whether the session's cookies changed between the request and its answer.
    pub(crate) outdated: bool,
}

/// What a request for `/qrs/about` says about the session of a refused request.
enum Probe {
    /// The site accepts the session, so the refusal has another cause.
    Accepted,
    /// The site or another request has renewed the session since.
    Renewed,
    Refused,
}

impl Transport {
    /// Asks once. If the answer is a refusal that an ended session may have caused, asks again without the cookies of
    /// that session; this second answer counts.
    pub(crate) async fn ask_renewing(&self, get: &Get, tries: &mut Tries) -> Result<Body, Error> {
        let mut failed = match self.ask(get, tries.limits()).await {
            Ok(body) => return Ok(body),
            Err(failed) => failed,
        };
        if failed.is_doubtful() && failed.outdated {
            failed = match self.ask(get, tries.limits()).await {
                Ok(body) => return Ok(body),
                Err(failed) => failed,
            };
        }
        if !failed.is_doubtful() {
            return Err(failed.error);
        }
        if !self
            .renew(get, &failed.error, &failed.carried, tries)
            .await?
        {
            return Err(failed.error);
        }
        let second = self.ask(get, tries.limits()).await;
        second.map_err(|second| second.error)
    }

    /// Drops the cookies of a request that failed, unless they are not to blame. Returns whether to send it once more.
    pub(crate) async fn renew(
        &self,
        get: &Get,
        error: &Error,
        carried: &Carried,
        tries: &mut Tries,
    ) -> Result<bool, Error> {
        let probe = match error.doubt() {
            Doubt::None => Probe::Accepted,
            _ if !carried.has_cookies() => Probe::Accepted,
            Doubt::Possible if !get.is_about() => self.probe(carried, tries).await?,
            Doubt::Possible | Doubt::Likely => Probe::Refused,
        };
        match probe {
            Probe::Accepted => Ok(false),
            Probe::Renewed => Ok(true),
            Probe::Refused => {
                self.session.drop_cookies(carried);
                Ok(true)
            }
        }
    }

    /// Asks for `/qrs/about`, which every account may read, with the cookies of a request that was refused. Without
    /// this, each scan of an account that lacks a right would open another session, until five lock the account.
    async fn probe(&self, carried: &Carried, tries: &mut Tries) -> Result<Probe, Error> {
        let about = Get::new("about");
        loop {
            let error = match self.ask(&about, tries.limits()).await {
                Ok(mut body) => match body.whole().await {
                    Ok(json) if !is_about(&json) => return Ok(Probe::Refused),
                    _ => None,
                },
                Err(failed) if failed.error.doubt() == Doubt::None => Some(failed.error),
                Err(_) => return Ok(Probe::Refused),
            };
            match error {
                _ if self.session.has_changed_since(carried) => return Ok(Probe::Renewed),
                Some(error) if tries.again(error.trouble()).await => {}
                // It is unknown whether the session has ended, and the site has a failure of its own.
                Some(error) if retry::may_pass(error.trouble()) => return Err(error),
                _ => return Ok(Probe::Accepted),
            }
        }
    }
}

impl Failed {
    /// Whether the session that the request continued may have caused the failure.
    fn is_doubtful(&self) -> bool {
        self.carried.has_cookies() && self.error.doubt() != Doubt::None
    }
}
