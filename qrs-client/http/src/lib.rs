#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]

mod client;
mod connector;
mod request;
mod response;

mod retry;
mod time_limits;

mod certificate;
mod identity;
mod private_key;
mod proxy;
mod tls;
mod trust_store;

mod diagnosis;
mod peer;
mod route;
mod transport;

mod challenge;
mod error;
mod fact;
mod request_context;
mod response_error;

mod char_boundary;
mod page_text;
mod redactor;

#[cfg(feature = "windows-login")]
mod windows_login;

pub use certificate::{Certificate, CertificateError};
pub use challenge::Challenge;
pub use client::{Client, ClientBuilder, Connection, RequestBuilder};
pub use connector::{Connector, Endpoint};
pub use diagnosis::{Handshake, Seen, Stage, Step};
pub use error::{Error, ErrorKind};
pub use fact::Fact;
pub use identity::ClientIdentity;
pub use page_text::{
    BYTE_ORDER_MARK, has_form, is_html, one_line, text_on_one_line, without_byte_order_mark,
};
pub use private_key::{PrivateKey, SignatureAlgorithm};
pub use proxy::{Proxy, ProxyScheme};
pub use redactor::Redactor;
pub use request::Request;
pub use request_context::RequestContext;
pub use response::Response;
pub use retry::{FailureClass, Repeat, RetryPolicy, Tries, http_date, retry_after};
pub use route::Wire;
pub use time_limits::{ResponseLimits, TimeLimit, TimeLimits};
pub use tls::{Trust, Weakness};
pub use trust_store::{StoreKind, StoreWarning, TrustStore};
#[cfg(feature = "windows-login")]
pub use windows_login::{WindowsAccount, WindowsHandshake};

// Types of other crates in the public API.
pub use bytes::Bytes;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
pub use secrecy::{ExposeSecret, SecretString};
pub use url::Url;
