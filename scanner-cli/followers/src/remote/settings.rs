//! The settings of a catalog that is a server.

use std::time::Duration;

use catalog_model::{Settings, settings::Located};
use outbound_http::{Client, Error, ExposeSecret, HeaderValue, RetryPolicy, SecretString, Url};
use outbound_settings::{Names, OutboundSettings, stays_here};

use super::{Advice, Server};

/// Whether a catalog needs a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// It must be set.
    Required,
    /// It may be set.
    Optional,
}

/// What the settings of a catalog that is a server say.
#[derive(Debug)]
pub struct RemoteSettings {
    /// The URL as it is written.
    pub url: Url,
    /// The server, with the token in each request.
    pub server: Server,
    /// Maximum number of requests in flight.
    pub parallel: usize,
    /// Whether nobody on the way can read what is sent: it is encrypted, or does not leave the machine.
    pub is_protected: bool,
    /// The way to the server, for a check.
    pub outbound: OutboundSettings,
}

/// The values of `parallel`, and what counts if it is not set.
const PARALLEL: std::ops::RangeInclusive<usize> = 1..=16;
const DEFAULT_PARALLEL: usize = 4;

/// Maximum number of times that a request is sent.
const MAX_TRIES: u32 = 6;

/// Maximum time until a response begins, if it is not set.
const FIRST_BYTE: Duration = Duration::from_secs(60);

/// The header `User-Agent`.
const USER_AGENT: &str = concat!("scanner-cli/", env!("CARGO_PKG_VERSION"));

impl RemoteSettings {
    /// Reads the settings and builds the client. `server` is what messages call the server: `DataHub`. Problems are
    /// recorded in `settings`; `None` is returned only if there are some.
    pub fn read(settings: &mut Settings, server: &'static str, token: Token) -> Option<Self> {
        Self::read_with(settings, server, token, &[])
    }

    /// The same for a server that has more secrets, which no message may contain.
    pub fn read_with(
        settings: &mut Settings,
        server: &'static str,
        token: Token,
        secrets: &[SecretString],
    ) -> Option<Self> {
        let names = Names {
            server,
            ..Names::default()
        };
        let outbound = OutboundSettings::read(settings, &names);
        let secret = match token {
            Token::Required => settings.required_secret("token"),
            Token::Optional => settings.secret("token"),
        };
        if secret
            .as_ref()
            .is_some_and(|secret| !fits_header(&secret.value))
        {
            let hint = "copy it again: it must be one line of ASCII characters".to_owned();
            settings.refuse("token", "`token` cannot be sent in a header", hint);
        }
        let is_http_allowed = settings.flag("http_allowed", false);
        let parallel = settings.number_in("parallel", PARALLEL);
        let url = match settings.lacks("url") {
            true => settings.required_text("url").and(None),
            false => settings.url("url"),
        };
        let Located { value: url, .. } = url?;
        let host = url.host_str().unwrap_or_default();
        let is_protected = url.scheme() == "https" || stays_here(host, settings);
        if !is_http_allowed && !is_protected {
            refuse_http(settings, server);
        }
        settings.check().ok()?;
        let mut url = url;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let secret = secret.map(|secret| secret.value);
        let client = client((&url, secrets), server, secret.as_ref(), &outbound);
        let client = settings.accept("url", client, Error::hint)?;
        let parallel = parallel.map_or(DEFAULT_PARALLEL, |parallel| parallel.value);
        Some(Self {
            server: Server::new(url.clone(), client, Advice::new(server), parallel),
            url,
            parallel,
            is_protected,
            outbound,
        })
    }
}

fn client(
    (url, secrets): (&Url, &[SecretString]),
    server: &'static str,
    token: Option<&SecretString>,
    outbound: &OutboundSettings,
) -> Result<Client, Error> {
    let mut builder = outbound
        .apply(Client::builder(url.clone()))
        .server_name(server)
        .user_agent(USER_AGENT);
    let limits = outbound.time_limits;
    if limits.first_byte.is_none() {
        builder = builder.time_limits(limits.limits().with_first_byte(FIRST_BYTE));
    }
    if let Some(query) = url.query() {
        // Some servers are identified by a secret in it.
        builder = builder.redact(SecretString::from(query.to_owned()));
    }
    for secret in secrets {
        builder = builder.redact(secret.clone());
    }
    if let Some(token) = token {
        let value = format!("Bearer {}", token.expose_secret().trim());
        builder = builder.secret_header("Authorization", SecretString::from(value));
    }
    let mut policy = RetryPolicy::default().with_max_tries(MAX_TRIES);
    if let Some(window) = limits.retry {
        policy = policy.with_window(window);
    }
    builder.retry(policy).build()
}

/// Whether a token can be sent.
fn fits_header(token: &SecretString) -> bool {
    let token = token.expose_secret().trim();
    token.is_ascii() && HeaderValue::from_str(token).is_ok()
}

fn refuse_http(settings: &mut Settings, server: &str) {
    let message =
        format!("`url` is not encrypted (http): what is sent to {server} can be read in transit");
    let hint = "use `https`, or set `http_allowed = true`";
    settings.refuse("url", message, hint.to_owned());
}
