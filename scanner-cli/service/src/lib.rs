//! The scanner as a service of the system: installs, starts, stops and shows it. On Linux, it is a systemd unit; on Windows, a
//! service of the service manager.
//!
//! Nothing here reads settings or prints. The program that the service runs is `scanner-cli run` on Linux, and the hidden
//! command `scanner-cli service run` on Windows, because the service manager expects answers from the process that it starts.

mod error;
mod plan;
mod state;
#[cfg(unix)]
mod systemd;
#[cfg(unix)]
mod unit;
#[cfg(windows)]
mod windows;

#[cfg(windows)]
pub use self::windows::{
    Control, Manager, Password, RECOVERY, STOP_TIMEOUT, ServiceProcess, needs_password,
};
pub use self::{
    error::ServiceError,
    plan::{DEFAULT_NAME, Plan, Scope, ServiceName, default_home},
    state::{Activity, ServiceState},
};
#[cfg(unix)]
pub use self::{systemd::Systemd as Manager, unit::text as unit_text};
