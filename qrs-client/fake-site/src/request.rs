//! Requests: read from a connection, and recorded for assertions in tests.

mod body;

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// Maximum size of a request target in bytes (URLs above about 16 KB are refused).
pub(super) const LONGEST_TARGET: usize = 16 * 1024;

/// Maximum size of a head in bytes. The connection is closed if a head is larger.
const LONGEST_HEAD: usize = 1024 * 1024;

const MOST_HEADERS: usize = 100;

/// One request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// The length of the virtual proxy's prefix; `None` if the path does not begin with it.
    prefix: Option<usize>,
}

impl Request {
    /// The method, such as `GET`.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Path and query as received, with the virtual proxy's prefix and all escapes.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The path below the virtual proxy: `/qrs/app/full`. The whole path, if it is not below that virtual proxy.
    pub fn path(&self) -> &str {
        &self.whole_path()[self.prefix.unwrap_or(0)..]
    }

    /// The decoded parameters of the query in their order.
    pub fn query(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.raw_query().as_bytes())
            .into_owned()
            .collect()
    }

    /// The decoded value of a parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut query = self.query().into_iter();
        query.find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Names and values of the headers as received.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The value of a header; the case of its name does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// The body, without its framing.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether the path begins with the virtual proxy's prefix.
    pub(super) fn is_below_prefix(&self) -> bool {
        self.prefix.is_some()
    }

    pub(super) fn whole_path(&self) -> &str {
        path_of(&self.target)
    }

    pub(super) fn raw_query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The value of a cookie.
    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        let mut pairs = self.header("Cookie")?.split(';');
        pairs.find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
    }

    /// The length of the request line and of the headers, in bytes.
    pub(super) fn head_length(&self) -> usize {
        let line = self.method.len() + self.target.len() + " HTTP/1.1\r\n".len() + 1;
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| name.len() + value.len() + ": \r\n".len());
        line + headers.sum::<usize>() + "\r\n".len()
    }

    pub(super) fn wants_to_close(&self) -> bool {
        self.header("Connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// Reads the next request of a connection; `None` if the client has closed it.
///
/// `buffer` holds what was read beyond the request before, `prefix` is the virtual proxy's, with its slash. A head that
/// cannot be parsed is an error of the kind `InvalidData`.
pub(super) async fn read<S>(
    stream: &mut S,
    buffer: &mut Vec<u8>,
    prefix: &str,
) -> io::Result<Option<Request>>
where
    S: AsyncRead + Unpin,
{
    loop {
        if let Some((mut request, length)) = parse(buffer, prefix)? {
            buffer.drain(..length);
            request.body = body::read(&request, stream, buffer).await?;
            return Ok(Some(request));
        }
        if buffer.len() > LONGEST_HEAD {
            return Err(io::Error::from(io::ErrorKind::InvalidData));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// Parses a head, if it is complete, and returns its length.
fn parse(buffer: &[u8], prefix: &str) -> io::Result<Option<(Request, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let status = head
        .parse(buffer)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let httparse::Status::Complete(length) = status else {
        return Ok(None);
    };
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let target = head.path.unwrap_or_default();
    let below = path_of(target).strip_prefix(prefix);
    let headers = head.headers.iter();
    let request = Request {
        method: head.method.unwrap_or_default().to_owned(),
        target: target.to_owned(),
        body: Vec::new(),
        prefix: below
            .filter(|below| below.starts_with('/'))
            .map(|_| prefix.len()),
        headers: headers
            .map(|header| (header.name.to_owned(), text(header.value)))
            .collect(),
    };
    Ok(Some((request, length)))
}

fn path_of(target: &str) -> &str {
    target.split_once('?').map_or(target, |(path, _)| path)
}
