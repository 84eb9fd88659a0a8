//! The criteria of filters. A connector declares its criteria once. Expressions refer to them by number.

use std::{borrow::Cow, ops::ControlFlow};

use super::error::excerpt;
use crate::nearest;

/// A criterion: a value of an item that filters can test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Criterion {
    /// The name in expressions: at least two characters, and not a keyword of the language.
    pub name: &'static str,
    /// The kind of its values.
    pub kind: CriterionKind,
    /// Its description in a list of criteria: `the name of the stream`.
    pub meaning: &'static str,
}

/// The kind of a criterion's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CriterionKind {
    /// At most one text.
    Text,
    /// Any number of texts.
    List,
    /// A family of lists, each with a name of its own: `custom_property.Region`.
    NamedLists,
}

/// The index of a criterion in the connector's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CriterionId(pub usize);

/// An item as filters see it.
///
/// A filter may request the same criterion many times. Cache values that are expensive to build.
pub trait Subject {
    /// Whether the item's value for a criterion is known. A value that could not be read is unknown, and is then not
    /// requested from the item.
    fn knows(&self, criterion: CriterionId) -> bool {
        let _ = criterion;
        true
    }

    /// The value of a criterion of the kind `Text`. `None` if the item has no value; an empty text is a value.
    fn text(&self, criterion: CriterionId) -> Option<Cow<'_, str>>;

    /// Calls `visit` with each value of a list until it breaks. `name` is the name of a list of a family.
    fn each(
        &self,
        criterion: CriterionId,
        name: Option<&str>,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    );
}

/// A criterion that a filter uses, with the name of the list if it is a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UsedCriterion {
    pub(super) criterion: Criterion,
    pub(super) id: CriterionId,
    pub(super) name: Option<Box<str>>,
}

/// Why a name is not a criterion.
#[derive(Debug)]
pub(super) struct UnknownCriterionError {
    pub(super) message: String,
    pub(super) hint: String,
}

impl UsedCriterion {
    /// Finds the criterion with the full name `name`, without quotes.
    pub(super) fn find(criteria: &[Criterion], name: &str) -> Result<Self, UnknownCriterionError> {
        let numbered = || criteria.iter().copied().enumerate();
        let plain = numbered()
            .find(|(_, known)| known.kind != CriterionKind::NamedLists && known.name == name);
        let of_family = || {
            numbered().find_map(|(id, known)| {
                let list = name.strip_prefix(known.name)?.strip_prefix('.')?;
                let fits = known.kind == CriterionKind::NamedLists && !list.is_empty();
                fits.then(|| (id, known, Some(list.into())))
            })
        };
        let found = plain
            .map(|(id, known)| (id, known, None))
            .or_else(of_family);
        found
            .map(|(id, criterion, name)| Self {
                criterion,
                id: CriterionId(id),
                name,
            })
            .ok_or_else(|| unknown(criteria, name))
    }

    pub(super) fn is_list(&self) -> bool {
        self.criterion.kind != CriterionKind::Text
    }

    /// Whether its list is empty.
    pub(super) fn is_empty<S: Subject + ?Sized>(&self, subject: &S) -> bool {
        let mut empty = true;
        subject.each(self.id, self.name.as_deref(), &mut |_| {
            empty = false;
            ControlFlow::Break(())
        });
        empty
    }
}

fn unknown(criteria: &[Criterion], name: &str) -> UnknownCriterionError {
    let family = criteria
        .iter()
        .find(|known| known.kind == CriterionKind::NamedLists && known.name == name);
    if family.is_some() {
        return UnknownCriterionError {
            message: format!("`{name}` needs the name of a list"),
            hint: format!(
                "write `{name}.Region`, or `{name}.'Cost center'` for a name with a space"
            ),
        };
    }
    UnknownCriterionError {
        message: format!("unknown criterion `{}`", excerpt(name)),
        hint: match near(criteria, name) {
            Some(near) => format!("did you mean `{}`?", excerpt(&near)),
            None => format!("the criteria are {}", listed(criteria, |_| true)),
        },
    }
}

/// Returns the intended criterion in its correct spelling.
fn near(criteria: &[Criterion], name: &str) -> Option<String> {
    let (stem, rest) = name.split_once('.').unwrap_or((name, ""));
    let family = nearest(stem, families(criteria)).filter(|_| !rest.is_empty());
    if let Some(family) = family {
        let meant = UsedCriterion::find(criteria, &format!("{family}.{rest}"));
        return meant.ok().map(|used| used.to_string());
    }
    nearest(name, criteria.iter().map(|known| known.name)).map(str::to_owned)
}

fn families(criteria: &[Criterion]) -> impl Iterator<Item = &'static str> {
    let families = criteria
        .iter()
        .filter(|known| known.kind == CriterionKind::NamedLists);
    families.map(|known| known.name)
}

/// Formats the names of some criteria for a message.
pub(super) fn listed(criteria: &[Criterion], of: impl Fn(CriterionKind) -> bool) -> String {
    let names: Vec<_> = criteria
        .iter()
        .filter(|known| of(known.kind))
        .map(|known| match known.kind {
            CriterionKind::NamedLists => format!("`{}.<name>`", known.name),
            _ => format!("`{}`", known.name),
        })
        .collect();
    names.join(", ")
}
