//! The description of a fake site before it starts.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::SystemTime;

use super::account::Account;
use super::answer::CountForm;
use super::authority::Authority;
use super::content::Content;
use super::gateway::Gateway;
use super::host::Host;
use super::jwt::JwtLogin;
use super::pages::{LoginWay, LongHead};
use super::session::EndedSession;
use super::site::{Clock, Door, Settings, Site, TooManySessions};
use super::windows::WindowsLogin;
use super::wire::{Framing, USUAL_CHUNK};
use super::{FakeSite, server, tls};

/// Windows accepts 16 KB for the URL, and 16 KB for the headers.
const LONGEST_HEAD: usize = 32 * 1024;

/// Describes a fake site, see [`FakeSite::builder`].
#[derive(Clone)]
#[must_use = "a site has to be started"]
pub struct FakeSiteBuilder {
    settings: Settings,
    content: Content,
    accounts: Vec<Account>,
}

impl FakeSiteBuilder {
    pub(super) fn new() -> Self {
        let settings = Settings {
            virtual_proxy: "header".to_owned(),
            header: "X-Qlik-Header-Auth".to_owned(),
            cookie: "X-Qlik-Session-HTTP".to_owned(),
            version: "14.20.5.0".to_owned(),
            login_way: LoginWay::Form,
            windows: None,
            too_many_sessions: TooManySessions::RedirectToLogin,
            ended_session: EndedSession::RedirectToLogin,
            cookie_attributes: "Path=/; HttpOnly".to_owned(),
            gateway: Gateway::None,
            head_limit: (LONGEST_HEAD, LongHead::RequestTooLong),
            count_form: CountForm::Value,
            max_page_rows: usize::MAX,
            framing: Framing::Chunked(USUAL_CHUNK),
            tls: None,
            repository: None,
            jwt: None,
            has_tickets: false,
            clock: system_clock(),
            loopback: Ipv4Addr::LOCALHOST.into(),
            port: 0,
        };
        Self {
            settings,
            content: Content::sample(),
            accounts: Vec::new(),
        }
    }

    /// Sets the virtual proxy's prefix; `""` is the default virtual proxy, which has none. Default: `header`.
    pub fn virtual_proxy(mut self, prefix: &str) -> Self {
        prefix
            .trim_matches('/')
            .clone_into(&mut self.settings.virtual_proxy);
        self
    }

    /// Sets the name of the header that authenticates. Default: `X-Qlik-Header-Auth`.
    pub fn header(mut self, name: &str) -> Self {
        name.clone_into(&mut self.settings.header);
        self
    }

    /// Sets the name of the session's cookie. Default: `X-Qlik-Session-HTTP`.
    pub fn cookie(mut self, name: &str) -> Self {
        name.clone_into(&mut self.settings.cookie);
        self
    }

    /// Sets the attributes of the session's cookie. Default: `Path=/; HttpOnly`.
    pub fn cookie_attributes(mut self, attributes: &str) -> Self {
        attributes.clone_into(&mut self.settings.cookie_attributes);
        self
    }

    /// Sets what a gateway in front of the site does to cookies. By default there is no gateway.
    pub fn gateway(mut self, gateway: Gateway) -> Self {
        self.settings.gateway = gateway;
        self
    }

    /// Adds an account with all rights; `name` is the header's value. Default: `ACME\scanner`.
    pub fn user(self, header_value: &str) -> Self {
        self.account(Account::new(header_value))
    }

    /// Adds an account.
    pub fn account(mut self, account: Account) -> Self {
        self.accounts.push(account);
        self
    }

    /// Sets the content of the site. Default: the sample site.
    pub fn content(mut self, content: Content) -> Self {
        self.content = content;
        self
    }

    /// Sets the version in `/qrs/about`.
    pub fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.settings.version);
        self
    }

    /// Listens on `::1` instead of `127.0.0.1`.
    pub fn ipv6(mut self) -> Self {
        self.settings.loopback = Ipv6Addr::LOCALHOST.into();
        self
    }

    /// Sets the port. Default, and with 0: any free port.
    pub fn port(mut self, port: u16) -> Self {
        self.settings.port = port;
        self
    }

    /// Sets the redirect of unauthenticated requests. Default: to a form.
    pub fn login_way(mut self, way: LoginWay) -> Self {
        self.settings.login_way = way;
        self
    }

    /// Authenticates Windows users instead of a header. Users without an account get one with all rights.
    pub fn windows(mut self, windows: WindowsLogin) -> Self {
        self.settings.windows = Some(windows);
        self.login_way(LoginWay::Windows)
    }

    /// Sets the response to a sixth parallel session. Default: a redirect to the login page.
    pub fn too_many_sessions(mut self, answer: TooManySessions) -> Self {
        self.settings.too_many_sessions = answer;
        self
    }

    /// Sets the response to the cookie of an ended session. Default: a redirect to the login page.
    pub fn ended_session(mut self, answer: EndedSession) -> Self {
        self.settings.ended_session = answer;
        self
    }

    /// Sets the maximum size of a request's head in bytes, and the response to a longer one. Default: 32 KiB and
    /// 400 `Request Too Long`.
    pub fn head_limit(mut self, bytes: usize, answer: LongHead) -> Self {
        self.settings.head_limit = (bytes, answer);
        self
    }

    /// Sets the format of counts. Default: `{"value":5}`.
    pub fn count_form(mut self, form: CountForm) -> Self {
        self.settings.count_form = form;
        self
    }

    /// Sets the maximum number of rows of a page of a table, even if more are requested. Default: no limit.
    pub fn max_page_rows(mut self, rows: usize) -> Self {
        self.settings.max_page_rows = rows;
        self
    }

    /// Sets the size of a chunk in bytes: 1 splits every character of more than one byte. Default: 8 KiB.
    pub fn chunk_size(mut self, bytes: usize) -> Self {
        self.settings.framing = Framing::Chunked(bytes);
        self
    }

    /// Sends responses with a `Content-Length` instead of in chunks.
    pub fn content_length(mut self) -> Self {
        self.settings.framing = Framing::Length;
        self
    }

    /// Uses TLS with this chain (the site's certificate first) and key, both in PEM.
    ///
    /// # Panics
    /// If they are invalid, or do not match.
    pub fn tls(mut self, chain_pem: &str, key_pem: &str) -> Self {
        self.settings.tls = Some(tls::acceptor(chain_pem, key_pem));
        self
    }

    /// Authenticates by JSON web tokens instead of a header. The user of a token must have an account.
    pub fn jwt(mut self, login: JwtLogin) -> Self {
        self.settings.jwt = Some(login);
        self
    }

    /// Authenticates by tickets instead of a header; see [`FakeSite::issue_ticket`].
    pub fn tickets(mut self) -> Self {
        self.settings.has_tickets = true;
        self
    }

    /// Sets the clock by which tokens and tickets end. Default: the operating system's.
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.settings.clock = Arc::new(now);
        self
    }

    /// Adds the port of the repository (4242 on a real site), with a server certificate of this authority. It accepts only clients
    /// with a certificate of this authority, and refuses others in the TLS handshake. It has no virtual proxy and opens no
    /// sessions: the header `X-Qlik-User` names the user.
    pub fn repository(mut self, authority: &Authority) -> Self {
        self.settings.repository = Some(tls::repository_acceptor(authority));
        self
    }

    /// Starts the site in the caller's Tokio runtime (which needs time and I/O enabled).
    ///
    /// Its delays follow the clock of that runtime, so they take no time if a test has paused it.
    ///
    /// # Panics
    /// If the port is in use, or no port is free.
    pub async fn start(self) -> FakeSite {
        let site = self.site();
        let loopback = site.settings.loopback;
        let run = |door| {
            let site = Arc::clone(&site);
            move |listener| server::run(listener, site, door)
        };
        let (address, host) = Host::task((loopback, site.settings.port), run(Door::Proxy)).await;
        let repository = match site.settings.repository {
            Some(_) => Some(Host::task((loopback, 0), run(Door::Repository)).await),
            None => None,
        };
        FakeSite {
            site,
            address,
            repository,
            _host: host,
        }
    }

    /// Starts the site in a thread with its own runtime, for synchronous tests.
    ///
    /// # Panics
    /// If the port is in use, no port is free, or a thread cannot be started.
    pub fn start_in_thread(self) -> FakeSite {
        let site = self.site();
        let loopback = site.settings.loopback;
        let run = |door| {
            let site = Arc::clone(&site);
            move |listener| server::run(listener, site, door)
        };
        let (address, host) = Host::thread((loopback, site.settings.port), run(Door::Proxy));
        let repository = site.settings.repository.as_ref();
        let repository = repository.map(|_| Host::thread((loopback, 0), run(Door::Repository)));
        FakeSite {
            site,
            address,
            repository,
            _host: host,
        }
    }

    fn site(mut self) -> Arc<Site> {
        let windows = self.settings.windows.clone();
        for user in windows.iter().flat_map(WindowsLogin::accounts) {
            if !self
                .accounts
                .iter()
                .any(|account| account.header_value == user)
            {
                self = self.user(&user);
            }
        }
        if self.accounts.is_empty() {
            self = self.user(r"ACME\scanner");
        }
        Arc::new(Site::new(self.settings, self.content, self.accounts))
    }
}

fn system_clock() -> Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the default of `FakeSiteBuilder::clock`"
    )]
    Arc::new(SystemTime::now)
}
