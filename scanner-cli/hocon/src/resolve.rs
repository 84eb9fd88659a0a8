//! Resolves `${…}`: replaces each by the final value of its setting, or by a variable.
//!
//! A value that is being resolved does not see itself, or later values of the same setting. So `path = ${path}":/more"`
//! adds to the previous value. If there is no previous value, the substitution is circular.

mod lookup;
mod tree;

use catalog_model::settings::{Entry, Map, Object};
use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    rc::Rc,
};

use super::{
    limits::{Effort, ExhaustedError, MAX_TREE_DEPTH, Paths, STEP_EFFORT},
    pending::{Block, Id, Pending, PendingKind, Reference, join, merge},
};
use tree::{measure, object};

/// Maximum depth of substitutions that refer to each other. A greater depth could overflow the stack.
const MAX_RESOLVE_DEPTH: usize = 1000;

/// Maximum number of values and bytes of text in a value. Each line of a file can double the previous value.
const MAX_VALUE_SIZE: usize = 1 << 20;

/// Values for substitutions whose path is not a setting of the file.
pub trait Variables {
    /// Returns the value of `path`. A plain `${NAME}` is a path with one element.
    fn text(&self, path: &[String]) -> Option<String>;

    /// Whether the text of `path` is secret. Values that contain it are marked, see
    /// [`Node::secret`](super::Node::secret).
    fn is_secret(&self, path: &[String]) -> bool {
        let _ = path;
        false
    }
}

/// Names and values, such as those of the environment.
impl Variables for BTreeMap<String, String> {
    fn text(&self, path: &[String]) -> Option<String> {
        match path {
            [name] => self.get(name).cloned(),
            _ => None,
        }
    }
}

/// A substitution that cannot be resolved, or the value that contains it.
#[derive(Debug)]
pub(super) struct Unresolved {
    pub(super) at: Rc<Pending>,
    pub(super) reason: UnresolvedReason,
}

#[derive(Debug)]
pub(super) enum UnresolvedReason {
    /// Neither a setting nor a variable.
    Unknown,
    /// It refers to itself.
    Cycle,
    /// It refers to too many others in turn.
    TooDeep,
    /// Its value is too large.
    TooLarge,
    /// Its value is nested too deeply.
    TooNested,
    /// Resolving it, together with those resolved before it, takes too many steps.
    TooManySteps,
    /// The total length of all paths is too large.
    TooManyNames,
    /// Its value cannot be joined with the adjacent value.
    Unjoinable,
}

/// Resolves all substitutions below `root`, with the remaining effort.
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
            PendingKind::Object(block) => {
                let mut paths = Paths::default();
                measure(block, 0, 0, &mut paths);
                match paths.are_too_many() {
                    false => Ok(object(block)),
                    true => Err(Unresolved {
                        at: root.clone(),
                        reason: UnresolvedReason::TooManyNames,
                    }),
                }
            }
            _ => Ok(Object::default()),
        },
        Ok(None) => Ok(Object::default()),
        Err(ResolveError::Hard(unresolved)) => Err(unresolved),
        Err(ResolveError::Cycle) => Err(Unresolved {
            at: root.clone(),
            reason: UnresolvedReason::Cycle,
        }),
    }
}

struct Resolver<'a> {
    root: &'a Rc<Pending>,
    variables: &'a dyn Variables,
    effort: Effort,
    /// The references and concatenations that are being resolved.
    active: HashSet<Id>,
    /// The resolved values of substitutions. As in the Zeenea scanner's parser, the value of the first use is used
    /// everywhere.
    known: HashMap<Id, Option<Rc<Pending>>>,
    depth: usize,
}

enum ResolveError {
    /// A value refers to itself. The next outer reference has no value.
    Cycle,
    Hard(Unresolved),
}

type Resolved<T> = Result<Option<T>, ResolveError>;

impl Resolver<'_> {
    /// Resolves a value. `None` if it is undefined.
    fn value(&mut self, value: &Rc<Pending>) -> Resolved<Rc<Pending>> {
        if value.is_resolved() {
            return match value.height() > MAX_TREE_DEPTH {
                true => Err(hard(value, UnresolvedReason::TooNested)),
                false => Ok(Some(value.clone())),
            };
        }
        self.spend(value, STEP_EFFORT)?;
        self.descend(value)?;
        let resolved = match &value.kind {
            PendingKind::Scalar(_) => Ok(Some(value.clone())),
            PendingKind::List(items) => self.list(value, items),
            PendingKind::Object(block) => self.block(value, block),
            PendingKind::Reference(reference) => self.reference(value, reference),
            PendingKind::Concatenation(id, pieces) => self.concatenation(value, *id, pieces),
            PendingKind::Addition(id, so_far, items) => {
                let items = Pending::new(value.place.clone(), PendingKind::List(items.clone()));
                self.concatenation(value, *id, &[so_far.clone(), items])
            }
            PendingKind::Layers(layers) => self.layers(value, layers),
        };
        self.depth -= 1;
        match resolved {
            Ok(Some(resolved)) if resolved.size() > MAX_VALUE_SIZE => {
                Err(hard(value, UnresolvedReason::TooLarge))
            }
            Ok(Some(resolved)) if resolved.height() > MAX_TREE_DEPTH => {
                Err(hard(value, UnresolvedReason::TooNested))
            }
            resolved => resolved,
        }
    }

    fn list(&mut self, at: &Rc<Pending>, items: &[Rc<Pending>]) -> Resolved<Rc<Pending>> {
        self.spend(at, items.len())?;
        let mut resolved = Vec::with_capacity(items.len());
        for item in items {
            resolved.extend(self.value(item)?);
        }
        Ok(Some(Pending::new(
            at.place.clone(),
            PendingKind::List(resolved),
        )))
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
            PendingKind::Object(Block {
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

    /// Merges two values. In the worst case, both are copied.
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
        if let Some(PendingKind::Scalar(_)) = found.as_ref().map(|found| &found.kind) {
            // The effort of copying its text.
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
                Some(left) => join(left, right)
                    .map_err(|_unjoinable| hard(at, UnresolvedReason::Unjoinable))?,
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
            Err(ResolveError::Cycle) if reference.optional => Ok(None),
            Err(ResolveError::Cycle) => Err(hard(at, UnresolvedReason::Cycle)),
            Ok(None) if !reference.optional => Err(hard(at, UnresolvedReason::Unknown)),
            found => found,
        }
    }

    fn spend(&mut self, at: &Rc<Pending>, amount: usize) -> Result<(), ResolveError> {
        let spent = self.effort.spend(amount);
        spent.map_err(|ExhaustedError| hard(at, UnresolvedReason::TooManySteps))
    }

    fn enter(&mut self, at: &Rc<Pending>, id: Id) -> Result<(), ResolveError> {
        if self.active.contains(&id) {
            return Err(ResolveError::Cycle);
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
        if self.depth >= MAX_RESOLVE_DEPTH {
            return Err(hard(at, UnresolvedReason::TooDeep));
        }
        self.depth += 1;
        Ok(())
    }
}

fn hard(at: &Rc<Pending>, reason: UnresolvedReason) -> ResolveError {
    ResolveError::Hard(Unresolved {
        at: at.clone(),
        reason,
    })
}
