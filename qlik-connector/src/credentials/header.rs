//! A header that the virtual proxy trusts.

use catalog_model::Settings;
use qrs_client::{Error, HeaderCredentials};
use secrecy::SecretString;

pub(super) const HEADER: &str = "connection.auth.key";
pub(super) const VALUE: &str = "connection.auth.value";

pub(super) fn read(settings: &mut Settings) -> Option<HeaderCredentials> {
    let header = settings.required_text(HEADER);
    let value = settings.required_secret(VALUE);
    let header = header?.value;
    // Checked with a value that is always valid, so that an error is about the name.
    let named = HeaderCredentials::new(header.trim(), SecretString::from("x"));
    settings.accept(HEADER, named, Error::hint)?;
    let credentials = HeaderCredentials::new(header.trim(), value?.value);
    settings.accept(VALUE, credentials, Error::hint)
}
