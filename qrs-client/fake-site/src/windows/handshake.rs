//! The handshake on a connection, as a server or a proxy continues it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::ntlm::{self, Exchange, Invalid, Proof};
use super::{Desk, Login, User, WindowsLogin, spnego};

/// Why a request proves no account.
pub(crate) enum Refusal {
    /// The schemes that are offered, or the challenge of one.
    Unauthorized(Vec<String>),
    /// A message of the client is not valid.
    Invalid(&'static str),
}

impl From<Invalid> for Refusal {
    fn from(Invalid(reason): Invalid) -> Self {
        Self::Invalid(reason)
    }
}

impl Desk {
    /// The account that a request with this `Authorization` proves, or the next response of the handshake.
    pub(crate) fn account(
        &mut self,
        authorization: Option<&str>,
        windows: &WindowsLogin,
        login: &mut Login,
    ) -> Result<String, Refusal> {
        let offer = || Refusal::Unauthorized(windows.offers());
        let sent = authorization.and_then(|sent| sent.split_once(' '));
        let (scheme, token) = sent.ok_or_else(offer)?;
        if !windows.schemes.contains(&scheme) {
            return Err(offer());
        }
        let message = message(scheme, token, login.exchange.is_some());
        let message = message.ok_or(Invalid("the token is not valid"))?;
        if ntlm::kind(&message) == Some(1) {
            let domain = windows.users.first().map_or("", |user| &user.domain);
            let exchange = Exchange::begin(&message, domain)?;
            let challenge = match scheme {
                "NTLM" => exchange.challenge().to_vec(),
                _ => spnego::challenge(exchange.challenge()),
            };
            let challenge = format!("{scheme} {}", STANDARD.encode(challenge));
            login.exchange = Some(exchange);
            return Err(Refusal::Unauthorized(vec![challenge]));
        }
        // A challenge is good for one proof on its own connection.
        let exchange = login.exchange.take();
        let exchange = exchange.ok_or(Invalid("this connection has no challenge"))?;
        let proof = Proof::read(&message)?;
        self.proved(&exchange, &proof, windows)?.ok_or_else(offer)
    }

    /// The account whose password is proved, unless it is wrong, or the account is locked.
    fn proved(
        &mut self,
        exchange: &Exchange,
        proof: &Proof,
        windows: &WindowsLogin,
    ) -> Result<Option<String>, Invalid> {
        self.proofs += 1;
        let Some(user) = windows.find(&proof.domain, &proof.user) else {
            return Ok(None);
        };
        let account = User::account(user);
        let password = self.passwords.get(&account).unwrap_or(&user.password);
        if !exchange.is_proved(proof, password)? {
            *self.failures.entry(account).or_default() += 1;
            return Ok(None);
        }
        if self.is_locked(&account, windows) {
            return Ok(None);
        }
        self.failures.remove(&account);
        Ok(Some(account))
    }
}

impl WindowsLogin {
    fn offers(&self) -> Vec<String> {
        let schemes = self.schemes.iter();
        schemes.map(|scheme| (*scheme).to_owned()).collect()
    }
}

/// The message of NTLM in a token.
fn message(scheme: &str, token: &str, is_begun: bool) -> Option<Vec<u8>> {
    let token = STANDARD.decode(token.trim()).ok()?;
    match (scheme, is_begun) {
        ("NTLM", _) => Some(token),
        (_, true) => spnego::next(&token),
        (_, false) => spnego::first(&token).or_else(|| spnego::next(&token)),
    }
}
