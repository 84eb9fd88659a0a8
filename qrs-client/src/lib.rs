#![doc = include_str!("../README.md")]

mod builder;
mod client;
mod list;
mod models;
mod request;

mod credentials;
mod filter;
mod id;
mod proxy;
mod site;
mod timestamp;
mod tls;

pub mod lenient;

#[cfg(feature = "fake-site")]
pub mod fake_site;

mod answer;
mod asked;
mod body;
mod error;
mod excerpt;
mod retry;
mod scrub;
mod session;
mod silence;
mod transport;

pub use body::Body;
pub use builder::{QrsClientBuilder, TimeLimits};
pub use client::QrsClient;
pub use credentials::HeaderCredentials;
pub use error::{Error, ErrorKind};
pub use filter::{Field, Filter, Literal};
pub use id::{AppId, AppObjectId, EngineObjectId, StreamId, UserId};
pub use list::{Record, RecordList, UnreadableRecord};
pub use models::{
    About, App, AppObject, AppOfObject, CustomProperty, CustomPropertyDefinition, Owner, Stream,
    Tag, User, UserAttribute,
};
pub use proxy::{Proxy, ProxyScheme};
pub use request::Get;
pub use site::SiteUrl;
pub use timestamp::Timestamp;
pub use tls::Trust;
