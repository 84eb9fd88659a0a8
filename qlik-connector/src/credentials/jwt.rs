//! JSON web tokens that the scanner signs itself.

use std::time::Duration;

use catalog_model::{
    Settings,
    settings::{Located, Named},
};
use qrs_client::{Error, JwtAlgorithm, JwtCredentials, JwtSigner, PrivateKey};

use super::private_key::KeySettings;

pub(super) const BLOCK: &str = "connection.auth.jwt";
const KEY: &str = "connection.auth.jwt.key";
const PASSWORD: &str = "connection.auth.jwt.password";
const USER_ID: &str = "connection.auth.jwt.user_id";
const USER_DIRECTORY: &str = "connection.auth.jwt.user_directory";
const ATTRIBUTES: &str = "connection.auth.jwt.attributes";
const LIFETIME: &str = "connection.auth.jwt.lifetime";
const ALGORITHM: &str = "connection.auth.jwt.algorithm";
const ID_CLAIM: &str = "connection.auth.jwt.claims.user_id";
const DIRECTORY_CLAIM: &str = "connection.auth.jwt.claims.user_directory";

/// Minimum lifetime of a token. A shorter one would end before the site has checked it.
const MIN_LIFETIME: Duration = Duration::from_secs(10);

const ALGORITHMS: [(&str, JwtAlgorithm); 4] = [
    ("RS256", JwtAlgorithm::Rs256),
    ("RS384", JwtAlgorithm::Rs384),
    ("RS512", JwtAlgorithm::Rs512),
    ("ES256", JwtAlgorithm::Es256),
];

pub(super) fn read(settings: &mut Settings) -> Option<JwtCredentials> {
    let has_key = settings.required_text(KEY).is_some();
    let file = if has_key { settings.file_of(KEY) } else { None };
    let password = settings.secret(PASSWORD).map(|password| password.value);
    let user_id = settings.required_text(USER_ID);
    let user_directory = settings.required_text(USER_DIRECTORY);
    let algorithm = settings.choice(ALGORITHM, &ALGORITHMS);
    let algorithm = algorithm.map_or_else(JwtAlgorithm::default, |algorithm| algorithm.value);
    let lifetime = settings.duration(LIFETIME).map(|lifetime| lifetime.value);
    let id_claim = settings.text(ID_CLAIM);
    let directory_claim = settings.text(DIRECTORY_CLAIM);
    let attributes = settings.texts_in(ATTRIBUTES);
    let file = file?;
    settings.warn_of_exposure(KEY, Named::Secret(&file.path));
    let key = PrivateKey::read(&file.bytes, password.as_ref());
    let of_key = KeySettings {
        file: KEY,
        password: PASSWORD,
    };
    let key = of_key.accept(settings, key.map_err(Error::from))?;
    let signer = JwtSigner::new(key, algorithm, &user_id?.value, &user_directory?.value);
    let mut signer = settings.accept(KEY, signer, Error::hint)?;
    let name = |claim: Option<Located<String>>, default: &str| {
        claim.map_or_else(|| default.to_owned(), |claim| claim.value)
    };
    signer = signer.claim_names(
        &name(id_claim, "userId"),
        &name(directory_claim, "userDirectory"),
    );
    if let Some(lifetime) = lifetime {
        if lifetime < MIN_LIFETIME {
            let message = format!("`{LIFETIME}` must be at least {} s", MIN_LIFETIME.as_secs());
            settings.refuse(LIFETIME, message, None);
            return None;
        }
        signer = signer.lifetime(lifetime);
    }
    for (claim, mut values) in attributes {
        signer = match values.len() {
            1 => signer.claim(&claim, values.remove(0)),
            _ => signer.claim(&claim, values),
        };
    }
    Some(JwtCredentials::from_provider(signer))
}
