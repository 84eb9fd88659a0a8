//! Windows authentication of the fake site: its login page, NTLM and Negotiate, tickets, and accounts that are locked.

mod bytes;
pub(super) mod handshake;
mod ntlm;
pub(super) mod spnego;

use std::collections::BTreeMap;

/// How a virtual proxy with Windows authentication logs users in; see
/// [`FakeSiteBuilder::windows`](super::FakeSiteBuilder::windows).
///
/// It checks what Windows checks: `NTLMv2` alone, a handshake within one connection, one challenge for each proof. A user with
/// too many wrong passwords is locked.
///
/// ```
/// # use qrs_fake_site::{FakeSite, WindowsLogin};
/// let windows = WindowsLogin::new("ACME", "scanner", "s3cret").negotiate_only();
/// let site = FakeSite::builder().windows(windows).start_in_thread();
/// assert_eq!(site.windows_proofs(), 0);
/// ```
#[derive(Debug, Clone)]
pub struct WindowsLogin {
    pub(super) users: Vec<User>,
    pub(super) schemes: &'static [&'static str],
    pattern: String,
    pub(super) place: Place,
    pub(super) is_hasty: bool,
    max_failures: usize,
}

#[derive(Debug, Clone)]
pub(super) struct User {
    domain: String,
    name: String,
    password: String,
}

/// Where the site challenges a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// On its login page, below its own address.
    Page,
    /// On its login page, below this address.
    PageAt(String),
    /// At the path that was requested.
    Anywhere,
}

/// The state of a login that is bound to a connection.
#[derive(Default)]
pub(super) struct Login {
    /// Set between the challenge and the proof.
    pub(super) exchange: Option<ntlm::Exchange>,
}

/// What the site remembers of logins.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// Number of wrong passwords for each user since the last right one.
    pub(super) failures: BTreeMap<String, usize>,
    /// Passwords that were changed, by user.
    pub(super) passwords: BTreeMap<String, String>,
    /// The requested URL for each `targetId`.
    pub(super) targets: BTreeMap<String, String>,
    /// Number of proofs of a password so far, right and wrong ones.
    pub(super) proofs: usize,
}

impl WindowsLogin {
    /// A user in a domain. The site offers NTLM to programs whose `User-Agent` contains `Windows`, on its login page, and locks
    /// the user after five wrong passwords.
    pub fn new(domain: &str, user: &str, password: &str) -> Self {
        let login = Self {
            users: Vec::new(),
            schemes: &["NTLM"],
            pattern: "Windows".to_owned(),
            place: Place::Page,
            is_hasty: false,
            max_failures: 5,
        };
        login.user(domain, user, password)
    }

    /// Adds a user.
    pub fn user(mut self, domain: &str, user: &str, password: &str) -> Self {
        self.users.push(User {
            domain: domain.to_owned(),
            name: user.to_owned(),
            password: password.to_owned(),
        });
        self
    }

    /// Offers only `Negotiate`.
    pub fn negotiate_only(mut self) -> Self {
        self.schemes = &["Negotiate"];
        self
    }

    /// Offers both `Negotiate` and `NTLM`, as Windows does.
    pub fn negotiate_and_ntlm(mut self) -> Self {
        self.schemes = &["Negotiate", "NTLM"];
        self
    }

    /// Sets the "Windows authentication pattern": other programs get the form.
    pub fn pattern(mut self, pattern: &str) -> Self {
        pattern.clone_into(&mut self.pattern);
        self
    }

    /// Challenges a client at the path that it requested, without a login page.
    pub fn challenges_directly(mut self) -> Self {
        self.place = Place::Anywhere;
        self
    }

    /// Redirects to a login page below another address, such as `https://qlik.example:4244`.
    pub fn page_at(mut self, address: &str) -> Self {
        self.place = Place::PageAt(address.trim_end_matches('/').to_owned());
        self
    }

    /// Closes the connection after each response with a challenge, as a gateway does that does not support NTLM.
    pub fn closes_connections(mut self) -> Self {
        self.is_hasty = true;
        self
    }

    /// Sets the number of wrong passwords after which a user is locked.
    pub fn locks_after(mut self, failures: usize) -> Self {
        self.max_failures = failures;
        self
    }

    /// The accounts of the users: `ACME\scanner`.
    pub(super) fn accounts(&self) -> impl Iterator<Item = String> {
        self.users.iter().map(User::account)
    }

    /// Whether the site shows its page for Windows users to this program.
    pub(super) fn welcomes(&self, user_agent: Option<&str>) -> bool {
        user_agent.is_some_and(|agent| agent.contains(&self.pattern))
    }

    /// The address of the login page, without its path; empty for the site's own.
    pub(super) fn address(&self) -> &str {
        match &self.place {
            Place::PageAt(address) => address,
            Place::Page | Place::Anywhere => "",
        }
    }

    /// The user with these names, whose case does not matter. A principal name stands for both.
    pub(super) fn find(&self, domain: &str, name: &str) -> Option<&User> {
        let is_same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
        let mut users = self.users.iter();
        users.find(|user| is_same(&user.domain, domain) && is_same(&user.name, name))
    }
}

impl User {
    pub(super) fn account(&self) -> String {
        match self.domain.as_str() {
            "" => self.name.clone(),
            domain => format!(r"{domain}\{}", self.name),
        }
    }
}

impl Desk {
    /// Whether the user has given too many wrong passwords.
    pub(super) fn is_locked(&self, account: &str, windows: &WindowsLogin) -> bool {
        let failures = self.failures.get(account).copied().unwrap_or(0);
        failures >= windows.max_failures
    }
}
