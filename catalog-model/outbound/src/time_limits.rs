//! The settings of time limits.

use std::time::Duration;

use catalog_model::Settings;
use outbound_http::TimeLimits;

use crate::Names;

/// The time limits that are set. What is not set has the client's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeLimitSettings {
    /// Maximum time to connect, TLS included.
    pub connect: Option<Duration>,
    /// Maximum time until a response begins, connecting included.
    pub first_byte: Option<Duration>,
    /// Maximum time between two parts of a response.
    pub silence: Option<Duration>,
    /// Maximum time for a request and its whole response, failed tries included.
    pub total: Option<Duration>,
    /// For how long a request is retried after its first failure.
    pub retry: Option<Duration>,
}

impl TimeLimitSettings {
    pub(crate) fn read(settings: &mut Settings, names: &Names) -> Self {
        let mut read = |name: &str| {
            let key = format!("{}.{name}", names.time_limits);
            settings.duration(&key).map(|limit| limit.value)
        };
        Self {
            connect: read("connect"),
            first_byte: read("first_byte"),
            silence: read("silence"),
            total: read(names.total),
            retry: read("retry"),
        }
    }

    /// The limits of an HTTP client.
    #[must_use]
    pub fn limits(&self) -> TimeLimits {
        let default = TimeLimits::default();
        TimeLimits::default()
            .with_connect(self.connect.unwrap_or(default.connect))
            .with_first_byte(self.first_byte.unwrap_or(default.first_byte))
            .with_silence(self.silence.unwrap_or(default.silence))
            .with_total(self.total.unwrap_or(default.total))
    }
}
