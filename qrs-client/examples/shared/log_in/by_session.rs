//! Continues a session that another program has opened.

use std::error::Error;
use std::fs;
use std::path::Path;

use qrs_client::{QrsClient, SessionCredentials, SiteUrl};

pub(crate) fn client(url: &str, conf: &Path) -> Result<QrsClient, Box<dyn Error + Send + Sync>> {
    let cookie = fs::read_to_string(conf.join("session"))?;
    let credentials = SessionCredentials::new(&cookie.into())?;
    Ok(QrsClient::builder(SiteUrl::parse(url)?, credentials).build()?)
}
