//! The client: one site, asked as one account.

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::asked::Asked;
use crate::body::Body;
use crate::builder::QrsClientBuilder;
use crate::count::Count;
use crate::credentials::HeaderCredentials;
use crate::diagnosis::Step;
use crate::error::{Error, ErrorKind};
use crate::excerpt::without_mark;
use crate::fact::Fact;
use crate::filter::Filter;
use crate::lenient;
use crate::list::RecordList;
use crate::models::About;
use crate::renewal::Doubt;
use crate::request::Get;
use crate::retry::Trouble;
use crate::salvage::salvage;
use crate::scrub::Secrets;
use crate::session::{SessionHold, SessionState};
use crate::site::SiteUrl;
use crate::time_limits::Wanted;
use crate::tls::Weakness;
use crate::too_many_sessions;
use crate::transport::Transport;

/// A client of one site. Clones are cheap and share the connections and the session.
///
/// It needs a tokio runtime with time and I/O enabled.
#[derive(Clone)]
pub struct QrsClient(pub(crate) Arc<Transport>);

impl QrsClient {
    /// Starts to make a client of this site that asks as this account.
    ///
    /// ```
    /// use qrs_client::{HeaderCredentials, QrsClient, SiteUrl};
    ///
    /// let site = SiteUrl::parse("https://qlik.example/scanner")?;
    /// let credentials = HeaderCredentials::new("X-Scanner-User", "ACME\\scanner".into())?;
    /// let client = QrsClient::builder(site, credentials).tries(5).build();
    /// # Ok::<(), qrs_client::Error>(())
    /// ```
    pub fn builder(site: SiteUrl, credentials: HeaderCredentials) -> QrsClientBuilder {
        QrsClientBuilder::new(site, credentials)
    }

    /// The site that is asked.
    #[must_use]
    pub fn site(&self) -> &SiteUrl {
        &self.0.site
    }

    /// The session with the site as text for [`resume`](Self::resume), for instance in the next run
    /// of the program: a site allows an account five sessions only. Whoever has it can go on with
    /// the session. None before the site has opened one.
    #[must_use]
    pub fn session(&self) -> Option<SecretString> {
        self.0.session.export(&self.0.credentials)
    }

    /// Continues an exported session and returns true, or returns false and keeps the client as it is: if the text is not
    /// a session, if the session belongs to another site, header or value, or if this client has already sent a request.
    /// A session that the site has ended is renewed at the first request.
    pub fn resume(&self, session: &SecretString) -> bool {
        self.0.session.import(session, &self.0.credentials)
    }

    /// How often the client has dropped a session that the site had ended.
    #[must_use]
    pub fn session_renewals(&self) -> u64 {
        self.0.session.renewals()
    }

    /// What was weak in the certificates and handshakes so far, and accepted, as [`Trust::Only`](crate::Trust::Only)
    /// does.
    #[must_use]
    pub fn weaknesses(&self) -> Vec<Weakness> {
        self.0.weaknesses.all()
    }

    /// A name for the session in files: clients of the same site, header and value have the same
    /// one. Without the salt it does not give away whose session it is.
    #[must_use]
    pub fn session_key(&self, salt: &str) -> String {
        self.0.session.key(&self.0.credentials, salt)
    }

    /// Marks the session as used by somebody until the hold is dropped, so that
    /// [`end_session`](Self::end_session) does not end it.
    pub fn hold_session(&self) -> SessionHold {
        self.0.session.hold(self.0.session_end)
    }

    /// Ends the session on the site if [`SessionEnd::Logout`](crate::SessionEnd::Logout) was set for a client that held it, and
    /// nobody holds it any more. That ends **all** sessions of the user on the virtual proxy, those
    /// of other programs and of people included.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get). The session then ends by itself after half an hour.
    pub async fn end_session(&self) -> Result<(), Error> {
        match self.0.session.must_end() {
            true => self.0.logout().await,
            false => Ok(()),
        }
    }

    /// Whether the site keeps the session, as far as its answers show. It takes three answers to
    /// tell that it does not.
    #[must_use]
    pub fn session_state(&self) -> SessionState {
        self.0.session.observed()
    }

    /// What the site is: the cheapest thing to ask for, and so the way to try the credentials.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); [`ErrorKind::UnexpectedAnswer`] also if the answer has no
    /// `buildVersion`, since then something else than QRS gave it.
    pub async fn about(&self) -> Result<About, Error> {
        self.value(Get::new("about"), about).await
    }

    /// The apps that the account may see, as [`App`](crate::App) or as a type of your own with
    /// fewer fields, which is quicker.
    ///
    /// Rules only grant: what the account may not read is left out without a word.
    #[must_use]
    pub fn apps<T>(&self, filter: Option<&Filter>) -> RecordList<T> {
        self.list(filtered("app/full", filter))
    }

    /// The objects of all apps that the account may see, as [`AppObject`](crate::AppObject) or as a
    /// type of your own. Without a filter on the object type this is every variable, dimension and
    /// bookmark, too.
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

    /// How many apps there are, as far as the site tells this account.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn app_count(&self, filter: Option<&Filter>) -> Result<u64, Error> {
        self.count("app/count", filter).await
    }

    /// How many app objects there are, as far as the site tells this account.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn app_object_count(&self, filter: Option<&Filter>) -> Result<u64, Error> {
        self.count("app/object/count", filter).await
    }

    /// How many users there are, as far as the site tells this account.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn user_count(&self, filter: Option<&Filter>) -> Result<u64, Error> {
        self.count("user/count", filter).await
    }

    /// How many streams there are, as far as the site tells this account.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn stream_count(&self, filter: Option<&Filter>) -> Result<u64, Error> {
        self.count("stream/count", filter).await
    }

    /// Walks the way to the site step by step, up to the first that fails, and tells what it sees:
    /// names, addresses, the proxy, TLS and certificates. With the trust of this client, and with
    /// its limit to connect for each step; no request is sent to the site.
    ///
    /// ```no_run
    /// # async fn tell(client: &qrs_client::QrsClient) {
    /// for step in client.diagnose().await {
    ///     match step.seen {
    ///         Ok(seen) => println!("{} ({:?}): {seen}", step.stage, step.took),
    ///         Err(error) => println!("{}: {error}", step.stage),
    ///     }
    /// }
    /// # }
    /// ```
    pub async fn diagnose(&self) -> Vec<Step> {
        let secrets = Secrets::new(self.0.secrets([]));
        self.0.route(secrets).walk().await
    }

    /// Reads any path as one value of up to 1 MB, which is held whole; for lists there is [`list`](Self::list).
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`] but [`ErrorKind::ListBroken`]; [`ErrorKind::UnexpectedAnswer`] if the
    /// answer is no such value.
    pub async fn get<T: DeserializeOwned>(&self, get: Get) -> Result<T, Error> {
        self.value(get, decoded).await
    }

    /// Reads any path as one value that `decode` makes of the answer.
    async fn value<T>(
        &self,
        get: Get,
        decode: impl Fn(&[u8], &Body) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut tries = self.0.tries(Wanted::Value);
        let mut is_second = false;
        loop {
            let mut body = self.0.open(&get, &mut tries).await?;
            let value = body.whole().await.and_then(|whole| decode(&whole, &body));
            if let (Err(error), Some(carried), false) = (&value, body.carried(), is_second)
                && self.0.renew(&get, error, carried, &mut tries).await?
            {
                is_second = true;
                continue;
            }
            match value {
                Err(error) if tries.again(error.trouble()).await => {}
                value => return value.map_err(|error| tries.give_up(error)),
            }
        }
    }

    /// Reads any path that answers with an array of objects.
    #[must_use]
    pub fn list<T>(&self, get: Get) -> RecordList<T> {
        RecordList::new(self.0.clone(), get)
    }

    /// Reads any path as bytes.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), as far as it concerns the beginning of the answer.
    pub async fn read(&self, get: Get) -> Result<Body, Error> {
        self.0.open(&get, &mut self.0.tries(Wanted::List)).await
    }

    async fn count(&self, path: &str, filter: Option<&Filter>) -> Result<u64, Error> {
        let Count(count) = self.get(filtered(path, filter)).await?;
        Ok(count)
    }
}

fn filtered(path: &str, filter: Option<&Filter>) -> Get {
    let get = Get::new(path);
    match filter {
        Some(filter) => get.filter(filter.clone()),
        None => get,
    }
}

fn about(json: &[u8], body: &Body) -> Result<About, Error> {
    // What is not JSON at all is reported as that.
    let _: IgnoredAny = decoded(json, body)?;
    about_record(json).ok_or_else(|| not_qrs(json, body))
}

/// Whether a response is one of `/qrs/about`.
pub(crate) fn is_about(json: &[u8]) -> bool {
    about_record(json).is_some()
}

fn about_record(json: &[u8]) -> Option<About> {
    let about = lenient::record(without_mark(json));
    about.filter(|about: &About| !about.build_version.trim().is_empty())
}

fn not_qrs(json: &[u8], body: &Body) -> Error {
    let message = "what answers there is not QRS: its answer has no `buildVersion`";
    let asked = body.asked();
    if too_many_sessions::is_said(&Asked::unredacted(json)) {
        return too_many_sessions::error(asked).with_excerpt(asked.excerpt(json));
    }
    asked
        .error(ErrorKind::UnexpectedAnswer, message)
        .with_fact(Fact::NotQrs)
        .with_doubt(Doubt::Possible)
        .with_excerpt(asked.excerpt(json))
}

fn decoded<T: DeserializeOwned>(json: &[u8], body: &Body) -> Result<T, Error> {
    let json = without_mark(json);
    let value = serde_json::from_slice(json);
    let value = value.or_else(|error| salvage(json).ok_or(error));
    value.map_err(|error: serde_json::Error| {
        let reason = body.asked().scrub_line(&error.to_string());
        let message = format!("the answer is not the JSON that was expected: {reason}");
        // JSON that ends too early was cut on the way, by a connection that was closed in order.
        let (fact, trouble, doubt) = match error.is_eof() {
            true if json.trim_ascii().is_empty() => {
                (Fact::AnswerCut, Trouble::Cut, Doubt::Possible)
            }
            true => (Fact::AnswerCut, Trouble::Cut, Doubt::None),
            false if error.is_syntax() => (Fact::NotJson, Trouble::Final, Doubt::Possible),
            false => (Fact::UnexpectedJson, Trouble::Final, Doubt::Possible),
        };
        body.asked()
            .error(ErrorKind::UnexpectedAnswer, message)
            .with_fact(fact)
            .with_trouble(trouble)
            .with_doubt(doubt)
            .with_excerpt(body.asked().excerpt(json))
    })
}

impl fmt::Debug for QrsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QrsClient")
            .field("site", &self.0.site.as_url().as_str())
            .field("credentials", &self.0.credentials)
            .finish_non_exhaustive()
    }
}
