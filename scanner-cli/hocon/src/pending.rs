//! The tree before substitutions are resolved, and how its values merge and join.

use std::{collections::VecDeque, rc::Rc};

use catalog_model::{
    Place,
    settings::{Entry, Map},
};

/// A value that may hold substitutions.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) place: Place,
    pub(super) kind: Kind,
    /// Whether a part of it came from a secret variable; known of scalars only.
    pub(super) secret: bool,
    extent: Extent,
}

/// How much is in a value.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    /// How many of its items or settings hold substitutions; of a substitution, 1.
    open: usize,
    /// How many values and bytes of text are in it, as far as that is known.
    size: usize,
    /// How deep values nest in it; at most too high.
    height: usize,
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
    /// What `+=` appends to the list of the substitution.
    Addition(Id, Rc<Pending>, Vec<Rc<Pending>>),
    /// Values of one setting, the latest first. They cannot be merged before the references among them are resolved.
    Layers(VecDeque<Rc<Pending>>),
}

/// A block of settings.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    pub(super) settings: Map<Rc<Pending>>,
    /// Whether a value other than a block came before, so that older blocks are not merged.
    pub(super) cut: bool,
    /// Keys that were written with an optional substitution that has no value.
    pub(super) undefined: Vec<(String, Place)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    /// A text without quotes, or the space between two values. After a list or block, the Zeenea scanner's parser
    /// ignores it.
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

impl Extent {
    const OPEN: Self = Self {
        open: 1,
        size: 1,
        height: 1,
    };

    /// Of a value without others in it.
    fn leaf(bytes: usize) -> Self {
        Self {
            open: 0,
            size: bytes.saturating_add(1),
            height: 1,
        }
    }

    /// Of a value with these in it.
    fn around<'a>(values: impl Iterator<Item = &'a Rc<Pending>>) -> Self {
        values.fold(Self::leaf(0), |mut extent, value| {
            extent.add(value.extent);
            extent
        })
    }

    fn add(&mut self, inner: Self) {
        self.open += usize::from(inner.open > 0);
        self.size = self.size.saturating_add(inner.size);
        self.height = self.height.max(inner.height + 1);
    }

    fn remove(&mut self, inner: Self) {
        self.open = self.open.saturating_sub(usize::from(inner.open > 0));
        self.size = self.size.saturating_sub(inner.size);
    }
}

impl Pending {
    pub(super) fn new(place: Place, kind: Kind) -> Rc<Self> {
        let extent = match &kind {
            Kind::Scalar(scalar) => Extent::leaf(scalar.text().len()),
            Kind::List(items) => Extent::around(items.iter()),
            Kind::Object(block) => Extent::around(block.settings.iter().map(|entry| &entry.value)),
            _ => Extent::OPEN,
        };
        Self::with(place, kind, extent)
    }

    /// A value whose extent is known, so that what is added to it over and over is not measured each time.
    fn with(place: Place, kind: Kind, extent: Extent) -> Rc<Self> {
        Rc::new(Self {
            place,
            kind,
            secret: false,
            extent,
        })
    }

    /// The same value, marked as secret.
    pub(super) fn into_secret(self: Rc<Self>) -> Rc<Self> {
        Rc::new(Self {
            secret: true,
            ..Rc::unwrap_or_clone(self)
        })
    }

    /// Whether there is no substitution in it.
    pub(super) fn is_resolved(&self) -> bool {
        self.extent.open == 0
    }

    /// How many values and bytes of text are in it, as far as that is known.
    pub(super) fn size(&self) -> usize {
        self.extent.size
    }

    /// How deep values nest in it.
    pub(super) fn height(&self) -> usize {
        self.extent.height
    }

    /// This value as it is written at `place`; what is in a list or block stays where it is.
    pub(super) fn at(self: Rc<Self>, place: &Place) -> Rc<Self> {
        match &self.kind {
            Kind::Scalar(_) => Rc::new(Self {
                place: place.clone(),
                ..Rc::unwrap_or_clone(self)
            }),
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
            Kind::List(_) => self.is_resolved(),
            Kind::Object(block) => block.cut,
            Kind::Reference(_) | Kind::Concatenation(..) | Kind::Addition(..) => false,
            Kind::Layers(layers) => layers.back().is_some_and(|oldest| oldest.hides_older()),
        }
    }

    fn into_layers(self: Rc<Self>) -> VecDeque<Rc<Self>> {
        if !matches!(self.kind, Kind::Layers(_)) {
            return VecDeque::from([self]);
        }
        match Rc::unwrap_or_clone(self).kind {
            Kind::Layers(layers) => layers,
            _ => VecDeque::new(),
        }
    }
}

/// What a setting holds after `newer` was written below `older`. What only `older` leads to is moved, not copied.
pub(super) fn merge(newer: Rc<Pending>, older: Rc<Pending>) -> Rc<Pending> {
    if newer.hides_older() {
        return newer;
    }
    let adds = matches!(newer.kind, Kind::Addition(..));
    let is_list = matches!(older.kind, Kind::List(_)) && older.is_resolved();
    let is_added_to = adds && (is_list || matches!(older.kind, Kind::Addition(..)));
    if !is_added_to && (newer.is_open() || older.is_open()) {
        return layers(newer, older);
    }
    let is_block = |value: &Pending| matches!(value.kind, Kind::Object(_));
    if !adds && !(is_block(&newer) && (is_block(&older) || newer.is_resolved())) {
        return layers(newer, older);
    }
    let newer = Rc::unwrap_or_clone(newer);
    let Pending {
        place: older_place,
        kind: older_kind,
        extent: older_extent,
        secret: _,
    } = Rc::unwrap_or_clone(older);
    match (newer.kind, older_kind) {
        (Kind::Addition(.., more), Kind::List(items)) => {
            extended(newer.place, items, older_extent, more)
        }
        (Kind::Addition(.., more), Kind::Addition(id, so_far, mut items)) => {
            items.extend(more);
            Pending::new(newer.place, Kind::Addition(id, so_far, items))
        }
        (Kind::Object(newer_block), Kind::Object(older_block)) => {
            merged_blocks(newer.place, newer_block, older_block, older_extent)
        }
        (Kind::Object(block), _) => {
            let kind = Kind::Object(Block { cut: true, ..block });
            Pending::with(newer.place, kind, newer.extent)
        }
        // Nothing else gets here.
        (kind, older) => layers(
            Pending::new(newer.place, kind),
            Pending::new(older_place, older),
        ),
    }
}

fn merged_blocks(place: Place, newer: Block, mut merged: Block, extent: Extent) -> Rc<Pending> {
    let mut extent = extent;
    for entry in newer.settings {
        let mut added = entry.value.extent;
        merged.settings.put(entry, |newer, older| {
            extent.remove(older.extent);
            let both = merge(newer, older);
            added = both.extent;
            both
        });
        extent.add(added);
    }
    merged.undefined.extend(newer.undefined);
    Pending::with(place, Kind::Object(merged), extent)
}

/// A list with more items.
fn extended(
    place: Place,
    mut items: Vec<Rc<Pending>>,
    mut extent: Extent,
    more: impl IntoIterator<Item = Rc<Pending>>,
) -> Rc<Pending> {
    for item in more {
        extent.add(item.extent);
        items.push(item);
    }
    Pending::with(place, Kind::List(items), extent)
}

/// Joins two adjacent values. What only `left` refers to is moved, not copied.
pub(super) fn join(left: Rc<Pending>, right: Rc<Pending>) -> Result<Rc<Pending>, Unjoinable> {
    match (&left.kind, &right.kind) {
        (Kind::Object(_), Kind::Object(_)) => return Ok(merge(right, left)),
        (Kind::Object(_) | Kind::List(_), Kind::Scalar(Scalar::Unquoted(_))) => return Ok(left),
        _ => {}
    }
    let is_right_secret = right.secret;
    let Pending {
        place,
        kind,
        secret,
        extent,
    } = Rc::unwrap_or_clone(left);
    match (kind, &right.kind) {
        (Kind::Object(block), Kind::List(items)) => {
            let mut all = numbered(&block).ok_or(Unjoinable)?;
            all.extend_from_slice(items);
            Ok(Pending::new(place, Kind::List(all)))
        }
        (Kind::List(items), Kind::Object(block)) => {
            let more = numbered(block).ok_or(Unjoinable)?;
            Ok(extended(place, items, extent, more))
        }
        (Kind::List(items), Kind::List(more)) => {
            Ok(extended(place, items, extent, more.iter().cloned()))
        }
        (Kind::Scalar(left), Kind::Scalar(right)) => {
            let mut text = left.into_text();
            text.push_str(right.text());
            let joined = Pending::new(place, Kind::Scalar(Scalar::String(text)));
            Ok(match secret || is_right_secret {
                true => joined.into_secret(),
                false => joined,
            })
        }
        _ => Err(Unjoinable),
    }
}

impl Scalar {
    fn into_text(self) -> String {
        match self {
            Self::Number(text) | Self::String(text) | Self::Unquoted(text) => text,
            Self::Null | Self::Bool(_) => self.text().to_owned(),
        }
    }

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

fn layers(newer: Rc<Pending>, older: Rc<Pending>) -> Rc<Pending> {
    let place = newer.place.clone();
    let mut layers = older.into_layers();
    for layer in newer.into_layers().into_iter().rev() {
        layers.push_front(layer);
    }
    Pending::new(place, Kind::Layers(layers))
}
