#![doc = include_str!("../README.md")]

mod database_url;
mod error;
mod names;
mod password_file;
mod session;
mod settings;
mod values;

pub use database_url::{HostAddress, WantedServer};
pub use error::{Failure, OTHER_SERVER, Problem, RIGHTS};
pub use names::{quoted, written};
pub use password_file::password_in;
pub use session::{Session, Way, WayEnd};
pub use settings::{Encryption, SERVER, Target};
pub use values::{Value, Values, text_literal, with_values};
