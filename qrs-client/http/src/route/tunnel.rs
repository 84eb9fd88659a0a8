//! Our own `CONNECT` request: the HTTP library does not report why a proxy refuses it.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use url::Url;

use crate::error::{Error, ErrorKind};
use crate::page_text::one_line;
use crate::proxy::Proxy;
use crate::redactor::Redactor;
use crate::retry::FailureClass;

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
    let host = server.host_str().unwrap_or_default();
    let target = format!("{host}:{}", server.port_or_known_default().unwrap_or(443));
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
    if let Some(value) = proxy.authorization() {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(value.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    // If writing fails, reading fails as well and reports why.
    let _ = stream.write_all(&request).await;
    let _ = stream.flush().await;
    let head = head(stream).await;
    let Some(status) = status(&head) else {
        return Err(TunnelError::NotHttp(not_http(&head)));
    };
    if (200..300).contains(&status) {
        let labelled_as_page = is_labelled_as_page(&head);
        return Ok(Tunnel {
            status,
            target,
            labelled_as_page,
        });
    }
    let mut body = Vec::new();
    let mut page = stream.take(MAX_RESPONSE_BYTES);
    // The time is limited: some proxies keep the connection open.
    let _ = tokio::time::timeout(MAX_PAGE_TIME, page.read_to_end(&mut body)).await;
    let error = refused(status, &head, &target, proxy);
    let error = error.with_excerpt(redactor.excerpt(&body));
    Err(TunnelError::Refused(error))
}

/// Maximum time to read the page of a proxy that refuses to connect.
const MAX_PAGE_TIME: std::time::Duration = std::time::Duration::from_millis(500);

/// The head of the response up to its empty line, read byte by byte so that no byte of the server is lost.
async fn head<S: AsyncRead + Unpin>(stream: &mut S) -> Vec<u8> {
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        let too_long = head.len() as u64 >= MAX_RESPONSE_BYTES;
        if head.ends_with(b"\r\n\r\n") || head.ends_with(b"\n\n") || too_long {
            break;
        }
        // Other protocols may never send an empty line.
        if !b"HTTP/".starts_with(&head) && !head.starts_with(b"HTTP/") {
            break;
        }
    }
    head
}

fn status(head: &[u8]) -> Option<u16> {
    let line = head
        .strip_prefix(b"HTTP/")?
        .split(|byte| *byte == b'\n')
        .next()?;
    let status = std::str::from_utf8(line).ok()?.split_whitespace().nth(1)?;
    status.parse().ok()
}

fn is_labelled_as_page(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.any(|(name, value)| name.trim() == "content-type" && value.contains("html"))
}

/// The authentication schemes that the proxy offers.
fn offers(head: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(head);
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let offers = lines.filter(|(name, _)| name.eq_ignore_ascii_case("proxy-authenticate"));
    let schemes = offers.filter_map(|(_, value)| value.split_whitespace().next());
    schemes.map(one_line).collect()
}

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

fn refused(status: u16, head: &[u8], target: &str, proxy: &Proxy) -> Error {
    let (message, hint) = match status {
        407 => return credentials_refused(head, proxy),
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
        .with_status(status)
        .with_hint(hint)
        .with_class(FailureClass::Status(status, None))
}

fn credentials_refused(head: &[u8], proxy: &Proxy) -> Error {
    let offers = offers(head);
    let basic = offers.is_empty()
        || offers
            .iter()
            .any(|scheme| scheme.eq_ignore_ascii_case("basic"));
    let (message, hint) = match (basic, proxy.authorization()) {
        (false, _) => {
            let offers = offers.join("`, `");
            let message =
                format!("the proxy asks for authentication of the kind `{offers}`, not `Basic`");
            (
                message,
                "ask the proxy's owner for access with Basic authentication or without authentication",
            )
        }
        (true, None) => (
            "the proxy asks for credentials".to_owned(),
            "set the proxy's user and password",
        ),
        (true, Some(_)) => (
            "the proxy rejects the credentials".to_owned(),
            "check the proxy's user and password",
        ),
    };
    Error::new(ErrorKind::Proxy, message)
        .with_status(407)
        .with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_without_basic_authentication_is_distinguished_from_one_that_needs_credentials() {
        let proxy = Proxy::new(crate::ProxyScheme::Http, "proxy.example", 3128).unwrap();
        let known = proxy.clone().basic_auth("me", "hunter2".into());
        let windows = "proxy-authenticate: NTLM\r\nProxy-Authenticate: Negotiate\r\n";
        let basic = "Proxy-Authenticate: NTLM\r\nProxy-Authenticate: basic realm=\"x\"\r\n";
        let cases = [
            (
                windows,
                &known,
                "of the kind `NTLM`, `Negotiate`, not `Basic`",
            ),
            (basic, &known, "rejects the credentials"),
            (basic, &proxy, "asks for credentials"),
            ("", &proxy, "asks for credentials"),
        ];
        for (headers, proxy, expected) in cases {
            let head = format!("HTTP/1.1 407 No\r\n{headers}\r\n");
            let error = credentials_refused(head.as_bytes(), proxy);
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn a_status_is_read_from_http_only() {
        let cases = [
            ("HTTP/1.1 200 Connection established\r\n\r\n", Some(200)),
            ("HTTP/1.0 407\r\n\r\n", Some(407)),
            ("HTTP/1.1 soon\r\n\r\n", None),
            ("HTTP/1.1\n\n", None),
            ("SSH-2.0", None),
            ("", None),
        ];
        for (head, expected) in cases {
            assert_eq!(status(head.as_bytes()), expected, "{head}");
        }
    }
}
