#![cfg_attr(docsrs, feature(doc_cfg))]
// The examples of the README need these features.
#![cfg_attr(
    all(feature = "fake-site", feature = "trust-stores", feature = "windows-login"),
    doc = include_str!("../README.md")
)]
#![cfg_attr(
    not(all(
        feature = "fake-site",
        feature = "trust-stores",
        feature = "windows-login"
    )),
    doc = "A typed client of the Qlik Repository Service (QRS)."
)]

#[cfg(feature = "blocking")]
pub mod blocking;
mod client;
mod count;
mod entity;
mod files;
mod list;
mod models;
mod selection;
mod tasks;

mod call;
mod filter;
mod id;
mod path;
mod table;
mod timestamp;

mod clock;
mod credentials;
mod site;
mod site_parser;
mod time_limits;
mod token;

#[cfg(feature = "fake-site")]
pub use qrs_fake_site as fake_site;

pub mod diagnosis;

mod answer;
mod body;
mod limiter;
mod login;
mod outline;
mod percent_encoding;
mod runtime;
mod session;
mod span;
mod too_many_sessions;
mod transport;
mod tries;
mod value;

mod error;
mod fact;
mod request_context;

mod lend;
pub mod lenient;
mod object;

pub use body::Body;
pub use client::{QrsClient, QrsClientBuilder};
#[cfg(feature = "windows-login")]
pub use credentials::WindowsCredentials;
pub use credentials::{
    CertificateCredentials, Credentials, HeaderCredentials, JwtAlgorithm, JwtCredentials,
    JwtSigner, SessionCredentials, TicketCredentials, TokenProvider,
};
pub use entity::{Create, Delete, Entities, Entity, Update};
pub use error::{Error, ErrorKind};
pub use fact::{Fact, LoginPage};
pub use files::AppExport;
pub use filter::{Field, Filter, Literal};
pub use id::{
    AppId, AppObjectId, ContentLibraryId, CustomPropertyDefinitionId, CustomPropertyId,
    DataConnectionId, EngineObjectId, ExecutionResultId, ExtensionId, LicenseId, NodeId,
    SelectionId, StreamId, SystemRuleId, TagId, TaskId, UserAttributeId, UserId,
};
pub use lend::Lend;
pub use lenient::Extra;
pub use list::{ReadableRecords, Record, RecordList, UnreadableRecord};
pub use models::{
    About, App, AppObject, AppOfObject, AppOfTask, ContentLibrary, CustomProperty,
    CustomPropertyDefinition, DataConnection, ExecutionResult, ExecutionStatus, Extension, License,
    Node, Operational, Owner, ReloadTask, Stream, SystemRule, Tag, Task, User, UserAttribute,
};
pub use path::QrsPath;
pub use selection::{Selection, SelectionEdit, SelectionItem};
#[cfg(feature = "windows-login")]
pub use session::WindowsChallenge;
pub use session::{SessionEnd, SessionHold, SessionPool, SessionState};
pub use site::SiteUrl;
pub use table::{Order, Table, TableRows};
pub use tasks::TaskRun;
pub use time_limits::{TimeLimit, TimeLimits};
pub use timestamp::Timestamp;

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub use list::check_pieces;

// The connection to the site: certificates, proxies, and what a response asks for.
pub use outbound_http::{
    Certificate, Challenge, ClientIdentity, PrivateKey, Proxy, ProxyScheme, StoreKind,
    StoreWarning, Trust, TrustStore, Weakness,
};

/// A Windows user who logs in at a [`Proxy`].
#[cfg(feature = "windows-login")]
pub use outbound_http::WindowsAccount;

// Types of other crates in the public API.
pub use async_trait::async_trait;
pub use bytes::Bytes;
pub use outbound_http::Method;
pub use secrecy::{ExposeSecret, SecretString};
pub use url::Url;

/// The example of the repository's README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
