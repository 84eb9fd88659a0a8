//! Logs in: what each request carries to show who sends it, and which token is in use.

use std::time::Duration;

use outbound_http::header::AUTHORIZATION;
use outbound_http::{FailureClass, HeaderName, HeaderValue, Request};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::credentials::{Credentials, LoginKind, TokenProvider, TokenSource};
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;
use crate::session::SentCookies;
use crate::token::{Token, Validity, readable};

/// How long before its end a token is replaced, in seconds: requests take time to arrive, and clocks differ.
const RENEWAL_MARGIN: i64 = 30;

/// How one client logs in.
pub(crate) struct Login {
    pub(crate) credentials: Credentials,
    clock: Clock,
    /// The current token of a provider. Held while the provider is asked, so that it is asked once.
    current: Mutex<Option<CurrentToken>>,
}

/// A token that a provider supplied.
#[derive(Clone)]
struct CurrentToken {
    token: Token,
    /// Number of sessions that the site had ended before.
    drops: u64,
}

/// What a request carries to show who sends it.
#[derive(Default)]
pub(crate) struct Proof {
    header: Option<(HeaderName, HeaderValue)>,
    /// What no text about the request may contain.
    pub(crate) secrets: Vec<SecretString>,
    /// Whether a provider could replace a token that other requests have used before.
    pub(crate) is_renewable: bool,
}

impl Login {
    pub(crate) fn new(credentials: Credentials, clock: Clock) -> Self {
        Self {
            credentials,
            clock,
            current: Mutex::default(),
        }
    }

    pub(crate) fn kind(&self) -> LoginKind {
        self.credentials.kind()
    }

    /// What a request with these cookies carries to show who sends it.
    pub(crate) async fn proof(&self, cookies: &SentCookies) -> Result<Proof, Error> {
        match &self.credentials {
            Credentials::Header(header) => {
                Ok(Proof::with_header(header.name().clone(), header.value()))
            }
            Credentials::Jwt(jwt) => match &jwt.0 {
                TokenSource::Fixed(token) => self.bearer(token, false),
                TokenSource::Provider(provider) => self.current(&**provider, cookies).await,
            },
        }
    }

    /// The token in use, or a new one if there is none, it is about to end, or a session was ended since.
    async fn current(
        &self,
        provider: &dyn TokenProvider,
        cookies: &SentCookies,
    ) -> Result<Proof, Error> {
        let mut current = self.current.lock().await;
        let now = self.clock.now().saturating_add(RENEWAL_MARGIN);
        if let Some(current) = &*current
            && current.drops >= cookies.drops()
            && current.token.validity(now) == Validity::Valid
        {
            return self.bearer(&current.token, true);
        }
        let text = provider.token().await.map_err(no_token)?;
        let token = Token::parse(text).map_err(|problem| {
            Error::new(ErrorKind::Credentials, format!("the new token {problem}"))
                .with_fact(Fact::NoToken)
        })?;
        let proof = self.bearer(&token, false);
        let drops = cookies.drops();
        *current = Some(CurrentToken { token, drops });
        proof
    }

    /// A token as a request carries it, unless it is known to be invalid.
    fn bearer(&self, token: &Token, is_renewable: bool) -> Result<Proof, Error> {
        match token.validity(self.clock.now()) {
            Validity::Valid => {}
            Validity::Ended(at) => return Err(ended(at)),
            Validity::NotYet(at) => return Err(not_yet_valid(at)),
        }
        let text = format!("Bearer {}", token.text().expose_secret());
        let mut value = HeaderValue::from_str(&text).expect("a token is base64url with dots");
        value.set_sensitive(true);
        Ok(Proof {
            secrets: token.secrets(),
            is_renewable,
            ..Proof::with_header(AUTHORIZATION, value)
        })
    }
}

impl Proof {
    fn with_header(name: HeaderName, value: HeaderValue) -> Self {
        Self {
            header: Some((name, value)),
            ..Self::default()
        }
    }

    /// Adds the proof to a request.
    pub(crate) fn add_to(&self, request: Request) -> Request {
        match &self.header {
            Some((name, value)) => request.with_header(name.clone(), value.clone()),
            None => request,
        }
    }
}

fn no_token(cause: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::new(ErrorKind::Credentials, "the provider has no token")
        .with_fact(Fact::NoToken)
        .with_class(FailureClass::Later)
        .with_source(cause)
}

/// The error of a provider that takes longer than a response may.
pub(crate) fn too_slow(limit: Duration) -> Error {
    let seconds = limit.as_secs_f64();
    let message = format!("the provider did not supply a token within {seconds} s");
    Error::new(ErrorKind::Credentials, message)
        .with_fact(Fact::NoToken)
        .with_class(FailureClass::Later)
}

fn ended(at: i64) -> Error {
    let message = format!("the token ended on {}; it was not sent", readable(at));
    Error::new(ErrorKind::Credentials, message)
        .with_fact(Fact::TokenEnded)
        .with_hint("use a new token, and check this machine's clock")
}

fn not_yet_valid(at: i64) -> Error {
    let message = format!(
        "the token is not valid before {}; it was not sent",
        readable(at)
    );
    Error::new(ErrorKind::Credentials, message)
        .with_fact(Fact::TokenNotYetValid)
        .with_hint("check this machine's clock, and the clock of the machine that issued the token")
}
