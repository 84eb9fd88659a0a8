//! The way to a catalog that is a server: what kinds of followers share that send requests.
//!
//! - [`RemoteSettings`] reads `url`, `token`, `http_allowed`, `parallel`, and the settings of TLS, the proxy and time
//!   limits.
//! - [`Server`] sends a [`Call`], which is a plain value, and returns a JSON [`Answer`]. A [`CallError`] says what to
//!   do: halve the request, refuse the item, or end the delivery. In a dry run, calls that write are recorded instead
//!   of sent.
//! - [`check::Stages`] checks the stages on the way to the server.
//!
//! Nothing here knows a catalog's product or what a delivery consists of.

mod advice;
mod answer;
mod call;
pub mod check;
pub(crate) mod sample;
mod server;
mod settings;

pub use advice::Advice;
pub use answer::Answer;
pub use call::{Call, CallError, Effect};
pub use server::Server;
pub use settings::{RemoteSettings, Token};
