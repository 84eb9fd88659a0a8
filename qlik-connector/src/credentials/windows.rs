//! A Windows user.

use catalog_model::Settings;
use qrs_client::Credentials;

pub(super) const BLOCK: &str = "connection.auth.windows";

#[cfg(feature = "windows-login")]
pub(super) fn read(settings: &mut Settings) -> Option<Credentials> {
    use outbound_settings::windows_account;
    use qrs_client::{Error, WindowsCredentials};

    let account = windows_account(settings, BLOCK)?;
    let password = account.password().clone();
    let credentials = WindowsCredentials::new(account.domain(), account.user(), password);
    let credentials = settings.accept(BLOCK, credentials, Error::hint)?;
    Some(credentials.into())
}

#[cfg(not(feature = "windows-login"))]
pub(super) fn read(settings: &mut Settings) -> Option<Credentials> {
    outbound_settings::refuse_windows(settings, BLOCK);
    None
}
