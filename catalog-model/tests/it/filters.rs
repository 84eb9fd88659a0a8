//! Filters: the meaning of expressions and rules, and the messages about invalid ones.

use catalog_model::filter::{Criterion, CriterionKind, Expression, TestItem};

mod connection;
mod docs;
mod errors;
mod meaning;
mod patterns;
mod universal;
mod unknown;

const fn text(name: &'static str) -> Criterion {
    Criterion {
        name,
        kind: CriterionKind::Text,
        meaning: "",
    }
}

const CRITERIA: &[Criterion] = &[
    text("stream"),
    text("app"),
    text("owner"),
    text("published"),
    text("stream_id"),
    text("app_id"),
    Criterion {
        name: "tag",
        kind: CriterionKind::List,
        meaning: "",
    },
    Criterion {
        name: "custom_property",
        kind: CriterionKind::NamedLists,
        meaning: "",
    },
];

/// An item without values.
fn empty_item() -> TestItem {
    TestItem::new(CRITERIA)
}

/// A sheet of the stream `Finance`, with tags.
fn sheet() -> TestItem {
    empty_item()
        .with("stream", "Finance")
        .with("app", "Sales 2024")
        .with("owner", r"ACME\ann")
        .list("tag", &["gold", "draft"])
        .list("custom_property.Region", &["EU", "US"])
        .list("custom_property.Cost center", &["4711"])
}

fn holds(expression: &str, item: &TestItem) -> bool {
    let parsed = Expression::parse(expression, CRITERIA);
    let parsed = parsed.unwrap_or_else(|error| panic!("{expression}: {error}"));
    let holds = parsed.evaluate(item).unwrap().expect("all is known");
    let printed = parsed.to_string();
    let again = Expression::parse(&printed, CRITERIA);
    assert_eq!(
        again.as_ref(),
        Ok(&parsed),
        "{expression} is printed as {printed}"
    );
    holds
}
