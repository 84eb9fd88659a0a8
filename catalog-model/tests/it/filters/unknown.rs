//! Decisions about items with unknown values.

use std::sync::Arc;

use catalog_model::{
    Place,
    filter::{Decision, Evaluation, Expression, FilterRule, RuleId, TestItem, UnknownCause},
};

use super::{
    CRITERIA,
    connection::{block, list, read, text},
    sheet,
};

/// An item whose tags and custom properties could not be read.
fn unread() -> TestItem {
    sheet().with_unknown(["tag", "custom_property"])
}

#[test]
fn only_results_that_depend_on_an_unknown_list_are_unknown() {
    for (expression, expected) in [
        ("any t in tag match t = 'gold'", None),
        ("all t in tag match t = 'gold'", None),
        ("tag is null", None),
        ("not tag is null", None),
        ("tag is null or stream = 'Finance'", Some(true)),
        ("stream = 'Finance' or tag is null", Some(true)),
        ("tag is null and stream = 'x'", Some(false)),
        ("not (tag is null and stream = 'x')", Some(true)),
        ("tag is null and stream = 'Finance'", None),
        ("tag is null or stream = 'x'", None),
        ("custom_property.Region is null", None),
        ("stream = 'Finance'", Some(true)),
    ] {
        let parsed = Expression::parse(expression, CRITERIA).unwrap();
        assert_eq!(parsed.evaluate(&unread()), Ok(expected), "{expression}");
    }
}

/// An action, a catalog, and criteria with a pattern each.
type Rule<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

/// The decision of rules (each with an action, a catalog and criteria) and of a rich filter.
fn decided(rules: &[Rule<'_>], filter: &str) -> Evaluation {
    let rules = rules.iter().map(|(action, catalog, terms)| {
        let terms = terms.iter().map(|(key, pattern)| (*key, text(pattern)));
        block(vec![
            ("action", text(action)),
            ("catalog", text(catalog)),
            ("rules", block(terms.collect())),
        ])
    });
    let rules = list(rules.collect());
    let filter = read(vec![("filters", rules), ("filter", text(filter))]).unwrap();
    filter.decide(&unread())
}

/// A rule that has nothing but an id.
fn only_id(id: RuleId) -> Arc<FilterRule> {
    Arc::new(FilterRule {
        id,
        name: String::new(),
        place: Place::new("", 1, 1),
        text: String::new(),
    })
}

fn with_only_ids(decision: Decision) -> Decision {
    match decision {
        Decision::Exclude { rule } => Decision::Exclude {
            rule: only_id(rule.id),
        },
        decision => decision,
    }
}

#[test]
fn a_rule_that_may_match_leaves_an_item_undecided_unless_the_result_is_the_same() {
    let exclude = |rule| Decision::Exclude {
        rule: only_id(RuleId(rule)),
    };
    let keep = |catalog: Option<&str>| Decision::Keep {
        catalog: catalog.map(Into::into),
    };
    let unknown = |rule, criterion: &str| Decision::Undecided {
        rule: RuleId(rule),
        cause: UnknownCause::Criterion(criterion.to_owned()),
    };
    let tag: &[(&str, &str)] = &[("tag", "draft")];
    let region: &[(&str, &str)] = &[("custom_property.Region", "EU")];
    let (never, finance): (&[_], &[_]) = (
        &[("tag", "draft"), ("stream", "x")],
        &[("stream", "Finance")],
    );
    for (rules, filter, decision) in [
        (&[("REJECT", "", tag)][..], "", unknown(0, "tag")),
        (&[("REJECT", "", never)], "", keep(None)),
        (
            &[("REJECT", "", finance), ("ACCEPT", "", tag)],
            "",
            exclude(0),
        ),
        (&[("REJECT", "", tag), ("REJECT", "", &[])], "", exclude(1)),
        (&[("ACCEPT", "", tag)], "", keep(None)),
        (&[("ACCEPT", "A", tag)], "", unknown(0, "tag")),
        (
            &[("ACCEPT", "A", tag), ("ACCEPT", "A", finance)],
            "",
            keep(Some("A")),
        ),
        (
            &[
                ("ACCEPT", "", tag),
                ("REJECT", "", region),
                ("ACCEPT", "", &[]),
            ],
            "",
            unknown(0, "tag"),
        ),
        (&[("REJECT", "", region)], "never", exclude(1)),
        (
            &[("REJECT", "", region)],
            "tag is null",
            unknown(0, "custom_property.Region"),
        ),
        (&[("ACCEPT", "", finance)], "tag is null", unknown(1, "tag")),
        (&[("ACCEPT", "A", tag)], "stream = 'x'", exclude(1)),
    ] {
        assert_eq!(
            with_only_ids(decided(rules, filter).decision),
            decision,
            "{rules:?} {filter}"
        );
    }
}
