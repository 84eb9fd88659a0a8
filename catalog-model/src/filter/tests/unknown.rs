//! Decisions about items with unknown values must be correct for every possible value.

use std::{io, sync::Arc};

use super::*;
use crate::{
    Place, Settings,
    filter::{Decision, Evaluation, ItemFilter},
    settings::{FileSource, Node, Object, Value},
};

/// The item with unknown values for the other criteria.
fn masked(item: &TestItem, known: [bool; 4]) -> TestItem {
    let criteria = CRITERIA.iter().zip(known);
    let unknown = criteria.filter_map(|(criterion, known)| (!known).then_some(criterion.name));
    item.clone().with_unknown(unknown)
}

/// The item with the values of another item for the other criteria.
fn completed(item: &TestItem, known: [bool; 4], other: &TestItem) -> TestItem {
    let values = VALUES.into_iter().zip(known);
    values.fold(item.clone(), |whole, (name, known)| match known {
        true => whole,
        false => whole.list(name, other.values(name)),
    })
}

/// Whether a node holds for an item without unknown values.
fn plainly(node: &Formula, item: &TestItem) -> bool {
    match node {
        Formula::Not(inner) => !plainly(inner, item),
        Formula::And(nodes) => nodes.iter().all(|node| plainly(node, item)),
        Formula::Or(nodes) => nodes.iter().any(|node| plainly(node, item)),
        leaf => holds(leaf, item, &Budget::new()) == Truth::Holds,
    }
}

struct NoFiles;

impl FileSource for NoFiles {
    fn read(&self, _: &str) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// A rule: what it does, with which catalog, and its patterns.
type Rule = (bool, Option<bool>, Vec<(usize, String)>);

fn rule() -> impl Strategy<Value = Rule> {
    let term = (
        0..4_usize,
        "[ab]{0,2}[*]?".prop_filter("a pattern", |text| !text.is_empty()),
    );
    let terms = proptest::collection::vec(term, 0..3);
    (any::<bool>(), any::<Option<bool>>(), terms)
}

fn setting(value: Value) -> Node {
    let place = Place::new("a.conf", 1, 1);
    Node::new(value, place)
}

fn block(entries: Vec<(&str, Value)>) -> Object {
    let entry = |(key, value): (&str, Value)| (key.to_owned(), setting(value));
    entries.into_iter().map(entry).collect()
}

fn filter(rules: &[Rule], rich: &Formula) -> ItemFilter {
    let text = |text: &str| Value::String(text.to_owned());
    let rules = rules.iter().map(|(accepts, catalog, terms)| {
        let mut entries = vec![("action", text(if *accepts { "ACCEPT" } else { "REJECT" }))];
        entries.extend(catalog.map(|first| ("catalog", text(if first { "1" } else { "2" }))));
        let mut names: Vec<_> = Vec::new();
        for (criterion, pattern) in terms {
            let name = VALUES[*criterion];
            if names.iter().all(|(known, _)| *known != name) {
                names.push((name, text(pattern)));
            }
        }
        entries.push(("rules", Value::Object(block(names))));
        setting(Value::Object(block(entries)))
    });
    let root = vec![
        ("filters", Value::List(rules.collect())),
        ("filter", text(&rich.to_string())),
    ];
    let mut settings = Settings::new("a.conf", block(root), Arc::new(NoFiles));
    let read = ItemFilter::read(&mut settings, CRITERIA);
    read.unwrap_or_else(|| panic!("{:?}", settings.problems()))
}

/// Formats a decision without the rule that excludes, because this rule is not always known.
fn in_words(evaluation: &Evaluation) -> String {
    match &evaluation.decision {
        Decision::Keep { catalog } => format!("keep {catalog:?}"),
        Decision::Exclude { .. } => "exclude".to_owned(),
        Decision::Undecided { .. } => "undecided".to_owned(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn without_unknown_values_every_result_is_known(node in node(3, 0), item in item()) {
        prop_assert_eq!(holds(&node, &item, &Budget::new()), Truth::from_bool(plainly(&node, &item)));
    }

    #[test]
    fn a_known_result_holds_for_all_unknown_values(
        node in node(3, 0), item in item(), other in item(), known in any::<[bool; 4]>(),
    ) {
        let whole = holds(&node, &completed(&item, known, &other), &Budget::new());
        match holds(&node, &masked(&item, known), &Budget::new()) {
            Truth::Unknown(Cause::NotRead(used)) => prop_assert!(!known[used.id.0], "{}", used),
            Truth::Unknown(Cause::PatternLimit(limit_error)) => prop_assert!(false, "{:?}", limit_error),
            truth => prop_assert_eq!(truth, whole),
        }
    }

    #[test]
    fn a_decision_holds_for_all_unknown_values(
        rules in proptest::collection::vec(rule(), 0..4),
        rich in node(1, 0),
        item in item(), other in item(), known in any::<[bool; 4]>(),
    ) {
        let filter = filter(&rules, &rich);
        let whole = filter.decide(&completed(&item, known, &other));
        prop_assert_ne!(in_words(&whole), "undecided");
        let evaluation = filter.decide(&masked(&item, known));
        if !matches!(evaluation.decision, Decision::Undecided { .. }) {
            prop_assert_eq!(in_words(&evaluation), in_words(&whole));
        }
        let mut counts = filter.counts();
        counts.count(&evaluation);
        prop_assert_eq!(counts.unknown() == 1, in_words(&evaluation) == "undecided");
    }
}
