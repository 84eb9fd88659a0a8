//! Authentication by a JSON web token (JWT).

mod signer;

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;

use super::TokenProvider;
use crate::error::Error;
use crate::token::Token;
pub use signer::{JwtAlgorithm, JwtSigner};

/// A JSON web token for a virtual proxy with JWT authentication, or a provider of such tokens.
///
/// The token is sent as `Authorization: Bearer`. Anyone who has it is its user until it ends, so it is a secret.
#[derive(Clone)]
pub struct JwtCredentials(pub(crate) TokenSource);

/// Where the tokens of a client come from.
#[derive(Clone)]
pub(crate) enum TokenSource {
    /// The same token for all requests.
    Fixed(Token),
    Provider(Arc<dyn TokenProvider>),
}

impl JwtCredentials {
    /// Uses a token that was issued elsewhere. When it ends, every request fails with an error that names the date.
    ///
    /// ```
    /// use qrs_client::{JwtCredentials, SecretString};
    ///
    /// let token = SecretString::from("eyJhbGciOiJSUzI1NiJ9.eyJ1c2VySWQiOiJzY2FubmVyIn0.c2lnbmF0dXJl");
    /// let credentials = JwtCredentials::fixed(token)?;
    /// # Ok::<(), qrs_client::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the text is not a JSON web token with a signature.
    pub fn fixed(token: SecretString) -> Result<Self, Error> {
        Token::parse(token)
            .map(|token| Self(TokenSource::Fixed(token)))
            .map_err(|problem| {
                Error::configuration(format!("the token {problem}")).with_hint(
                    "a JSON web token has three parts with dots between them, such as `eyJhbGciOi….eyJ1c2VySWQi….c2lnbmF0dXJl`",
                )
            })
    }

    /// Asks a provider for tokens: before the first request, before a token ends, and when the site refuses one.
    pub fn from_provider(provider: impl TokenProvider + 'static) -> Self {
        Self(TokenSource::Provider(Arc::new(provider)))
    }

    /// Whether all requests have the same token, which nothing renews.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        matches!(self.0, TokenSource::Fixed(_))
    }

    /// What identifies the account: the claims that do not change from one token to the next, or the provider's account.
    pub(super) fn account(&self) -> SecretString {
        match &self.0 {
            TokenSource::Fixed(token) => token.account(),
            TokenSource::Provider(provider) => SecretString::from(provider.account()),
        }
    }
}

impl fmt::Debug for JwtCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source: &dyn fmt::Debug = match &self.0 {
            TokenSource::Fixed(_) => &"a fixed token",
            TokenSource::Provider(provider) => provider,
        };
        f.debug_tuple("JwtCredentials").field(source).finish()
    }
}
