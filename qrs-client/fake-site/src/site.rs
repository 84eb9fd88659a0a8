//! The site itself: maps requests to responses. Nothing here touches the network.

mod apps;
mod authentication;
mod query;
mod repository;
mod selections;
mod table;
mod tasks;
mod windows;
mod writing;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde_json::json;
use tokio_rustls::TlsAcceptor;

use super::account::{Access, Account};
use super::answer::{Answer, Body, CountForm, Extent};
use super::content::Content;
use super::fault::{Effect, Fault, Instead};
use super::gateway::Gateway;
use super::jwt::JwtLogin;
use super::pages::{self, LoginWay, LongHead};
use super::request::{LONGEST_TARGET, Request};
use super::schema::Entity;
use super::session::{EndedSession, Sessions};
use super::ticket::Tickets;
use super::windows::{Desk, Login, WindowsLogin};
use super::wire::Framing;

/// A running site: its constant setup and its changing state.
pub(super) struct Site {
    pub(super) settings: Settings,
    live: Mutex<Live>,
}

/// A clock.
pub(super) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// The port that a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// That of the proxy: 443 on a real site.
    Proxy,
    /// That of the repository: 4242 on a real site.
    Repository,
}

/// The setup, which is constant while the site runs.
#[derive(Clone)]
pub(super) struct Settings {
    /// The virtual proxy's prefix without slashes; empty for the default virtual proxy.
    pub(super) virtual_proxy: String,
    pub(super) header: String,
    pub(super) cookie: String,
    pub(super) version: String,
    pub(super) login_way: LoginWay,
    /// Set if the virtual proxy authenticates Windows users instead of a header.
    pub(super) windows: Option<WindowsLogin>,
    pub(super) too_many_sessions: TooManySessions,
    pub(super) ended_session: EndedSession,
    /// Maximum size of a request's head in bytes, and the response to a longer one.
    pub(super) head_limit: (usize, LongHead),
    /// Attributes of the session's cookie.
    pub(super) cookie_attributes: String,
    pub(super) gateway: Gateway,
    pub(super) count_form: CountForm,
    /// Maximum number of rows of a page of a table.
    pub(super) max_page_rows: usize,
    pub(super) framing: Framing,
    /// If `None`, connections are not encrypted.
    pub(super) tls: Option<TlsAcceptor>,
    /// TLS of the repository's port, if there is one.
    pub(super) repository: Option<TlsAcceptor>,
    /// Set if the virtual proxy authenticates by tokens instead of a header.
    pub(super) jwt: Option<JwtLogin>,
    /// Whether the virtual proxy authenticates by tickets instead of a header.
    pub(super) has_tickets: bool,
    /// The clock by which tokens and tickets end.
    pub(super) clock: Clock,
    /// The address that it listens on.
    pub(super) loopback: IpAddr,
    /// 0 for any free port.
    pub(super) port: u16,
}

impl Settings {
    pub(super) fn scheme(&self) -> &'static str {
        match self.tls {
            Some(_) => "https",
            None => "http",
        }
    }
}

/// The response to a user who has five sessions and opens another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooManySessions {
    /// 302 to the login page.
    RedirectToLogin,
    /// 302 to a page about it, `/vp/toomanysessions`.
    RedirectToPage,
    /// 403
    Forbid,
    /// 403 with Qlik Sense's own sentence.
    ForbidWithReason,
}

/// The state that changes while the site runs.
pub(super) struct Live {
    pub(super) content: Arc<Content>,
    pub(super) accounts: Vec<Account>,
    pub(super) faults: Vec<Fault>,
    pub(super) sessions: Sessions,
    pub(super) requests: Vec<Request>,
    /// Number of requests that are being answered, and the maximum so far.
    at_once: usize,
    most_at_once: usize,
    pub(super) connections: usize,
    pub(super) tickets: Tickets,
    pub(super) windows: Desk,
    /// Files to download, by the token of their export.
    exports: BTreeMap<String, apps::Export>,
    executions: tasks::Executions,
    selections: BTreeMap<String, Vec<selections::Item>>,
}

impl Live {
    /// The maximum number of requests at once since the last call.
    pub(super) fn take_most_at_once(&mut self) -> usize {
        std::mem::replace(&mut self.most_at_once, self.at_once)
    }
}

/// A request that is being answered, until it is dropped.
pub(super) struct Open<'a>(&'a Site);

impl<'a> Open<'a> {
    pub(super) fn new(site: &'a Site) -> Self {
        let mut live = site.live();
        live.at_once += 1;
        live.most_at_once = live.most_at_once.max(live.at_once);
        Self(site)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.live().at_once -= 1;
    }
}

impl Site {
    pub(super) fn new(settings: Settings, content: Content, accounts: Vec<Account>) -> Self {
        let live = Live {
            content: Arc::new(content),
            accounts,
            faults: Vec::new(),
            sessions: Sessions::default(),
            requests: Vec::new(),
            at_once: 0,
            most_at_once: 0,
            connections: 0,
            tickets: Tickets::default(),
            windows: Desk::default(),
            exports: BTreeMap::new(),
            executions: tasks::Executions::default(),
            selections: BTreeMap::new(),
        };
        Self {
            settings,
            live: Mutex::new(live),
        }
    }

    /// Locks the state. A test that panicked while it edited the content has already failed, so poisoning is ignored.
    pub(super) fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The path that every request to this virtual proxy begins with: `/header`, or nothing.
    pub(super) fn prefix(&self) -> String {
        match self.settings.virtual_proxy.as_str() {
            "" => String::new(),
            name => format!("/{name}"),
        }
    }

    /// The response to a request that has these faults. `login` belongs to its connection.
    pub(super) fn answer(
        &self,
        request: &Request,
        effects: &[Effect],
        door: Door,
        login: &mut Login,
    ) -> Answer {
        let instead = effects.iter().find_map(|effect| match effect {
            Effect::Instead(instead) => Some(instead.clone()),
            _ => None,
        });
        let hung_up = effects
            .iter()
            .any(|effect| matches!(effect, Effect::HangUp(_)));
        let answer = match instead {
            Some(Instead::Given(answer)) => answer,
            Some(Instead::LoginRedirect(way)) => pages::redirect_to_login(&self.prefix(), way),
            // A request that is never answered never reached the site, and opens no session.
            None if hung_up => Answer::text(503, ""),
            None => {
                let request = self.settings.gateway.forward(request);
                self.right_answer(&request, door, login)
                    .unwrap_or_else(|refusal| refusal)
            }
        };
        self.settings.gateway.answer(answer)
    }

    /// Records the request, and finds the faults that apply to it.
    pub(super) fn receive(&self, request: &Request) -> Vec<Effect> {
        let mut live = self.live();
        live.requests.push(request.clone());
        let faults = live.faults.iter_mut();
        let effects: Vec<_> = faults.filter_map(|fault| fault.trigger(request)).collect();
        if effects
            .iter()
            .any(|effect| matches!(effect, Effect::EndSessions))
        {
            live.sessions.end_all();
        }
        effects
    }

    fn right_answer(
        &self,
        request: &Request,
        door: Door,
        login: &mut Login,
    ) -> Result<Answer, Answer> {
        check_target(request)?;
        let (longest, refusal) = self.settings.head_limit;
        if request.head_length() > longest {
            return Err(pages::head_too_long(refusal));
        }
        if door == Door::Repository {
            let guest = self.named_user(request)?;
            return self.answer_to_guest(request, &guest.account);
        }
        if let Some(windows) = &self.settings.windows
            && pages::is_windows_login(request.path())
        {
            return Ok(self.windows_page(request, windows, login));
        }
        if let Some(page) = pages::login(request.path()) {
            return Ok(page);
        }
        let guest = match &self.settings.windows {
            Some(windows) => self.authenticate_windows(request, windows, login)?,
            None => self.authenticate(request)?,
        };
        let answer = self.answer_to_guest(request, &guest.account);
        let answer = answer.unwrap_or_else(|refusal| refusal);
        Ok(match guest.new_cookie {
            Some(cookie) => answer.header("Set-Cookie", self.set_cookie(&cookie)),
            None => answer,
        })
    }

    fn answer_to_guest(&self, request: &Request, account: &Account) -> Result<Answer, Answer> {
        query::check_xrfkey(request)?;
        query::check_parameters(request)?;
        let path = request.path();
        match (request.method(), path.strip_prefix("/qrs/")) {
            ("GET", Some("about")) => Ok(self.about()),
            ("GET", Some("license")) => Ok(Answer::record(&self.live().content.license)),
            ("GET", Some(path)) if path.starts_with("selection/") => {
                self.look_up_selected(path, request, account)
            }
            ("GET", Some(path)) => self.look_up(path, request, account),
            ("POST" | "PUT" | "DELETE", Some(path)) => self.write(path, request, account),
            ("GET", None) if path.starts_with("/tempcontent/") => self.download(request),
            ("DELETE", None) if path == "/qps/user" => {
                self.live().sessions.end_all_of(&account.header_value);
                Ok(Answer::text(200, ""))
            }
            (_, Some(_)) => Err(Answer::text(405, "Method Not Allowed")),
            (_, None) => Err(Answer::text(404, "Not Found")),
        }
    }

    fn about(&self) -> Answer {
        Answer::record(&json!({
            "buildVersion": self.settings.version,
            "buildDate": "11/14/2023 09:12:00 AM",
            "databaseProvider": "Devart.Data.PostgreSql",
            "nodeType": 1,
            "sharedPersistence": true,
            "requiresBootstrap": false,
            "singleNodeOnly": false,
            "schemaPath": "About",
        }))
    }

    /// A search for records that the account sees.
    fn lookup<'a>(
        &self,
        entity: Entity,
        request: &'a Request,
        account: &Account,
    ) -> query::Lookup<'a> {
        query::Lookup {
            content: Arc::clone(&self.live().content),
            entity,
            access: account.access(entity),
            request,
        }
    }

    /// Responses for lists, counts and single records.
    fn look_up(&self, path: &str, request: &Request, account: &Account) -> Result<Answer, Answer> {
        let not_found = || Answer::text(404, "Not Found");
        let (entity, rest) = Entity::of_path(path).ok_or_else(not_found)?;
        if matches!(account.access(entity), Access::Forbidden) {
            return Err(Answer::text(403, "Forbidden"));
        }
        let list = self.lookup(entity, request, account);
        if entity == Entity::ExecutionResult {
            self.proceed_with_tasks();
        }
        match rest.strip_prefix('/') {
            None => list
                .rows(Extent::Condensed)
                .map(Body::Rows)
                .map(Answer::json),
            Some("full") => list.rows(Extent::Full).map(Body::Rows).map(Answer::json),
            Some("count") => {
                let value = list.rows(Extent::Condensed)?.places.len() as i64;
                let form = self.settings.count_form;
                Ok(Answer::json(Body::Count { value, form }))
            }
            Some(id) => list.record(id).ok_or_else(not_found),
        }
    }
}

/// Refuses requests that no virtual proxy would forward.
fn check_target(request: &Request) -> Result<(), Answer> {
    if request.target().len() > LONGEST_TARGET {
        return Err(Answer::text(414, "URI Too Long"));
    }
    if request.whole_path().contains("//") || request.target().contains('#') {
        return Err(Answer::text(400, "Bad Request - Invalid URL"));
    }
    if !request.is_below_prefix() {
        return Err(pages::wrong_prefix());
    }
    Ok(())
}
