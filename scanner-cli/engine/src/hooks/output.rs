//! What a hook writes, line by line, for the log. Nothing here lets the hook wait, and nothing outlives it for long, whatever
//! it left running.

use std::{io, sync::Arc, time::Duration};

use catalog_model::printable;
use tracing::info;

mod stream;

pub(super) use self::stream::Stream;
use crate::secrets::Redactor;

/// Whose output it is.
#[derive(Clone)]
pub(super) struct Writer {
    pub(super) hook: String,
    pub(super) connection: String,
    /// What must not get into the log.
    pub(super) secrets: Arc<Redactor>,
}

/// One of its streams, and what of it is to be logged.
pub(super) struct Output {
    stream: Stream,
    lines: Lines,
}

/// Maximum number of lines of a stream that are logged; the others are counted.
const LINES: usize = 200;
/// Maximum number of bytes of a line that are kept.
const KEPT: usize = 8 * 1024;
/// Maximum number of characters of it that are logged.
const SHOWN: usize = 1000;
/// How long the streams are read on when the hook has ended. What it started and did not end may hold them for ever.
pub(super) const LAST_LINES: Duration = Duration::from_millis(500);

impl Output {
    pub(super) fn new(writer: Writer, name: &'static str, stream: Stream) -> Self {
        let lines = Lines::new(writer, name);
        Self { stream, lines }
    }

    /// Logs the lines until the stream ends.
    pub(super) async fn log(&mut self) {
        let mut piece = vec![0; 4096];
        loop {
            match self.stream.read(&mut piece).await {
                Ok(0) => return,
                Ok(read) => self.lines.push(&piece[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    /// Logs what is left, and how much was not logged; closes the stream.
    pub(super) fn close(self) {
        self.lines.close();
    }
}

/// Whether a line is all that was written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    Yes,
    No,
}

/// Makes lines of what comes in pieces.
struct Lines {
    writer: Writer,
    stream: &'static str,
    line: Vec<u8>,
    whole: Whole,
    /// How many there were that are not blank.
    count: usize,
}

impl Lines {
    fn new(writer: Writer, stream: &'static str) -> Self {
        Self {
            writer,
            stream,
            line: Vec::new(),
            whole: Whole::Yes,
            count: 0,
        }
    }

    fn push(&mut self, piece: &[u8]) {
        for byte in piece {
            match byte {
                b'\n' => self.end(),
                _ if self.line.len() < KEPT => self.line.push(*byte),
                _ => self.whole = Whole::No,
            }
        }
    }

    fn end(&mut self) {
        if let Some(line) = self.take() {
            let Self { writer, stream, .. } = self;
            info!(hook = %writer.hook, connection = %writer.connection, stream, "{line}");
        }
    }

    /// The line that ends here, if it is to be logged.
    fn take(&mut self) -> Option<String> {
        let blank = self.line.trim_ascii().is_empty();
        self.count += usize::from(!blank);
        let logged = !blank && self.count <= LINES;
        let line = logged.then(|| self.writer.redact(self.line.trim_ascii_end(), self.whole));
        self.line.clear();
        self.whole = Whole::Yes;
        line
    }

    fn close(mut self) {
        self.end();
        let more = self.count.saturating_sub(LINES);
        if more > 0 {
            let Self { writer, stream, .. } = self;
            info!(hook = %writer.hook, connection = %writer.connection, stream, lines = more, "more lines are not shown");
        }
    }
}

impl Writer {
    /// A line without secrets, and on one line.
    fn redact(&self, line: &[u8], whole: Whole) -> String {
        let text = String::from_utf8_lossy(line).into_owned();
        let mut letters: Vec<_> = printable(&self.secrets.redact(text)).chars().collect();
        if whole == Whole::No {
            // A secret may have been cut.
            letters.truncate(letters.len().saturating_sub(self.secrets.longest()));
        }
        let cut = whole == Whole::No || letters.len() > SHOWN;
        letters.truncate(SHOWN);
        letters.extend(cut.then_some('…'));
        letters.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(output: &[u8], secret: &str) -> (Vec<String>, usize) {
        let mut secrets = Redactor::default();
        secrets.add(secret);
        let writer = Writer {
            hook: String::new(),
            connection: String::new(),
            secrets: Arc::new(secrets),
        };
        let (mut lines, mut logged) = (Lines::new(writer, "stdout"), Vec::new());
        for line in output.split(|byte| *byte == b'\n') {
            lines.push(line);
            logged.extend(lines.take());
        }
        (logged, lines.count.saturating_sub(LINES))
    }

    #[test]
    fn lines_are_told_without_secrets_and_what_is_no_text() {
        let output = b"one\r\n\n  \ntwo hunter2 \xff\x1b[1m\nthree";
        let expected = ["one", "two ******** \u{fffd}\u{fffd}[1m", "three"];
        assert_eq!(
            lines(output, "hunter2"),
            (expected.map(str::to_owned).into(), 0)
        );
    }

    #[test]
    fn a_long_line_is_cut_and_no_part_of_a_secret_shows_at_the_cut() {
        let (told, _) = lines(&[b'x'; 100_000], "secret-with-many-letters");
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].chars().count(), SHOWN + 1);
        let secret = "secret-with-many-letters-".repeat(40);
        let (told, _) = lines(secret.repeat(20).as_bytes(), &secret);
        assert!(!told[0].contains("secret"), "{told:?}");
        assert!(told[0].ends_with('…'));
    }

    #[test]
    fn of_many_lines_the_last_are_counted() {
        let (told, more) = lines("x\n".repeat(LINES + 7).as_bytes(), "secret");
        assert_eq!((told.len(), more), (LINES, 7));
    }
}
