//! Authentication as a Windows user.

use std::fmt;

use outbound_http::WindowsAccount;
use secrecy::SecretString;

use crate::error::Error;

/// A Windows user with a password, for a virtual proxy that authenticates Windows users.
///
/// The client logs in with NTLM, alone or within Negotiate, when it opens a session; the password itself is never sent. If the
/// site refuses it, the client does not try it again, not even for parallel requests, retries or new sessions: directories lock
/// users after a few wrong passwords. Clients that share sessions through a [`SessionPool`](crate::SessionPool) also share this
/// memory. A new client tries again.
///
/// Kerberos is not supported. Requires the feature `windows-login`.
///
/// ```
/// use qrs_client::{QrsClient, SiteUrl, WindowsCredentials};
///
/// let site = SiteUrl::parse("https://qlik.example/windows")?;
/// let credentials = WindowsCredentials::new("ACME", "scanner", "s3cret".into())?;
/// let client = QrsClient::builder(site, credentials).build()?;
/// # Ok::<(), qrs_client::Error>(())
/// ```
#[derive(Clone)]
pub struct WindowsCredentials {
    account: WindowsAccount,
    /// `DOMAIN\user`, or the principal name alone.
    name: String,
}

/// The header `User-Agent` of a client that logs in as a Windows user. It contains the default of the virtual proxy's "Windows
/// authentication pattern", which decides who gets a form.
pub(crate) const USER_AGENT: &str = concat!("qrs-client/", env!("CARGO_PKG_VERSION"), " (Windows)");

impl WindowsCredentials {
    /// Creates credentials from a domain such as `ACME`, a user and a password. The domain is empty if the user is a principal
    /// name, such as `scanner@acme.example`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the user or the password is empty, or the domain or the
    /// user contains `\` or a control character.
    pub fn new(domain: &str, user: &str, password: SecretString) -> Result<Self, Error> {
        let account = WindowsAccount::new(domain, user, password)?;
        let name = match domain {
            "" => user.to_owned(),
            domain => format!(r"{domain}\{user}"),
        };
        Ok(Self { account, name })
    }

    /// `DOMAIN\user`, or the principal name alone.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn account(&self) -> &WindowsAccount {
        &self.account
    }

    /// What identifies the account as a secret: another password may be refused although this one is not.
    pub(super) fn secret(&self) -> SecretString {
        use secrecy::ExposeSecret;
        let password = self.account.password().expose_secret();
        SecretString::from(format!("{}\n{password}", self.name))
    }

    pub(super) fn password(&self) -> &SecretString {
        self.account.password()
    }
}

impl fmt::Debug for WindowsCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindowsCredentials")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
