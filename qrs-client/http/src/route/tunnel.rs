//! Our own `CONNECT` request: the HTTP library does not report why a proxy refuses it.

mod head;
#[cfg(feature = "windows-login")]
mod windows;

use http::HeaderValue;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use url::Url;

use crate::challenge::Challenge;
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;
use crate::proxy::Proxy;
use crate::redactor::Redactor;
use crate::retry::FailureClass;
use head::Head;
#[cfg(feature = "windows-login")]
pub(super) use windows::open_as_user;

/// Maximum size of a proxy's response that is read, in bytes.
const MAX_RESPONSE_BYTES: u64 = 64 * 1024;

/// Why the proxy did not open a tunnel.
pub(super) enum TunnelError {
    Refused(Error),
    /// There was no response, or it is not HTTP. The proxy may speak TLS.
    NotHttp(Error),
}

/// The proxy's response when it opened a tunnel to the server.
pub(super) struct Tunnel {
    status: u16,
    /// `host:port` of the server.
    target: String,
    /// The response is labelled as a web page.
    labelled_as_page: bool,
}

impl Tunnel {
    /// The error of a proxy that sent a page instead of opening a tunnel, if the received bytes show that. They are not TLS;
    /// they are not HTTP either, which a server that does not speak TLS at this port would send.
    pub(super) fn page(self, received: &[u8], redactor: &Redactor) -> Option<Error> {
        let is_tls = received
            .first()
            .is_some_and(|first| (20..=24).contains(first));
        let is_page = match received {
            [] => self.labelled_as_page,
            _ => !is_tls && !received.starts_with(b"HTTP/"),
        };
        if !is_page {
            return None;
        }
        let message = format!(
            "the proxy answered CONNECT with a page instead of connecting to `{}`",
            self.target
        );
        let error = Error::new(ErrorKind::Proxy, message)
            .with_status(self.status)
            .with_excerpt(redactor.excerpt(received));
        Some(error.with_hint(
            "check the proxy's host and port: a web server may listen there\nif they are right, ask the proxy's owner to \
             allow this host and port without a login page",
        ))
    }
}

/// Asks the proxy to connect to the server.
pub(super) async fn open<S>(
    stream: &mut S,
    server: &Url,
    proxy: &Proxy,
    redactor: &Redactor,
) -> Result<Tunnel, TunnelError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let target = target(server);
    let head = ask(stream, &target, proxy.authorization().as_ref()).await?;
    opened(stream, &head, target, proxy, redactor).await
}

fn target(server: &Url) -> String {
    let host = server.host_str().unwrap_or_default();
    format!("{host}:{}", server.port_or_known_default().unwrap_or(443))
}

/// Sends `CONNECT`, and reads the head of the response.
async fn ask<S>(
    stream: &mut S,
    target: &str,
    authorization: Option<&HeaderValue>,
) -> Result<Head, TunnelError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
    if let Some(value) = authorization {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(value.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    // If writing fails, reading fails as well and reports why.
    let _ = stream.write_all(&request).await;
    let _ = stream.flush().await;
    let head = Head::read(stream).await;
    head.map_err(|received| TunnelError::NotHttp(not_http(&received)))
}

/// The tunnel that a response opens, or why it does not.
async fn opened<S: AsyncRead + Unpin>(
    stream: &mut S,
    head: &Head,
    target: String,
    proxy: &Proxy,
    redactor: &Redactor,
) -> Result<Tunnel, TunnelError> {
    if (200..300).contains(&head.status) {
        return Ok(Tunnel {
            status: head.status,
            target,
            labelled_as_page: head.is_labelled_as_page(),
        });
    }
    let mut body = Vec::new();
    let mut page = stream.take(MAX_RESPONSE_BYTES);
    // The time is limited: some proxies keep the connection open.
    let _ = tokio::time::timeout(MAX_PAGE_TIME, page.read_to_end(&mut body)).await;
    let error = refused(head, &target, proxy);
    let error = error.with_excerpt(redactor.excerpt(&body));
    Err(TunnelError::Refused(error))
}

/// Maximum time to read the page of a proxy that refuses to connect.
const MAX_PAGE_TIME: std::time::Duration = std::time::Duration::from_millis(500);

fn not_http(head: &[u8]) -> Error {
    let (message, class) = if head.is_empty() {
        let message = "the proxy closed the connection without a response";
        (message, FailureClass::ConnectionLost)
    } else {
        let message = "the proxy does not speak HTTP at this port";
        (message, FailureClass::Permanent)
    };
    Error::new(ErrorKind::Proxy, message)
        .with_hint("check the proxy's host, port and scheme")
        .with_class(class)
}

fn refused(head: &Head, target: &str, proxy: &Proxy) -> Error {
    let (message, hint) = match head.status {
        407 => return credentials_refused(&head.offers(), proxy),
        502..=504 => (
            format!("the proxy cannot reach `{target}`"),
            "check the URL's host and port, and that the proxy can resolve the name and may connect to it",
        ),
        _ => (
            format!("the proxy refuses to connect to `{target}`"),
            "ask the proxy's owner to allow this host and port\ncheck that the address is a proxy's, not a web server's",
        ),
    };
    Error::new(ErrorKind::Proxy, message)
        .with_status(head.status)
        .with_hint(hint)
        .with_class(FailureClass::Status(head.status, None))
}

fn credentials_refused(offers: &[Challenge], proxy: &Proxy) -> Error {
    let is_basic = offers.is_empty() || offers.contains(&Challenge::Basic);
    let (message, hint) = match (is_basic, proxy.authorization()) {
        (false, _) => return other_credentials(offers),
        (true, None) => (
            "the proxy asks for credentials",
            "set the proxy's user and password",
        ),
        (true, Some(_)) => (
            "the proxy rejects the credentials",
            "check the proxy's user and password",
        ),
    };
    Error::new(ErrorKind::Proxy, message)
        .with_status(407)
        .with_hint(hint)
}

/// The error of a proxy that does not offer Basic authentication.
fn other_credentials(offers: &[Challenge]) -> Error {
    let names: Vec<_> = offers.iter().map(ToString::to_string).collect();
    let names = names.join("`, `");
    let message = format!("the proxy asks for authentication of the kind `{names}`, not `Basic`");
    let error = Error::new(ErrorKind::Proxy, message).with_status(407);
    let can_log_in = [Challenge::Ntlm, Challenge::Negotiate];
    match offers.iter().any(|offer| can_log_in.contains(offer)) {
        true => error.with_fact(Fact::ProxyNeedsWindows).with_hint(
            "log in at the proxy as a Windows user, or ask its owner for access without authentication",
        ),
        false => error.with_hint(
            "ask the proxy's owner for access with Basic authentication or without authentication",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_without_basic_authentication_is_distinguished_from_one_that_needs_credentials() {
        let proxy = Proxy::new(crate::ProxyScheme::Http, "proxy.example", 3128).unwrap();
        let known = proxy.clone().basic_auth("me", "hunter2".into());
        let windows = "proxy-authenticate: NTLM\r\nProxy-Authenticate: Negotiate\r\n";
        let digest = "Proxy-Authenticate: Digest realm=\"x\"\r\n";
        let basic = "Proxy-Authenticate: NTLM\r\nProxy-Authenticate: basic realm=\"x\"\r\n";
        let windows_only = "of the kind `NTLM`, `Negotiate`, not `Basic`";
        let cases = [
            (windows, &known, windows_only, Fact::ProxyNeedsWindows),
            (digest, &known, "of the kind `Digest`", Fact::ProxyFailed),
            (basic, &known, "rejects the credentials", Fact::ProxyFailed),
            (basic, &proxy, "asks for credentials", Fact::ProxyFailed),
            ("", &proxy, "asks for credentials", Fact::ProxyFailed),
        ];
        for (headers, proxy, expected, fact) in cases {
            let head = format!("HTTP/1.1 407 No\r\n{headers}\r\n");
            let head = Head::parse(head.as_bytes()).unwrap();
            let error = refused(&head, "server.example:443", proxy);
            assert!(error.to_string().contains(expected), "{error}");
            assert_eq!(error.fact(), &fact, "{error}");
        }
    }
}
