//! All settings of the way to a server, read with one call.

use catalog_model::Settings;
use outbound_http::{ClientBuilder, Proxy, RetryPolicy};

use crate::{proxy, time_limits::TimeLimitSettings, trust::TrustSettings};

/// The settings of the way to a server.
#[derive(Clone, Debug)]
pub struct OutboundSettings {
    /// Which certificates are trusted.
    pub trust: TrustSettings,
    /// The proxy, if one is set.
    pub proxy: Option<Proxy>,
    /// The time limits that are set.
    pub time_limits: TimeLimitSettings,
}

/// What is called differently in the settings of different servers.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// What messages call the server: `the server`.
    pub server: &'static str,
    /// The block of the time limits: `time_limits`.
    pub time_limits: &'static str,
    /// The setting in this block of the maximum time for a request and its whole response: `total`.
    pub total: &'static str,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            server: "the server",
            time_limits: "time_limits",
            total: "total",
        }
    }
}

impl OutboundSettings {
    /// Reads the settings. Problems are recorded in `settings`, as those of its other reads.
    #[must_use]
    pub fn read(settings: &mut Settings, names: &Names) -> Self {
        let time_limits = TimeLimitSettings::read(settings, names);
        let trust = TrustSettings::read(settings, names);
        let proxy = proxy::read(settings);
        Self {
            trust,
            proxy,
            time_limits,
        }
    }

    /// The builder of an HTTP client with these settings.
    pub fn apply(&self, builder: ClientBuilder) -> ClientBuilder {
        let mut builder = builder
            .trust(self.trust.trust())
            .time_limits(self.time_limits.limits());
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        }
        if let Some(window) = self.time_limits.retry {
            builder = builder.retry(RetryPolicy::default().with_window(window));
        }
        builder
    }
}
