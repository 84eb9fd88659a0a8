#![doc = include_str!("../README.md")]

mod outbound_settings;

mod proxy;
mod time_limits;
mod trust;

pub use outbound_settings::{Names, OutboundSettings};
pub use time_limits::TimeLimitSettings;
pub use trust::{TrustSettings, weak};
