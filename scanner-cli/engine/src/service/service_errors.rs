//! Errors of the service itself. Each is logged once.

use tracing::warn;

/// The parts of the service that can fail.
#[derive(Clone, Copy)]
pub(super) enum ErrorSource {
    /// The scanner's own settings.
    Settings,
    /// The folder of the connection files.
    Folder,
    /// A poll of the files.
    Poll,
    /// The address to listen on.
    Address,
    /// The reports to the other scanners of the store.
    Group,
}

/// The current errors.
#[derive(Default)]
pub(super) struct ServiceErrors {
    errors: [Option<String>; 5],
    /// Why there is nothing to scan. This may be intended.
    nothing_to_scan: Option<String>,
}

impl ServiceErrors {
    /// Records the current error of a source, or that there is none. A new error is logged with its effect.
    pub(super) fn record(&mut self, source: ErrorSource, error: Option<String>) {
        let known = &mut self.errors[source as usize];
        if let Some(error) = error.as_ref().filter(|_| *known != error) {
            let effect = match source {
                ErrorSource::Settings | ErrorSource::Folder => {
                    "the settings read before stay in use"
                }
                ErrorSource::Poll => "file changes are not noticed in the meantime",
                ErrorSource::Address => "it is retried at each poll",
                // The group has logged it.
                ErrorSource::Group => "",
            };
            if !effect.is_empty() {
                warn!("{error}; {effect}");
            }
        }
        *known = error;
    }

    /// The current error of a source.
    pub(super) fn get(&self, source: ErrorSource) -> Option<&String> {
        self.errors[source as usize].as_ref()
    }

    /// All current errors.
    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.errors.iter().flatten()
    }

    /// Records why there is nothing to scan. A new reason is logged.
    pub(super) fn record_nothing_to_scan(&mut self, why: Option<String>) {
        if let Some(why) = why.as_ref().filter(|_| self.nothing_to_scan != why) {
            warn!("{why}");
        }
        self.nothing_to_scan = why;
    }
}
