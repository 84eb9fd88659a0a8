//! Filters: the meaning of expressions and rules, and the messages about invalid ones.

use std::{borrow::Cow, ops::ControlFlow};

use catalog_model::filter::{Criterion, CriterionId, CriterionKind, Expression, Subject};

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

/// An item: texts by criterion, and lists; those of a family are named like `custom_property.Region`.
#[derive(Clone, Debug, Default)]
struct Item {
    texts: Vec<(&'static str, &'static str)>,
    lists: Vec<(&'static str, Vec<&'static str>)>,
}

impl Item {
    fn with(mut self, criterion: &'static str, text: &'static str) -> Self {
        self.texts.push((criterion, text));
        self
    }

    fn list(mut self, criterion: &'static str, values: &[&'static str]) -> Self {
        self.lists.push((criterion, values.to_vec()));
        self
    }
}

impl Subject for Item {
    fn text(&self, criterion: CriterionId) -> Option<Cow<'_, str>> {
        let name = CRITERIA[criterion.0].name;
        let found = self.texts.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| Cow::Borrowed(*text))
    }

    fn each(
        &self,
        criterion: CriterionId,
        name: Option<&str>,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) {
        let criterion = CRITERIA[criterion.0].name;
        let full = name.map_or(criterion.to_owned(), |name| format!("{criterion}.{name}"));
        let lists = self.lists.iter().filter(|(known, _)| *known == full);
        for value in lists.flat_map(|(_, values)| values) {
            if visit(value).is_break() {
                return;
            }
        }
    }
}

/// A sheet of the stream `Finance`, with tags.
fn sheet() -> Item {
    Item::default()
        .with("stream", "Finance")
        .with("app", "Sales 2024")
        .with("owner", r"ACME\ann")
        .list("tag", &["gold", "draft"])
        .list("custom_property.Region", &["EU", "US"])
        .list("custom_property.Cost center", &["4711"])
}

fn holds(expression: &str, item: &Item) -> bool {
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
