//! Logs in with a client certificate, as the QMC exports it.

use std::error::Error;
use std::fs;
use std::path::Path;

use qrs_client::{CertificateCredentials, ClientIdentity, QrsClient, SiteUrl, Trust, TrustStore};

pub(crate) fn client(url: &str, conf: &Path) -> Result<QrsClient, Box<dyn Error + Send + Sync>> {
    let certificate = fs::read(conf.join("client.pem"))?;
    let key = fs::read(conf.join("client_key.pem"))?;
    let identity = ClientIdentity::read(&certificate, Some(&key), None)?;
    let credentials = CertificateCredentials::new(identity, "ACME", "scanner")?;
    let root = TrustStore::detect(&fs::read(conf.join("root.pem"))?, None)?;
    let client = QrsClient::builder(SiteUrl::parse(url)?, credentials);
    Ok(client.trust(Trust::Only(root)).build()?)
}
