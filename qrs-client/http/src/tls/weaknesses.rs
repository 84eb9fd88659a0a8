//! The weaknesses of the handshakes so far.

use std::sync::{Arc, Mutex, PoisonError};

use super::chain_error::Weakness;

/// Maximum number of weaknesses that are kept. A server may present other certificates in each handshake.
const MAX_KEPT: usize = 20;

/// Weaknesses, each once. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Weaknesses(Arc<Mutex<Vec<Weakness>>>);

impl Weaknesses {
    pub(super) fn add(&self, found: impl IntoIterator<Item = Weakness>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for weakness in found {
            if known.len() < MAX_KEPT && !known.contains(&weakness) {
                known.push(weakness);
            }
        }
    }

    pub(crate) fn all(&self) -> Vec<Weakness> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
