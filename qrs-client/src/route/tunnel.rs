//! `CONNECT` by hand: the HTTP library does not tell why a proxy refuses.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use url::Url;

use crate::error::{Error, ErrorKind};
use crate::excerpt::{one_line, readable};
use crate::proxy::Proxy;
use crate::retry::Trouble;
use crate::scrub::Secrets;

/// The longest answer of a proxy that is read.
const LONGEST_ANSWER: u64 = 64 * 1024;

/// Why there is no tunnel.
pub(super) enum NoTunnel {
    Refused(Error),
    /// No answer, or one that is not HTTP: it may be TLS that is spoken there.
    NotHttp(Error),
}

/// What the proxy said when it agreed to connect to the site.
pub(super) struct Tunnel {
    status: u16,
    /// `host:port` of the site.
    target: String,
    /// The proxy's answer is labelled as a web page.
    labelled_as_page: bool,
}

impl Tunnel {
    /// The error of a proxy that sent a page instead of a connection, if that is what came in place of TLS. A site that
    /// does not speak TLS at its port is another thing: it answers with HTTP.
    pub(super) fn page(self, received: &[u8], secrets: &Secrets) -> Option<Error> {
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
            "the proxy answered CONNECT with a page instead of a connection to `{}`",
            self.target
        );
        let said = one_line(&readable(received, secrets));
        let error = Error::new(ErrorKind::Proxy, message)
            .with_status(self.status)
            .with_excerpt((!said.is_empty()).then_some(said));
        Some(error.with_hint(
            "check the proxy's host and port: a web server may listen there; a proxy answers like this, too, where it \
             asks people to log in or blocks a site: ask its owner to let this host and port pass",
        ))
    }
}

/// Asks the proxy to connect to the site.
pub(super) async fn open<S>(
    stream: &mut S,
    site: &Url,
    proxy: &Proxy,
    secrets: &Secrets,
) -> Result<Tunnel, NoTunnel>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let host = site.host_str().unwrap_or_default();
    let target = format!("{host}:{}", site.port_or_known_default().unwrap_or(443));
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
    if let Some(value) = proxy.authorization() {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(value.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    // Where writing fails, reading tells why.
    let _ = stream.write_all(&request).await;
    let _ = stream.flush().await;
    let head = head(stream).await;
    let Some(status) = status(&head) else {
        return Err(NoTunnel::NotHttp(not_http(&head)));
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
    let mut page = stream.take(LONGEST_ANSWER);
    // Only as much as is there: some proxies leave the connection open.
    let _ = tokio::time::timeout(PAGE_TIME, page.read_to_end(&mut body)).await;
    let said = one_line(&readable(&body, secrets));
    let error = refusal(status, &head, &target, proxy);
    let error = error.with_excerpt((!said.is_empty()).then_some(said));
    Err(NoTunnel::Refused(error))
}

/// What a proxy says of its refusal comes with it or not at all.
const PAGE_TIME: std::time::Duration = std::time::Duration::from_millis(500);

/// The answer up to its empty line, byte by byte, so that nothing of the site's is taken.
async fn head<S: AsyncRead + Unpin>(stream: &mut S) -> Vec<u8> {
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        let too_long = head.len() as u64 >= LONGEST_ANSWER;
        if head.ends_with(b"\r\n\r\n") || head.ends_with(b"\n\n") || too_long {
            break;
        }
        // Anything but HTTP may never come to an empty line.
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

/// The schemes of authentication that the proxy offers.
fn offers(head: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(head);
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let offers = lines.filter(|(name, _)| name.eq_ignore_ascii_case("proxy-authenticate"));
    let schemes = offers.filter_map(|(_, value)| value.split_whitespace().next());
    schemes.map(one_line).collect()
}

fn not_http(head: &[u8]) -> Error {
    let (message, trouble) = if head.is_empty() {
        let message = "the proxy closed the connection without an answer";
        (message, Trouble::Cut)
    } else {
        let message = "what answers at the proxy's port is no HTTP proxy";
        (message, Trouble::Final)
    };
    Error::new(ErrorKind::Proxy, message)
        .with_hint("check the proxy's host, port and scheme")
        .with_trouble(trouble)
}

fn refusal(status: u16, head: &[u8], target: &str, proxy: &Proxy) -> Error {
    let (message, hint) = match status {
        407 => return no_credentials(head, proxy),
        502..=504 => (
            format!("the proxy does not reach `{target}`"),
            "check host and port of the site, and that the proxy resolves its name and may reach it",
        ),
        _ => (
            format!("the proxy refuses to connect to `{target}`"),
            "ask the proxy's owner to allow this host and port; check that a proxy it is, not a web server",
        ),
    };
    Error::new(ErrorKind::Proxy, message)
        .with_status(status)
        .with_hint(hint)
        .with_trouble(Trouble::Status(status, None))
}

fn no_credentials(head: &[u8], proxy: &Proxy) -> Error {
    let offers = offers(head);
    let basic = offers.is_empty()
        || offers
            .iter()
            .any(|scheme| scheme.eq_ignore_ascii_case("basic"));
    let (message, hint) = match (basic, proxy.authorization()) {
        (false, _) => {
            let offers = offers.join("`, `");
            let message =
                format!("the proxy wants credentials of the kind `{offers}`, not `Basic`");
            (
                message,
                "ask the proxy's owner for a way in with Basic authentication or without any",
            )
        }
        (true, None) => (
            "the proxy asks for credentials".to_owned(),
            "give the proxy's user and password",
        ),
        (true, Some(_)) => (
            "the proxy does not take the credentials".to_owned(),
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
    fn a_proxy_that_takes_no_basic_is_told_from_one_without_credentials() {
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
            (basic, &known, "does not take the credentials"),
            (basic, &proxy, "asks for credentials"),
            ("", &proxy, "asks for credentials"),
        ];
        for (headers, proxy, expected) in cases {
            let head = format!("HTTP/1.1 407 No\r\n{headers}\r\n");
            let error = no_credentials(head.as_bytes(), proxy);
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn a_status_is_read_only_from_http() {
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
