#![doc = include_str!("../README.md")]

mod account;
mod answer;
mod authority;
mod builder;
mod content;
mod fault;
mod filter;
mod gateway;
mod host;
mod jwt;
mod pages;
mod proxy;
mod request;
mod reserved_port;
mod schema;
mod server;
mod session;
mod site;
mod ticket;
mod tls;
mod windows;
mod wire;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use host::Host;
use site::Site;

pub use account::Account;
pub use answer::CountForm;
pub use authority::{Authority, Issued};
pub use builder::FakeSiteBuilder;
pub use content::Content;
pub use fault::{Fault, Point};
pub use gateway::Gateway;
pub use jwt::JwtLogin;
pub use pages::{LoginWay, LongHead};
pub use proxy::{FakeProxy, FakeProxyBuilder};
pub use request::Request;
pub use reserved_port::ReservedPort;
pub use schema::Entity;
pub use session::EndedSession;
pub use site::TooManySessions;
pub use windows::WindowsLogin;

/// A running fake site. It stops when this is dropped, even in the middle of a response.
pub struct FakeSite {
    site: Arc<Site>,
    address: SocketAddr,
    /// The port of the repository, if there is one.
    repository: Option<(SocketAddr, Host)>,
    /// Stops the site when it is dropped.
    _host: Host,
}

impl FakeSite {
    /// Starts the sample site in the caller's Tokio runtime, with the virtual proxy `header` and one account.
    ///
    /// # Panics
    /// If there is no free local port.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Starts the sample site in its own thread, for synchronous tests.
    ///
    /// # Panics
    /// If there is no free local port, or a thread cannot be started.
    pub fn start_in_thread() -> Self {
        Self::builder().start_in_thread()
    }

    /// Describes a site that differs from the sample site.
    ///
    /// ```
    /// # use qrs_fake_site::{Account, Content, FakeSite};
    /// let site = FakeSite::builder()
    ///     .virtual_proxy("scanner")
    ///     .header("X-Acme-User")
    ///     .account(Account::new("scanner").without_rights())
    ///     .content(Content::generated(3, 20))
    ///     .start_in_thread();
    /// assert!(site.url().ends_with("/scanner"));
    /// ```
    pub fn builder() -> FakeSiteBuilder {
        FakeSiteBuilder::new()
    }

    /// The URL including the virtual proxy: `http://127.0.0.1:40123/header`, or `https` with TLS.
    pub fn url(&self) -> String {
        match self.address {
            SocketAddr::V4(_) => self.url_by("127.0.0.1"),
            SocketAddr::V6(_) => self.url_by("[::1]"),
        }
    }

    /// The URL with another host name of this machine, such as `localhost`.
    pub fn url_by(&self, host: &str) -> String {
        let scheme = self.site.settings.scheme();
        let port = self.address.port();
        format!("{scheme}://{host}:{port}{}", self.site.prefix())
    }

    /// The URL of the repository's port, which requires a client certificate.
    ///
    /// # Panics
    /// If [`FakeSiteBuilder::repository`] was not called.
    pub fn repository_url(&self) -> String {
        let (address, _) = self
            .repository
            .as_ref()
            .expect("the site has a repository port");
        format!("https://localhost:{}", address.port())
    }

    /// The loopback address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The name of the header that authenticates.
    pub fn header_name(&self) -> &str {
        &self.site.settings.header
    }

    /// The value of that header for the first account.
    pub fn header_value(&self) -> String {
        let live = self.site.live();
        live.accounts
            .first()
            .map(|account| account.header_value.clone())
            .unwrap_or_default()
    }

    /// A copy of the current content of the site.
    pub fn content(&self) -> Content {
        Content::clone(&self.site.live().content)
    }

    /// Changes the content of the site. Responses that have begun keep the former content.
    ///
    /// The site waits for `change`, which must not send requests to the site.
    pub fn edit<T>(&self, change: impl FnOnce(&mut Content) -> T) -> T {
        change(Arc::make_mut(&mut self.site.live().content))
    }

    /// Adds an account, or replaces the one with the same header value. Its sessions stay open.
    pub fn set_account(&self, account: Account) {
        let accounts = &mut self.site.live().accounts;
        let mut known = accounts.iter_mut();
        match known.find(|known| known.header_value == account.header_value) {
            Some(known) => *known = account,
            None => accounts.push(account),
        }
    }

    /// Adds a fault, which applies from the next request on.
    pub fn fail(&self, fault: Fault) {
        self.site.live().faults.push(fault);
    }

    /// Removes all faults.
    pub fn heal(&self) {
        self.site.live().faults.clear();
    }

    /// Sets the statuses that executions of tasks go through from now on, one with each request that reads executions.
    /// Default: 1 (triggered), 2 (started), 7 (finished with success); 8 is a failure.
    pub fn set_execution_steps(&self, statuses: &[i64]) {
        self.site.set_execution_steps(statuses);
    }

    /// All requests so far in the order of their arrival, including redirects and those that failed.
    pub fn requests(&self) -> Vec<Request> {
        self.site.live().requests.clone()
    }

    /// The requests with this path, without the virtual proxy: `/qrs/app/full`.
    pub fn requests_of(&self, path: &str) -> Vec<Request> {
        let live = self.site.live();
        let requests = live.requests.iter();
        let of_path = requests.filter(|request| request.path() == path);
        of_path.cloned().collect()
    }

    /// Maximum number of requests that were being answered at the same time, since the start or the last call.
    pub fn most_requests_at_once(&self) -> usize {
        self.site.live().take_most_at_once()
    }

    /// Number of connections accepted since the start.
    pub fn connections(&self) -> usize {
        self.site.live().connections
    }

    /// Number of sessions opened since the start.
    pub fn sessions_opened(&self) -> usize {
        self.site.live().sessions.opened()
    }

    /// Opens a session of a user, as another program would, and returns its cookie: `X-Qlik-Session-HTTP=…`.
    ///
    /// # Panics
    /// If the user has five sessions already.
    pub fn open_session(&self, user: &str) -> String {
        let cookie = self.site.live().sessions.open(user);
        let cookie = cookie.expect("a user has five sessions at most");
        format!("{}={cookie}", self.site.settings.cookie)
    }

    /// Issues a ticket for a user, which is valid once and for a minute; see [`FakeSiteBuilder::tickets`].
    pub fn issue_ticket(&self, user: &str) -> String {
        let now = (self.site.settings.clock)();
        self.site.live().tickets.issue(user, now)
    }

    /// Number of proofs of a Windows password received since the start, right and wrong ones.
    pub fn windows_proofs(&self) -> usize {
        self.site.live().windows.proofs
    }

    /// Changes the password of a Windows user, such as `ACME\scanner`. Sessions stay open.
    pub fn set_windows_password(&self, user: &str, password: &str) {
        let passwords = &mut self.site.live().windows.passwords;
        passwords.insert(user.to_owned(), password.to_owned());
    }

    /// Ends all sessions, as after half an hour without a request: their cookies become invalid.
    pub fn expire_sessions(&self) {
        self.site.live().sessions.end_all();
    }
}

impl fmt::Debug for FakeSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeSite")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}
