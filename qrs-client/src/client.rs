//! The client: one site, read as one account.

mod builder;
mod writing;

use std::fmt;
use std::sync::Arc;

use outbound_http::Weakness;
use secrecy::SecretString;
use serde::de::DeserializeOwned;

use crate::body::Body;
use crate::call::Call;
use crate::count::Count;
use crate::credentials::Credentials;
use crate::diagnosis::Step;
use crate::error::Error;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::filter::Filter;
use crate::list::RecordList;
use crate::models::About;
use crate::path::QrsPath;
use crate::request_context::RequestContext;
use crate::runtime;
use crate::session::{SessionHold, SessionState};
use crate::site::SiteUrl;
use crate::time_limits::Wanted;
use crate::timestamp::Timestamp;
use crate::transport::Transport;
use crate::value;
pub use builder::QrsClientBuilder;

/// A client of one site. Clones are cheap and share the connections and the session.
///
/// It needs a tokio runtime with time and I/O enabled. Outside of one, its methods return an error.
#[derive(Clone)]
pub struct QrsClient(Arc<Transport>);

impl QrsClient {
    /// Begins a client of this site that reads as this account.
    ///
    /// ```
    /// use qrs_client::{HeaderCredentials, QrsClient, SiteUrl};
    ///
    /// let site = SiteUrl::parse("https://qlik.example/scanner")?;
    /// let credentials = HeaderCredentials::new("X-Scanner-User", "ACME\\scanner".into())?;
    /// let client = QrsClient::builder(site, credentials).tries(5).build();
    /// # Ok::<(), qrs_client::Error>(())
    /// ```
    pub fn builder(site: SiteUrl, credentials: impl Into<Credentials>) -> QrsClientBuilder {
        QrsClientBuilder::new(site, credentials.into())
    }

    /// The site that the client reads.
    #[must_use]
    pub fn site(&self) -> &SiteUrl {
        &self.0.site
    }

    /// The credentials that the client was built with.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.0.login.credentials
    }

    /// The session with the site as text for [`resume`](Self::resume), for example in the next run of the program: a site
    /// allows an account only five sessions. Anyone who has the text can continue the session. `None` before the site has
    /// opened one.
    #[must_use]
    pub fn session(&self) -> Option<SecretString> {
        self.0.session.export(&self.0.login.credentials)
    }

    /// Continues an exported session and returns true. Returns false and leaves the client unchanged if the text is not a
    /// session, if the session belongs to another site, header or value, or if this client has already sent a request.
    /// A session that the site has ended is renewed at the first request.
    pub fn resume(&self, session: &SecretString) -> bool {
        self.0.session.import(session, &self.0.login.credentials)
    }

    /// The site's own clock, according to the `Date` header of its last response.
    #[must_use]
    pub fn site_time(&self) -> Option<Timestamp> {
        let seconds = self.0.session.site_time()?;
        Some(Timestamp::from_unix_millis(seconds.checked_mul(1000)?))
    }

    /// How often the client has dropped a session that the site had ended.
    #[must_use]
    pub fn session_renewals(&self) -> u64 {
        self.0.session.renewals()
    }

    /// Weak signatures and keys of the certificates and handshakes so far that were accepted, as
    /// [`Trust::Only`](crate::Trust::Only) does.
    #[must_use]
    pub fn weaknesses(&self) -> Vec<Weakness> {
        self.0.http.weaknesses()
    }

    /// A name for the session in files: clients of the same site, header and value have the same one. Without the salt, it
    /// does not reveal the account or the site.
    #[must_use]
    pub fn session_key(&self, salt: &str) -> String {
        self.0.session.key(&self.0.login.credentials, salt)
    }

    /// Marks the session as in use until the hold is dropped, so that [`end_session`](Self::end_session) does not end it.
    pub fn hold_session(&self) -> SessionHold {
        self.0.session.hold(self.0.session_end)
    }

    /// Ends the session on the site if [`SessionEnd::Logout`](crate::SessionEnd::Logout) was set for a client that held it, and
    /// no hold is left. This ends **all** sessions of the user on the virtual proxy, including those of other programs and of
    /// people.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get). The session then ends by itself after half an hour.
    pub async fn end_session(&self) -> Result<(), Error> {
        match self.0.session.must_end() && self.0.login.has_sessions() {
            true => self.0.logout().await,
            false => Ok(()),
        }
    }

    /// Where and how the site asked the Windows user to log in. `None` before, and if a stored session is continued.
    #[cfg(feature = "windows-login")]
    #[must_use]
    pub fn windows_challenge(&self) -> Option<crate::WindowsChallenge> {
        self.0.session.windows_challenge()
    }

    /// Whether the site keeps the session, as far as its responses show. It takes three responses to find that it does not.
    #[must_use]
    pub fn session_state(&self) -> SessionState {
        match self.0.login.has_sessions() {
            true => self.0.session.observed(),
            false => SessionState::NotNeeded,
        }
    }

    /// Describes the site. This is the cheapest request, and therefore the way to check the credentials.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); [`ErrorKind::UnexpectedAnswer`] also if the response has no `buildVersion`, since it is not from
    /// QRS then.
    pub async fn about(&self) -> Result<About, Error> {
        self.value(Call::get(QrsPath::new("about")), value::about)
            .await
    }

    /// The apps that the account may see, as [`App`](crate::App) or as a type of your own with
    /// fewer fields, which is faster.
    ///
    /// Security rules only grant access: the site leaves out what the account may not read, without an error.
    #[must_use]
    pub fn apps<T>(&self, filter: Option<&Filter>) -> RecordList<T> {
        self.list(filtered("app/full", filter))
    }

    /// The objects of all apps that the account may see, as [`AppObject`](crate::AppObject) or as a
    /// type of your own. Without a filter on the object type, the list also contains every variable, dimension and bookmark.
    #[must_use]
    pub fn app_objects<T>(&self, filter: Option<&Filter>) -> RecordList<T> {
        self.list(filtered("app/object/full", filter))
    }

    /// The users that the account may see, as [`User`](crate::User) or as a type of your own.
    #[must_use]
    pub fn users<T>(&self, filter: Option<&Filter>) -> RecordList<T> {
        self.list(filtered("user/full", filter))
    }

    /// The streams that the account may see, as [`Stream`](crate::Stream) or as a type of your own.
    #[must_use]
    pub fn streams<T>(&self, filter: Option<&Filter>) -> RecordList<T> {
        self.list(filtered("stream/full", filter))
    }

    /// The number of apps that the account may see.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn app_count(&self, filter: Option<&Filter>) -> Result<u64, Error> {
        self.count("app/count", filter).await
    }

    /// The number of app objects that the account may see.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn app_object_count(&self, filter: Option<&Filter>) -> Result<u64, Error> {
        self.count("app/object/count", filter).await
    }

    /// The number of users that the account may see.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn user_count(&self, filter: Option<&Filter>) -> Result<u64, Error> {
        self.count("user/count", filter).await
    }

    /// The number of streams that the account may see.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn stream_count(&self, filter: Option<&Filter>) -> Result<u64, Error> {
        self.count("stream/count", filter).await
    }

    /// Connects to the site step by step, up to the first step that fails, and reports each step: name resolution, TCP, the
    /// proxy, TLS and certificates. Each step may take as long as the limit to connect. No request is sent to the site.
    ///
    /// ```no_run
    /// # async fn print(client: &qrs_client::QrsClient) {
    /// for step in client.diagnose().await {
    ///     match step.seen {
    ///         Ok(seen) => println!("{} ({:?}): {seen}", step.stage, step.took),
    ///         Err(error) => println!("{}: {error}", step.stage),
    ///     }
    /// }
    /// # }
    /// ```
    pub async fn diagnose(&self) -> Vec<Step> {
        if let Err(error) = runtime::check() {
            return vec![Step::not_taken(error)];
        }
        let steps = self.0.http.diagnose().await;
        steps.into_iter().map(Step::from).collect()
    }

    /// Reads any path as a single value of up to 1 MB, which is kept in memory. For lists, use [`list`](Self::list).
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`] except [`ErrorKind::ListBroken`]; [`ErrorKind::UnexpectedAnswer`] if the response is not such a value.
    pub async fn get<T: DeserializeOwned>(&self, path: impl Into<QrsPath>) -> Result<T, Error> {
        self.value(Call::get(path.into()), value::decode).await
    }

    /// Sends a request, and reads its response as a single value, which `decode` reads from the response.
    pub(crate) async fn value<T>(
        &self,
        call: Call,
        decode: impl Fn(&[u8], RequestContext<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut tries = self.0.tries(call.wanted, call.repeat);
        let mut is_second = false;
        loop {
            let mut body = self.0.open(&call, &mut tries).await?;
            let whole = body.value(call.reading).await;
            body.end();
            let value = whole.and_then(|whole| decode(&whole, body.context()));
            if let (Err(error), Some(cookies), false) = (&value, body.sent_cookies(), is_second)
                && self.0.renew(&call, error, cookies, &mut tries).await?
            {
                is_second = true;
                continue;
            }
            match value {
                Err(error) if tries.wait_for_next(error.class()).await => {}
                value => return value.map_err(|error| tries.last_error(error)),
            }
        }
    }

    /// Reads any path that answers with an array of objects.
    #[must_use]
    pub fn list<T>(&self, path: impl Into<QrsPath>) -> RecordList<T> {
        RecordList::new(self.0.clone(), Call::get(path.into()))
    }

    /// Reads any path as bytes.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), for the beginning of the response.
    pub async fn read(&self, path: impl Into<QrsPath>) -> Result<Body, Error> {
        self.open(&Call::get(path.into())).await
    }

    /// Sends a request until its response begins. Its time limits are those of a list.
    pub(crate) async fn open(&self, call: &Call) -> Result<Body, Error> {
        let mut tries = self.0.tries(Wanted::List, call.repeat);
        self.0.open(call, &mut tries).await
    }

    async fn count(&self, path: &str, filter: Option<&Filter>) -> Result<u64, Error> {
        let Count(count) = self.get(filtered(path, filter)).await?;
        Ok(count)
    }
}

fn filtered(path: &str, filter: Option<&Filter>) -> QrsPath {
    let path = QrsPath::new(path);
    match filter {
        Some(filter) => path.filter(filter.clone()),
        None => path,
    }
}

impl fmt::Debug for QrsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QrsClient")
            .field("site", &self.0.site.as_url().as_str())
            .field("credentials", &self.0.login.credentials)
            .finish_non_exhaustive()
    }
}
