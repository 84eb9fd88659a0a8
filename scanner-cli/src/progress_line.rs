//! The progress of scans: a line on a terminal that is updated in place, or log lines.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use catalog_model::{ConnectionCode, Progress, counted, printable};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing::info;

use crate::progress::{ProgressDisplay, ScanProgress};

/// How progress is shown.
#[derive(Clone)]
pub(crate) enum Display {
    /// A line for each scan on a terminal, updated in place.
    Terminal(MultiProgress),
    /// Log lines.
    Log,
    /// No progress output.
    None,
}

/// The progress of one scan.
struct ProgressLine {
    code: ConnectionCode,
    output: Output,
}

/// Where the progress of one scan is shown.
enum Output {
    Terminal(ProgressBar),
    /// With the time of the last log line.
    Log {
        last: Instant,
    },
    None,
}

/// Minimum time between two log lines about a list that is being read.
pub(crate) const LOG_INTERVAL: Duration = Duration::from_secs(10);

impl ProgressLine {
    fn new(code: &ConnectionCode, display: &Display) -> Self {
        let output = match display {
            Display::Terminal(lines) => {
                let line = lines.add(ProgressBar::new_spinner());
                let style = ProgressStyle::with_template("{spinner} {prefix}: {msg} [{elapsed}]");
                line.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
                line.set_prefix(printable(code.as_str()).into_owned());
                line.set_message("connecting");
                line.enable_steady_tick(Duration::from_millis(200));
                Output::Terminal(line)
            }
            Display::Log => Output::Log {
                last: Instant::now(),
            },
            Display::None => Output::None,
        };
        Self {
            code: code.clone(),
            output,
        }
    }
}

impl ScanProgress for ProgressLine {
    fn progress(&mut self, progress: &Progress) {
        let Some(message) = sentence(progress) else {
            return;
        };
        match &mut self.output {
            Output::Terminal(line) => line.set_message(printable(&message).into_owned()),
            Output::Log { last } => {
                let (now, code) = (Instant::now(), &self.code);
                match progress {
                    Progress::Connected { version } => {
                        info!(connection = %code, site.version = %version, "connected");
                    }
                    // For a list that is read quickly, one line at its end is enough.
                    Progress::Waiting { .. }
                    | Progress::Counting { .. }
                    | Progress::Reading { .. }
                        if now.duration_since(*last) < LOG_INTERVAL =>
                    {
                        return;
                    }
                    _ => info!(connection = %code, "{message}"),
                }
                *last = now;
            }
            Output::None => {}
        }
    }

    fn restart(&mut self, cause: &str) {
        let cause = printable(cause);
        match &self.output {
            Output::Terminal(line) => line.set_message(format!("starting again: {cause}")),
            Output::Log { .. } => info!(connection = %self.code, "starting again: {cause}"),
            Output::None => {}
        }
    }
}

impl ProgressDisplay for Display {
    fn begin(&self, code: &ConnectionCode) -> Box<dyn ScanProgress> {
        Box::new(ProgressLine::new(code, self))
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if let Output::Terminal(line) = &self.output {
            line.finish_and_clear();
        }
    }
}

/// The text of a progress event, if it is shown.
fn sentence(progress: &Progress) -> Option<String> {
    Some(match progress {
        Progress::Connected { version } => format!("connected, site version {version}"),
        Progress::Waiting { list, waited } => {
            let seconds = waited.as_secs();
            format!("waiting for the site's list of {list}, {seconds} s")
        }
        Progress::Counting { list, waited } => {
            let seconds = waited.as_secs();
            format!("waiting for the site's count of {list}, {seconds} s")
        }
        Progress::Reading {
            list,
            records,
            expected,
            ..
        } => match expected {
            Some(expected) => format!("reading {list}: {records} of {expected}"),
            None => format!("reading {list}: {records}"),
        },
        Progress::Read { list, records } => {
            let singular = list.strip_suffix('s').unwrap_or(list);
            format!("{} read", counted(*records, singular))
        }
        _ => return None,
    })
}

impl Display {
    /// Ends the current line after Ctrl-C, because the terminal has printed `^C` there. Removes the progress lines.
    pub(crate) fn end_line(&self, is_terminal: bool) {
        let mut errors = io::stderr();
        // The terminal may be closed.
        let _ = match self {
            Self::Terminal(lines) => {
                let _ = lines.clear();
                lines.set_draw_target(ProgressDrawTarget::hidden());
                // Consoles of Windows may not know the escape sequence.
                let end: &[u8] = if cfg!(windows) { b"\n" } else { b"\r\x1b[2K" };
                errors.write_all(end)
            }
            Self::Log | Self::None if is_terminal => errors.write_all(b"\n"),
            Self::Log | Self::None => Ok(()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_named_while_waiting_for_it_and_at_its_end() {
        let (list, waited) = ("sheets", Duration::from_millis(40_900));
        let records = 3_318;
        for (progress, expected) in [
            (
                Progress::Waiting { list, waited },
                "waiting for the site's list of sheets, 40 s",
            ),
            (
                Progress::Counting { list, waited },
                "waiting for the site's count of sheets, 40 s",
            ),
            (Progress::Read { list, records }, "3,318 sheets read"),
            (Progress::Read { list, records: 1 }, "1 sheet read"),
        ] {
            assert_eq!(sentence(&progress).as_deref(), Some(expected));
        }
    }
}
