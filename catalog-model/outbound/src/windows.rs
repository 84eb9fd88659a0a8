//! The settings of a Windows user who logs in at a server or a proxy.

use catalog_model::Settings;
#[cfg(feature = "windows-login")]
use outbound_http::{Error, WindowsAccount};

/// The names of the settings in a block, such as `proxy.windows`.
struct Keys {
    domain: String,
    user: String,
    password: String,
}

impl Keys {
    fn new(block: &str) -> Self {
        Self {
            domain: format!("{block}.domain"),
            user: format!("{block}.user"),
            password: format!("{block}.password"),
        }
    }
}

/// Reads the Windows user in a block. `None` if the user is not valid; the problems are recorded.
#[cfg(feature = "windows-login")]
pub fn windows_account(settings: &mut Settings, block: &str) -> Option<WindowsAccount> {
    let keys = Keys::new(block);
    let domain = settings.text(&keys.domain).map(|domain| domain.value);
    let user = settings.required_text(&keys.user);
    let password = settings.required_secret(&keys.password);
    let domain = domain.unwrap_or_default();
    let (domain, user) = names(settings, &keys, domain.trim(), user?.value.trim())?;
    let account = WindowsAccount::new(&domain, &user, password?.value);
    settings.accept(&keys.user, account, Error::hint)
}

/// Refuses the block, because this program was built without such logins.
#[cfg(not(feature = "windows-login"))]
pub fn refuse_windows(settings: &mut Settings, block: &str) {
    let message = format!("`{block}`: this program was built without logins as a Windows user");
    settings.refuse(block, message, None);
    know_windows(settings, block);
}

/// Marks the settings of the block as known.
pub fn know_windows(settings: &mut Settings, block: &str) {
    let Keys {
        domain,
        user,
        password,
    } = Keys::new(block);
    for key in [domain, user, password] {
        settings.know(&key);
    }
}

/// The domain and the user. A user without a domain must be a principal name.
#[cfg(feature = "windows-login")]
fn names(
    settings: &mut Settings,
    keys: &Keys,
    domain: &str,
    user: &str,
) -> Option<(String, String)> {
    let (of_domain, of_user) = (&keys.domain, &keys.user);
    let (message, hint) = match (domain, user.split_once('\\')) {
        ("", Some((domain, user))) => (
            format!("`{of_user}` contains the domain"),
            format!("write `{of_domain} = \"{domain}\"` and `{of_user} = \"{user}\"`"),
        ),
        (_, Some((_, user))) => (
            format!("`{of_user}` contains the domain, which `{of_domain}` sets"),
            format!("write `{of_user} = \"{user}\"`"),
        ),
        ("", None) if !user.contains('@') => (
            format!(
                "`{of_domain}` is not set, and `{of_user}` is not a principal name such as `scanner@acme.example`"
            ),
            format!("write the domain of the user, such as `{of_domain} = \"ACME\"`"),
        ),
        _ => return Some((domain.to_owned(), user.to_owned())),
    };
    settings.refuse(of_user, message, hint);
    None
}
