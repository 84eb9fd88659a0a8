//! Progress of scans. The engine reports it; the caller may display it.

use catalog_model::{ConnectionCode, Progress};

/// Shows the progress of scans.
pub trait ProgressDisplay: Send + Sync {
    /// Starts to show the progress of one scan.
    fn begin(&self, code: &ConnectionCode) -> Box<dyn ScanProgress>;
}

/// Shows the progress of one scan, until it is dropped.
pub trait ScanProgress: Send {
    /// Shows what the scan is doing.
    fn progress(&mut self, progress: &Progress);

    /// Shows that the scan starts over, and why.
    fn restart(&mut self, cause: &str);
}

/// Shows no progress: the service logs only scan start and end.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl ProgressDisplay for NoProgress {
    fn begin(&self, _code: &ConnectionCode) -> Box<dyn ScanProgress> {
        Box::new(*self)
    }
}

impl ScanProgress for NoProgress {
    fn progress(&mut self, _progress: &Progress) {}

    fn restart(&mut self, _cause: &str) {}
}
