//! A client certificate, straight to the repository.

use catalog_model::{Settings, settings::Named};
use qrs_client::{CertificateCredentials, ClientIdentity, Error, PrivateKey};

use super::private_key::KeySettings;

pub(super) const CERTIFICATE: &str = "connection.auth.certificate";
/// The path of the key's file here, and the name of the header beside `connection.auth.value`.
const KEY: &str = "connection.auth.key";
const PASSWORD: &str = "connection.auth.password";
const USER: &str = "connection.auth.user";

pub(super) fn read(settings: &mut Settings) -> Option<CertificateCredentials> {
    let user = user(settings);
    let password = settings.secret(PASSWORD).map(|password| password.value);
    let certificate = settings.file_of(CERTIFICATE);
    let has_key = !settings.lacks(KEY);
    let key = settings.file_of(KEY);
    let certificate = certificate?;
    if has_key && key.is_none() {
        return None;
    }
    // Without a file of its own, the key is in that of the certificate.
    let (secret, file) = match &key {
        Some(key) => (KEY, key),
        None => (CERTIFICATE, &certificate),
    };
    settings.warn_of_exposure(secret, Named::Secret(&file.path));
    let key = key.map(|key| key.bytes);
    let identity = ClientIdentity::read(&certificate.bytes, key.as_deref(), password.as_ref());
    let identity = identity.map_err(Error::from);
    // An error is of the key's file if the key alone cannot be read either.
    let is_of_key = identity.is_err()
        && key.is_some_and(|key| PrivateKey::read(&key, password.as_ref()).is_err());
    let of_key = KeySettings {
        file: if is_of_key { KEY } else { CERTIFICATE },
        password: PASSWORD,
    };
    let identity = of_key.accept(settings, identity)?;
    let (directory, id) = user?;
    let credentials = CertificateCredentials::new(identity, &directory, &id);
    settings.accept(USER, credentials, Error::hint)
}

/// The directory and the id of the user.
fn user(settings: &mut Settings) -> Option<(String, String)> {
    let user = settings.required_text(USER)?.value;
    match user.trim().split_once('\\') {
        Some((directory, id)) if !directory.is_empty() && !id.is_empty() => {
            Some((directory.to_owned(), id.to_owned()))
        }
        _ => {
            let message =
                format!("`{USER}` is not a directory and a user with a backslash between them");
            let hint =
                format!(r#"write it like `{USER} = "ACME\\scanner"`, with the backslash twice"#);
            settings.refuse(USER, message, hint);
            None
        }
    }
}
