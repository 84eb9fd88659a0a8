#![doc = include_str!("../README.md")]

mod builder;
mod client;
mod count;
mod list;
mod models;

mod filter;
mod id;
mod request;
mod timestamp;

mod certificate;
mod credentials;
mod proxy;
mod site;
mod tls;
mod trust_store;

#[cfg(feature = "fake-site")]
pub use qrs_fake_site as fake_site;

pub mod diagnosis;
mod route;

mod answer;
mod body;
mod http;
mod logout;
mod renewal;
mod retry;
mod session;
mod silence;
mod time_limits;
mod too_many_sessions;
mod transport;

mod asked;
mod challenge;
mod error;
mod excerpt;
mod fact;
mod scrub;

pub mod lenient;
mod object;
mod salvage;

pub use body::Body;
pub use builder::QrsClientBuilder;
pub use certificate::Certificate;
pub use challenge::Challenge;
pub use client::QrsClient;
pub use credentials::HeaderCredentials;
pub use error::{Error, ErrorKind};
pub use fact::{Fact, LoginPage};
pub use filter::{Field, Filter, Literal};
pub use id::{AppId, AppObjectId, EngineObjectId, StreamId, UserId};
pub use list::{Record, RecordList, UnreadableRecord};
pub use models::{
    About, App, AppObject, AppOfObject, CustomProperty, CustomPropertyDefinition, Owner, Stream,
    Tag, User, UserAttribute,
};
pub use proxy::{Proxy, ProxyScheme};
pub use request::Get;
pub use session::{SessionEnd, SessionHold, SessionPool, SessionState};
pub use site::SiteUrl;
pub use time_limits::{TimeLimit, TimeLimits};
pub use timestamp::Timestamp;
pub use tls::{Trust, Weakness};
pub use trust_store::{StoreKind, StoreWarning, TrustStore};

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub use list::check_pieces;

// Types of other crates that the API takes and gives.
pub use bytes::Bytes;
pub use secrecy::{ExposeSecret, SecretString};
pub use url::Url;
