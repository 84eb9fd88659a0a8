//! Who sends a request: by its session, or by a header, a token or a ticket.

use std::time::UNIX_EPOCH;

use super::{Settings, Site, TooManySessions};
use crate::account::Account;
use crate::answer::Answer;
use crate::pages;
use crate::request::Request;

/// The account of a request, and the session that was opened for it.
pub(super) struct Guest {
    pub(super) account: Account,
    pub(super) new_cookie: Option<String>,
}

impl Site {
    /// Finds the account of a request by its session, or by its header, token or ticket, which opens a session.
    pub(super) fn authenticate(&self, request: &Request) -> Result<Guest, Answer> {
        let session = self.session_user(request);
        if session.is_none() && request.cookie(&self.settings.cookie).is_some() {
            self.refuse_ended_session()?;
        }
        let claimed = self.claimed_user(request, session.is_some())?;
        // The cookie of one user with the header of another opens a new session of the latter.
        let session = session.filter(|user| claimed.as_ref().is_none_or(|claimed| claimed == user));
        let continues = session.is_some();
        let user = session.or(claimed);
        self.guest(&user.ok_or_else(|| self.redirect_to_login())?, continues)
    }

    /// The user that a request claims to be by its header, token or ticket. A wrong token is refused.
    fn claimed_user(&self, request: &Request, has_session: bool) -> Result<Option<String>, Answer> {
        let now = (self.settings.clock)();
        if let Some(jwt) = &self.settings.jwt {
            let Some(authorization) = request.header("Authorization") else {
                return Ok(None);
            };
            let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
            let user = jwt.user(authorization, now.as_secs_f64());
            return user.map(Some).ok_or_else(|| self.redirect_to_login());
        }
        if self.settings.has_tickets {
            let ticket = request.parameter("qlikTicket").filter(|_| !has_session);
            return Ok(ticket.and_then(|ticket| self.live().tickets.redeem(&ticket, now)));
        }
        Ok(request.header(&self.settings.header).map(str::to_owned))
    }

    /// The user of the session that a request continues.
    pub(super) fn session_user(&self, request: &Request) -> Option<String> {
        let cookie = request.cookie(&self.settings.cookie)?;
        self.live().sessions.user(cookie).map(str::to_owned)
    }

    /// The account of a user, who continues a session or opens one.
    pub(super) fn guest(&self, user: &str, continues: bool) -> Result<Guest, Answer> {
        let mut live = self.live();
        let mut accounts = live.accounts.iter();
        let account = accounts.find(|account| account.header_value == user);
        let account = account.cloned().ok_or_else(|| self.redirect_to_login())?;
        if account.inactive {
            const TEXT: &str =
                "Your account is inactive. Contact your administrator to activate it.";
            return Err(Answer::text(403, TEXT));
        }
        let new_cookie = if continues {
            None
        } else {
            let cookie = live.sessions.open(user);
            Some(cookie.ok_or_else(|| self.refuse_session())?)
        };
        Ok(Guest {
            account,
            new_cookie,
        })
    }

    pub(super) fn refuse_ended_session(&self) -> Result<(), Answer> {
        let Settings {
            login_way,
            ended_session,
            ..
        } = self.settings;
        match pages::ended_session(&self.prefix(), login_way, ended_session) {
            Some(refusal) => Err(refusal),
            None => Ok(()),
        }
    }

    fn refuse_session(&self) -> Answer {
        match self.settings.too_many_sessions {
            TooManySessions::RedirectToLogin => self.redirect_to_login(),
            TooManySessions::RedirectToPage => {
                let location = format!("{}/toomanysessions/?id=1", self.prefix());
                Answer::html(302, "").header("Location", location)
            }
            TooManySessions::Forbid => Answer::text(403, "Forbidden"),
            TooManySessions::ForbidWithReason => {
                const TEXT: &str = "You cannot access Qlik Sense because you have too many sessions active in parallel.";
                Answer::text(403, TEXT)
            }
        }
    }

    fn redirect_to_login(&self) -> Answer {
        pages::redirect_to_login(&self.prefix(), self.settings.login_way)
    }

    pub(super) fn set_cookie(&self, cookie: &str) -> String {
        let Settings {
            cookie: name,
            cookie_attributes,
            ..
        } = &self.settings;
        format!("{name}={cookie}; {cookie_attributes}")
    }
}
