//! Errors of private keys, by the setting that they are about: the file, or its password.

use catalog_model::Settings;
use qrs_client::Error;

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
        let is_about_password = made.as_ref().err().is_some_and(is_about_password);
        let key = match is_about_password {
            true => self.password,
            false => self.file,
        };
        settings.accept(key, made, Error::hint)
    }
}

/// Whether the password is missing or wrong.
fn is_about_password(error: &Error) -> bool {
    let message = error.to_string();
    let texts = [
        "the password of the private key is wrong",
        "there is no password for it",
        "needs a password",
    ];
    texts.iter().any(|text| message.contains(text))
}
