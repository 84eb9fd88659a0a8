//! The expressions on the page about filters are valid.

use std::fs;

use catalog_model::filter::{Criterion, CriterionKind, Expression};

/// The criteria that the examples on the page use.
const ASKED: &[Criterion] = &[
    super::text("stream"),
    super::text("app"),
    super::text("owner"),
    super::text("owner_directory"),
    super::text("published"),
    super::text("approved"),
    super::text("modified"),
    list("tag", CriterionKind::List),
    list("app_tag", CriterionKind::List),
    list("custom_property", CriterionKind::NamedLists),
];

const fn list(name: &'static str, kind: CriterionKind) -> Criterion {
    Criterion {
        name,
        kind,
        meaning: "",
    }
}

#[test]
fn every_expression_of_the_page_is_valid() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/filters.md");
    let page = fs::read_to_string(page).unwrap();
    let blocks: Vec<_> = page.split("```filter\n").skip(1).collect();
    assert!(blocks.len() > 3, "the page has examples");
    for block in blocks {
        let expression = block.split("```").next().unwrap_or_default();
        if let Err(error) = Expression::parse(expression, ASKED) {
            panic!("{expression}{error}: {:?}", error.hint);
        }
    }
}

#[test]
fn the_errors_of_the_page_are_those_of_the_program() {
    for (written, message) in [
        ("stream = 'Test' AND never", "unexpected `AND` at column 17"),
        ("straem = 'x'", "unknown criterion `straem` at column 1"),
        (
            "tag = 'x'",
            "`=` compares texts, and `tag` is a list, at column 5",
        ),
    ] {
        let error = Expression::parse(written, ASKED).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}
