//! The settings of the proxy.

use catalog_model::Settings;
use outbound_http::{Error, ExposeSecret, Proxy, ProxyScheme};

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
    if scheme.is_none() && host.is_none() && port.is_none() && user.is_none() && password.is_none()
    {
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
    for (key, _) in complete.into_iter().filter(|(_, set)| !set) {
        let message = format!("`{key}` is missing, but other `proxy` settings are set");
        settings.refuse(
            key,
            message,
            "set it, or remove all `proxy` settings".to_owned(),
        );
    }
    let proxy = Proxy::new(scheme?.value, host?.value.trim(), port?.value);
    let proxy = settings.accept("proxy.hostname", proxy, Error::hint)?;
    let (Some(user), Some(password)) = (user, password) else {
        return Some(proxy);
    };
    let proxy = proxy.basic_auth(&user.value, password.value);
    let checked = proxy.check_user();
    settings.accept("proxy.username", checked, Error::hint)?;
    Some(proxy)
}
