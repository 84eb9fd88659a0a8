#![doc = include_str!("../README.md")]

mod error;
mod names;
mod password_file;
mod session;
mod settings;
mod values;

pub use error::{Failure, OTHER_SERVER, Problem, RIGHTS};
pub use names::{quoted, written};
pub use password_file::password_in;
pub use session::{Session, Way, WayEnd};
pub use settings::{Encryption, HostAddress, SERVER, Target, WantedServer};
pub use values::{Value, Values, text_literal, with_values};
