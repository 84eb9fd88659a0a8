//! Recent results, so that what many people look at is computed once.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A result, empty until it is computed. Its lock is held meanwhile.
type Slot<T> = Arc<Mutex<Option<T>>>;

/// The last results, by what they depend on.
pub(super) struct Recent<T> {
    max: usize,
    slots: Mutex<VecDeque<(String, Slot<T>)>>,
}

impl<T: Clone> Recent<T> {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            slots: Mutex::default(),
        }
    }

    /// Returns a recent result, or computes it. Others who need the same result wait for it. If it cannot be computed, the next
    /// one tries again.
    pub(super) fn get<E>(
        &self,
        basis: String,
        compute: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let slot = self.slot(basis);
        let mut slot = locked(&slot);
        if let Some(result) = &*slot {
            return Ok(result.clone());
        }
        let result = compute()?;
        *slot = Some(result.clone());
        Ok(result)
    }

    /// The place of a result, which becomes the most recent one.
    fn slot(&self, basis: String) -> Slot<T> {
        let mut slots = locked(&self.slots);
        let known = slots.iter().position(|(known, _)| *known == basis);
        let found = known.and_then(|at| slots.remove(at));
        let found = found.unwrap_or_else(|| (basis, Slot::default()));
        let slot = Arc::clone(&found.1);
        slots.push_front(found);
        slots.truncate(self.max);
        slot
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Barrier,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
    };

    use super::*;

    #[test]
    fn a_result_that_several_need_at_once_is_computed_once() {
        let (recent, begin) = (Recent::new(2), Barrier::new(8));
        let computed = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    begin.wait();
                    let result = recent.get("a".to_owned(), || {
                        computed.fetch_add(1, Ordering::Relaxed);
                        thread::yield_now();
                        Ok::<_, ()>(7)
                    });
                    assert_eq!(result, Ok(7));
                });
            }
        });
        assert_eq!(computed.into_inner(), 1);
    }

    #[test]
    fn a_failed_result_is_computed_again_and_an_old_one_is_dropped() {
        let recent = Recent::new(2);
        let get = |basis: &str, result| recent.get(basis.to_owned(), || result);
        assert_eq!(get("a", Err("x")), Err("x"));
        assert_eq!(get("a", Ok(1)), Ok(1));
        assert_eq!(get("b", Ok(2)), Ok(2));
        assert_eq!(get("a", Ok(3)), Ok(1));
        assert_eq!(get("c", Ok(4)), Ok(4));
        assert_eq!(get("b", Ok(5)), Ok(5));
        assert_eq!(get("a", Ok(6)), Ok(6));
    }
}
