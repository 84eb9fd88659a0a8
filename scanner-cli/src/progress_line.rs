//! How far a scan is, for people: a line on a terminal that is drawn again, else log lines now and then.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use catalog_model::{ConnectionCode, Progress, counted, printable};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing::info;

use crate::progress::{ProgressDisplay, ScanProgress};

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
struct ProgressLine {
    code: ConnectionCode,
    shown: Shown,
}

enum Shown {
    Terminal(ProgressBar),
    Log { last: Instant },
    Nowhere,
}

/// Minimum time between two log lines about a list that has not ended.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

impl ProgressLine {
    fn new(code: &ConnectionCode, display: &Display) -> Self {
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
                last: Instant::now(),
            },
            Display::Nowhere => Shown::Nowhere,
        };
        Self {
            code: code.clone(),
            shown,
        }
    }
}

impl ScanProgress for ProgressLine {
    fn progress(&mut self, progress: &Progress) {
        let Some(message) = sentence(progress) else {
            return;
        };
        match &mut self.shown {
            Shown::Terminal(line) => line.set_message(printable(&message).into_owned()),
            Shown::Log { last } => {
                let (now, code) = (Instant::now(), &self.code);
                match progress {
                    Progress::Connected { version } => {
                        info!(connection = %code, site.version = %version, "connected");
                    }
                    // The line of its end is enough for a list that takes no time.
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
            Shown::Nowhere => {}
        }
    }

    fn restart(&mut self, cause: &str) {
        let cause = printable(cause);
        match &self.shown {
            Shown::Terminal(line) => line.set_message(format!("starting again: {cause}")),
            Shown::Log { .. } => info!(connection = %self.code, "starting again: {cause}"),
            Shown::Nowhere => {}
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
        if let Shown::Terminal(line) = &self.shown {
            line.finish_and_clear();
        }
    }
}

/// What people are shown; nothing of what is no step of a scan.
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
    /// Ends the line that the cursor is in, since Ctrl-C writes `^C` there: what is drawn in place disappears, and nothing
    /// is drawn any more.
    pub(crate) fn end_line(&self, is_terminal: bool) {
        let mut errors = io::stderr();
        // A terminal that is gone shows nothing.
        let _ = match self {
            Self::Terminal(lines) => {
                let _ = lines.clear();
                lines.set_draw_target(ProgressDrawTarget::hidden());
                // Consoles of Windows may not know the escape sequence.
                let end: &[u8] = if cfg!(windows) { b"\n" } else { b"\r\x1b[2K" };
                errors.write_all(end)
            }
            Self::Log | Self::Nowhere if is_terminal => errors.write_all(b"\n"),
            Self::Log | Self::Nowhere => Ok(()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_named_while_it_is_awaited_and_at_its_end() {
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
