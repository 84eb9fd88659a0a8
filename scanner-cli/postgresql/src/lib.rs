#![doc = include_str!("../README.md")]

mod error;
mod names;
mod session;
mod settings;
mod values;

pub use error::{Failure, OTHER_SERVER, Problem, RIGHTS};
pub use names::{quoted, written};
pub use session::{Session, Way, WayEnd};
pub use settings::{Encryption, SERVER, Target};
pub use values::{Value, Values, text_literal, with_values};
