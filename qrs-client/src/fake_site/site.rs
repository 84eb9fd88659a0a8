//! The site itself: who is asking, for what, and what the answer is. Nothing here touches the network.

mod query;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::json;

use super::account::{Access, Account};
use super::answer::{Answer, Body, CountForm};
use super::content::Content;
use super::fault::{Effect, Fault, Instead};
use super::pages::{self, LoginWay};
use super::request::{LONGEST_TARGET, Request};
use super::schema::Entity;
use super::session::Sessions;
use super::wire::Framing;

/// A running site: what never changes, and what does.
pub(super) struct Site {
    pub(super) settings: Settings,
    live: Mutex<Live>,
}

/// What is decided before the site starts.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// The virtual proxy's prefix without slashes; empty for the default virtual proxy.
    pub(super) virtual_proxy: String,
    pub(super) header: String,
    pub(super) cookie: String,
    pub(super) version: String,
    pub(super) login_way: LoginWay,
    pub(super) too_many_sessions: TooManySessions,
    pub(super) count_form: CountForm,
    pub(super) framing: Framing,
}

/// What the site answers to a user who has five sessions and opens another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooManySessions {
    /// 302 to the login page.
    RedirectToLogin,
    /// 403
    Forbid,
}

/// What changes while the site runs.
pub(super) struct Live {
    pub(super) content: Arc<Content>,
    pub(super) accounts: Vec<Account>,
    pub(super) faults: Vec<Fault>,
    pub(super) sessions: Sessions,
    pub(super) requests: Vec<Request>,
}

impl Site {
    pub(super) fn new(settings: Settings, content: Content, accounts: Vec<Account>) -> Self {
        let live = Live {
            content: Arc::new(content),
            accounts,
            faults: Vec::new(),
            sessions: Sessions::default(),
            requests: Vec::new(),
        };
        Self {
            settings,
            live: Mutex::new(live),
        }
    }

    /// Locks what changes. A test that panicked while it edited the content has failed already: others go on.
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

    /// Answers a request, and says what goes wrong with the answer on its way.
    pub(super) fn answer(&self, request: &Request) -> (Answer, Vec<Effect>) {
        let effects = self.record(request);
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
            None => self
                .right_answer(request)
                .unwrap_or_else(|refusal| *refusal),
        };
        (answer, effects)
    }

    fn record(&self, request: &Request) -> Vec<Effect> {
        let mut live = self.live();
        live.requests.push(request.clone());
        let faults = live.faults.iter_mut();
        faults.filter_map(|fault| fault.strike(request)).collect()
    }

    fn right_answer(&self, request: &Request) -> Result<Answer, Box<Answer>> {
        let path = self.path_within(request)?;
        if let Some(page) = LoginWay::page(path) {
            return Ok(page);
        }
        let guest = self.authenticate(request)?;
        query::check_xrfkey(request)?;
        query::check_parameters(request)?;
        let answer = match (request.method(), path.strip_prefix("/qrs/")) {
            ("GET", Some("about")) => Ok(self.about()),
            ("GET", Some(path)) => self.records(path, request, &guest.account),
            ("DELETE", None) if path == "/qps/user" => {
                self.live().sessions.end_all_of(&guest.account.header_value);
                Ok(Answer::text(200, ""))
            }
            (_, Some(_)) => Err(Answer::text(405, "Method Not Allowed").into()),
            _ => Err(Answer::text(404, "Not Found").into()),
        };
        // A refusal belongs to the session as much as any other answer.
        let answer = answer.unwrap_or_else(|refusal| *refusal);
        Ok(match guest.new_cookie {
            Some(cookie) => answer.header("Set-Cookie", self.set_cookie(&cookie)),
            None => answer,
        })
    }

    /// The path below the virtual proxy's prefix, if the request has that prefix.
    fn path_within<'a>(&self, request: &'a Request) -> Result<&'a str, Box<Answer>> {
        if request.target().len() > LONGEST_TARGET {
            return Err(Answer::text(414, "URI Too Long").into());
        }
        let path = request.whole_path();
        if path.contains("//") || request.target().contains('#') {
            return Err(Answer::text(400, "Bad Request - Invalid URL").into());
        }
        let below = path.strip_prefix(&self.prefix());
        let below = below.filter(|below| below.starts_with('/'));
        below.ok_or_else(|| pages::wrong_prefix().into())
    }

    fn about(&self) -> Answer {
        Answer::record(&json!({
            "buildVersion": self.settings.version,
            "buildDate": "9/20/2013 10:09:00 AM",
            "databaseProvider": "Devart.Data.PostgreSql",
            "nodeType": 1,
            "sharedPersistence": true,
            "requiresBootstrap": false,
            "singleNodeOnly": false,
            "schemaPath": "About",
        }))
    }

    /// Answers for lists, counts and single records.
    fn records(
        &self,
        path: &str,
        request: &Request,
        account: &Account,
    ) -> Result<Answer, Box<Answer>> {
        let not_found = || Box::new(Answer::text(404, "Not Found"));
        let (entity, rest) = Entity::of_path(path).ok_or_else(not_found)?;
        let access = account.access(entity);
        if matches!(access, Access::Forbidden) {
            return Err(Answer::text(403, "Forbidden").into());
        }
        let list = query::Lookup {
            content: Arc::clone(&self.live().content),
            entity,
            access,
            request,
        };
        match rest.strip_prefix('/') {
            None => list
                .rows(query::CONDENSED)
                .map(Body::Rows)
                .map(Answer::json),
            Some("full") => list.rows(query::FULL).map(Body::Rows).map(Answer::json),
            Some("count") => {
                let value = list.rows(query::CONDENSED)?.places.len() as i64;
                let form = self.settings.count_form;
                Ok(Answer::json(Body::Count { value, form }))
            }
            Some(id) => list.record(id).ok_or_else(not_found),
        }
    }
}

/// Who is asking, and the session that was opened for this.
struct Guest {
    account: Account,
    new_cookie: Option<String>,
}

impl Site {
    /// Finds the account that a request comes from: by its session, or by its header, which opens one.
    fn authenticate(&self, request: &Request) -> Result<Guest, Box<Answer>> {
        let settings = &self.settings;
        let to_login = || pages::redirect_to_login(&self.prefix(), settings.login_way);
        let mut live = self.live();
        let header = request.header(&settings.header);
        let known = request.cookie(&settings.cookie);
        let known = known.and_then(|cookie| live.sessions.user(cookie));
        // A cookie of one user and the header of another are a new session of the latter.
        let known = known.filter(|user| header.is_none_or(|header| header == *user));
        let user = known.or(header).map(str::to_owned).ok_or_else(to_login)?;
        let known = known.is_some();

        let mut accounts = live.accounts.iter();
        let account = accounts.find(|account| account.header_value == user);
        let account = account.cloned().ok_or_else(to_login)?;
        if account.inactive {
            const TEXT: &str =
                "Your account is inactive. Contact your administrator to activate it.";
            return Err(Answer::text(403, TEXT).into());
        }
        let new_cookie = match known {
            true => None,
            false => Some(live.sessions.open(&user).ok_or_else(
                || match settings.too_many_sessions {
                    TooManySessions::RedirectToLogin => to_login(),
                    TooManySessions::Forbid => Answer::text(403, "Forbidden"),
                },
            )?),
        };
        Ok(Guest {
            account,
            new_cookie,
        })
    }

    fn set_cookie(&self, cookie: &str) -> String {
        format!("{}={cookie}; Path=/; HttpOnly", self.settings.cookie)
    }
}
