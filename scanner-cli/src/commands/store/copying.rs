//! What `store copy` prints.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use catalog_model::{counted, grouped};
use indicatif::{ProgressBar, ProgressStyle};
use tracing::info;

use crate::{
    progress_line::{Display, LOG_INTERVAL},
    store::{
        StoreLocation,
        copying::{Copied, CopyStep, Table},
    },
};

/// The progress of a copy.
pub(super) enum CopyLine {
    Terminal(ProgressBar),
    /// With the time of the last log line.
    Log(Instant),
    None,
}

impl CopyLine {
    pub(super) fn new(display: &Display) -> Self {
        match display {
            Display::Terminal(lines) => {
                let line = lines.add(ProgressBar::new_spinner());
                let style = ProgressStyle::with_template("{spinner} {msg} [{elapsed}]");
                line.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
                line.enable_steady_tick(Duration::from_millis(200));
                Self::Terminal(line)
            }
            Display::Log => Self::Log(Instant::now()),
            Display::None => Self::None,
        }
    }

    pub(super) fn show(&mut self, step: CopyStep, table: Table, rows: u64) {
        let message = || {
            let step = match step {
                CopyStep::Copy => "copying",
                CopyStep::Compare => "comparing",
            };
            format!("{step} {}: {}", table.name(), counted(rows, "row"))
        };
        match self {
            Self::Terminal(line) => line.set_message(message()),
            Self::Log(last) if last.elapsed() >= LOG_INTERVAL => {
                info!("{}", message());
                *last = Instant::now();
            }
            Self::Log(_) | Self::None => {}
        }
    }

    pub(super) fn end(&self) {
        if let Self::Terminal(line) = self {
            line.finish_and_clear();
        }
    }
}

/// What was copied.
pub(super) fn report(
    source: &StoreLocation,
    target: &StoreLocation,
    copied: &Copied,
    took: Duration,
) -> String {
    let mut text = format!(
        "copied `{source}` to `{target}`, and compared each row, in {:.1} s\n",
        took.as_secs_f64()
    );
    for (table, rows) in copied {
        // Writing to a text does not fail.
        let _ = writeln!(text, "  {:>12}  {}", grouped(*rows), table.name());
    }
    text + match target {
        StoreLocation::Server(_) => {
            "to use it, set `store.url` in `conf/application.conf` of each scanner\n"
        }
        StoreLocation::File(_) => {
            "to use it, it must be the file `data/catalog.db` in a home without `store.url`\n"
        }
    }
}
