//! A Windows user.

use catalog_model::Settings;
use qrs_client::Credentials;
#[cfg(feature = "windows-login")]
use qrs_client::{Error, WindowsCredentials};

pub(super) const BLOCK: &str = "connection.auth.windows";
const DOMAIN: &str = "connection.auth.windows.domain";
const USER: &str = "connection.auth.windows.user";
const PASSWORD: &str = "connection.auth.windows.password";

#[cfg(feature = "windows-login")]
pub(super) fn read(settings: &mut Settings) -> Option<Credentials> {
    let domain = settings.text(DOMAIN).map(|domain| domain.value);
    let user = settings.required_text(USER);
    let password = settings.required_secret(PASSWORD);
    let (domain, user) = names(settings, domain.as_deref(), user?.value.trim())?;
    let credentials = WindowsCredentials::new(&domain, &user, password?.value);
    let credentials = settings.accept(USER, credentials, Error::hint)?;
    Some(credentials.into())
}

#[cfg(not(feature = "windows-login"))]
pub(super) fn read(settings: &mut Settings) -> Option<Credentials> {
    let message = format!("`{BLOCK}`: this program was built without logins as a Windows user");
    settings.refuse(BLOCK, message, None);
    know(settings);
    None
}

pub(super) fn know(settings: &mut Settings) {
    for key in [DOMAIN, USER, PASSWORD] {
        settings.know(key);
    }
}

/// The domain and the user. A user without a domain must be a principal name.
#[cfg(feature = "windows-login")]
fn names(settings: &mut Settings, domain: Option<&str>, user: &str) -> Option<(String, String)> {
    let domain = domain.unwrap_or_default().trim();
    let (message, hint) = match (domain, user.split_once('\\')) {
        ("", Some((domain, user))) => (
            format!("`{USER}` contains the domain"),
            format!("write `{DOMAIN} = \"{domain}\"` and `{USER} = \"{user}\"`"),
        ),
        (_, Some((_, user))) => (
            format!("`{USER}` contains the domain, which `{DOMAIN}` sets"),
            format!("write `{USER} = \"{user}\"`"),
        ),
        ("", None) if !user.contains('@') => (
            format!(
                "`{DOMAIN}` is not set, and `{USER}` is not a principal name such as `scanner@acme.example`"
            ),
            format!("write the domain of the user, such as `{DOMAIN} = \"ACME\"`"),
        ),
        _ => return Some((domain.to_owned(), user.to_owned())),
    };
    settings.refuse(USER, message, hint);
    None
}
