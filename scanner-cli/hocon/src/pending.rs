//! The tree before substitutions are resolved, with functions that merge and join its values.

use std::{collections::VecDeque, rc::Rc};

use catalog_model::{
    Place,
    settings::{Entry, Map},
};

/// A value that may contain substitutions.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) place: Place,
    pub(super) kind: PendingKind,
    /// Whether part of it came from a secret variable. Known for scalars only.
    pub(super) secret: bool,
    extent: Extent,
}

/// The size of a value.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    /// Number of its items or settings that contain substitutions; 1 for a substitution.
    open: usize,
    /// Number of values and bytes of text in it, as far as known.
    size: usize,
    /// Nesting depth of its values. May be too large, but not too small.
    height: usize,
}

/// The kind of a pending value.
#[derive(Clone, Debug)]
pub(super) enum PendingKind {
    Scalar(Scalar),
    List(Vec<Rc<Pending>>),
    Object(Block),
    Reference(Reference),
    /// Adjacent values, at least one of which is a reference.
    Concatenation(Id, Vec<Rc<Pending>>),
    /// The items that `+=` appends to the list of the substitution.
    Addition(Id, Rc<Pending>, Vec<Rc<Pending>>),
    /// Values of one setting, the latest first. They cannot be merged until the references among them are resolved.
    Layers(VecDeque<Rc<Pending>>),
}

/// A block of settings.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    pub(super) settings: Map<Rc<Pending>>,
    /// Whether the previous value was not a block, so that older blocks are not merged.
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
    /// A text without quotes, or the space between two values. The Zeenea scanner's parser ignores it after a list or
    /// block.
    Unquoted(String),
}

/// `${path}` or `${?path}`.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) id: Id,
    pub(super) path: Vec<String>,
    /// Number of elements at the start of the path that are the path of the block into which the file was included.
    pub(super) prefix: usize,
    pub(super) optional: bool,
    /// Whether messages may contain the path.
    pub(super) nameable: bool,
}

/// Identifies a reference or concatenation while it is being resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Id(pub(super) usize);

/// Two adjacent values cannot be joined.
#[derive(Debug)]
pub(super) struct UnjoinableError;

impl Extent {
    const OPEN: Self = Self {
        open: 1,
        size: 1,
        height: 1,
    };

    /// The size of a value without inner values.
    fn leaf(bytes: usize) -> Self {
        Self {
            open: 0,
            size: bytes.saturating_add(1),
            height: 1,
        }
    }

    /// The size of a value with these inner values.
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
    pub(super) fn new(place: Place, kind: PendingKind) -> Rc<Self> {
        let extent = match &kind {
            PendingKind::Scalar(scalar) => Extent::leaf(scalar.text().len()),
            PendingKind::List(items) => Extent::around(items.iter()),
            PendingKind::Object(block) => {
                Extent::around(block.settings.iter().map(|entry| &entry.value))
            }
            _ => Extent::OPEN,
        };
        Self::with(place, kind, extent)
    }

    /// Creates a value whose extent is known, so that it is not measured again each time something is added.
    fn with(place: Place, kind: PendingKind, extent: Extent) -> Rc<Self> {
        Rc::new(Self {
            place,
            kind,
            secret: false,
            extent,
        })
    }

    /// Marks the value as secret.
    pub(super) fn into_secret(self: Rc<Self>) -> Rc<Self> {
        Rc::new(Self {
            secret: true,
            ..Rc::unwrap_or_clone(self)
        })
    }

    /// Whether it contains no substitution.
    pub(super) fn is_resolved(&self) -> bool {
        self.extent.open == 0
    }

    /// Number of values and bytes of text in it, as far as known.
    pub(super) fn size(&self) -> usize {
        self.extent.size
    }

    /// Returns the nesting depth of its values.
    pub(super) fn height(&self) -> usize {
        self.extent.height
    }

    /// Moves the value to `place`. The places of items in a list or block do not change.
    pub(super) fn at(self: Rc<Self>, place: &Place) -> Rc<Self> {
        match &self.kind {
            PendingKind::Scalar(_) => Rc::new(Self {
                place: place.clone(),
                ..Rc::unwrap_or_clone(self)
            }),
            _ => self,
        }
    }

    /// Returns the id of a value that can refer to itself while it is being resolved.
    pub(super) fn id(&self) -> Option<Id> {
        match &self.kind {
            PendingKind::Reference(reference) => Some(reference.id),
            PendingKind::Concatenation(id, _) | PendingKind::Addition(id, ..) => Some(*id),
            _ => None,
        }
    }

    /// Whether the kind of its resolved value is unknown.
    pub(super) fn is_open(&self) -> bool {
        !matches!(
            self.kind,
            PendingKind::Scalar(_) | PendingKind::List(_) | PendingKind::Object(_)
        )
    }

    /// Whether older values of the same setting are irrelevant.
    fn hides_older(&self) -> bool {
        match &self.kind {
            PendingKind::Scalar(_) => true,
            PendingKind::List(_) => self.is_resolved(),
            PendingKind::Object(block) => block.cut,
            PendingKind::Reference(_)
            | PendingKind::Concatenation(..)
            | PendingKind::Addition(..) => false,
            PendingKind::Layers(layers) => layers.back().is_some_and(|oldest| oldest.hides_older()),
        }
    }

    fn into_layers(self: Rc<Self>) -> VecDeque<Rc<Self>> {
        if !matches!(self.kind, PendingKind::Layers(_)) {
            return VecDeque::from([self]);
        }
        match Rc::unwrap_or_clone(self).kind {
            PendingKind::Layers(layers) => layers,
            _ => VecDeque::new(),
        }
    }
}

/// Returns the value of a setting after `newer` was written below `older`. Values to which only `older` refers are
/// moved, not copied.
pub(super) fn merge(newer: Rc<Pending>, older: Rc<Pending>) -> Rc<Pending> {
    if newer.hides_older() {
        return newer;
    }
    let adds = matches!(newer.kind, PendingKind::Addition(..));
    let is_list = matches!(older.kind, PendingKind::List(_)) && older.is_resolved();
    let is_added_to = adds && (is_list || matches!(older.kind, PendingKind::Addition(..)));
    if !is_added_to && (newer.is_open() || older.is_open()) {
        return layers(newer, older);
    }
    let is_block = |value: &Pending| matches!(value.kind, PendingKind::Object(_));
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
        (PendingKind::Addition(.., more), PendingKind::List(items)) => {
            extended(newer.place, items, older_extent, more)
        }
        (PendingKind::Addition(.., more), PendingKind::Addition(id, so_far, mut items)) => {
            items.extend(more);
            Pending::new(newer.place, PendingKind::Addition(id, so_far, items))
        }
        (PendingKind::Object(newer_block), PendingKind::Object(older_block)) => {
            merged_blocks(newer.place, newer_block, older_block, older_extent)
        }
        (PendingKind::Object(block), _) => {
            let kind = PendingKind::Object(Block { cut: true, ..block });
            Pending::with(newer.place, kind, newer.extent)
        }
        // No other kinds are possible here.
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
    Pending::with(place, PendingKind::Object(merged), extent)
}

/// Appends items to a list.
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
    Pending::with(place, PendingKind::List(items), extent)
}

/// Joins two adjacent values. Values to which only `left` refers are moved, not copied.
pub(super) fn join(left: Rc<Pending>, right: Rc<Pending>) -> Result<Rc<Pending>, UnjoinableError> {
    match (&left.kind, &right.kind) {
        (PendingKind::Object(_), PendingKind::Object(_)) => return Ok(merge(right, left)),
        (
            PendingKind::Object(_) | PendingKind::List(_),
            PendingKind::Scalar(Scalar::Unquoted(_)),
        ) => return Ok(left),
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
        (PendingKind::Object(block), PendingKind::List(items)) => {
            let mut all = numbered(&block).ok_or(UnjoinableError)?;
            all.extend_from_slice(items);
            Ok(Pending::new(place, PendingKind::List(all)))
        }
        (PendingKind::List(items), PendingKind::Object(block)) => {
            let more = numbered(block).ok_or(UnjoinableError)?;
            Ok(extended(place, items, extent, more))
        }
        (PendingKind::List(items), PendingKind::List(more)) => {
            Ok(extended(place, items, extent, more.iter().cloned()))
        }
        (PendingKind::Scalar(left), PendingKind::Scalar(right)) => {
            let mut text = left.into_text();
            text.push_str(right.text());
            let joined = Pending::new(place, PendingKind::Scalar(Scalar::String(text)));
            Ok(match secret || is_right_secret {
                true => joined.into_secret(),
                false => joined,
            })
        }
        _ => Err(UnjoinableError),
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

/// Returns the items of a block whose keys are numbers. Next to a list, such a block is a list.
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
    Pending::new(place, PendingKind::Layers(layers))
}
