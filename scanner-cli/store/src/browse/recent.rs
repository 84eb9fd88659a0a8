//! Recent results, so that what many people look at is computed once.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// The last results, by what they depend on.
pub(super) struct Recent<T> {
    max: usize,
    results: Mutex<VecDeque<(String, T)>>,
}

impl<T: Clone> Recent<T> {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            results: Mutex::default(),
        }
    }

    /// Returns a recent result, or computes it. Others do not wait meanwhile.
    pub(super) fn get<E>(
        &self,
        basis: String,
        compute: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        {
            let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(at) = results.iter().position(|(known, _)| *known == basis)
                && let Some(found) = results.remove(at)
            {
                let result = found.1.clone();
                results.push_front(found);
                return Ok(result);
            }
        }
        let result = compute()?;
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        results.push_front((basis, result.clone()));
        results.truncate(self.max);
        Ok(result)
    }
}
