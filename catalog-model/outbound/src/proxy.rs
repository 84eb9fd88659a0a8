//! The settings of the proxy.

use catalog_model::Settings;
use outbound_http::{Error, ExposeSecret, Proxy, ProxyScheme};

use crate::windows::know_windows;

/// The block of a Windows user who logs in at the proxy.
const WINDOWS: &str = "proxy.windows";

/// The proxy, if one is set and valid.
pub(crate) fn read(settings: &mut Settings) -> Option<Proxy> {
    let schemes = [("http", ProxyScheme::Http), ("https", ProxyScheme::Https)];
    let scheme = settings.choice("proxy.scheme", &schemes);
    let host = settings.text("proxy.hostname");
    let port = settings.port("proxy.port");
    let user = settings.text("proxy.username");
    // An empty password is sent; without an account it is that of a template that was not filled in.
    let password = settings.secret_or_empty("proxy.password");
    let password =
        password.filter(|given| user.is_some() || !given.value.expose_secret().trim().is_empty());
    // Whatever else is missing: people write a whole URL here.
    if let Some(host) = &host {
        let alone = Proxy::new(ProxyScheme::Http, &host.value, 80);
        settings.accept("proxy.hostname", alone, Error::hint);
    }
    let has_windows = settings.place_of(WINDOWS).is_some();
    let is_set = [
        scheme.is_some(),
        host.is_some(),
        port.is_some(),
        user.is_some(),
        password.is_some(),
        has_windows,
    ];
    if !is_set.contains(&true) {
        return None;
    }
    let complete = [
        ("proxy.scheme", scheme.is_some()),
        ("proxy.hostname", host.is_some()),
        ("proxy.port", port.is_some()),
        // Basic authentication takes both or neither.
        ("proxy.username", user.is_some() || password.is_none()),
        ("proxy.password", password.is_some() || user.is_none()),
    ];
    refuse_missing(settings, &complete);
    if has_windows {
        know_windows(settings, WINDOWS);
    }
    let proxy = Proxy::new(scheme?.value, host?.value.trim(), port?.value);
    let proxy = settings.accept("proxy.hostname", proxy, Error::hint)?;
    if has_windows {
        if user.is_some() || password.is_some() {
            let message =
                format!("`{WINDOWS}` and `proxy.username` are two ways to log in at the proxy");
            settings.refuse(WINDOWS, message, "remove one of them".to_owned());
        }
        return with_windows(settings, proxy);
    }
    let (Some(user), Some(password)) = (user, password) else {
        return Some(proxy);
    };
    let proxy = proxy.basic_auth(&user.value, password.value);
    let checked = proxy.check_user();
    settings.accept("proxy.username", checked, Error::hint)?;
    Some(proxy)
}

/// Reports each setting that is missing beside others.
fn refuse_missing(settings: &mut Settings, complete: &[(&str, bool)]) {
    for (key, _) in complete.iter().filter(|(_, is_set)| !is_set) {
        let message = format!("`{key}` is missing, but other `proxy` settings are set");
        let hint = "set it, or remove all `proxy` settings".to_owned();
        settings.refuse(key, message, hint);
    }
}

/// The proxy with the Windows user who logs in there.
#[cfg(feature = "windows-login")]
fn with_windows(settings: &mut Settings, proxy: Proxy) -> Option<Proxy> {
    let account = crate::windows::windows_account(settings, WINDOWS)?;
    Some(proxy.windows_auth(account))
}

#[cfg(not(feature = "windows-login"))]
fn with_windows(settings: &mut Settings, _proxy: Proxy) -> Option<Proxy> {
    crate::windows::refuse_windows(settings, WINDOWS);
    None
}
