//! Any text as a filter, asked about any item: no panic, places within the text, and what reads is printed and reads again.

#![no_main]

use catalog_model::filter::{Criterion, CriterionKind, Expression, TestItem};
use libfuzzer_sys::fuzz_target;

const CRITERIA: &[Criterion] = &[
    criterion("stream", CriterionKind::Text),
    criterion("app", CriterionKind::Text),
    criterion("tag", CriterionKind::List),
    criterion("custom_property", CriterionKind::NamedLists),
];

const fn criterion(name: &'static str, kind: CriterionKind) -> Criterion {
    Criterion {
        name,
        kind,
        meaning: "",
    }
}

/// An item of one text: its stream, and the words of its lists.
fn item(text: &str) -> TestItem {
    let words: Vec<_> = text.split_whitespace().collect();
    let item = TestItem::new(CRITERIA).with("stream", text);
    item.list("tag", &words).list("custom_property", &words)
}

fuzz_target!(|input: &str| {
    let (text, input_item) = input.split_once('\0').unwrap_or((input, "Finance"));
    match Expression::parse(text, CRITERIA) {
        Ok(expression) => {
            let printed = expression.to_string();
            let again = Expression::parse(&printed, CRITERIA).expect("what is printed reads");
            assert_eq!(again, expression);
            let item = item(input_item);
            let (first, second) = (expression.evaluate(&item), again.evaluate(&item));
            assert_eq!(first.is_ok(), second.is_ok());
            if let (Ok(first), Ok(second)) = (first, second) {
                assert_eq!(first, second);
            }
        }
        Err(error) => {
            assert!(text.get(error.span.clone()).is_some(), "{error:?}");
            let line = text.split('\n').nth(error.position.line as usize - 1);
            let columns = line.map_or(0, |line| line.chars().count() + 1);
            assert!((1..=columns).contains(&(error.position.column as usize)));
        }
    }
});
