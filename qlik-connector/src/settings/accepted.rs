//! Settings that the client checks.

use catalog_model::{Settings, with_causes};
use qrs_client::Error;

/// What the client made of the setting `key`, whose refusal is a problem of the setting.
pub(crate) fn accepted<T>(
    settings: &mut Settings,
    key: &str,
    made: Result<T, impl Into<Error>>,
) -> Option<T> {
    match made {
        Ok(made) => Some(made),
        Err(error) => {
            let error = error.into();
            let hint = error.hint().map(str::to_owned);
            settings.refuse(key, format!("`{key}`: {}", with_causes(&error)), hint);
            None
        }
    }
}
