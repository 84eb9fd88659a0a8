#![doc = include_str!("../README.md")]

mod assets;
mod errors;
mod links;
pub mod live;
mod pages;
pub mod query;
mod request;
mod router;
pub mod server;
mod state;
mod texts;

use catalog_store as store;

pub use links::Links;
pub use router::router;
pub use state::{CatalogWeb, ContainerRoute};
