//! Whether an item is as an expression says.

use std::ops::ControlFlow;

use super::{
    criteria::{Asked, Subject},
    expression::{Condition, Each, Node, Operand, Quantifier},
    regex::GaveUp,
};

/// The values of lists that are looked at, from the inside out.
struct Values<'a> {
    value: &'a str,
    outer: Option<&'a Self>,
}

/// Whether something holds, in the logic of Kleene: an answer that is not known leaves open what rests on it, and only
/// that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth<'f> {
    Holds,
    Fails,
    /// It rests on this, which is not known.
    Unknown(&'f Asked),
}

impl Truth<'_> {
    pub(super) fn of(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }

    fn not(self) -> Self {
        match self {
            Self::Holds => Self::Fails,
            Self::Fails => Self::Holds,
            unknown => unknown,
        }
    }
}

/// Whether `node` holds for `subject`.
pub(super) fn holds<'f, S: Subject + ?Sized>(
    node: &'f Node,
    subject: &S,
) -> Result<Truth<'f>, GaveUp> {
    holds_with(node, subject, None)
}

fn holds_with<'f, S: Subject + ?Sized>(
    node: &'f Node,
    subject: &S,
    values: Option<&Values<'_>>,
) -> Result<Truth<'f>, GaveUp> {
    match node {
        Node::Always => Ok(Truth::Holds),
        Node::Never => Ok(Truth::Fails),
        Node::Not(inner) => holds_with(inner, subject, values).map(Truth::not),
        Node::And(nodes) => joined(nodes, Truth::Fails, subject, values),
        Node::Or(nodes) => joined(nodes, Truth::Holds, subject, values),
        Node::Comparison(operand, condition) => compare(operand, condition, subject, values),
        Node::Each(each) => go_through(each, subject, values),
    }
}

/// Nodes of which the first that is as `decides` says decides, be others unknown.
fn joined<'f, S: Subject + ?Sized>(
    nodes: &'f [Node],
    decides: Truth<'f>,
    subject: &S,
    values: Option<&Values<'_>>,
) -> Result<Truth<'f>, GaveUp> {
    let mut all = decides.not();
    for node in nodes {
        match holds_with(node, subject, values)? {
            truth if truth == decides => return Ok(truth),
            unknown @ Truth::Unknown(_) => all = unknown,
            _ => {}
        }
    }
    Ok(all)
}

fn compare<'f, S: Subject + ?Sized>(
    operand: &'f Operand,
    condition: &Condition,
    subject: &S,
    values: Option<&Values<'_>>,
) -> Result<Truth<'f>, GaveUp> {
    let holds = match operand {
        Operand::Criterion(asked) if !subject.knows(asked.id) => return Ok(Truth::Unknown(asked)),
        Operand::Criterion(asked) if asked.is_list() => {
            let empty = asked.is_empty(subject);
            Ok(empty == (*condition == Condition::IsNull))
        }
        Operand::Criterion(asked) => condition.holds(subject.text(asked.id).as_deref()),
        Operand::Value { outward, .. } => {
            let mut values = values;
            for _ in 0..*outward {
                values = values.and_then(|values| values.outer);
            }
            condition.holds(values.map(|values| values.value))
        }
    };
    holds.map(Truth::of)
}

fn go_through<'f, S: Subject + ?Sized>(
    each: &'f Each,
    subject: &S,
    outer: Option<&Values<'_>>,
) -> Result<Truth<'f>, GaveUp> {
    if !subject.knows(each.list.id) {
        return Ok(Truth::Unknown(&each.list));
    }
    let decides = Truth::of(each.quantifier == Quantifier::Any);
    let mut found = Ok(decides.not());
    subject.each(
        each.list.id,
        each.list.name.as_deref(),
        &mut |value| match holds_with(&each.condition, subject, Some(&Values { value, outer })) {
            Ok(truth) if truth == decides.not() => ControlFlow::Continue(()),
            // Another value may decide.
            Ok(unknown @ Truth::Unknown(_)) => {
                found = Ok(unknown);
                ControlFlow::Continue(())
            }
            decided => {
                found = decided;
                ControlFlow::Break(())
            }
        },
    );
    found
}

impl Condition {
    /// Whether a text is as it says; of no text is true only what says what it is not.
    fn holds(&self, text: Option<&str>) -> Result<bool, GaveUp> {
        let Some(text) = text else {
            return Ok(self.is_negative() || *self == Self::IsNull);
        };
        Ok(match self {
            Self::Equals(other) => *text == **other,
            Self::Differs(other) => *text != **other,
            Self::In(texts) => texts.has(text),
            Self::NotIn(texts) => !texts.has(text),
            Self::StartsWith(beginning) => text.starts_with(&**beginning),
            Self::EndsWith(end) => text.ends_with(&**end),
            Self::Contains(part) => part.is_in(text),
            Self::Glob(glob) => glob.matches(text),
            Self::Regex(regex) => return regex.matches(text),
            Self::IsNull => false,
            Self::IsNotNull => true,
        })
    }
}

/// A comparison that decided about an item, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ground {
    pub(super) comparison: String,
    pub(super) holds: bool,
}

/// The comparisons that decided: of an `and` that does not hold the first that does not, of an `or` that holds the first
/// that does, else all.
pub(super) fn grounds<S: Subject + ?Sized>(
    node: &Node,
    subject: &S,
) -> Result<Vec<Ground>, GaveUp> {
    let mut found = Vec::new();
    collect_grounds(node, subject, &mut found)?;
    Ok(found)
}

fn collect_grounds<S: Subject + ?Sized>(
    node: &Node,
    subject: &S,
    found: &mut Vec<Ground>,
) -> Result<(), GaveUp> {
    let (nodes, decides) = match node {
        Node::Not(inner) => return collect_grounds(inner, subject, found),
        Node::And(nodes) => (nodes, Truth::Fails),
        Node::Or(nodes) => (nodes, Truth::Holds),
        _ => {
            found.push(Ground {
                comparison: node.to_string(),
                holds: holds(node, subject)? == Truth::Holds,
            });
            return Ok(());
        }
    };
    for node in nodes {
        if holds(node, subject)? == decides {
            return collect_grounds(node, subject, found);
        }
    }
    for node in nodes {
        collect_grounds(node, subject, found)?;
    }
    Ok(())
}
