//! The block `http.auth`: who may see the catalog.

use axum::http::HeaderName;
use catalog_model::{Settings, settings::Located};
use catalog_web::server::{Auth, Network};

use super::AUTH;

const KIND: &str = "http.auth.kind";
const TOKEN: &str = "http.auth.token";
const USER: &str = "http.auth.user";
const PASSWORD: &str = "http.auth.password";
const HEADER: &str = "http.auth.header";
const TRUSTED: &str = "http.auth.trusted";
const METRICS: &str = "http.auth.metrics";

/// Headers that mean something else, so that they cannot name the user.
const TAKEN: [&str; 4] = ["authorization", "cookie", "host", "forwarded"];

/// The kinds, with the settings that each needs.
const KINDS: [(Kind, &[&str]); 3] = [
    (Kind::Token, &[TOKEN]),
    (Kind::Basic, &[USER, PASSWORD]),
    (Kind::ProxyHeader, &[HEADER, TRUSTED]),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Token,
    Basic,
    ProxyHeader,
}

/// The login, and whether the numbers for Prometheus need it, too.
pub(super) fn auth(settings: &mut Settings) -> (Option<Auth>, bool) {
    for name in [KIND, TOKEN, USER, PASSWORD, HEADER, TRUSTED] {
        settings.know(name);
    }
    let metrics = settings.flag(METRICS, false);
    if settings.lacks(AUTH) {
        return (None, false);
    }
    let words = [
        ("token", Kind::Token),
        ("basic", Kind::Basic),
        ("proxy_header", Kind::ProxyHeader),
    ];
    if settings.lacks(KIND) {
        let message = format!("`{KIND}` is mandatory and missing");
        let hint = format!("add `{KIND} = token`, `{KIND} = basic` or `{KIND} = proxy_header`");
        settings.refuse(KIND, message, hint);
        return (None, metrics);
    }
    let Some(Located { value: kind, .. }) = settings.choice(KIND, &words) else {
        return (None, metrics);
    };
    refuse_settings_of_others(settings, kind);
    let auth = match kind {
        Kind::Token => token(settings),
        Kind::Basic => basic(settings),
        Kind::ProxyHeader => proxy_header(settings),
    };
    (auth, metrics)
}

/// Settings of another kind would have no effect, although they look like protection.
fn refuse_settings_of_others(settings: &mut Settings, kind: Kind) {
    let others = KINDS.iter().filter(|(other, _)| *other != kind);
    for setting in others.flat_map(|(_, needed)| *needed) {
        if !settings.lacks(setting) {
            let message = format!("`{setting}` has no effect with this `{KIND}`");
            settings.refuse(setting, message, format!("remove it, or change `{KIND}`"));
        }
    }
}

fn token(settings: &mut Settings) -> Option<Auth> {
    use secrecy::ExposeSecret;
    let token = settings.required_secret(TOKEN)?.value;
    let is_visible = token
        .expose_secret()
        .bytes()
        .all(|byte| byte.is_ascii_graphic());
    if !is_visible {
        let message = format!("`{TOKEN}` must consist of visible ASCII characters, without spaces");
        let hint = "make one with `openssl rand -hex 32`".to_owned();
        settings.refuse(TOKEN, message, hint);
        return None;
    }
    Some(Auth::Token(token))
}

fn basic(settings: &mut Settings) -> Option<Auth> {
    let user = settings.required_text(USER);
    let password = settings.required_secret(PASSWORD);
    let user = user?.value.trim().to_owned();
    if user.contains(':') || user.chars().any(char::is_control) {
        let message = format!("`{USER}` must not contain a colon, which ends the name of a user");
        settings.refuse(USER, message, None);
        return None;
    }
    let password = password?.value;
    Some(Auth::Basic { user, password })
}

fn proxy_header(settings: &mut Settings) -> Option<Auth> {
    let header = settings.required_text(HEADER);
    let trusted = trusted(settings);
    let text = header?.value.trim().to_ascii_lowercase();
    let header = text.parse::<HeaderName>().ok();
    let Some(header) = header.filter(|_| !TAKEN.contains(&text.as_str())) else {
        let message = format!("`{HEADER}` must be the name of a header with a user, not `{text}`");
        settings.refuse(HEADER, message, format!("write `{HEADER} = X-Remote-User`"));
        return None;
    };
    Some(Auth::ProxyHeader {
        header,
        trusted: trusted?.into(),
    })
}

fn trusted(settings: &mut Settings) -> Option<Vec<Network>> {
    let texts = settings
        .texts(TRUSTED)
        .filter(|texts| !texts.value.is_empty());
    let Some(Located { value: texts, .. }) = texts else {
        let message = format!("`{TRUSTED}` is mandatory and missing: the addresses of the proxies");
        settings.refuse(
            TRUSTED,
            message,
            format!("add `{TRUSTED} = [\"10.0.0.5\"]`"),
        );
        return None;
    };
    let mut networks = Vec::new();
    for text in texts {
        match Network::parse(&text) {
            Some(network) => networks.push(network),
            None => {
                let message =
                    format!("`{TRUSTED}` must have IP addresses or networks, not `{text}`");
                let hint = "write them like `10.0.0.5` or `10.0.0.0/24`".to_owned();
                settings.refuse(TRUSTED, message, hint);
                return None;
            }
        }
    }
    Some(networks)
}
