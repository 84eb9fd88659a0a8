//! The tree before substitutions are resolved, and how its values merge and join.

use std::rc::Rc;

use catalog_model::Place;

use super::value::{Entry, Map};

/// A value that may hold substitutions.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) place: Place,
    pub(super) kind: Kind,
    /// Whether there is no substitution in it.
    pub(super) resolved: bool,
    /// How many values and bytes of text are in it, as far as that is known.
    pub(super) size: usize,
}

/// What a pending value is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Scalar(Scalar),
    List(Vec<Rc<Pending>>),
    Object(Block),
    Reference(Reference),
    /// Values side by side, of which one at least is a reference.
    Concatenation(Id, Vec<Rc<Pending>>),
    /// What `+=` adds to the list that the reference stands for.
    Addition(Id, Rc<Pending>, Vec<Rc<Pending>>),
    /// Values of one setting, the latest first. They cannot be merged before the references among them are resolved.
    Layers(Vec<Rc<Pending>>),
}

/// A block of settings.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    pub(super) settings: Map<Rc<Pending>>,
    /// Whether something that is no block came before, so that nothing older shines through.
    pub(super) cut: bool,
    /// Keys that were written with an optional substitution which stands for nothing, once it is resolved.
    pub(super) undefined: Vec<(String, Place)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    /// A text without quotes, or the space between two values. After a list or block, the reference drops it.
    Unquoted(String),
}

/// `${path}` or `${?path}`.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) id: Id,
    pub(super) path: Vec<String>,
    /// How many elements at the start of the path name the block into which the file was included.
    pub(super) prefix: usize,
    pub(super) optional: bool,
    /// Whether messages may name the path.
    pub(super) nameable: bool,
}

/// Tells references and concatenations apart, to know which are being resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Id(pub(super) usize);

/// Two values side by side that make no value.
#[derive(Debug)]
pub(super) struct Unjoinable;

impl Pending {
    pub(super) fn new(place: Place, kind: Kind) -> Rc<Self> {
        let (resolved, size) = match &kind {
            Kind::Scalar(scalar) => (true, scalar.text().len()),
            Kind::List(items) => measure(items.iter()),
            Kind::Object(block) => measure(block.settings.iter().map(|entry| &entry.value)),
            _ => (false, 0),
        };
        Rc::new(Self {
            place,
            kind,
            resolved,
            size: size.saturating_add(1),
        })
    }

    /// This value as it is written at `place`; what is in a list or block stays where it is.
    pub(super) fn at(self: Rc<Self>, place: &Place) -> Rc<Self> {
        match &self.kind {
            Kind::Scalar(scalar) => Self::new(place.clone(), Kind::Scalar(scalar.clone())),
            _ => self,
        }
    }

    /// The identity of what can come across itself while it is being resolved.
    pub(super) fn id(&self) -> Option<Id> {
        match &self.kind {
            Kind::Reference(reference) => Some(reference.id),
            Kind::Concatenation(id, _) | Kind::Addition(id, ..) => Some(*id),
            _ => None,
        }
    }

    /// Whether this can turn out to be anything.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.kind, Kind::Scalar(_) | Kind::List(_) | Kind::Object(_))
    }

    /// Whether an older value of the same setting makes no difference to this one.
    fn hides_older(&self) -> bool {
        match &self.kind {
            Kind::Scalar(_) => true,
            Kind::List(_) => self.resolved,
            Kind::Object(block) => block.cut,
            Kind::Reference(_) | Kind::Concatenation(..) | Kind::Addition(..) => false,
            Kind::Layers(layers) => layers.last().is_some_and(|oldest| oldest.hides_older()),
        }
    }

    fn into_layers(self: Rc<Self>) -> Vec<Rc<Self>> {
        match &self.kind {
            Kind::Layers(layers) => layers.clone(),
            _ => vec![self],
        }
    }
}

/// What a setting holds after `newer` was written below `older`.
pub(super) fn merge(newer: Rc<Pending>, older: Rc<Pending>) -> Rc<Pending> {
    if newer.hides_older() {
        return newer;
    }
    let adds = matches!(newer.kind, Kind::Addition(..));
    let is_list = matches!(older.kind, Kind::List(_)) && older.resolved;
    let is_added_to = adds && (is_list || matches!(older.kind, Kind::Addition(..)));
    if !is_added_to && (newer.is_open() || older.is_open()) {
        return layers(newer, older);
    }
    let newer = Rc::unwrap_or_clone(newer);
    let older = Rc::unwrap_or_clone(older);
    let kind = match (newer.kind, older.kind) {
        (Kind::Addition(.., more), Kind::List(mut items)) => {
            items.extend(more);
            Kind::List(items)
        }
        (Kind::Addition(.., more), Kind::Addition(id, so_far, mut items)) => {
            items.extend(more);
            Kind::Addition(id, so_far, items)
        }
        (Kind::Object(newer), Kind::Object(mut merged)) => {
            for entry in newer.settings {
                merged.settings.put(entry, merge);
            }
            merged.undefined.extend(newer.undefined);
            Kind::Object(merged)
        }
        (Kind::Object(block), _) if newer.resolved => Kind::Object(Block { cut: true, ..block }),
        (newest, oldest) => Kind::Layers(vec![
            Pending::new(newer.place.clone(), newest),
            Pending::new(older.place, oldest),
        ]),
    };
    Pending::new(newer.place, kind)
}

/// Joins two values that stand side by side.
pub(super) fn join(left: Rc<Pending>, right: Rc<Pending>) -> Result<Rc<Pending>, Unjoinable> {
    let place = left.place.clone();
    let kind = match (&left.kind, &right.kind) {
        (Kind::Object(_), Kind::Object(_)) => return Ok(merge(right, left)),
        (Kind::Object(block), Kind::List(items)) => {
            let mut all = numbered(block).ok_or(Unjoinable)?;
            all.extend_from_slice(items);
            Kind::List(all)
        }
        (Kind::List(items), Kind::Object(block)) => {
            let more = numbered(block).ok_or(Unjoinable)?;
            Kind::List([items.clone(), more].concat())
        }
        (Kind::List(left), Kind::List(right)) => Kind::List([left.as_slice(), right].concat()),
        (Kind::Object(_) | Kind::List(_), Kind::Scalar(Scalar::Unquoted(_))) => return Ok(left),
        (Kind::Scalar(left), Kind::Scalar(right)) => {
            Kind::Scalar(Scalar::String([left.text(), right.text()].concat()))
        }
        _ => return Err(Unjoinable),
    };
    Ok(Pending::new(place, kind))
}

impl Scalar {
    fn text(&self) -> &str {
        match self {
            Self::Null => "null",
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
            Self::Number(text) | Self::String(text) | Self::Unquoted(text) => text,
        }
    }
}

/// The items of a block whose keys are numbers, which next to a list is a list.
fn numbered(block: &Block) -> Option<Vec<Rc<Pending>>> {
    let number =
        |entry: &Entry<Rc<Pending>>| entry.key.parse::<i32>().ok().filter(|number| *number >= 0);
    let mut items: Vec<_> = block
        .settings
        .iter()
        .filter_map(|entry| Some((number(entry)?, entry.value.clone())))
        .collect();
    items.sort_by_key(|(number, _)| *number);
    (!items.is_empty()).then(|| items.into_iter().map(|(_, item)| item).collect())
}

/// Whether all of some values are resolved, and their sizes together.
fn measure<'a>(values: impl Iterator<Item = &'a Rc<Pending>>) -> (bool, usize) {
    values.fold((true, 0), |(resolved, size), value| {
        (resolved && value.resolved, size.saturating_add(value.size))
    })
}

fn layers(newer: Rc<Pending>, older: Rc<Pending>) -> Rc<Pending> {
    let place = newer.place.clone();
    let mut layers = newer.into_layers();
    layers.extend(older.into_layers());
    Pending::new(place, Kind::Layers(layers))
}
