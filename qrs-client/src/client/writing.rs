//! Requests that change a site, and requests for tables.

use outbound_http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::QrsClient;
use crate::call::Call;
use crate::error::Error;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::models::License;
use crate::path::QrsPath;
use crate::request_context::RequestContext;
use crate::value;

impl QrsClient {
    /// Sends any request with a JSON body, and reads the response as a single value of up to 1 MB. An empty response is read as
    /// `null`, so `()` and `Option` fit it.
    ///
    /// A request other than `GET` is retried only if the site has certainly not processed it: there was no connection, or the
    /// status is 408, 425, 429 or 503.
    ///
    /// ```no_run
    /// # async fn copy(client: &qrs_client::QrsClient) -> Result<(), qrs_client::Error> {
    /// use qrs_client::{App, Method, QrsPath};
    ///
    /// let path = QrsPath::new("app/12f964b0-fc25-4de6-9803-30749b21d192/copy").query("name", "Sales (copy)");
    /// let copy: App = client.send(Method::POST, path, None::<&()>).await?;
    /// println!("{}", copy.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); [`ErrorKind::Conflict`] if the site has another version of the record;
    /// [`ErrorKind::Configuration`] if the body cannot be written as JSON.
    pub async fn send<B, T>(
        &self,
        method: Method,
        path: impl Into<QrsPath>,
        body: Option<&B>,
    ) -> Result<T, Error>
    where
        B: Serialize + ?Sized,
        T: DeserializeOwned,
    {
        let call = Call::new(method, path.into());
        let call = match body {
            Some(body) => call.json(body)?,
            None => call,
        };
        self.value(call, value::decode_result).await
    }

    /// The site's licence; `None` if it has none.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn license(&self) -> Result<Option<License>, Error> {
        self.get("license").await
    }

    /// Sends a request that only reads although its method is `POST`. Returns the size of the response, too, in bytes.
    pub(crate) async fn query<B, T>(&self, path: QrsPath, body: &B) -> Result<(T, u64), Error>
    where
        B: Serialize + ?Sized,
        T: DeserializeOwned,
    {
        let call = Call::new(Method::POST, path).json(body)?.repeatable();
        let sized = |json: &[u8], context: RequestContext<'_>| {
            Ok((value::decode(json, context)?, json.len() as u64))
        };
        self.value(call, sized).await
    }
}
