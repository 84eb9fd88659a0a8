//! Whether an item is as an expression says.

use std::ops::ControlFlow;

use super::{
    criteria::Subject,
    expression::{Condition, Each, Node, Operand, Quantifier},
    regex::GaveUp,
};

/// The values of lists that are looked at, from the inside out.
struct Values<'a> {
    value: &'a str,
    outer: Option<&'a Self>,
}

/// Whether `node` holds for `subject`.
pub(super) fn holds<S: Subject + ?Sized>(node: &Node, subject: &S) -> Result<bool, GaveUp> {
    holds_with(node, subject, None)
}

fn holds_with<S: Subject + ?Sized>(
    node: &Node,
    subject: &S,
    values: Option<&Values<'_>>,
) -> Result<bool, GaveUp> {
    match node {
        Node::Always => Ok(true),
        Node::Never => Ok(false),
        Node::Not(inner) => holds_with(inner, subject, values).map(|holds| !holds),
        Node::And(nodes) => {
            for node in nodes {
                if !holds_with(node, subject, values)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Node::Or(nodes) => {
            for node in nodes {
                if holds_with(node, subject, values)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Node::Comparison(operand, condition) => compare(operand, condition, subject, values),
        Node::Each(each) => go_through(each, subject, values),
    }
}

fn compare<S: Subject + ?Sized>(
    operand: &Operand,
    condition: &Condition,
    subject: &S,
    values: Option<&Values<'_>>,
) -> Result<bool, GaveUp> {
    match operand {
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
    }
}

fn go_through<S: Subject + ?Sized>(
    each: &Each,
    subject: &S,
    outer: Option<&Values<'_>>,
) -> Result<bool, GaveUp> {
    let decides = each.quantifier == Quantifier::Any;
    let mut found = Ok(!decides);
    subject.each(
        each.list.id,
        each.list.name.as_deref(),
        &mut |value| match holds_with(&each.condition, subject, Some(&Values { value, outer })) {
            Ok(holds) if holds != decides => ControlFlow::Continue(()),
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

/// The comparisons that decided, as they are written: of an `and` that does not hold the first that does not, of an `or`
/// that holds the first that does, else all.
pub(super) fn decisive<S: Subject + ?Sized>(
    node: &Node,
    subject: &S,
) -> Result<Vec<String>, GaveUp> {
    let mut found = Vec::new();
    collect_decisive(node, subject, &mut found)?;
    Ok(found)
}

fn collect_decisive<S: Subject + ?Sized>(
    node: &Node,
    subject: &S,
    found: &mut Vec<String>,
) -> Result<(), GaveUp> {
    let (nodes, decides) = match node {
        Node::Not(inner) => return collect_decisive(inner, subject, found),
        Node::And(nodes) => (nodes, false),
        Node::Or(nodes) => (nodes, true),
        _ => {
            found.push(node.to_string());
            return Ok(());
        }
    };
    for node in nodes {
        if holds(node, subject)? == decides {
            return collect_decisive(node, subject, found);
        }
    }
    for node in nodes {
        collect_decisive(node, subject, found)?;
    }
    Ok(())
}
