//! Logs in: what each request carries to show who sends it, and which token is in use.

use std::time::Duration;

use outbound_http::header::AUTHORIZATION;
use outbound_http::{FailureClass, HeaderName, HeaderValue, Request, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::credentials::{Credentials, LoginKind, TokenProvider, TokenSource};
use crate::error::{EndedSession, Error, ErrorKind};
use crate::fact::Fact;
use crate::percent_encoding::encoded;
use crate::session::SentCookies;
use crate::token::{Token, Validity, readable};

/// The header by which a client with a certificate names its user (Qlik help, Repository Service API).
const USER: HeaderName = HeaderName::from_static("x-qlik-user");

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
    /// The ticket that opens a session.
    ticket: Option<SecretString>,
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

    /// Whether the site has sessions for these credentials.
    pub(crate) fn has_sessions(&self) -> bool {
        self.kind() != LoginKind::Certificate
    }

    /// Whether an ended session can be opened again.
    pub(crate) fn can_renew(&self) -> bool {
        self.kind() != LoginKind::Session
    }

    /// What a refusal means for these credentials, if it is more than the response says.
    pub(crate) fn explain(&self, error: Error, has_ticket: bool) -> Error {
        match self.kind() {
            _ if error.ended_session() != EndedSession::Likely => error,
            LoginKind::Ticket if has_ticket => refused(error, TICKET_REFUSED, Fact::TicketRefused),
            LoginKind::Session => refused(error, SESSION_ENDED, Fact::SessionEnded),
            _ => error,
        }
    }

    /// Names the difference between the clocks if it may be why the site refuses a token. `date` is the site's time in seconds
    /// since 1970.
    pub(crate) fn compare_clocks(&self, error: Error, date: Option<i64>) -> Error {
        let is_about_token =
            self.kind() == LoginKind::Jwt && error.ended_session() == EndedSession::Likely;
        let Some(date) = date.filter(|_| is_about_token) else {
            return error;
        };
        let ahead = self.clock.now().saturating_sub(date);
        if ahead.abs() < MIN_CLOCK_DIFFERENCE {
            return error;
        }
        let side = if ahead > 0 { "ahead of" } else { "behind" };
        let seconds = ahead.abs();
        let hint = format!(
            "set the clocks: this machine's clock is {seconds} s {side} the site's, and tokens are valid for a limited time\n{}",
            error.hint().unwrap_or_default()
        );
        error.with_hint(hint)
    }

    /// What a request with these cookies carries to show who sends it.
    pub(crate) async fn proof(&self, cookies: &SentCookies) -> Result<Proof, Error> {
        match &self.credentials {
            Credentials::Header(header) => {
                Ok(Proof::with_header(header.name().clone(), header.value()))
            }
            Credentials::Certificate(certificate) => {
                Ok(Proof::with_header(USER, certificate.user()))
            }
            Credentials::Ticket(_) | Credentials::Session(_) if cookies.has_cookies() => {
                Ok(Proof::default())
            }
            Credentials::Ticket(ticket) => {
                supplied(&*ticket.0, "ticket").await.map(Proof::with_ticket)
            }
            Credentials::Session(_) => Ok(Proof::default()),
            // The session alone shows it.
            #[cfg(feature = "windows-login")]
            Credentials::Windows(_) => Ok(Proof::default()),
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
        let text = supplied(provider, "token").await?;
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

    fn with_ticket(ticket: SecretString) -> Self {
        Self {
            secrets: vec![ticket.clone()],
            ticket: Some(ticket),
            ..Self::default()
        }
    }

    pub(crate) fn has_ticket(&self) -> bool {
        self.ticket.is_some()
    }

    /// Adds the ticket to the URL of a request, if there is one.
    pub(crate) fn add_to_url(&self, url: &mut Url) {
        if let Some(ticket) = &self.ticket {
            let ticket = encoded(ticket.expose_secret());
            let query = url
                .query()
                .map_or_else(String::new, |query| format!("{query}&"));
            url.set_query(Some(&format!("{query}qlikTicket={ticket}")));
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

/// Minimum difference between two clocks that is named, in seconds.
const MIN_CLOCK_DIFFERENCE: i64 = 30;

const TICKET_REFUSED: (&str, &str) = (
    "the site does not accept the ticket",
    "a ticket is valid once, for a minute, and only for the virtual proxy that it was requested for: check the prefix in the \
     URL, and that the provider requests a new ticket each time\n\
     or wait 30 minutes: a site allows five sessions at a time",
);

const SESSION_ENDED: (&str, &str) = (
    "the site does not accept the session: it has ended, or it belongs to another virtual proxy",
    "open a new session and use its cookie; check the cookie's name, and the virtual proxy's prefix in the URL",
);

/// The error of credentials that the site refused, with the refusal as its cause.
fn refused(refusal: Error, (message, hint): (&'static str, &'static str), fact: Fact) -> Error {
    let (class, ended_session) = (refusal.class(), refusal.ended_session());
    let url = refusal.url().map(str::to_owned);
    let error = Error::new(ErrorKind::Credentials, message)
        .with_fact(fact)
        .with_hint(hint)
        .with_class(class)
        .with_ended_session(ended_session)
        .with_source(refusal);
    match url {
        Some(url) => error.with_url(&url),
        None => error,
    }
}

fn no_token(cause: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::new(ErrorKind::Credentials, "the provider has no token")
        .with_fact(Fact::NoToken)
        .with_class(FailureClass::Later)
        .with_source(cause)
}

/// A new token or ticket, which is not empty.
async fn supplied(provider: &dyn TokenProvider, what: &str) -> Result<SecretString, Error> {
    let text = provider.token().await.map_err(no_token)?;
    if text.expose_secret().trim().is_empty() {
        let message = format!("the provider supplied an empty {what}");
        return Err(Error::new(ErrorKind::Credentials, message)
            .with_fact(Fact::NoToken)
            .with_class(FailureClass::Later));
    }
    Ok(text)
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
