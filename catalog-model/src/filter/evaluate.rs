//! Evaluates an expression for an item.

use std::ops::ControlFlow;

use super::{
    criteria::{Subject, UsedCriterion},
    expression::{Condition, Each, Formula, Operand, Quantifier},
    regex::{Budget, LimitError},
};

/// The list values being compared, innermost first.
struct Values<'a> {
    value: &'a str,
    outer: Option<&'a Self>,
}

/// The item being evaluated, and the remaining budget for patterns.
struct Asking<'s, S: ?Sized> {
    subject: &'s S,
    budget: &'s Budget,
}

/// Why a result is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause<'f> {
    /// This value of the item could not be read.
    NotRead(&'f UsedCriterion),
    /// This pattern exceeded a limit on a text of the item.
    PatternLimit(LimitError<'f>),
}

/// A result in Kleene logic: an unknown operand makes only those results unknown that depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth<'f> {
    Holds,
    Fails,
    /// The result depends on an unknown value.
    Unknown(Cause<'f>),
}

impl<'f> Truth<'f> {
    pub(super) fn from_bool(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }

    /// Converts the result of a pattern, which may have exceeded a limit.
    pub(super) fn from_match(matched: Result<bool, LimitError<'f>>) -> Self {
        match matched {
            Ok(holds) => Self::from_bool(holds),
            Err(limit_error) => Self::Unknown(Cause::PatternLimit(limit_error)),
        }
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
    node: &'f Formula,
    subject: &S,
    budget: &Budget,
) -> Truth<'f> {
    holds_with(node, &Asking { subject, budget }, None)
}

fn holds_with<'f, S: Subject + ?Sized>(
    node: &'f Formula,
    asking: &Asking<'_, S>,
    values: Option<&Values<'_>>,
) -> Truth<'f> {
    match node {
        Formula::Always => Truth::Holds,
        Formula::Never => Truth::Fails,
        Formula::Not(inner) => holds_with(inner, asking, values).not(),
        Formula::And(nodes) => joined(nodes, Truth::Fails, asking, values),
        Formula::Or(nodes) => joined(nodes, Truth::Holds, asking, values),
        Formula::Comparison(operand, condition) => compare(operand, condition, asking, values),
        Formula::Each(each) => go_through(each, asking, values),
    }
}

/// Evaluates formulas joined by one operator. The first result that equals `decides` decides, even if others are
/// unknown.
fn joined<'f, S: Subject + ?Sized>(
    nodes: &'f [Formula],
    decides: Truth<'f>,
    asking: &Asking<'_, S>,
    values: Option<&Values<'_>>,
) -> Truth<'f> {
    let mut all = decides.not();
    for node in nodes {
        match holds_with(node, asking, values) {
            truth if truth == decides => return truth,
            unknown @ Truth::Unknown(_) => all = unknown,
            _ => {}
        }
    }
    all
}

fn compare<'f, S: Subject + ?Sized>(
    operand: &'f Operand,
    condition: &'f Condition,
    asking: &Asking<'_, S>,
    values: Option<&Values<'_>>,
) -> Truth<'f> {
    let Asking { subject, budget } = asking;
    match operand {
        Operand::Criterion(used) if !subject.knows(used.id) => Truth::Unknown(Cause::NotRead(used)),
        Operand::Criterion(used) if used.is_list() => {
            let empty = used.is_empty(*subject);
            Truth::from_bool(empty == (*condition == Condition::IsNull))
        }
        Operand::Criterion(used) => condition.holds(subject.text(used.id).as_deref(), budget),
        Operand::Value { outward, .. } => {
            let mut values = values;
            for _ in 0..*outward {
                values = values.and_then(|values| values.outer);
            }
            condition.holds(values.map(|values| values.value), budget)
        }
    }
}

fn go_through<'f, S: Subject + ?Sized>(
    each: &'f Each,
    asking: &Asking<'_, S>,
    outer: Option<&Values<'_>>,
) -> Truth<'f> {
    let Asking { subject, .. } = asking;
    if !subject.knows(each.list.id) {
        return Truth::Unknown(Cause::NotRead(&each.list));
    }
    let decides = Truth::from_bool(each.quantifier == Quantifier::Any);
    let mut found = decides.not();
    subject.each(
        each.list.id,
        each.list.name.as_deref(),
        &mut |value| match holds_with(&each.condition, asking, Some(&Values { value, outer })) {
            truth if truth == decides.not() => ControlFlow::Continue(()),
            // Another value may decide.
            unknown @ Truth::Unknown(_) => {
                found = unknown;
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
    /// Whether a text matches. Only negative conditions hold for a missing text.
    fn holds(&self, text: Option<&str>, budget: &Budget) -> Truth<'_> {
        let Some(text) = text else {
            return Truth::from_bool(self.is_negative() || *self == Self::IsNull);
        };
        Truth::from_bool(match self {
            Self::Equals(other) => *text == **other,
            Self::Differs(other) => *text != **other,
            Self::In(texts) => texts.has(text),
            Self::NotIn(texts) => !texts.has(text),
            Self::StartsWith(beginning) => text.starts_with(&**beginning),
            Self::EndsWith(end) => text.ends_with(&**end),
            Self::Contains(part) => part.is_in(text),
            Self::Glob(glob) => glob.matches(text),
            Self::Regex(regex) => return Truth::from_match(regex.matches(text, budget)),
            Self::IsNull => false,
            Self::IsNotNull => true,
        })
    }
}

/// A comparison that decided about an item, and its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ground {
    pub(super) comparison: String,
    pub(super) verdict: &'static str,
}

/// Returns the comparisons that decided: for a false `and` the first false one, for a true `or` the first true one,
/// otherwise all.
pub(super) fn grounds<S: Subject + ?Sized>(node: &Formula, subject: &S) -> Vec<Ground> {
    let budget = Budget::new();
    let mut found = Vec::new();
    let asking = Asking {
        subject,
        budget: &budget,
    };
    collect_grounds(node, &asking, &mut found);
    found
}

fn collect_grounds<S: Subject + ?Sized>(
    node: &Formula,
    asking: &Asking<'_, S>,
    found: &mut Vec<Ground>,
) {
    let (nodes, decides) = match node {
        Formula::Not(inner) => return collect_grounds(inner, asking, found),
        Formula::And(nodes) => (nodes, Truth::Fails),
        Formula::Or(nodes) => (nodes, Truth::Holds),
        _ => {
            found.push(Ground {
                comparison: node.to_string(),
                verdict: match holds_with(node, asking, None) {
                    Truth::Holds => "is true",
                    Truth::Fails => "is false",
                    Truth::Unknown(_) => "is not known",
                },
            });
            return;
        }
    };
    if let Some(node) = nodes
        .iter()
        .find(|node| holds_with(node, asking, None) == decides)
    {
        return collect_grounds(node, asking, found);
    }
    for node in nodes {
        collect_grounds(node, asking, found);
    }
}
