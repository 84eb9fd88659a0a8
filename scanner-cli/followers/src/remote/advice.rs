//! What people can do if a server refuses requests, or is another one than it should be.

/// Advice about a server, for the errors that depend on its kind and its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What messages call the server.
    pub server: &'static str,
    /// If it answers with a web page.
    pub page: &'static str,
    /// If it rejects the credentials (status 401).
    pub unauthorized: &'static str,
    /// If it does not allow a request for the account (status 403).
    pub forbidden: &'static str,
}

impl Advice {
    /// The advice about a server whose token is set.
    #[must_use]
    pub fn new(server: &'static str) -> Self {
        Self {
            server,
            page: "check `url`; a gateway in front of the server may also answer like this",
            unauthorized: "check `token`: it may be wrong or have expired",
            forbidden: "allow the owner of `token` to write what is delivered",
        }
    }
}
