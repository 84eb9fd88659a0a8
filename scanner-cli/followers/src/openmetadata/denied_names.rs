//! Names that the account may not change. The role of OpenMetadata's own bots denies it, and a delivery goes on without
//! them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use catalog_model::{FollowError, counted};

/// How many names were not changed in this delivery, and why not.
#[derive(Debug, Default)]
pub(super) struct DeniedNames(Mutex<(u64, Option<String>)>);

impl DeniedNames {
    /// Counts a name that was not changed, with what the server said if it was asked.
    pub(super) fn add(&self, error: Option<&FollowError>) {
        let mut denied = self.denied();
        denied.0 += 1;
        if let Some(error) = error {
            denied.1.get_or_insert_with(|| error.to_string());
        }
    }

    /// Whether the server has denied to change a name.
    pub(super) fn is_denied(&self) -> bool {
        self.denied().0 > 0
    }

    /// A line for people; `None` if no name was denied.
    pub(super) fn notice(&self) -> Option<String> {
        let denied = self.denied();
        let (count, reason) = (denied.0, denied.1.as_deref()?);
        let names = counted(count, "new display name");
        Some(format!(
            "{names} not delivered, because the owner of `token` may not do `EditDisplayName`; the old names stay \
             ({reason})"
        ))
    }

    fn denied(&self) -> MutexGuard<'_, (u64, Option<String>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
