//! Where tokens and tickets come from.

use std::error::Error as StdError;
use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;

/// Supplies tokens or tickets of one account.
///
/// The client asks for a token when it has none, when the one it has is about to end, and when the site no longer accepts
/// it; it asks for a ticket whenever it opens a session. It never asks twice at the same time.
///
/// ```
/// use std::error::Error;
///
/// use qrs_client::{JwtCredentials, SecretString, TokenProvider, async_trait};
///
/// #[derive(Debug)]
/// struct Vault;
///
/// #[async_trait]
/// impl TokenProvider for Vault {
///     fn account(&self) -> &str {
///         "scanner"
///     }
///
///     async fn token(&self) -> Result<SecretString, Box<dyn Error + Send + Sync>> {
///         Ok(SecretString::from("eyJhbGciOiJSUzI1NiJ9.e30.c2ln"))
///     }
/// }
///
/// let credentials = JwtCredentials::from_provider(Vault);
/// ```
#[async_trait]
pub trait TokenProvider: fmt::Debug + Send + Sync {
    /// A name for the account that all tokens of this provider authenticate. Sessions are shared and stored by it, so two
    /// accounts must not have the same name. It is not part of any message.
    fn account(&self) -> &str;

    /// A new token or ticket. An empty text is not sent: the client's error names it.
    ///
    /// # Errors
    ///
    /// If there is none. The error becomes the source of the client's error, so its text must not contain a secret.
    async fn token(&self) -> Result<SecretString, Box<dyn StdError + Send + Sync>>;
}
