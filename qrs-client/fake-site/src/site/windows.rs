//! The login page for Windows users, and the handshake on its connection.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Site;
use super::authentication::Guest;
use crate::answer::Answer;
use crate::pages::{self, LoginWay};
use crate::request::Request;
use crate::session::{EndedSession, guid};
use crate::windows::handshake::Refusal;
use crate::windows::{Login, Place, WindowsLogin, spnego};

impl Site {
    /// Finds the account of a request by its session, its ticket, or its handshake; the latter two open a session.
    pub(super) fn authenticate_windows(
        &self,
        request: &Request,
        windows: &WindowsLogin,
        login: &mut Login,
    ) -> Result<Guest, Answer> {
        if let Some(user) = self.session_user(request) {
            return self.guest(&user, true);
        }
        let ticket = request.parameter("qlikTicket");
        let now = (self.settings.clock)();
        let user = ticket.and_then(|ticket| self.live().tickets.redeem(&ticket, now));
        if let Some(user) = user {
            return self.guest(&user, false);
        }
        if self.settings.ended_session != EndedSession::RedirectToLogin
            && request.cookie(&self.settings.cookie).is_some()
        {
            self.refuse_ended_session()?;
        }
        if windows.place != Place::Anywhere {
            return Err(self.redirect_to_windows_login(request, windows));
        }
        let user = self.windows_account(request, windows, login)?;
        self.guest(&user, false)
    }

    /// The redirect of a request without a session to the page that the program's user is to see.
    fn redirect_to_windows_login(&self, request: &Request, windows: &WindowsLogin) -> Answer {
        if !windows.welcomes(request.header("User-Agent")) {
            return pages::redirect_to_login(&self.prefix(), LoginWay::Form);
        }
        let target = guid();
        let (scheme, host) = (
            self.settings.scheme(),
            request.header("Host").unwrap_or_default(),
        );
        let back = format!("{scheme}://{host}{}", request.target());
        self.live().windows.targets.insert(target.clone(), back);
        let (address, prefix) = (windows.address(), self.prefix());
        let page = pages::WINDOWS;
        let location = format!("{address}{prefix}/{page}/?targetId={target}");
        Answer::html(302, "").header("Location", location)
    }

    /// The response of the login page: a challenge, or the redirect back with a ticket.
    pub(super) fn windows_page(
        &self,
        request: &Request,
        windows: &WindowsLogin,
        login: &mut Login,
    ) -> Answer {
        let target = request.parameter("targetId").unwrap_or_default();
        if !self.live().windows.targets.contains_key(&target) {
            return Answer::text(400, "Bad Request - unknown targetId");
        }
        let account = match self.windows_account(request, windows, login) {
            Ok(account) => account,
            Err(answer) => return answer,
        };
        let now = (self.settings.clock)();
        let mut live = self.live();
        let ticket = live.tickets.issue(&account, now);
        let back = live.windows.targets.remove(&target).unwrap_or_default();
        let sign = if back.contains('?') { '&' } else { '?' };
        let answer =
            Answer::html(302, PAGE).header("Location", format!("{back}{sign}qlikTicket={ticket}"));
        match request.header("Authorization") {
            Some(sent) if sent.starts_with("Negotiate ") => {
                let token = STANDARD.encode(spnego::accepted());
                answer.header("WWW-Authenticate", format!("Negotiate {token}"))
            }
            _ => answer,
        }
    }

    /// The account that a request proves, or the next response of the handshake.
    fn windows_account(
        &self,
        request: &Request,
        windows: &WindowsLogin,
        login: &mut Login,
    ) -> Result<String, Answer> {
        let sent = request.header("Authorization");
        let desk = &mut self.live().windows;
        desk.account(sent, windows, login)
            .map_err(|refusal| match refusal {
                Refusal::Unauthorized(challenges) => unauthorized(windows, challenges),
                Refusal::Invalid(reason) => Answer::text(400, format!("Bad Request - {reason}")),
            })
    }
}

/// The page that servers send with a challenge.
const PAGE: &str = "<!DOCTYPE html><html><head><title>Unauthorized</title></head><body>\
    <h1>401 - Unauthorized: Access is denied due to invalid credentials.</h1></body></html>";

/// 401 with the schemes, or with the challenge of one.
fn unauthorized(windows: &WindowsLogin, challenges: Vec<String>) -> Answer {
    let mut answer = Answer::html(401, PAGE);
    if windows.is_hasty {
        answer = answer.header("Connection", "close");
    }
    let name = "WWW-Authenticate".to_owned();
    let challenges = challenges
        .into_iter()
        .map(|challenge| (name.clone(), challenge));
    answer.headers.extend(challenges);
    answer
}
