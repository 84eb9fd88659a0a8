//! Logs in as a Windows user.

use std::error::Error;
use std::fs;
use std::path::Path;

use qrs_client::{QrsClient, SiteUrl, WindowsCredentials};

pub(crate) fn client(url: &str, conf: &Path) -> Result<QrsClient, Box<dyn Error + Send + Sync>> {
    let password = fs::read_to_string(conf.join("password"))?;
    let credentials = WindowsCredentials::new("ACME", "scanner", password.into())?;
    Ok(QrsClient::builder(SiteUrl::parse(url)?, credentials).build()?)
}
