//! Resolves `${…}`: each stands for what its setting holds in the end, or for a variable.
//!
//! A value that is being resolved does not see itself, nor what was written below it for the same setting: so
//! `path = ${path}":/more"` adds to what came before. If nothing came before, the substitution goes in a circle.

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use super::{
    pending::{Block, Id, Kind, Pending, Reference, Scalar, join, merge},
    value::{Entry, Map, Node, Object, Value},
};

/// How deep values and the substitutions in them may lead to each other. Beyond it, the stack could overflow.
const DEPTH_LIMIT: usize = 1000;

/// How many values and bytes of text a value may grow to. Each line can double what the line before it made.
const SIZE_LIMIT: usize = 1 << 20;

/// Where a substitution looks when the file has no such setting.
pub trait Variables {
    /// The text that `path` stands for; a plain `${NAME}` is a path of one element.
    fn text(&self, path: &[String]) -> Option<String>;
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
    /// What it stands for does not fit what stands beside it.
    Unjoinable,
}

/// Resolves all substitutions below `root`.
pub(super) fn resolve(root: &Rc<Pending>, variables: &dyn Variables) -> Result<Object, Unresolved> {
    let mut resolver = Resolver {
        root,
        variables,
        active: Vec::new(),
        known: HashMap::new(),
        depth: 0,
    };
    match resolver.value(root) {
        Ok(Some(resolved)) => Ok(match &resolved.kind {
            Kind::Object(block) => object(block),
            _ => Object::default(),
        }),
        Ok(None) => Ok(Object::default()),
        Err(Trouble::Hard(unresolved)) => Err(unresolved),
        Err(Trouble::Circle) => Err(Unresolved {
            at: root.clone(),
            why: Why::Circle,
        }),
    }
}

struct Resolver<'a> {
    root: &'a Rc<Pending>,
    variables: &'a dyn Variables,
    /// The references and concatenations that are being resolved, the outermost first.
    active: Vec<Id>,
    /// What references stand for. As in the reference's parser, what one stood for when first met holds ever after.
    known: HashMap<Id, Option<Rc<Pending>>>,
    depth: usize,
}

enum Trouble {
    /// What is being resolved was met again; the next reference outwards has no value.
    Circle,
    Hard(Unresolved),
}

type Resolved<T> = Result<Option<T>, Trouble>;

/// What a value holds under a key.
enum Child {
    Value(Rc<Pending>),
    /// Nothing, but it is a block.
    Missing,
    /// Nothing, since it is no block.
    NoBlock,
}

impl Resolver<'_> {
    /// Resolves a value; `None` if it turns out to be undefined.
    fn value(&mut self, value: &Rc<Pending>) -> Resolved<Rc<Pending>> {
        if value.resolved {
            return Ok(Some(value.clone()));
        }
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
            Kind::Layers(layers) => self.layers(layers),
        };
        self.depth -= 1;
        match resolved {
            Ok(Some(resolved)) if resolved.size > SIZE_LIMIT => Err(hard(value, Why::TooLarge)),
            resolved => resolved,
        }
    }

    fn list(&mut self, at: &Pending, items: &[Rc<Pending>]) -> Resolved<Rc<Pending>> {
        let mut resolved = Vec::with_capacity(items.len());
        for item in items {
            resolved.extend(self.value(item)?);
        }
        Ok(Some(Pending::new(at.place.clone(), Kind::List(resolved))))
    }

    fn block(&mut self, at: &Pending, block: &Block) -> Resolved<Rc<Pending>> {
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

    fn layers(&mut self, layers: &[Rc<Pending>]) -> Resolved<Rc<Pending>> {
        let mut merged = None;
        for layer in self.visible(layers)? {
            merged = match (merged, self.value(layer)?) {
                (Some(newer), Some(older)) => Some(merge(newer, older)),
                (newer, older) => newer.or(older),
            };
        }
        Ok(merged)
    }

    fn reference(&mut self, at: &Rc<Pending>, reference: &Reference) -> Resolved<Rc<Pending>> {
        if let Some(known) = self.known.get(&reference.id) {
            return Ok(known.clone());
        }
        let found = self.follow(at, reference, |resolver, target| resolver.value(target))?;
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
        self.leave();
        joined
    }

    fn joined(&mut self, at: &Rc<Pending>, pieces: &[Rc<Pending>]) -> Resolved<Rc<Pending>> {
        let mut joined: Option<Rc<Pending>> = None;
        for piece in pieces {
            let Some(right) = self.value(piece)? else {
                continue;
            };
            joined = Some(match joined {
                None => right,
                Some(left) => join(left, right).map_err(|_unjoinable| hard(at, Why::Unjoinable))?,
            });
        }
        Ok(joined)
    }

    /// Looks up what a reference stands for, and goes on with it while the reference is marked as active.
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
        self.leave();
        match found {
            Err(Trouble::Circle) if reference.optional => Ok(None),
            Err(Trouble::Circle) => Err(hard(at, Why::Circle)),
            Ok(None) if !reference.optional => Err(hard(at, Why::Unknown)),
            found => found,
        }
    }

    /// What a reference stands for: a setting below the block into which its file was included, a setting of the whole,
    /// or a variable.
    fn lookup(&mut self, at: &Rc<Pending>, reference: &Reference) -> Resolved<Rc<Pending>> {
        let own_path = &reference.path[reference.prefix..];
        let mut found = self.setting(&reference.path)?;
        if found.is_none() && reference.prefix > 0 {
            found = self.setting(own_path)?;
        }
        Ok(found.or_else(|| {
            let text = self.variables.text(own_path)?;
            Some(Pending::new(
                at.place.clone(),
                Kind::Scalar(Scalar::String(text)),
            ))
        }))
    }

    fn setting(&mut self, path: &[String]) -> Resolved<Rc<Pending>> {
        let mut found = self.root.clone();
        for key in path {
            match self.child(&found, key)? {
                Some(Child::Value(value)) => found = value,
                _ => return Ok(None),
            }
        }
        Ok(Some(found))
    }

    /// What `value` holds under `key`, resolving no more than it takes to know; `None` if `value` is undefined.
    fn child(&mut self, value: &Rc<Pending>, key: &str) -> Resolved<Child> {
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
            Kind::Layers(layers) => self.child_of_layers(layers, key),
        }
    }

    fn child_of_layers(&mut self, layers: &[Rc<Pending>], key: &str) -> Resolved<Child> {
        let mut merged: Option<Child> = None;
        for layer in self.visible(layers)? {
            merged = match (merged, self.child(layer, key)?) {
                (merged, None) => merged,
                (None, child) => child,
                (Some(Child::Value(newer)), Some(Child::Value(older))) => {
                    Some(Child::Value(merge(newer, older)))
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

    /// The layers that can be seen from where the resolver is: those older than the one that is being resolved.
    fn visible<'l>(&mut self, layers: &'l [Rc<Pending>]) -> Result<&'l [Rc<Pending>], Trouble> {
        let is_active =
            |layer: &Rc<Pending>| layer.id().is_some_and(|id| self.active.contains(&id));
        let Some(oldest_active) = layers.iter().rposition(is_active) else {
            return Ok(layers);
        };
        match &layers[oldest_active + 1..] {
            [] => Err(Trouble::Circle),
            older => Ok(older),
        }
    }

    fn enter(&mut self, at: &Rc<Pending>, id: Id) -> Result<(), Trouble> {
        if self.active.contains(&id) {
            return Err(Trouble::Circle);
        }
        self.descend(at)?;
        self.active.push(id);
        Ok(())
    }

    fn leave(&mut self) {
        self.active.pop();
        self.depth -= 1;
    }

    fn descend(&mut self, at: &Rc<Pending>) -> Result<(), Trouble> {
        if self.depth >= DEPTH_LIMIT {
            return Err(hard(at, Why::TooDeep));
        }
        self.depth += 1;
        Ok(())
    }
}

fn hard(at: &Rc<Pending>, why: Why) -> Trouble {
    Trouble::Hard(Unresolved {
        at: at.clone(),
        why,
    })
}

fn object(block: &Block) -> Object {
    let entries = block.settings.iter().map(|entry| Entry {
        key: entry.key.clone(),
        key_place: entry.key_place.clone(),
        value: node(&entry.value),
    });
    let mut object: Object = entries.collect();
    object.undefined = block.undefined.clone();
    object
        .undefined
        .retain(|(key, _)| block.settings.get(key).is_none());
    object
}

fn node(pending: &Pending) -> Node {
    let value = match &pending.kind {
        Kind::Scalar(Scalar::Null) => Value::Null,
        Kind::Scalar(Scalar::Bool(value)) => Value::Bool(*value),
        Kind::Scalar(Scalar::Number(text)) => Value::Number(text.clone()),
        Kind::Scalar(Scalar::String(text) | Scalar::Unquoted(text)) => Value::String(text.clone()),
        Kind::List(items) => Value::List(items.iter().map(|item| node(item)).collect()),
        Kind::Object(block) => Value::Object(object(block)),
        // Nothing else is left in a resolved tree.
        _ => Value::Null,
    };
    Node {
        value,
        place: pending.place.clone(),
    }
}
