//! Services of Windows: the service manager, the process that it starts, and the event log.

mod accounts;
mod event_log;
mod manager;
mod process;

pub use self::{
    accounts::needs_password,
    manager::{Manager, Password, RECOVERY},
    process::{Control, STOP_TIMEOUT, ServiceProcess},
};
