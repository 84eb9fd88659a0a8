#![doc = include_str!("../README.md")]

mod declared;
mod outbound_settings;

mod proxy;
mod this_machine;
mod time_limits;
mod trust;
mod windows;

#[doc(hidden)] // For `tls_and_proxy!`.
pub use catalog_model::settings::{Declaration, SettingKind};
pub use declared::{TIME_LIMITS, TLS_AND_PROXY};
pub use outbound_settings::{Names, OutboundSettings};
pub use this_machine::stays_here;
pub use time_limits::TimeLimitSettings;
pub use trust::{TrustSettings, weak};
pub use windows::know_windows;
#[cfg(not(feature = "windows-login"))]
pub use windows::refuse_windows;
#[cfg(feature = "windows-login")]
pub use windows::windows_account;
