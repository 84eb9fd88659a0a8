//! Resolves `${…}`: each is replaced by the final value of its setting, or by a variable.
//!
//! A value that is being resolved does not see itself, nor what was written below it for the same setting: so
//! `path = ${path}":/more"` adds to what came before. If nothing came before, the substitution goes in a circle.

mod lookup;
mod tree;

use catalog_model::settings::{Entry, Map, Object};
use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    rc::Rc,
};

use super::{
    limits::{Effort, Exhausted, MAX_HEIGHT, Paths, STEP_EFFORT},
    pending::{Block, Id, Kind, Pending, Reference, join, merge},
};
use tree::{measure, object};

/// How deep values and the substitutions in them may lead to each other. Beyond it, the stack could overflow.
const DEPTH_LIMIT: usize = 1000;

/// How many values and bytes of text a value may grow to. Each line can double what the line before it made.
const SIZE_LIMIT: usize = 1 << 20;

/// Where a substitution looks when the file has no such setting.
pub trait Variables {
    /// The value of `path`; a plain `${NAME}` is a path of one element.
    fn text(&self, path: &[String]) -> Option<String>;

    /// Whether the text of `path` is secret: what is made of it is marked, see [`Node::secret`](super::Node::secret).
    fn is_secret(&self, path: &[String]) -> bool {
        let _ = path;
        false
    }
}

/// Names and texts, such as those of the environment.
impl Variables for BTreeMap<String, String> {
    fn text(&self, path: &[String]) -> Option<String> {
        match path {
            [name] => self.get(name).cloned(),
            _ => None,
        }
    }
}

/// A substitution that cannot be resolved, or what it is part of.
#[derive(Debug)]
pub(super) struct Unresolved {
    pub(super) at: Rc<Pending>,
    pub(super) why: Why,
}

#[derive(Debug)]
pub(super) enum Why {
    /// Neither a setting nor a variable.
    Unknown,
    /// It leads back to itself.
    Circle,
    /// It leads from one to the next too often.
    TooDeep,
    /// It makes a value of ever more values.
    TooLarge,
    /// It makes a value that nests too deep.
    TooHigh,
    /// Resolving it, and what was resolved before it, takes too many steps.
    TooMuchEffort,
    /// The names of all settings together are too long.
    TooManyNames,
    /// Its value does not fit the value beside it.
    Unjoinable,
}

/// Resolves all substitutions below `root`, with the effort that reading the file has left.
pub(super) fn resolve(
    root: &Rc<Pending>,
    variables: &dyn Variables,
    effort: Effort,
) -> Result<Object, Unresolved> {
    let mut resolver = Resolver {
        root,
        variables,
        effort,
        active: HashSet::new(),
        known: HashMap::new(),
        depth: 0,
    };
    match resolver.value(root) {
        Ok(Some(resolved)) => match &resolved.kind {
            Kind::Object(block) => {
                let mut paths = Paths::default();
                measure(block, 0, 0, &mut paths);
                match paths.are_too_many() {
                    false => Ok(object(block)),
                    true => Err(Unresolved {
                        at: root.clone(),
                        why: Why::TooManyNames,
                    }),
                }
            }
            _ => Ok(Object::default()),
        },
        Ok(None) => Ok(Object::default()),
        Err(ResolveError::Hard(unresolved)) => Err(unresolved),
        Err(ResolveError::Circle) => Err(Unresolved {
            at: root.clone(),
            why: Why::Circle,
        }),
    }
}

struct Resolver<'a> {
    root: &'a Rc<Pending>,
    variables: &'a dyn Variables,
    effort: Effort,
    /// The references and concatenations that are being resolved.
    active: HashSet<Id>,
    /// The values of substitutions. As in the Zeenea scanner's parser, the value of the first use is used everywhere.
    known: HashMap<Id, Option<Rc<Pending>>>,
    depth: usize,
}

enum ResolveError {
    /// What is being resolved was met again; the next reference outwards has no value.
    Circle,
    Hard(Unresolved),
}

type Resolved<T> = Result<Option<T>, ResolveError>;

impl Resolver<'_> {
    /// Resolves a value; `None` if it turns out to be undefined.
    fn value(&mut self, value: &Rc<Pending>) -> Resolved<Rc<Pending>> {
        if value.is_resolved() {
            return match value.height() > MAX_HEIGHT {
                true => Err(hard(value, Why::TooHigh)),
                false => Ok(Some(value.clone())),
            };
        }
        self.spend(value, STEP_EFFORT)?;
        self.descend(value)?;
        let resolved = match &value.kind {
            Kind::Scalar(_) => Ok(Some(value.clone())),
            Kind::List(items) => self.list(value, items),
            Kind::Object(block) => self.block(value, block),
            Kind::Reference(reference) => self.reference(value, reference),
            Kind::Concatenation(id, pieces) => self.concatenation(value, *id, pieces),
            Kind::Addition(id, so_far, items) => {
                let items = Pending::new(value.place.clone(), Kind::List(items.clone()));
                self.concatenation(value, *id, &[so_far.clone(), items])
            }
            Kind::Layers(layers) => self.layers(value, layers),
        };
        self.depth -= 1;
        match resolved {
            Ok(Some(resolved)) if resolved.size() > SIZE_LIMIT => Err(hard(value, Why::TooLarge)),
            Ok(Some(resolved)) if resolved.height() > MAX_HEIGHT => Err(hard(value, Why::TooHigh)),
            resolved => resolved,
        }
    }

    fn list(&mut self, at: &Rc<Pending>, items: &[Rc<Pending>]) -> Resolved<Rc<Pending>> {
        self.spend(at, items.len())?;
        let mut resolved = Vec::with_capacity(items.len());
        for item in items {
            resolved.extend(self.value(item)?);
        }
        Ok(Some(Pending::new(at.place.clone(), Kind::List(resolved))))
    }

    fn block(&mut self, at: &Rc<Pending>, block: &Block) -> Resolved<Rc<Pending>> {
        self.spend(at, block.settings.len())?;
        let mut settings = Map::default();
        let mut undefined = block.undefined.clone();
        for entry in block.settings.iter() {
            let key = entry.key.clone();
            let Some(value) = self.value(&entry.value)? else {
                undefined.push((key, entry.value.place.clone()));
                continue;
            };
            let key_place = entry.key_place.clone();
            settings.put(
                Entry {
                    key,
                    key_place,
                    value,
                },
                merge,
            );
        }
        let cut = block.cut;
        Ok(Some(Pending::new(
            at.place.clone(),
            Kind::Object(Block {
                settings,
                cut,
                undefined,
            }),
        )))
    }

    fn layers(
        &mut self,
        at: &Rc<Pending>,
        layers: &VecDeque<Rc<Pending>>,
    ) -> Resolved<Rc<Pending>> {
        let mut merged = None;
        for layer in layers.range(self.first_visible(at, layers)?..) {
            merged = match (merged, self.value(layer)?) {
                (Some(newer), Some(older)) => Some(self.merge(at, newer, older)?),
                (newer, older) => newer.or(older),
            };
        }
        Ok(merged)
    }

    /// Merges two values, which at worst copies both.
    fn merge(
        &mut self,
        at: &Rc<Pending>,
        newer: Rc<Pending>,
        older: Rc<Pending>,
    ) -> Result<Rc<Pending>, ResolveError> {
        self.spend(at, newer.size().saturating_add(older.size()))?;
        Ok(merge(newer, older))
    }

    fn reference(&mut self, at: &Rc<Pending>, reference: &Reference) -> Resolved<Rc<Pending>> {
        if let Some(known) = self.known.get(&reference.id) {
            return Ok(known.clone());
        }
        let found = self.follow(at, reference, |resolver, target| resolver.value(target))?;
        if let Some(Kind::Scalar(_)) = found.as_ref().map(|found| &found.kind) {
            // Its text is copied.
            self.spend(at, found.as_ref().map_or(0, |found| found.size()))?;
        }
        let found = found.map(|value| value.at(&at.place));
        self.known.insert(reference.id, found.clone());
        Ok(found)
    }

    fn concatenation(
        &mut self,
        at: &Rc<Pending>,
        id: Id,
        pieces: &[Rc<Pending>],
    ) -> Resolved<Rc<Pending>> {
        self.enter(at, id)?;
        let joined = self.joined(at, pieces);
        self.leave(id);
        joined
    }

    fn joined(&mut self, at: &Rc<Pending>, pieces: &[Rc<Pending>]) -> Resolved<Rc<Pending>> {
        let mut joined: Option<Rc<Pending>> = None;
        for piece in pieces {
            let Some(right) = self.value(piece)? else {
                continue;
            };
            self.spend(at, right.size())?;
            joined = Some(match joined {
                None => right,
                Some(left) => join(left, right).map_err(|_unjoinable| hard(at, Why::Unjoinable))?,
            });
        }
        Ok(joined)
    }

    /// Looks up the value of a substitution, and resolves it while the substitution is marked as active.
    fn follow<T>(
        &mut self,
        at: &Rc<Pending>,
        reference: &Reference,
        go_on: impl FnOnce(&mut Self, &Rc<Pending>) -> Resolved<T>,
    ) -> Resolved<T> {
        self.enter(at, reference.id)?;
        let found = self.lookup(at, reference).and_then(|target| match target {
            Some(target) => go_on(self, &target),
            None => Ok(None),
        });
        self.leave(reference.id);
        match found {
            Err(ResolveError::Circle) if reference.optional => Ok(None),
            Err(ResolveError::Circle) => Err(hard(at, Why::Circle)),
            Ok(None) if !reference.optional => Err(hard(at, Why::Unknown)),
            found => found,
        }
    }

    fn spend(&mut self, at: &Rc<Pending>, amount: usize) -> Result<(), ResolveError> {
        let spent = self.effort.spend(amount);
        spent.map_err(|Exhausted| hard(at, Why::TooMuchEffort))
    }

    fn enter(&mut self, at: &Rc<Pending>, id: Id) -> Result<(), ResolveError> {
        if self.active.contains(&id) {
            return Err(ResolveError::Circle);
        }
        self.descend(at)?;
        self.active.insert(id);
        Ok(())
    }

    fn leave(&mut self, id: Id) {
        self.active.remove(&id);
        self.depth -= 1;
    }

    fn descend(&mut self, at: &Rc<Pending>) -> Result<(), ResolveError> {
        if self.depth >= DEPTH_LIMIT {
            return Err(hard(at, Why::TooDeep));
        }
        self.depth += 1;
        Ok(())
    }
}

fn hard(at: &Rc<Pending>, why: Why) -> ResolveError {
    ResolveError::Hard(Unresolved {
        at: at.clone(),
        why,
    })
}
