//! Authentication by a ticket that opens one session.

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;

use super::TokenProvider;

/// A provider of tickets for a virtual proxy with ticket authentication.
///
/// A ticket is valid once and for a minute, so a program that runs longer needs a provider: it is asked for a ticket
/// whenever the client opens a session, which includes each new session after one that the site has ended. The ticket is sent
/// with the first request of the session, as the parameter `qlikTicket`.
///
/// [`TokenProvider`] has an example.
#[derive(Clone)]
pub struct TicketCredentials(pub(crate) Arc<dyn TokenProvider>);

impl TicketCredentials {
    /// Asks a provider for tickets.
    pub fn from_provider(provider: impl TokenProvider + 'static) -> Self {
        Self(Arc::new(provider))
    }

    pub(super) fn account(&self) -> SecretString {
        SecretString::from(self.0.account())
    }
}

impl fmt::Debug for TicketCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TicketCredentials").field(&self.0).finish()
    }
}
