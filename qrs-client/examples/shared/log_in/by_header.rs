//! Logs in with a header that the virtual proxy trusts.

use std::error::Error;

use qrs_client::{HeaderCredentials, QrsClient, SecretString, SiteUrl};

pub(crate) fn client(url: &str) -> Result<QrsClient, Box<dyn Error + Send + Sync>> {
    let value = SecretString::from(r"ACME\scanner");
    let credentials = HeaderCredentials::new("X-Qlik-Header-Auth", value)?;
    Ok(QrsClient::builder(SiteUrl::parse(url)?, credentials).build()?)
}
