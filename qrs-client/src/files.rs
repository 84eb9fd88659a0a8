//! Uploading and exporting apps.

use std::io;

use bytes::Bytes;
use futures_core::Stream;
use outbound_http::Method;
use serde::Deserialize;

use crate::body::Body;
use crate::call::Call;
use crate::client::QrsClient;
use crate::error::Error;
use crate::id::AppId;
use crate::models::App;
use crate::path::{QrsPath, guid};
use crate::value;

/// The type of a file with an app (`.qvf`).
const APP_FILE: &str = "application/vnd.qlik.sense.app";

/// Whether an exported app contains its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AppExport {
    /// The app with its data.
    WithData,
    /// The app without data: its sheets, script and definitions.
    WithoutData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exported {
    download_path: String,
}

impl QrsClient {
    /// Exports an app as a file (`.qvf`), which is returned piece by piece.
    ///
    /// ```no_run
    /// # async fn export(client: &qrs_client::QrsClient) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::io::Write;
    ///
    /// use qrs_client::{AppExport, AppId};
    ///
    /// let app = AppId::from("12f964b0-fc25-4de6-9803-30749b21d192");
    /// let mut file = std::io::stdout().lock();
    /// let mut body = client.export_app(&app, AppExport::WithoutData).await?;
    /// while let Some(piece) = body.chunk().await? {
    ///     file.write_all(&piece)?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn export_app(&self, app: &AppId, export: AppExport) -> Result<Body, Error> {
        let skip_data = export == AppExport::WithoutData;
        // Qlik help, Repository Service API: App, export. The token is any GUID.
        let path = QrsPath::new(format!("app/{app}/export/{}", guid()))
            .query("skipData", skip_data.to_string());
        let exported: Exported = self.send(Method::POST, path, None::<&()>).await?;
        self.open(&Call::get(QrsPath::of_file(&exported.download_path)))
            .await
    }

    /// Uploads an app under a name and returns the new app. The file (`.qvf`) is read while it is sent.
    ///
    /// The upload is sent once: a stream cannot be repeated. A session is opened first, so that no login page costs the upload.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); [`ErrorKind::Unreachable`](crate::ErrorKind::Unreachable) also if the stream fails.
    pub async fn upload_app<S>(&self, name: &str, file: S) -> Result<App, Error>
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        self.about().await?;
        let path = QrsPath::new("app/upload").query("name", name);
        let call = Call::new(Method::POST, path).stream(APP_FILE, file);
        let mut body = self.open(&call).await?;
        let whole = body.whole().await?;
        value::decode(&whole, body.context())
    }
}
