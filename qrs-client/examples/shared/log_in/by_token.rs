//! Logs in with a fixed JSON web token.

use std::error::Error;
use std::fs;
use std::path::Path;

use qrs_client::{JwtCredentials, QrsClient, SiteUrl};

pub(crate) fn client(url: &str, conf: &Path) -> Result<QrsClient, Box<dyn Error + Send + Sync>> {
    let token = fs::read_to_string(conf.join("token"))?;
    let credentials = JwtCredentials::fixed(token.into())?;
    Ok(QrsClient::builder(SiteUrl::parse(url)?, credentials).build()?)
}
