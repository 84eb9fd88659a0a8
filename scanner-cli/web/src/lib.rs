#![doc = include_str!("../README.md")]

mod address;
mod api;
mod assets;
mod caching;
mod downloads;
mod errors;
mod feed;
mod links;
pub mod live;
mod monitoring;
mod pages;
mod parts;
mod quality;
pub mod query;
#[cfg(any(test, fuzzing))]
mod query_check;
mod request;
mod requests;
mod router;
pub mod server;
mod state;
mod static_site;
mod texts;
mod views;

use catalog_store as store;

pub use links::Links;
pub use monitoring::without_service;
#[cfg(any(test, fuzzing))]
pub use query_check::check_query;
pub use router::router;
pub use state::{CatalogWeb, ContainerRoute, Words};
pub use static_site::{SiteFiles, StaticSite, StaticSiteError, write_static_site};
