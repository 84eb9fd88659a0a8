//! Ends the session of an account.

use std::time::Duration;

use reqwest::Method;
use secrecy::SecretString;
use tokio::time::Instant;

use crate::asked::Asked;
use crate::body::Body;
use crate::error::Error;
use crate::request::xrfkey;
use crate::time_limits::{AnswerLimits, TimeLimit};
use crate::transport::{Transport, head};

/// How long the end of a session is waited for. A session that is not ended ends by itself.
const LOGOUT_TIME: Duration = Duration::from_secs(30);

impl Transport {
    /// Ends all sessions of the user with `DELETE /qps/user` below the virtual proxy's prefix (Qlik help, Proxy Service
    /// API: Session management for logged in user).
    pub(crate) async fn logout(&self) -> Result<(), Error> {
        let xrfkey = xrfkey();
        let mut url = self.site.as_url().clone();
        url.set_path(&(url.path().to_owned() + "qps/user"));
        let secrets = self.secrets([SecretString::from(xrfkey.as_str())]);
        let asked = Asked::new(&self.site, &url, secrets);
        let carried = self.session.cookies(&url);
        url.set_query(Some(&format!("xrfkey={xrfkey}")));
        let mut request = self.request(&url, &xrfkey, &carried)?;
        *request.method_mut() = Method::DELETE;
        let limits = AnswerLimits {
            deadline: Instant::now() + LOGOUT_TIME,
            whole: LOGOUT_TIME,
            first_byte: (
                TimeLimit::FirstByte,
                self.limits.first_byte.min(LOGOUT_TIME),
            ),
            silence: self.limits.silence,
        };
        let mut response = self.send(request, &asked, limits).await?;
        let head = head(&response, &url);
        response.unpack().ok();
        if matches!(head.status, 200..=299) {
            self.session.drop_cookies(&carried);
            return Ok(());
        }
        let mut body = Body::new(response, asked, limits);
        let page = body.for_message().await;
        Err(head.refusal(&page, body.asked()))
    }
}
