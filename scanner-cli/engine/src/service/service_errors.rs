//! What is wrong with the scanner itself, each thing told once.

use tracing::warn;

/// What can be wrong.
#[derive(Clone, Copy)]
pub(super) enum ErrorSource {
    /// The scanner's own settings.
    Settings,
    /// The folder of the connection files.
    Folder,
    /// A poll of the files.
    Poll,
    /// The address that it is to listen on.
    Address,
}

/// What is wrong now.
#[derive(Default)]
pub(super) struct ServiceErrors {
    wrong: [Option<String>; 4],
    /// Why there is nothing to scan, which may be what is wanted.
    nothing: Option<String>,
}

impl ServiceErrors {
    /// Records what is wrong now. Logs it, and its effect, if it is new.
    pub(super) fn record(&mut self, about: ErrorSource, wrong: Option<String>) {
        let known = &mut self.wrong[about as usize];
        if let Some(wrong) = wrong.as_ref().filter(|_| *known != wrong) {
            let then = match about {
                ErrorSource::Settings | ErrorSource::Folder => {
                    "the settings read before stay in use"
                }
                ErrorSource::Poll => "file changes are not noticed in the meantime",
                ErrorSource::Address => "it is retried at each poll",
            };
            warn!("{wrong}; {then}");
        }
        *known = wrong;
    }

    /// What is wrong with one thing.
    pub(super) fn of(&self, about: ErrorSource) -> Option<&String> {
        self.wrong[about as usize].as_ref()
    }

    /// All that is wrong.
    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.wrong.iter().flatten()
    }

    /// Records why there is nothing to scan. Logs it if it is new.
    pub(super) fn record_nothing_to_scan(&mut self, why: Option<String>) {
        if let Some(why) = why.as_ref().filter(|_| self.nothing != why) {
            warn!("{why}");
        }
        self.nothing = why;
    }
}
