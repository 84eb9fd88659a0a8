//! Logs the output of a hook, line by line. Reading never blocks the hook, and ends soon after it, even if it left
//! processes running.

use std::{io, sync::Arc, time::Duration};

use catalog_model::printable;
use tracing::info;

mod stream;

pub(super) use self::stream::Stream;
use crate::secrets::Redactor;

/// The hook and the connection of an output.
#[derive(Clone)]
pub(super) struct Writer {
    pub(super) hook: String,
    pub(super) connection: String,
    /// Redacts secrets in the log.
    pub(super) secrets: Arc<Redactor>,
}

/// An output stream of a hook, and the lines to log.
pub(super) struct Output {
    stream: Stream,
    lines: LineBuffer,
}

/// Maximum number of lines of a stream that are logged. Further lines are only counted.
const MAX_LOGGED_LINES: usize = 200;
/// Maximum number of bytes of a line that are buffered.
const MAX_LINE_BYTES: usize = 8 * 1024;
/// Maximum number of characters of a line that are logged.
const MAX_LOGGED_CHARACTERS: usize = 1000;
/// How long the streams are read after the hook has ended. Processes that it left running may keep them open forever.
pub(super) const LAST_OUTPUT_WAIT: Duration = Duration::from_millis(500);

impl Output {
    pub(super) fn new(writer: Writer, name: &'static str, stream: Stream) -> Self {
        let lines = LineBuffer::new(writer, name);
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

    /// Logs the last line and the number of lines that were not logged. Closes the stream.
    pub(super) fn close(self) {
        self.lines.close();
    }
}

/// Whether a line is complete, or was cut because it is too long.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineState {
    Complete,
    Cut,
}

/// Assembles lines from pieces of output.
struct LineBuffer {
    writer: Writer,
    stream: &'static str,
    line: Vec<u8>,
    state: LineState,
    /// Number of lines that are not blank.
    count: usize,
}

impl LineBuffer {
    fn new(writer: Writer, stream: &'static str) -> Self {
        Self {
            writer,
            stream,
            line: Vec::new(),
            state: LineState::Complete,
            count: 0,
        }
    }

    fn push(&mut self, piece: &[u8]) {
        for byte in piece {
            match byte {
                b'\n' => self.end(),
                _ if self.line.len() < MAX_LINE_BYTES => self.line.push(*byte),
                _ => self.state = LineState::Cut,
            }
        }
    }

    fn end(&mut self) {
        if let Some(line) = self.take() {
            let Self { writer, stream, .. } = self;
            info!(hook = %writer.hook, connection = %writer.connection, stream, "{line}");
        }
    }

    /// Ends the current line, and returns it if it should be logged.
    fn take(&mut self) -> Option<String> {
        let blank = self.line.trim_ascii().is_empty();
        self.count += usize::from(!blank);
        let logged = !blank && self.count <= MAX_LOGGED_LINES;
        let line = logged.then(|| self.writer.redact(self.line.trim_ascii_end(), self.state));
        self.line.clear();
        self.state = LineState::Complete;
        line
    }

    fn close(mut self) {
        self.end();
        let more = self.count.saturating_sub(MAX_LOGGED_LINES);
        if more > 0 {
            let Self { writer, stream, .. } = self;
            info!(hook = %writer.hook, connection = %writer.connection, stream, lines = more, "more lines were not logged");
        }
    }
}

impl Writer {
    /// The line with secrets redacted and control characters replaced.
    fn redact(&self, line: &[u8], state: LineState) -> String {
        let text = String::from_utf8_lossy(line).into_owned();
        let mut letters: Vec<_> = printable(&self.secrets.redact(text)).chars().collect();
        if state == LineState::Cut {
            // A secret may have been cut at the end.
            letters.truncate(letters.len().saturating_sub(self.secrets.longest()));
        }
        let cut = state == LineState::Cut || letters.len() > MAX_LOGGED_CHARACTERS;
        letters.truncate(MAX_LOGGED_CHARACTERS);
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
        let (mut lines, mut logged) = (LineBuffer::new(writer, "stdout"), Vec::new());
        for line in output.split(|byte| *byte == b'\n') {
            lines.push(line);
            logged.extend(lines.take());
        }
        (logged, lines.count.saturating_sub(MAX_LOGGED_LINES))
    }

    #[test]
    fn lines_are_logged_without_secrets_and_control_characters() {
        let output = b"one\r\n\n  \ntwo hunter2 \xff\x1b[1m\nthree";
        let expected = ["one", "two ******** \u{fffd}\u{fffd}[1m", "three"];
        assert_eq!(
            lines(output, "hunter2"),
            (expected.map(str::to_owned).into(), 0)
        );
    }

    #[test]
    fn a_long_line_is_cut_and_reveals_no_part_of_a_secret() {
        let (logged, _) = lines(&[b'x'; 100_000], "secret-with-many-letters");
        assert_eq!(logged.len(), 1);
        assert_eq!(logged[0].chars().count(), MAX_LOGGED_CHARACTERS + 1);
        let secret = "secret-with-many-letters-".repeat(40);
        let (logged, _) = lines(secret.repeat(20).as_bytes(), &secret);
        assert!(!logged[0].contains("secret"), "{logged:?}");
        assert!(logged[0].ends_with('…'));
    }

    #[test]
    fn lines_above_the_limit_are_counted() {
        let (logged, more) = lines("x\n".repeat(MAX_LOGGED_LINES + 7).as_bytes(), "secret");
        assert_eq!((logged.len(), more), (MAX_LOGGED_LINES, 7));
    }
}
