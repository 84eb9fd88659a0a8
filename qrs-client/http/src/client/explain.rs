//! Finds out why no response came, with new connections if necessary.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Client;
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;
use crate::redactor::Redactor;
use crate::request_context::RequestContext;
use crate::response_error;
use crate::retry::FailureClass;
use crate::route::Route;
use crate::time_limits::TimeLimit;
use crate::transport::SendError;

impl Client {
    /// Why no response came. If the HTTP library does not report at which step the connection failed, the client connects
    /// once more, step by step, to find out.
    pub(super) async fn explained(
        &self,
        error: SendError,
        route: &Route<'_>,
        context: &RequestContext,
    ) -> Error {
        let error = match error {
            SendError::Connection(error) => return error.with_url(context.url()),
            SendError::Exchange(error) => return response_error::no_response(&*error, context),
            SendError::NotConnected(error) => error,
        };
        if response_error::is_time_limit(&error) {
            // The step is unknown: name resolution, connection, TLS, or proxy.
            if let Err(slow) = route.find_slow_step().await {
                return slow.with_url(context.url());
            }
            let limit = self.0.limits.connect;
            return response_error::time_limit_exceeded(TimeLimit::Connect, limit, context);
        }
        if self.0.proxy.is_none() && response_error::is_tls_error(&error) {
            let error = response_error::no_response(&error, context);
            return match route.instead_of_tls(&error).await {
                Some(better) => better.with_url(context.url()),
                None => error,
            };
        }
        match route.open().await {
            Err(failed) => failed.with_url(context.url()),
            Ok(_) => response_error::no_response(&error, context),
        }
    }

    /// No response began in time. If the server has never answered, the connection may be the reason.
    pub(super) async fn no_response_in_time(
        &self,
        limit: Duration,
        route: &Route<'_>,
        context: &RequestContext,
    ) -> Error {
        let route = Route {
            limit: limit.min(route.limit),
            redactor: route.redactor.clone(),
            ..*route
        };
        if !self.has_answered()
            && let Err(failed) = route.find_slow_step().await
        {
            let failed = failed.with_url(context.url());
            return match failed.time_limit() {
                Some(_) => failed.with_time_limit(TimeLimit::FirstByte, limit),
                None => failed,
            };
        }
        response_error::time_limit_exceeded(TimeLimit::FirstByte, limit, context)
    }

    /// The error of a first try, or a better one that a new connection shows, if the server has never answered: it speaks TLS
    /// and the request was not encrypted, it refuses the client's certificate, or it speaks another protocol. More tries would
    /// be of no use then.
    pub async fn with_probe(&self, error: Error, context: &RequestContext) -> Error {
        let not_understood = error.class() == FailureClass::ConnectionLost
            || error.kind() == ErrorKind::UnexpectedAnswer;
        if !not_understood || self.has_answered() {
            return error;
        }
        let route = self.route(&self.0.origin, Redactor::default());
        let mut found = match route.begins_unencrypted() {
            true => route.unexpected_tls().await,
            false => None,
        };
        if found.is_none() && *error.fact() == Fact::ClosedWithoutAnswer {
            found = route.early_data().await;
        }
        match found {
            Some(found) => route.with_identity(found).with_url(context.url()),
            None => error,
        }
    }

    /// Whether the server has ever answered.
    fn has_answered(&self) -> bool {
        self.0.has_answered.load(Ordering::Relaxed)
    }
}
