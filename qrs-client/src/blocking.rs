//! The client without `async`, for programs that have no tokio runtime.
//!
//! ```no_run
//! use qrs_client::{Error, HeaderCredentials, QrsClient, SiteUrl, Stream, blocking};
//!
//! fn print_streams() -> Result<(), Error> {
//!     let site = SiteUrl::parse("https://qlik.example/scanner")?;
//!     let credentials = HeaderCredentials::new("X-Scanner-User", "ACME\\scanner".into())?;
//!     let client = blocking::Client::new(QrsClient::builder(site, credentials).build()?)?;
//!     println!("{}", client.about()?.build_version);
//!     let streams = client.inner().entities::<Stream>().list(None);
//!     for stream in client.iter(streams.skip_unreadable(|unreadable| eprintln!("{unreadable}"))) {
//!         println!("{}", stream?.name);
//!     }
//!     Ok(())
//! }
//! ```

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use futures_core::Stream;
use outbound_http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::client::QrsClient;
use crate::error::Error;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::models::About;
use crate::path::QrsPath;

/// A [`QrsClient`] with a tokio runtime of its own, which runs in the thread of the caller.
///
/// Any method of the client can be waited for with [`wait`](Self::wait), and any list or table be read with
/// [`iter`](Self::iter).
pub struct Client {
    client: QrsClient,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

/// The elements of a list or of a table; see [`Client::iter`].
pub struct Iter<'a, S> {
    client: &'a Client,
    stream: Pin<Box<S>>,
    is_over: bool,
}

impl Client {
    /// Creates a runtime for the client.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if the operating system refuses what a runtime needs.
    pub fn new(client: QrsClient) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| {
            Error::configuration(format!("a tokio runtime cannot be started: {error}"))
        })?;
        Ok(Self {
            client,
            runtime: Some(runtime),
        })
    }

    /// The client, whose methods make what [`wait`](Self::wait) and [`iter`](Self::iter) accept.
    #[must_use]
    pub fn inner(&self) -> &QrsClient {
        &self.client
    }

    /// Waits for a future of the client.
    ///
    /// ```no_run
    /// # fn tags(client: &qrs_client::blocking::Client) -> Result<u64, qrs_client::Error> {
    /// use qrs_client::Tag;
    ///
    /// let tags = client.inner().entities::<Tag>();
    /// client.wait(tags.count(None))
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the future; [`ErrorKind::Configuration`] inside of a tokio runtime, whose thread must not be blocked.
    pub fn wait<T>(&self, future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        match &self.runtime {
            Some(runtime) if Handle::try_current().is_err() => runtime.block_on(future),
            _ => Err(inside_of_runtime()),
        }
    }

    /// The elements of a stream: of a [`RecordList`](crate::RecordList), of [`ReadableRecords`](crate::ReadableRecords) or of
    /// [`TableRows`](crate::TableRows). It ends after an error; inside of a tokio runtime, the first
    /// element is one.
    pub fn iter<S, T>(&self, stream: S) -> Iter<'_, S>
    where
        S: Stream<Item = Result<T, Error>>,
    {
        Iter {
            client: self,
            stream: Box::pin(stream),
            is_over: false,
        }
    }

    /// Describes the site; see [`QrsClient::about`].
    ///
    /// # Errors
    ///
    /// As [`QrsClient::about`] and [`wait`](Self::wait).
    pub fn about(&self) -> Result<About, Error> {
        self.wait(self.client.about())
    }

    /// Reads any path as a single value; see [`QrsClient::get`].
    ///
    /// # Errors
    ///
    /// As [`QrsClient::get`] and [`wait`](Self::wait).
    pub fn get<T: DeserializeOwned>(&self, path: impl Into<QrsPath>) -> Result<T, Error> {
        self.wait(self.client.get(path))
    }

    /// Sends any request; see [`QrsClient::send`].
    ///
    /// # Errors
    ///
    /// As [`QrsClient::send`] and [`wait`](Self::wait).
    pub fn send<B, T>(
        &self,
        method: Method,
        path: impl Into<QrsPath>,
        body: Option<&B>,
    ) -> Result<T, Error>
    where
        B: Serialize + ?Sized,
        T: DeserializeOwned,
    {
        self.wait(self.client.send(method, path, body))
    }
}

impl<S, T> Iterator for Iter<'_, S>
where
    S: Stream<Item = Result<T, Error>>,
{
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let stream = &mut self.stream;
        let next = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx));
        let next = self.client.wait(async { next.await.transpose() });
        self.is_over = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

/// A runtime must not be dropped by waiting for it inside of another one.
impl Drop for Client {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn inside_of_runtime() -> Error {
    Error::configuration("the blocking client was used inside of a tokio runtime")
        .with_hint("use `QrsClient` there, or call it within `tokio::task::spawn_blocking`")
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.client).finish()
    }
}

impl<S> fmt::Debug for Iter<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}
