//! The log on standard error.
//!
//! A thread writes the lines from a queue, so that a slow reader of the log never delays the program. A line that cannot be
//! written is dropped and counted.

use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use indicatif::MultiProgress;
use tracing::warn;
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::filter_fn,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::{arguments::LogFormat, printable, progress_line::Display, verbosity::may_be_logged};

/// The queue of the log. All clones share it.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// Notified when a line is added or has been written.
    changed: Condvar,
    lost: AtomicU64,
}

#[derive(Default)]
struct Queue {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Whether the thread is writing a line that is no longer in the queue.
    writing: bool,
    /// Whether the thread could not be started.
    closed: bool,
}

/// The writer of the subscriber.
struct Events {
    log: Log,
    format: LogFormat,
}

/// The writer of one event.
struct Event<'a>(&'a Events);

/// Maximum size of the queue, in bytes.
const MAX_WAITING_BYTES: usize = 4 << 20;

impl Log {
    /// Logs the events that pass `filter` to standard error in this format, above the progress lines of `display`.
    pub(crate) fn to_standard_error(
        format: LogFormat,
        filter: EnvFilter,
        display: &Display,
    ) -> Self {
        match display {
            Display::Terminal(lines) => {
                Self::to_output(format, filter, AboveProgress(lines.clone()))
            }
            Display::Log | Display::None => Self::to_output(format, filter, io::stderr()),
        }
    }

    /// Logs the events that pass `filter` in this format.
    pub(crate) fn to_output(
        format: LogFormat,
        filter: EnvFilter,
        output: impl Write + Send + 'static,
    ) -> Self {
        let log = Self::default();
        let lines = fmt::layer()
            .with_writer(Events {
                log: log.clone(),
                format,
            })
            // The layer would report its own errors with `eprintln!`, which panics.
            .log_internal_errors(false)
            .with_ansi(false)
            .with_target(false);
        let lines: Box<dyn Layer<Registry> + Send + Sync> = match format {
            LogFormat::Text => lines.boxed(),
            LogFormat::Json => lines.json().flatten_event(true).boxed(),
        };
        // Fails for a second run in one process, as in tests: the log of the first run stays.
        let installed = Registry::default()
            .with(lines)
            .with(filter)
            .with(filter_fn(may_be_logged))
            .try_init();
        if installed.is_ok() {
            log.write_to(output);
        }
        log
    }

    /// Writes lines that are no events, such as errors of files.
    #[cfg(windows)]
    pub(crate) fn write_line(&self, line: &[u8]) {
        self.push(line);
    }

    /// A function that counts the lines that were dropped.
    pub(crate) fn lost_lines(&self) -> Arc<dyn Fn() -> u64 + Send + Sync> {
        let log = self.clone();
        Arc::new(move || log.lost())
    }

    /// Number of lines that were dropped.
    pub(crate) fn lost(&self) -> u64 {
        self.0.lost.load(Ordering::Relaxed)
    }

    /// Waits until all lines are written or dropped, but not longer than `limit`, if there is one.
    pub(crate) fn flush(&self, limit: Option<Duration>) {
        let start = Instant::now();
        let mut queue = self.queue();
        while !queue.lines.is_empty() || queue.writing {
            let left = match limit {
                Some(limit) => limit.saturating_sub(start.elapsed()),
                None => Duration::from_secs(1),
            };
            if left.is_zero() {
                return;
            }
            let waited = self.0.changed.wait_timeout(queue, left);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Starts the thread that writes. If that fails, all lines are dropped.
    fn write_to(&self, output: impl Write + Send + 'static) {
        let log = self.clone();
        let writing = move || log.write_all(output);
        let started = thread::Builder::new().name("log".to_owned()).spawn(writing);
        self.queue().closed = started.is_err();
    }

    fn write_all(&self, mut output: impl Write) {
        let (mut reported, mut is_partial) = (0, false);
        loop {
            let line = self.next();
            let written = write(&mut output, &line, &mut is_partial);
            if written.is_err() {
                self.0.lost.fetch_add(1, Ordering::Relaxed);
            }
            self.written();
            let lost = self.lost();
            if written.is_ok() && lost > reported {
                warn!(
                    lines = lost - reported,
                    "log lines were lost: standard error could not be written"
                );
                reported = lost;
            }
        }
    }

    /// Waits for a line.
    fn next(&self) -> Vec<u8> {
        let mut queue = self.queue();
        loop {
            if let Some(line) = queue.lines.pop_front() {
                queue.bytes -= line.len();
                queue.writing = true;
                return line;
            }
            let woken = self.0.changed.wait(queue);
            queue = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn written(&self) {
        self.queue().writing = false;
        self.0.changed.notify_all();
    }

    fn push(&self, line: &[u8]) {
        let mut queue = self.queue();
        // An empty queue accepts a line of any length.
        let full = queue.bytes > 0 && queue.bytes.saturating_add(line.len()) > MAX_WAITING_BYTES;
        if full || queue.closed {
            self.0.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        queue.bytes += line.len();
        queue.lines.push_back(line.to_vec());
        drop(queue);
        self.0.changed.notify_all();
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Standard error, above the progress lines.
struct AboveProgress(MultiProgress);

impl Write for AboveProgress {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write(text))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Writes a line. `is_partial` is whether the line before was written only in part.
fn write(output: &mut impl Write, line: &[u8], is_partial: &mut bool) -> io::Result<()> {
    if *is_partial {
        output.write_all(b"\n")?;
        *is_partial = false;
    }
    let mut rest = line;
    while !rest.is_empty() {
        match output.write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => rest = &rest[count.min(rest.len())..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                *is_partial = rest.len() < line.len();
                return Err(error);
            }
        }
    }
    output.flush()
}

impl<'a> MakeWriter<'a> for Events {
    type Writer = Event<'a>;

    fn make_writer(&'a self) -> Event<'a> {
        Event(self)
    }
}

impl Write for Event<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let line = printable::event(text, self.0.format);
        self.0.log.push(&line);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Writes only three bytes of each line and then fails, until `works` is set.
    #[derive(Clone, Default)]
    struct Full {
        written: Arc<Mutex<Vec<u8>>>,
        works: Arc<Mutex<bool>>,
    }

    impl Write for Full {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            let mut written = self.written.lock().unwrap();
            if *self.works.lock().unwrap() {
                written.extend_from_slice(text);
                return Ok(text.len());
            }
            if text.len() > 3 {
                written.extend_from_slice(&text[..3]);
                return Ok(3);
            }
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted_and_later_lines_are_complete() {
        let (log, output) = (Log::default(), Full::default());
        log.write_to(output.clone());
        log.push(b"first\n");
        log.push(b"second\n");
        log.flush(None);
        assert_eq!(log.lost(), 2);
        *output.works.lock().unwrap() = true;
        log.push(b"third\n");
        log.flush(None);
        assert_eq!(log.lost(), 2);
        let written = output.written.lock().unwrap();
        let written = String::from_utf8_lossy(&written);
        assert!(written.ends_with("\nthird\n"), "{written}");
    }

    /// Blocks each write until a message is received.
    struct Blocked(mpsc::Receiver<()>);

    impl Write for Blocked {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_blocked_reader_does_not_delay_the_program() {
        let (read, reads) = mpsc::channel();
        let log = Log::default();
        log.write_to(Blocked(reads));
        let line = vec![b'x'; 1 << 20];
        for _ in 0..20 {
            log.push(&line);
        }
        assert!(log.lost() >= 10, "{}", log.lost());
        log.flush(Some(Duration::from_millis(10)));
        drop(read);
        log.flush(None);
        assert!(log.lost() < 20);
    }
}
