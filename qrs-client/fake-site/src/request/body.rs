//! Reads the body of a request, with a length or in chunks.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncRead, AsyncReadExt};

use super::Request;

/// Maximum size of a body in bytes. The connection is closed if a body is larger.
const LONGEST_BODY: usize = 256 * 1024 * 1024;

/// Reads the body and leaves in `buffer` what was read beyond it.
pub(super) async fn read<S>(
    request: &Request,
    stream: &mut S,
    buffer: &mut Vec<u8>,
) -> Result<Vec<u8>>
where
    S: AsyncRead + Unpin,
{
    let coding = request.header("Transfer-Encoding");
    if coding.is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        return chunks(stream, buffer).await;
    }
    let length = request.header("Content-Length");
    let length = length.and_then(|text| text.parse().ok()).unwrap_or(0);
    part(stream, buffer, length).await
}

async fn chunks<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = line(stream, buffer).await?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16);
        let size = size.map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
        if size == 0 {
            // Trailers, up to an empty line.
            while !self::line(stream, buffer).await?.is_empty() {}
            return Ok(body);
        }
        if body.len() + size > LONGEST_BODY {
            return Err(Error::from(ErrorKind::InvalidData));
        }
        body.append(&mut part(stream, buffer, size).await?);
        if !line_end(&part(stream, buffer, 2).await?) {
            return Err(Error::from(ErrorKind::InvalidData));
        }
    }
}

fn line_end(bytes: &[u8]) -> bool {
    bytes == b"\r\n"
}

/// The next line, without its end.
async fn line<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>) -> Result<String> {
    loop {
        if let Some(end) = buffer.windows(2).position(line_end) {
            let line = String::from_utf8_lossy(&buffer[..end]).into_owned();
            buffer.drain(..end + 2);
            return Ok(line);
        }
        fill(stream, buffer).await?;
    }
}

/// The next bytes, exactly this many.
async fn part<S>(stream: &mut S, buffer: &mut Vec<u8>, length: usize) -> Result<Vec<u8>>
where
    S: AsyncRead + Unpin,
{
    if length > LONGEST_BODY {
        return Err(Error::from(ErrorKind::InvalidData));
    }
    while buffer.len() < length {
        fill(stream, buffer).await?;
    }
    Ok(buffer.drain(..length).collect())
}

async fn fill<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>) -> Result<()> {
    match stream.read_buf(buffer).await? {
        0 => Err(Error::from(ErrorKind::UnexpectedEof)),
        _ => Ok(()),
    }
}
