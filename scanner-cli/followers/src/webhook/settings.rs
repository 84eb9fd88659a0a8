//! The settings of a webhook.

use catalog_model::Settings;
use outbound_http::{ExposeSecret, SecretString, Url};

use super::signature::Key;
use crate::remote::{Advice, RemoteSettings, Token};

/// What the settings say. Not to be printed: the URL may contain a secret.
pub(super) struct WebhookSettings {
    pub(super) remote: RemoteSettings,
    /// Where events are posted, exactly as it is set. Its path and its query may be secrets.
    pub(super) url: Url,
    pub(super) has_token: bool,
    /// The key of the signatures.
    pub(super) key: Option<Key>,
    pub(super) events: Events,
}

/// Which events are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Events {
    /// Changes of items.
    pub(super) item: bool,
    /// Scans that have ended.
    pub(super) scan: bool,
}

/// What messages call the receiver.
const SERVER: &str = "the webhook";

impl WebhookSettings {
    /// Reads the settings. Problems are recorded in `settings`; `None` is returned only if there are some.
    pub(super) fn read(settings: &mut Settings) -> Option<Self> {
        let events = events(settings);
        let secret = settings.secret("secret").map(|secret| secret.value);
        let key = secret.as_ref().map(Key::new);
        let key = match key {
            Some(Err(error)) => {
                let hint =
                    "copy the secret again, or remove `whsec_` to use the text itself as the key";
                settings.refuse("secret", error.to_string(), hint.to_owned());
                None
            }
            Some(Ok(key)) => Some(key),
            None => None,
        };
        let has_token = !settings.lacks("token");
        let mut more: Vec<_> = secret.iter().flat_map(spellings).collect();
        more.extend(url_secrets(settings));
        let mut remote = RemoteSettings::read_with(settings, SERVER, Token::Optional, &more)?;
        remote.server = remote.server.advise(advice(has_token, key.is_some()));
        let url = settings.url("url")?.value;
        Some(Self {
            remote,
            url,
            has_token,
            key,
            events,
        })
    }

    /// The URL for people, without its path and its query, which may be secrets.
    pub(super) fn shown_url(&self) -> String {
        let origin = self.url.origin().ascii_serialization();
        match self.url.path() == "/" && self.url.query().is_none() {
            true => format!("{origin}/"),
            false => format!("{origin}/***"),
        }
    }
}

/// The minimum length of a part of the URL that is redacted where it stands alone, in bytes. Shorter ones are names, such as
/// `hooks`.
const MIN_SECRET_PART: usize = 8;

/// What a response must not reveal of the URL: its path, the ends of the path, and the parts of both path and query.
fn url_secrets(settings: &mut Settings) -> Vec<SecretString> {
    let url = settings.text("url");
    let Some(url) = url.and_then(|url| Url::parse(url.value.trim()).ok()) else {
        return Vec::new();
    };
    let path = url.path().trim_end_matches('/');
    let ends = path.match_indices('/').map(|(at, _)| &path[at + 1..]);
    let parts = path
        .split('/')
        .chain(url.query().unwrap_or_default().split(['&', '=']));
    let long = ends
        .chain(parts)
        .filter(|part| part.len() >= MIN_SECRET_PART);
    let secrets = long.chain([path]);
    secrets
        .map(|part| SecretString::from(part.to_owned()))
        .collect()
}

/// What people can do if the receiver refuses requests.
fn advice(has_token: bool, has_key: bool) -> Advice {
    let credentials = match (has_token, has_key) {
        (true, true) => "check `token` and `secret`: they must be those of the receiver",
        (true, false) => "check `token`: it may be wrong or have expired",
        (false, true) => "check `secret`: it must be the one of the receiver",
        (false, false) => "set `secret` or `token`, if the receiver needs one",
    };
    Advice {
        page: "check `url`; a gateway in front of the receiver may also answer like this",
        unauthorized: credentials,
        forbidden: credentials,
        ..Advice::new(SERVER)
    }
}

/// The secret, and what follows its prefix.
fn spellings(secret: &SecretString) -> Vec<SecretString> {
    let text = secret.expose_secret().trim();
    let rest = text.strip_prefix(Key::PREFIX);
    rest.into_iter()
        .chain([text])
        .map(|text| SecretString::from(text.to_owned()))
        .collect()
}

fn events(settings: &mut Settings) -> Events {
    let default = Events {
        item: true,
        scan: false,
    };
    let Some(names) = settings.texts("events") else {
        return default;
    };
    let mut events = Events {
        item: false,
        scan: false,
    };
    for name in &names.value {
        match name.as_str() {
            "item" => events.item = true,
            "scan" => events.scan = true,
            _ => {
                let message = format!("`{name}` in `events` is not a group of events");
                settings.refuse(
                    "events",
                    message,
                    "the groups are `item` and `scan`".to_owned(),
                );
            }
        }
    }
    if names.value.is_empty() {
        let hint = "remove the setting to send the changes of items, or set `enabled = false`";
        settings.refuse("events", "`events` is empty".to_owned(), hint.to_owned());
    }
    events
}
