//! Finds the value at a path, and resolves no more than necessary.

use std::{collections::VecDeque, rc::Rc};

use super::{ResolveError, Resolved, Resolver};
use crate::{
    limits::STEP_EFFORT,
    pending::{Block, Pending, PendingKind, Reference, Scalar},
};

/// The child of a value with a key.
enum Child {
    Value(Rc<Pending>),
    /// The value is a block without the key.
    Missing,
    /// The value is not a block.
    NoBlock,
}

impl Resolver<'_> {
    /// Finds the value of a reference: a setting below the block into which its file was included, a setting of the
    /// whole tree, or a variable.
    pub(super) fn lookup(
        &mut self,
        at: &Rc<Pending>,
        reference: &Reference,
    ) -> Resolved<Rc<Pending>> {
        let own_path = &reference.path[reference.prefix..];
        let mut found = self.setting(&reference.path)?;
        if found.is_none() && reference.prefix > 0 {
            found = self.setting(own_path)?;
        }
        Ok(found.or_else(|| {
            let text = self.variables.text(own_path)?;
            let found = Pending::new(at.place.clone(), PendingKind::Scalar(Scalar::String(text)));
            Some(match self.variables.is_secret(own_path) {
                true => found.into_secret(),
                false => found,
            })
        }))
    }

    fn setting(&mut self, path: &[String]) -> Resolved<Rc<Pending>> {
        let mut found = self.root.clone();
        for key in path {
            self.spend(&found.clone(), STEP_EFFORT)?;
            match self.child(&found, key)? {
                Some(Child::Value(value)) => found = value,
                _ => return Ok(None),
            }
        }
        Ok(Some(found))
    }

    /// Finds the child of `value` with `key`, and resolves no more than necessary. `None` if `value` is undefined.
    fn child(&mut self, value: &Rc<Pending>, key: &str) -> Resolved<Child> {
        self.spend(value, STEP_EFFORT)?;
        match &value.kind {
            PendingKind::Scalar(_) | PendingKind::List(_) | PendingKind::Addition(..) => {
                Ok(Some(Child::NoBlock))
            }
            PendingKind::Object(block) => Ok(Some(match block.settings.get(key) {
                Some(value) => Child::Value(value.clone()),
                None => Child::Missing,
            })),
            PendingKind::Reference(reference) => {
                self.follow(value, reference, |resolver, target| {
                    resolver.child(target, key)
                })
            }
            PendingKind::Concatenation(id, pieces) => {
                match self.concatenation(value, *id, pieces)? {
                    Some(joined) => self.child(&joined, key),
                    None => Ok(None),
                }
            }
            PendingKind::Layers(layers) => self.child_of_layers(value, layers, key),
        }
    }

    fn child_of_layers(
        &mut self,
        at: &Rc<Pending>,
        layers: &VecDeque<Rc<Pending>>,
        key: &str,
    ) -> Resolved<Child> {
        let mut merged: Option<Child> = None;
        for layer in layers.range(self.first_visible(at, layers)?..) {
            merged = match (merged, self.child(layer, key)?) {
                (merged, None) => merged,
                (None, child) => child,
                (Some(Child::Value(newer)), Some(Child::Value(older))) => {
                    Some(Child::Value(self.merge(at, newer, older)?))
                }
                (Some(Child::Missing), Some(Child::Value(older))) => Some(Child::Value(older)),
                (merged, Some(Child::NoBlock)) => return Ok(merged),
                (merged, _) => merged,
            };
            let cut = matches!(&layer.kind, PendingKind::Object(Block { cut: true, .. }));
            if cut || matches!(merged, Some(Child::NoBlock)) {
                break;
            }
        }
        Ok(merged)
    }

    /// Returns the index of the first layer that is older than the one that is being resolved. Only older layers are
    /// visible.
    pub(super) fn first_visible(
        &mut self,
        at: &Rc<Pending>,
        layers: &VecDeque<Rc<Pending>>,
    ) -> Result<usize, ResolveError> {
        self.spend(at, layers.len())?;
        let is_active =
            |layer: &Rc<Pending>| layer.id().is_some_and(|id| self.active.contains(&id));
        let first = layers
            .iter()
            .rposition(is_active)
            .map_or(0, |oldest_active| oldest_active + 1);
        match first < layers.len() {
            true => Ok(first),
            false => Err(ResolveError::Cycle),
        }
    }
}
