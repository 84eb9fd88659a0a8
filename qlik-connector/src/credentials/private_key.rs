//! Errors of private keys, by the setting that they are about: the file, or its password.

use catalog_model::Settings;
use qrs_client::{Error, Fact};

/// The settings of a private key.
#[derive(Clone, Copy)]
pub(super) struct KeySettings {
    /// The path of the file with the key.
    pub(super) file: &'static str,
    pub(super) password: &'static str,
}

impl KeySettings {
    /// The value that was made of a key, or `None` with its problem recorded.
    pub(super) fn accept<T>(self, settings: &mut Settings, made: Result<T, Error>) -> Option<T> {
        let key = match made.as_ref().map_err(Error::fact) {
            Err(Fact::FilePassword) => self.password,
            _ => self.file,
        };
        settings.accept(key, made, Error::hint)
    }
}
