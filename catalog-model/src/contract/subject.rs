//! The rules of an item as filters see it.

use std::ops::ControlFlow;

use super::{Violation, expect};
use crate::filter::{Criterion, CriterionId, CriterionKind, Subject};

/// Checks the values of an item for all criteria of a connector, of which `unknown` are the names of those that the item
/// does not know.
///
/// # Errors
/// The first rule that is violated.
pub fn check_subject(
    subject: &dyn Subject,
    criteria: &[Criterion],
    unknown: &[&str],
) -> Result<(), Violation> {
    for (index, criterion) in criteria.iter().enumerate() {
        let (id, name) = (CriterionId(index), criterion.name);
        let is_known = subject.knows(id);
        expect(is_known != unknown.contains(&name), || match is_known {
            true => format!("an item does not know a `{name}` that could not be read"),
            false => format!("an item knows its `{name}`"),
        })?;
        expect(subject.knows(id) == is_known, || {
            format!("an item always or never knows its `{name}`")
        })?;
        // A filter does not request a value that is unknown.
        if is_known {
            check_value(subject, id, criterion)?;
        }
    }
    Ok(())
}

/// A family has a list for each name. A filter may ask for one that the item does not have.
const NAMES: [Option<&str>; 2] = [Some("Department"), Some("no such list")];

fn check_value(
    subject: &dyn Subject,
    id: CriterionId,
    criterion: &Criterion,
) -> Result<(), Violation> {
    let name = criterion.name;
    let names = match criterion.kind {
        CriterionKind::Text => {
            return expect(subject.text(id) == subject.text(id), || {
                format!("`{name}` is the same when it is requested again")
            });
        }
        CriterionKind::List => &[None][..],
        CriterionKind::NamedLists => &NAMES,
    };
    for list in names {
        let all = values(subject, id, *list, usize::MAX);
        expect(values(subject, id, *list, usize::MAX) == all, || {
            format!("`{name}` is the same when it is requested again")
        })?;
        let first = values(subject, id, *list, 1);
        expect(first == all[..all.len().min(1)], || {
            format!("a visit of `{name}` ends when the visitor breaks")
        })?;
    }
    Ok(())
}

/// The values that a visitor sees that breaks after `limit` of them.
fn values(subject: &dyn Subject, id: CriterionId, list: Option<&str>, limit: usize) -> Vec<String> {
    let mut seen = Vec::new();
    subject.each(id, list, &mut |value| {
        seen.push(value.to_owned());
        match seen.len() < limit {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    });
    seen
}
