//! Writes a response to a connection, with its faults.

mod body;
mod flood;

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::answer::{Answer, Body};
use super::fault::{Effect, Ending, Point};

/// The framing of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// Chunks of this many bytes; the last one may be shorter.
    Chunked(usize),
    Length,
    /// The end of the connection ends the body.
    UntilClose,
}

/// What happens to the connection after a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Request,
    Close,
    Reset,
}

/// Number of bytes that are written together, unless chunks have another size.
pub(super) const USUAL_CHUNK: usize = 8 * 1024;

/// Writes a response, as far as its faults allow.
pub(super) async fn deliver<S>(
    stream: &mut S,
    answer: &Answer,
    framing: Framing,
    effects: &[Effect],
) -> io::Result<Next>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let course = Course::new(framing_of(answer, framing), effects);
    if let Some(delay) = course.delay {
        tokio::time::sleep(delay).await;
    }
    if let Some(ending) = course.hang_up {
        return end(stream, ending).await;
    }
    stream.write_all(&head(answer, &course, effects)).await?;

    let mut writer = Writer::new(stream, &course);
    let stop = course.stop.map(|(point, _)| point);
    let whole = writer.write_body(answer, effects, stop).await?;
    writer.flush().await?;
    if let Some((_, ending)) = course.stop
        && !whole
    {
        return end(stream, ending).await;
    }
    if let Framing::Chunked(_) = course.framing {
        stream.write_all(b"0\r\n\r\n").await?;
    }
    stream.flush().await?;
    Ok(course.next())
}

/// An endless body has no length.
fn framing_of(answer: &Answer, framing: Framing) -> Framing {
    match (&answer.body, framing) {
        (Body::Flood(_), Framing::Length) => Framing::Chunked(USUAL_CHUNK),
        (_, framing) => framing,
    }
}

/// All faults that affect the transfer.
struct Course {
    framing: Framing,
    delay: Option<Duration>,
    hang_up: Option<Ending>,
    stop: Option<(Point, Ending)>,
    drip: Option<Duration>,
    length_off: i64,
}

impl Course {
    fn new(framing: Framing, effects: &[Effect]) -> Self {
        let mut course = Self {
            framing,
            delay: None,
            hang_up: None,
            stop: None,
            drip: None,
            length_off: 0,
        };
        for effect in effects {
            match effect {
                Effect::Delay(time) => course.delay = Some(*time),
                Effect::HangUp(ending) => course.hang_up = Some(*ending),
                Effect::Drip(pause) => course.drip = Some(*pause),
                Effect::LengthOff(bytes) => {
                    course.framing = Framing::Length;
                    course.length_off = *bytes;
                }
                Effect::Stop(point, ending) => {
                    course.stop = Some((*point, *ending));
                    if *ending == Ending::Clean {
                        course.framing = Framing::UntilClose;
                    }
                }
                Effect::Instead(_)
                | Effect::CountOff(_)
                | Effect::List(_)
                | Effect::EndSessions
                | Effect::Together(_)
                | Effect::Gzip => {}
            }
        }
        course
    }

    fn next(&self) -> Next {
        let unending = self.framing == Framing::UntilClose || self.length_off != 0;
        if unending { Next::Close } else { Next::Request }
    }
}

fn head(answer: &Answer, course: &Course, effects: &[Effect]) -> Vec<u8> {
    let (status, reason) = (answer.status, reason(answer.status));
    let mut head = format!("HTTP/1.1 {status} {reason}\r\n");
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if effects.iter().any(|effect| matches!(effect, Effect::Gzip)) {
        head.push_str("Content-Encoding: gzip\r\n");
    }
    match course.framing {
        // A response with this status has neither a body nor a length.
        _ if answer.status == 204 => {}
        Framing::Chunked(_) => head.push_str("Transfer-Encoding: chunked\r\n"),
        Framing::Length => {
            let lengths = body::pieces(answer, effects).map(|piece| piece.bytes.len() as i64);
            let declared = (lengths.sum::<i64>() + course.length_off).max(0);
            head.push_str(&format!("Content-Length: {declared}\r\n"));
        }
        Framing::UntilClose => head.push_str("Connection: close\r\n"),
    }
    head.push_str("\r\n");
    head.into_bytes()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

async fn end<S: AsyncRead + Unpin>(stream: &mut S, ending: Ending) -> io::Result<Next> {
    match ending {
        Ending::Close | Ending::Clean => Ok(Next::Close),
        Ending::Reset => Ok(Next::Reset),
        Ending::Stall => {
            let mut ignored = [0; 1024];
            while stream.read(&mut ignored).await? > 0 {}
            Ok(Next::Close)
        }
    }
}

/// Writes a body in chunks.
struct Writer<'a, S> {
    stream: &'a mut S,
    framing: Framing,
    chunk: usize,
    pause: Option<Duration>,
    waiting: Vec<u8>,
    taken: usize,
}

impl<'a, S: AsyncWrite + Unpin> Writer<'a, S> {
    fn new(stream: &'a mut S, course: &Course) -> Self {
        let chunk = match (course.drip, course.framing) {
            (Some(_), _) => 1,
            (None, Framing::Chunked(size)) => size.max(1),
            (None, Framing::Length | Framing::UntilClose) => USUAL_CHUNK,
        };
        Self {
            stream,
            framing: course.framing,
            chunk,
            pause: course.drip,
            waiting: Vec::new(),
            taken: 0,
        }
    }

    /// Whether the body was written to its end, and not only up to a fault.
    async fn write_body(
        &mut self,
        answer: &Answer,
        effects: &[Effect],
        stop: Option<Point>,
    ) -> io::Result<bool> {
        let is_packed = effects.iter().any(|effect| matches!(effect, Effect::Gzip));
        for piece in body::pieces(answer, effects) {
            if is_packed {
                // A large piece may become a few bytes, which are never waited for: give other connections a turn.
                tokio::task::yield_now().await;
            }
            let length = piece.bytes.len();
            match stop {
                Some(Point::Records(records)) if piece.records_before == Some(records) => {
                    return Ok(false);
                }
                Some(Point::Bytes(bytes)) if self.taken + length >= bytes => {
                    self.push(&piece.bytes[..bytes - self.taken]).await?;
                    return Ok(false);
                }
                _ => self.push(&piece.bytes).await?,
            }
        }
        Ok(true)
    }

    async fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.taken += bytes.len();
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() < self.chunk {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.waiting);
        let chunks = waiting.chunks_exact(self.chunk);
        self.waiting.extend_from_slice(chunks.remainder());
        for chunk in chunks {
            self.write_chunk(chunk).await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        if !waiting.is_empty() {
            self.write_chunk(&waiting).await?;
        }
        self.stream.flush().await
    }

    async fn write_chunk(&mut self, chunk: &[u8]) -> io::Result<()> {
        if let Framing::Chunked(_) = self.framing {
            let mut framed = format!("{:x}\r\n", chunk.len()).into_bytes();
            framed.extend_from_slice(chunk);
            framed.extend_from_slice(b"\r\n");
            self.stream.write_all(&framed).await?;
        } else {
            self.stream.write_all(chunk).await?;
        }
        if let Some(pause) = self.pause {
            self.stream.flush().await?;
            tokio::time::sleep(pause).await;
        }
        Ok(())
    }
}
