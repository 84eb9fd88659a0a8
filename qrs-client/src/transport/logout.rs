//! Ends the session of an account.

use std::time::Duration;

use outbound_http::{Method, TimeLimits};

use super::{Sent, Transport, head};
use crate::error::Error;
use crate::path::xrfkey;
use crate::span::RequestSpan;
use crate::time_limits::Wanted;
use crate::tries::Try;

/// Maximum time to end a session. A session that is not ended ends by itself.
const MAX_LOGOUT_TIME: Duration = Duration::from_secs(30);

impl Transport {
    /// Ends all sessions of the user with `DELETE /qps/user` below the virtual proxy's prefix (Qlik help, Proxy Service
    /// API: Session management for logged in user).
    pub(crate) async fn logout(&self) -> Result<(), Error> {
        let xrfkey = xrfkey();
        let mut url = self.site.as_url().clone();
        url.set_path(&(url.path().to_owned() + "qps/user"));
        let cookies = self.session.cookies(&url);
        let proof = self.login.proof(&cookies).await?;
        let context = self.context(&url, &xrfkey, &proof);
        url.set_query(Some(&format!("xrfkey={xrfkey}")));
        let sent = Sent {
            cookies: &cookies,
            proof: &proof,
        };
        let mut request = self.request(Method::DELETE, &url, &xrfkey, sent);
        let only_try = Try {
            limits: self.logout_limits().begin(),
            wanted: Wanted::Value,
            is_first: false,
        };
        let _turn = self.limiter.turn(only_try.limits.deadline()).await?;
        let span = RequestSpan::with_path(&Method::DELETE, context.path());
        let response = Box::pin(self.send(&mut request, &context, only_try));
        let response = span.only_try(response).await?;
        if response.is_success() {
            self.session.drop_cookies(&cookies);
            return Ok(());
        }
        let head = head(&response, &url);
        Err(self.refusal(response, &head).await)
    }

    fn logout_limits(&self) -> TimeLimits {
        let limits = self.limits.of_request(Wanted::Value);
        let first_byte = limits.first_byte.min(MAX_LOGOUT_TIME);
        limits
            .with_first_byte(first_byte)
            .with_total(MAX_LOGOUT_TIME)
    }
}
