//! Logs in with JSON web tokens that the client signs.

use std::error::Error;
use std::fs;
use std::path::Path;

use qrs_client::{JwtAlgorithm, JwtCredentials, JwtSigner, PrivateKey, QrsClient, SiteUrl};

pub(crate) fn client(url: &str, conf: &Path) -> Result<QrsClient, Box<dyn Error + Send + Sync>> {
    let key = PrivateKey::read(&fs::read(conf.join("jwt_key.pem"))?, None)?;
    let signer = JwtSigner::new(key, JwtAlgorithm::Es256, "scanner", "ACME")?;
    let credentials = JwtCredentials::from_provider(signer);
    Ok(QrsClient::builder(SiteUrl::parse(url)?, credentials).build()?)
}
