//! Authentication by a client certificate, straight to the repository service.

use std::fmt;

use outbound_http::{ClientIdentity, HeaderValue};
use secrecy::SecretString;

use crate::error::Error;
use crate::percent_encoding::encoded;
use crate::site::SiteUrl;

/// A client certificate of the site, and the user as whom the client reads.
///
/// The client connects to the repository service itself, usually at port 4242 and without a virtual proxy. There are no
/// sessions. A certificate that was exported in the QMC lets its owner act as any user of the site: treat its key as the
/// site's master key.
#[derive(Clone)]
pub struct CertificateCredentials {
    identity: ClientIdentity,
    /// The header `X-Qlik-User`: printable US-ASCII.
    user: String,
}

impl CertificateCredentials {
    /// Creates credentials from a certificate and the user's directory and id, such as `INTERNAL` and `sa_repository`.
    ///
    /// ```
    /// # #[cfg(feature = "trust-stores")] {
    /// use qrs_client::{CertificateCredentials, ClientIdentity, Error, QrsClient, SiteUrl, Trust, TrustStore};
    ///
    /// /// With the content of `client.pem`, `client_key.pem` and `root.pem`.
    /// fn client(certificate: &[u8], key: &[u8], root: &[u8]) -> Result<QrsClient, Error> {
    ///     let identity = ClientIdentity::read(certificate, Some(key), None)?;
    ///     let credentials = CertificateCredentials::new(identity, "ACME", "scanner")?;
    ///     let site = SiteUrl::parse("https://qlik.example:4242")?;
    ///     let trust = Trust::Only(TrustStore::detect(root, None)?);
    ///     QrsClient::builder(site, credentials).trust(trust).build()
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the directory or the id is empty.
    pub fn new(identity: ClientIdentity, directory: &str, user: &str) -> Result<Self, Error> {
        let (directory, user) = (directory.trim(), user.trim());
        if directory.is_empty() || user.is_empty() {
            return Err(Error::configuration(
                "a client certificate needs a user with a directory and an id",
            )
            .with_hint(r"use a user such as `ACME\scanner`; the QMC lists them under Users"));
        }
        let (directory, user) = (encoded(directory), encoded(user));
        Ok(Self {
            identity,
            user: format!("UserDirectory={directory}; UserId={user}"),
        })
    }

    pub(crate) fn identity(&self) -> &ClientIdentity {
        &self.identity
    }

    /// The header `X-Qlik-User`.
    pub(crate) fn user(&self) -> HeaderValue {
        HeaderValue::from_str(&self.user).expect("the names are percent-encoded")
    }

    pub(super) fn account(&self) -> SecretString {
        SecretString::from(self.user.as_str())
    }

    /// Refuses the URL of a virtual proxy, and one without TLS.
    pub(super) fn check(site: &SiteUrl) -> Result<(), Error> {
        if site.as_url().scheme() != "https" {
            return Err(
                Error::configuration("a client certificate needs a URL with `https`")
                    .with_hint("use `https` and the port of the repository, usually 4242"),
            );
        }
        match site.prefix() {
            None => Ok(()),
            Some(prefix) => Err(Error::configuration(format!(
                "a client certificate needs a URL without a prefix, but it has the prefix `{prefix}`"
            ))
            .with_hint(
                "the repository at port 4242 has no virtual proxies: use a URL such as `https://qlik.example:4242`",
            )),
        }
    }
}

/// The certificate, without the key and the user.
impl fmt::Debug for CertificateCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateCredentials")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}
