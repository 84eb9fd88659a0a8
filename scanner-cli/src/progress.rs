//! How far a scan is, for people: a line on a terminal that is drawn again, else log lines now and then.

use std::time::{Duration, Instant};

use catalog_model::{ConnectionCode, Progress, printable};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tracing::info;

/// Where progress is shown.
#[derive(Clone)]
pub(crate) enum Display {
    /// A terminal: a line for each scan, drawn in place.
    Terminal(MultiProgress),
    /// Anything else: log lines.
    Log,
    /// Nowhere: who runs for years tells beginnings and ends alone.
    Nowhere,
}

/// The progress of one scan.
pub(crate) struct ProgressLine {
    code: ConnectionCode,
    shown: Shown,
}

enum Shown {
    Terminal(ProgressBar),
    Log { list: &'static str, last: Instant },
    Nowhere,
}

/// Between two log lines of one list at least so much time goes by.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

impl ProgressLine {
    pub(crate) fn new(code: &ConnectionCode, display: &Display) -> Self {
        let shown = match display {
            Display::Terminal(lines) => {
                let line = lines.add(ProgressBar::new_spinner());
                let style = ProgressStyle::with_template("{spinner} {prefix}: {msg} [{elapsed}]");
                line.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
                line.set_prefix(printable(code.as_str()).into_owned());
                line.set_message("connecting");
                line.enable_steady_tick(Duration::from_millis(200));
                Shown::Terminal(line)
            }
            Display::Log => Shown::Log {
                list: "",
                last: Instant::now(),
            },
            Display::Nowhere => Shown::Nowhere,
        };
        Self {
            code: code.clone(),
            shown,
        }
    }

    pub(crate) fn progress(&mut self, progress: &Progress) {
        match (&mut self.shown, progress) {
            (Shown::Terminal(line), Progress::Connected { version }) => {
                let message = format!("connected, site version {version}");
                line.set_message(printable(&message).into_owned());
            }
            (Shown::Log { .. }, Progress::Connected { version }) => {
                info!(connection = %self.code, site.version = %version, "connected");
            }
            (
                Shown::Terminal(line),
                Progress::Reading {
                    list,
                    records,
                    expected,
                    ..
                },
            ) => line.set_message(sentence(list, *records, *expected)),
            (
                Shown::Log { list: former, last },
                Progress::Reading {
                    list,
                    records,
                    expected,
                    ..
                },
            ) if former != list || last.elapsed() >= LOG_INTERVAL => {
                *former = list;
                *last = Instant::now();
                info!(connection = %self.code, "{}", sentence(list, *records, *expected));
            }
            _ => {}
        }
    }

    pub(crate) fn restart(&self, cause: &str) {
        let cause = printable(cause);
        match &self.shown {
            Shown::Terminal(line) => line.set_message(format!("begins again: {cause}")),
            Shown::Log { .. } => info!(connection = %self.code, "begins again: {cause}"),
            Shown::Nowhere => {}
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if let Shown::Terminal(line) = &self.shown {
            line.finish_and_clear();
        }
    }
}

fn sentence(list: &str, records: u64, expected: Option<u64>) -> String {
    match expected {
        Some(expected) => format!("reading {list}: {records} of {expected}"),
        None => format!("reading {list}: {records}"),
    }
}
