//! What a hook writes, line by line, for the log. Nothing here waits for the hook, nor lets it wait.

use std::{
    io::{self, Read},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tracing::info;

use super::PAUSE;
use crate::{report::plain, secrets::Given};

/// Whose output it is.
#[derive(Clone)]
pub(super) struct Writer {
    pub(super) hook: String,
    pub(super) connection: String,
    /// What must not get into the log.
    pub(super) secrets: Arc<Given>,
}

/// So many lines of a stream are told; the others are counted.
const LINES: usize = 200;
/// So many bytes of a line are kept.
const KEPT: usize = 8 * 1024;
/// So many letters of it are told.
const SHOWN: usize = 1000;
/// So long the lines are waited for that a hook has left behind. What it started and did not end may hold its streams for
/// ever; it is read on then.
const LAST_LINES: Duration = Duration::from_millis(500);

/// Tells the lines of `stream` until it ends, beside everything else.
///
/// # Errors
/// When the system has no thread for it.
pub(super) fn tell(
    writer: Writer,
    stream: &'static str,
    output: impl Read + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let name = "output of a hook".to_owned();
    thread::Builder::new().name(name).spawn(move || {
        let more = each_line(output, |line, whole| {
            let line = writer.clean(line, whole);
            info!(hook = %writer.hook, connection = %writer.connection, stream, "{line}");
        });
        if more > 0 {
            info!(hook = %writer.hook, connection = %writer.connection, stream, lines = more, "more is left out");
        }
    })
}

/// Waits until all has been told, but not long.
pub(super) fn wait(readers: &[JoinHandle<()>]) {
    let begun = Instant::now();
    while !readers.iter().all(JoinHandle::is_finished) && begun.elapsed() < LAST_LINES {
        thread::sleep(PAUSE);
    }
}

/// Whether a line is all that was written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    Yes,
    No,
}

impl Writer {
    /// A line without secrets, and on one line.
    fn clean(&self, line: &[u8], whole: Whole) -> String {
        let text = String::from_utf8_lossy(line).into_owned();
        let mut letters: Vec<_> = plain(&self.secrets.clean(text)).chars().collect();
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

/// Gives each line of `output` that is not blank to `each`, up to a number; gives how many more there were. All is read.
fn each_line(mut output: impl Read, mut each: impl FnMut(&[u8], Whole)) -> usize {
    let (mut piece, mut line) = ([0; 4096], Vec::new());
    let (mut whole, mut lines) = (Whole::Yes, 0);
    let mut end = |line: &mut Vec<u8>, whole: &mut Whole| {
        if !line.trim_ascii().is_empty() {
            lines += 1;
            if lines <= LINES {
                each(line.trim_ascii_end(), *whole);
            }
        }
        line.clear();
        *whole = Whole::Yes;
    };
    loop {
        let read = match output.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        for byte in &piece[..read] {
            match byte {
                b'\n' => end(&mut line, &mut whole),
                _ if line.len() < KEPT => line.push(*byte),
                _ => whole = Whole::No,
            }
        }
    }
    end(&mut line, &mut whole);
    lines.saturating_sub(LINES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(output: &[u8], secret: &str) -> (Vec<String>, usize) {
        let mut secrets = Given::default();
        secrets.add(secret);
        let writer = Writer {
            hook: String::new(),
            connection: String::new(),
            secrets: Arc::new(secrets),
        };
        let mut lines = Vec::new();
        let more = each_line(output, |line, whole| lines.push(writer.clean(line, whole)));
        (lines, more)
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
