//! Finds the value at a path and resolves no more than necessary.

use std::{collections::VecDeque, rc::Rc};

use super::{ResolveError, Resolved, Resolver};
use crate::{
    limits::STEP_EFFORT,
    pending::{Block, Kind, Pending, Reference, Scalar},
};

/// What a value holds under a key.
enum Child {
    Value(Rc<Pending>),
    /// Nothing, but it is a block.
    Missing,
    /// Nothing, because it is not a block.
    NoBlock,
}

impl Resolver<'_> {
    /// The value of a reference: a setting below the block into which its file was included, a setting of the whole,
    /// or a variable.
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
            let found = Pending::new(at.place.clone(), Kind::Scalar(Scalar::String(text)));
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

    /// What `value` holds under `key`, resolving no more than it takes to know; `None` if `value` is undefined.
    fn child(&mut self, value: &Rc<Pending>, key: &str) -> Resolved<Child> {
        self.spend(value, STEP_EFFORT)?;
        match &value.kind {
            Kind::Scalar(_) | Kind::List(_) | Kind::Addition(..) => Ok(Some(Child::NoBlock)),
            Kind::Object(block) => Ok(Some(match block.settings.get(key) {
                Some(value) => Child::Value(value.clone()),
                None => Child::Missing,
            })),
            Kind::Reference(reference) => self.follow(value, reference, |resolver, target| {
                resolver.child(target, key)
            }),
            Kind::Concatenation(id, pieces) => match self.concatenation(value, *id, pieces)? {
                Some(joined) => self.child(&joined, key),
                None => Ok(None),
            },
            Kind::Layers(layers) => self.child_of_layers(value, layers, key),
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
            let cut = matches!(&layer.kind, Kind::Object(Block { cut: true, .. }));
            if cut || matches!(merged, Some(Child::NoBlock)) {
                break;
            }
        }
        Ok(merged)
    }

    /// The first of the layers that can be seen from where the resolver is: they are older than the one that is being
    /// resolved.
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
            false => Err(ResolveError::Circle),
        }
    }
}
