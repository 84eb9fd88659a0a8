//! The head of a proxy's response to `CONNECT`, and the end of its body.

use tokio::io::{AsyncRead, AsyncReadExt};

use super::MAX_RESPONSE_BYTES;
use crate::challenge::Challenge;

/// The head of a response.
pub(super) struct Head {
    pub(super) status: u16,
    #[cfg_attr(
        not(feature = "windows-login"),
        expect(
            dead_code,
            reason = "only logins need to know whether the connection stays open"
        )
    )]
    version: String,
    /// Names in lower case, with their values.
    headers: Vec<(String, String)>,
}

impl Head {
    /// Reads the head up to its empty line, byte by byte so that no byte of the server is lost.
    ///
    /// # Errors
    ///
    /// What was received, if it is not HTTP.
    pub(super) async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Self, Vec<u8>> {
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
        Self::parse(&head).ok_or(head)
    }

    pub(super) fn parse(head: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(head.strip_prefix(b"HTTP/")?).into_owned();
        let mut lines = text.lines();
        let mut first = lines.next()?.split_whitespace();
        let version = first.next()?.to_owned();
        let status = first.next()?.parse().ok()?;
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| {
            let name = name.trim().to_ascii_lowercase();
            (name, value.trim().to_owned())
        });
        Some(Self {
            status,
            version,
            headers: headers.collect(),
        })
    }

    /// The values of a header, whose name is in lower case.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.headers.iter().filter(move |(known, _)| known == name);
        named.map(|(_, value)| value.as_str())
    }

    /// The authentication schemes that the proxy offers.
    pub(super) fn offers(&self) -> Vec<Challenge> {
        Challenge::all(self.values("proxy-authenticate"))
    }

    pub(super) fn is_labelled_as_page(&self) -> bool {
        let mut types = self.values("content-type");
        types.any(|value| value.to_ascii_lowercase().contains("html"))
    }

    /// Reads the body to its end. Returns whether the connection stays open.
    #[cfg(feature = "windows-login")]
    pub(super) async fn skip_body<S: AsyncRead + Unpin>(&self, stream: &mut S) -> bool {
        let has = |name, word| {
            let mut values = self.values(name);
            values.any(|value| value.to_ascii_lowercase().contains(word))
        };
        let is_kept = match self.version.as_str() {
            "1.0" => has("connection", "keep-alive") || has("proxy-connection", "keep-alive"),
            _ => !has("connection", "close") && !has("proxy-connection", "close"),
        };
        if !is_kept {
            return false;
        }
        if has("transfer-encoding", "chunked") {
            return skip_chunks(stream).await.is_some();
        }
        let length = self.values("content-length").next();
        match length.and_then(|length| length.parse().ok()) {
            Some(length) if length <= MAX_RESPONSE_BYTES => skip(stream, length).await.is_some(),
            _ => false,
        }
    }
}

#[cfg(feature = "windows-login")]
async fn skip<S: AsyncRead + Unpin>(stream: &mut S, length: u64) -> Option<()> {
    let mut skipped = Vec::new();
    let read = stream.take(length).read_to_end(&mut skipped).await.ok()?;
    (read as u64 == length).then_some(())
}

/// Reads chunks and the lines after the last one.
#[cfg(feature = "windows-login")]
async fn skip_chunks<S: AsyncRead + Unpin>(stream: &mut S) -> Option<()> {
    let mut left = MAX_RESPONSE_BYTES;
    loop {
        let line = line(stream).await?;
        let length = line.split(';').next().unwrap_or_default();
        let length = u64::from_str_radix(length.trim(), 16).ok()?;
        if length == 0 {
            break;
        }
        left = left.checked_sub(length)?;
        skip(stream, length + 2).await?;
    }
    while !line(stream).await?.is_empty() {}
    Some(())
}

/// The next line, without its end.
#[cfg(feature = "windows-login")]
async fn line<S: AsyncRead + Unpin>(stream: &mut S) -> Option<String> {
    let mut line = Vec::new();
    while line.len() < 1024 {
        match stream.read_u8().await.ok()? {
            b'\n' => return Some(String::from_utf8_lossy(&line).trim_end().to_owned()),
            byte => line.push(byte),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let status = Head::parse(head.as_bytes()).map(|head| head.status);
            assert_eq!(status, expected, "{head}");
        }
    }

    #[cfg(feature = "windows-login")]
    #[tokio::test]
    async fn a_body_is_read_to_its_end_and_not_further() {
        let cases = [
            ("1.1", "Content-Length: 3", "abc", true),
            ("1.1", "Content-Length: 0", "", true),
            ("1.1", "Content-Length: 4", "abc", false),
            (
                "1.1",
                "Content-Length: 3\r\nConnection: close",
                "abc",
                false,
            ),
            (
                "1.1",
                "Content-Length: 3\r\nProxy-Connection: Close",
                "abc",
                false,
            ),
            ("1.1", "Content-Length: 999999999", "", false),
            ("1.1", "X: y", "", false),
            ("1.0", "Content-Length: 3", "abc", false),
            (
                "1.0",
                "Content-Length: 3\r\nProxy-Connection: keep-alive",
                "abc",
                true,
            ),
            (
                "1.1",
                "Transfer-Encoding: chunked",
                "3;x=y\r\nabc\r\n0\r\nA: b\r\n\r\n",
                true,
            ),
            ("1.1", "Transfer-Encoding: chunked", "zz\r\n", false),
        ];
        for (version, headers, body, expected) in cases {
            let head = format!("HTTP/{version} 407 No\r\n{headers}\r\n\r\n");
            let head = Head::parse(head.as_bytes()).unwrap();
            let text = format!("{body}REST");
            let sent = if expected { text.as_str() } else { body };
            let mut stream = sent.as_bytes();
            assert_eq!(head.skip_body(&mut stream).await, expected, "{headers}");
            if expected {
                assert_eq!(stream, b"REST", "{headers}");
            }
        }
    }
}
