//! The messages of Windows authentication: NTLM, alone or within Negotiate. Nothing here touches the network.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use sspi::ntlm::NtlmConfig;
use sspi::{
    AuthIdentityBuffers, BufferType, ClientRequestFlags, CredentialsBuffers, DataRepresentation,
    Negotiate, NegotiateConfig, Ntlm, SecurityBuffer, Sspi, SspiImpl,
};
use tracing::subscriber::NoSubscriber;

use crate::challenge::Challenge;
use crate::error::{Error, ErrorKind};

/// A user of Windows with a password.
///
/// No text of this crate contains the password, and it is never sent: a server receives a proof that the client knows it.
#[derive(Clone)]
pub struct WindowsAccount {
    domain: String,
    user: String,
    password: SecretString,
}

/// A login with Windows authentication, after its first message. All messages belong to one connection.
///
/// ```
/// use outbound_http::{Challenge, WindowsAccount, WindowsHandshake};
///
/// # fn login(answer: &str) -> Result<(), outbound_http::Error> {
/// let account = WindowsAccount::new("ACME", "ada", "s3cret".into())?;
/// let (handshake, first) = WindowsHandshake::begin(&Challenge::Ntlm, &account, "server.example")?;
/// // The request with the header `Authorization: {first}` is answered with status 401 and `WWW-Authenticate: {answer}`.
/// let last = handshake.answer([answer].into_iter())?;
/// // The request with the header `Authorization: {last}` on the same connection is the one that logs in.
/// # Ok(())
/// # }
/// ```
pub struct WindowsHandshake {
    package: Package,
    /// The name of the service that the client wants to reach.
    target: String,
}

/// The implementation of a scheme, with the account.
enum Package {
    Ntlm(Box<Ntlm>, Option<AuthIdentityBuffers>),
    Negotiate(Box<Negotiate>, Option<CredentialsBuffers>),
}

/// Allows `Negotiate` to choose NTLM only. Kerberos needs a connection to a domain controller.
const NTLM_ONLY: &str = "ntlm,!kerberos,!pku2u";

impl WindowsAccount {
    /// Creates an account. The domain is empty if the user is a principal name, such as `ada@acme.example`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if the user or the password is empty, or a name contains characters that it cannot
    /// contain: control characters, and `\`, which separates domain and user.
    pub fn new(domain: &str, user: &str, password: SecretString) -> Result<Self, Error> {
        let invalid = |name: &str| name.chars().any(|c| c.is_control() || c == '\\');
        if invalid(user) || invalid(domain) {
            return Err(Error::configuration(
                "the Windows domain or user contains `\\` or a control character",
            )
            .with_hint("give the domain and the user separately, such as `ACME` and `ada`"));
        }
        if user.trim().is_empty() {
            return Err(Error::configuration("the Windows user is empty"));
        }
        if password.expose_secret().is_empty() {
            return Err(Error::configuration(
                "the password of the Windows user is empty",
            ));
        }
        Ok(Self {
            domain: domain.to_owned(),
            user: user.to_owned(),
            password,
        })
    }

    /// The domain; empty if there is none.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password.
    #[must_use]
    pub fn password(&self) -> &SecretString {
        &self.password
    }

    fn identity(&self) -> AuthIdentityBuffers {
        AuthIdentityBuffers::from_utf8(&self.user, &self.domain, self.password.expose_secret())
    }
}

impl WindowsHandshake {
    /// Chooses the scheme that can be answered: NTLM, else Negotiate. `None` if neither is among them.
    #[must_use]
    pub fn scheme(challenges: &[Challenge]) -> Option<&Challenge> {
        let schemes = [Challenge::Ntlm, Challenge::Negotiate];
        let mut offered = schemes.iter().filter(|scheme| challenges.contains(scheme));
        offered
            .next()
            .and_then(|scheme| challenges.iter().find(|challenge| *challenge == scheme))
    }

    /// Begins a login at a host with this scheme. Returns the value of the header `Authorization` of the first request, marked
    /// as sensitive.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if the scheme is neither `NTLM` nor `Negotiate`, or the system has no random numbers.
    pub fn begin(
        scheme: &Challenge,
        account: &WindowsAccount,
        host: &str,
    ) -> Result<(Self, HeaderValue), Error> {
        let identity = account.identity();
        let package = match scheme {
            Challenge::Ntlm => Package::Ntlm(Box::new(Ntlm::new()), Some(identity)),
            Challenge::Negotiate => {
                let config = Box::new(NtlmConfig::default());
                let config = NegotiateConfig::new(config, Some(NTLM_ONLY.into()), String::new());
                let negotiate = Negotiate::new_client(config).map_err(|_error| failed())?;
                let identity = CredentialsBuffers::AuthIdentity(identity);
                Package::Negotiate(Box::new(negotiate), Some(identity))
            }
            _ => {
                let message = format!("the client cannot log in with `{scheme}`");
                return Err(Error::configuration(message));
            }
        };
        let mut handshake = Self {
            package,
            target: format!("HTTP/{host}"),
        };
        let token = handshake.step(Vec::new()).map_err(|_error| failed())?;
        let first = handshake.header(&token);
        Ok((handshake, first))
    }

    /// Answers the server's challenge, which is in one of these values of `WWW-Authenticate` or `Proxy-Authenticate`. Returns
    /// the value of the header of the last request, marked as sensitive.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unauthorized`] if there is no challenge, and [`ErrorKind::UnexpectedAnswer`] if it is not valid.
    pub fn answer<'a>(
        mut self,
        headers: impl Iterator<Item = &'a str>,
    ) -> Result<HeaderValue, Error> {
        let name = self.scheme_name();
        let mut tokens = headers.filter_map(|header| token(header, name));
        let challenge = tokens.next().ok_or_else(|| {
            let message = format!("the server does not continue the login with `{name}`");
            Error::new(ErrorKind::Unauthorized, message)
        })?;
        let invalid = || {
            let message = format!("the server's challenge for `{name}` is not valid");
            Error::new(ErrorKind::UnexpectedAnswer, message)
        };
        let challenge = STANDARD.decode(challenge).map_err(|_error| invalid())?;
        let token = self.step(challenge).map_err(|_error| invalid())?;
        Ok(self.header(&token))
    }

    fn scheme_name(&self) -> &'static str {
        match self.package {
            Package::Ntlm(..) => "NTLM",
            Package::Negotiate(..) => "Negotiate",
        }
    }

    fn header(&self, token: &[u8]) -> HeaderValue {
        let value = format!("{} {}", self.scheme_name(), STANDARD.encode(token));
        let mut value = HeaderValue::try_from(value).expect("base64 is printable US-ASCII");
        value.set_sensitive(true);
        value
    }

    /// The next message of the client.
    fn step(&mut self, challenge: Vec<u8>) -> sspi::Result<Vec<u8>> {
        let target = &self.target;
        // The library logs its messages, from which a password can be guessed.
        tracing::subscriber::with_default(NoSubscriber::default(), || match &mut self.package {
            Package::Ntlm(ntlm, account) => step(ntlm.as_mut(), account, target, challenge),
            Package::Negotiate(negotiate, account) => {
                step(negotiate.as_mut(), account, target, challenge)
            }
        })
    }
}

/// The next message of a security package.
fn step<P: Sspi + SspiImpl>(
    package: &mut P,
    account: &mut P::CredentialsHandle,
    target: &str,
    challenge: Vec<u8>,
) -> sspi::Result<Vec<u8>> {
    let mut input = [SecurityBuffer::new(challenge, BufferType::Token)];
    let mut output = [SecurityBuffer::new(Vec::new(), BufferType::Token)];
    let mut builder = package
        .initialize_security_context()
        .with_credentials_handle(account)
        // A server may ask Negotiate for a signature, which is defined only if signing was negotiated.
        .with_context_requirements(ClientRequestFlags::INTEGRITY)
        .with_target_data_representation(DataRepresentation::Native)
        .with_target_name(target)
        .with_input(&mut input)
        .with_output(&mut output);
    package
        .initialize_security_context_impl(&mut builder)?
        .resolve_to_result()?;
    let [output] = output;
    Ok(output.buffer)
}

/// The token of a scheme in a value of `WWW-Authenticate`.
fn token<'a>(header: &'a str, scheme: &str) -> Option<&'a str> {
    let (name, token) = header.trim().split_once(' ')?;
    let token = token.trim();
    (name.eq_ignore_ascii_case(scheme) && !token.is_empty()).then_some(token)
}

fn failed() -> Error {
    Error::configuration("cannot begin a login with Windows authentication")
}

impl fmt::Debug for WindowsAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindowsAccount")
            .field("domain", &self.domain)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for WindowsHandshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindowsHandshake")
            .field("scheme", &self.scheme_name())
            .finish_non_exhaustive()
    }
}
