//! Properties of the language, tested on random expressions and items.

use proptest::prelude::*;

use super::{
    Criterion, CriterionId, CriterionKind, Expression, TestItem,
    criteria::UsedCriterion,
    evaluate::{Cause, Truth, holds},
    expression::{Condition, Each, Formula, Operand, Quantifier, Substring, Texts},
    glob::Glob,
    parser::parse,
    regex::{Budget, Flags, Regex},
};

mod unknown;

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

fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[ab]{0,3}", 1 => r"[ab'\\*?#/\n\r é😀]{0,5}"]
}

/// The names of the values of a random item, in the order of the criteria.
const VALUES: [&str; 4] = ["stream", "app", "tag", "custom_property.Region"];

/// An item whose texts and lists consist of few letters, so that comparisons often hold.
fn item() -> impl Strategy<Value = TestItem> {
    let text_or_none = || proptest::collection::vec(text(), 0..=1);
    let list = || proptest::collection::vec(text(), 0..4);
    let values = (text_or_none(), text_or_none(), list(), list());
    values.prop_map(|(stream, app, tags, named)| {
        let values = VALUES.into_iter().zip([stream, app, tags, named]);
        values.fold(TestItem::new(CRITERIA), |item, (name, values)| {
            item.list(name, &values)
        })
    })
}

fn glob() -> impl Strategy<Value = Glob> {
    r"[ab*?\n']{0,6}".prop_map(|text| Glob::plain(&text))
}

fn regex() -> impl Strategy<Value = Regex> {
    let text = prop_oneof![
        "[ab.]{1,3}[*+?]?",
        r"\(\?![ab]\)[ab.]{1,2}\*",
        Just(r"a\/b|\\".to_owned()),
    ];
    (text, "[dixmsuU]{0,3}").prop_map(|(text, flags)| {
        let flags = Flags::read(&flags).unwrap();
        Regex::new(&text, flags, None).unwrap()
    })
}

fn condition() -> impl Strategy<Value = Condition> {
    let boxed = || text().prop_map(String::into_boxed_str);
    let texts = || proptest::collection::vec(boxed(), 1..15).prop_map(Texts::new);
    prop_oneof![
        boxed().prop_map(Condition::Equals),
        boxed().prop_map(Condition::Differs),
        texts().prop_map(Condition::In),
        texts().prop_map(Condition::NotIn),
        boxed().prop_map(Condition::StartsWith),
        boxed().prop_map(Condition::EndsWith),
        text().prop_map(|text| Condition::Contains(Substring::new(&text))),
        glob().prop_map(Condition::Glob),
        regex().prop_map(Condition::Regex),
        null(),
    ]
}

fn null() -> impl Strategy<Value = Condition> {
    prop_oneof![Just(Condition::IsNull), Just(Condition::IsNotNull)]
}

fn list() -> impl Strategy<Value = UsedCriterion> {
    let named = |name: &str| UsedCriterion {
        criterion: CRITERIA[3],
        id: CriterionId(3),
        name: Some(name.into()),
    };
    let tag = UsedCriterion {
        criterion: CRITERIA[2],
        id: CriterionId(2),
        name: None,
    };
    let other = text().prop_filter("a name", |name| !name.is_empty());
    prop_oneof![
        Just(tag),
        Just(named("Region")),
        other.prop_map(move |name| named(&name)),
    ]
}

/// An expression within this number of lists.
fn node(depth: u32, lists: usize) -> BoxedStrategy<Formula> {
    let criterion = (0..2_usize, condition()).prop_map(|(id, condition)| {
        let used = UsedCriterion {
            criterion: CRITERIA[id],
            id: CriterionId(id),
            name: None,
        };
        Formula::Comparison(Operand::Criterion(used), condition)
    });
    let empty = (list(), null())
        .prop_map(|(list, null)| Formula::Comparison(Operand::Criterion(list), null));
    let leaf = prop_oneof![
        1 => Just(Formula::Always),
        1 => Just(Formula::Never),
        6 => criterion,
        1 => empty,
    ]
    .boxed();
    let leaf = if lists == 0 {
        leaf
    } else {
        let value = (0..lists, condition()).prop_map(move |(outward, condition)| {
            let name = value_name(lists - 1 - outward);
            Formula::Comparison(Operand::Value { name, outward }, condition)
        });
        prop_oneof![leaf, value].boxed()
    };
    if depth == 0 {
        return leaf;
    }
    let inner = move || node(depth - 1, lists);
    let quantifier = prop_oneof![Just(Quantifier::Any), Just(Quantifier::All)];
    let each = (quantifier, list(), node(depth - 1, lists + 1)).prop_map(
        move |(quantifier, list, condition)| {
            let value = value_name(lists);
            Formula::Each(Box::new(Each {
                quantifier,
                value,
                list,
                condition,
            }))
        },
    );
    prop_oneof![
        2 => leaf,
        1 => inner().prop_map(|inner| Formula::Not(Box::new(inner))),
        1 => proptest::collection::vec(inner(), 2..4).prop_map(Formula::And),
        1 => proptest::collection::vec(inner(), 2..4).prop_map(Formula::Or),
        1 => each,
    ]
    .boxed()
}

fn value_name(level: usize) -> Box<str> {
    format!("x{level}").into()
}

fn not(node: Formula) -> Formula {
    Formula::Not(Box::new(node))
}

fn truth(node: &Formula, item: &TestItem) -> bool {
    match holds(node, item, &Budget::new()) {
        Truth::Unknown(used) => panic!("{used:?} is known"),
        truth => truth == Truth::Holds,
    }
}

/// Whether `text` matches the pattern, determined by trying every possibility.
fn naive(pattern: &[char], text: &[char]) -> bool {
    let line_break = |c: char| "\n\r\u{85}\u{2028}\u{2029}".contains(c);
    match (pattern.first(), text.first()) {
        (None, None) => true,
        (Some('*'), next) => {
            naive(&pattern[1..], text)
                || next.is_some_and(|next| !line_break(*next) && naive(pattern, &text[1..]))
        }
        (Some('?'), Some(next)) => !line_break(*next) && naive(&pattern[1..], &text[1..]),
        (Some(own), Some(next)) => own == next && naive(&pattern[1..], &text[1..]),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_printed_expression_parses_to_the_same_expression(node in node(3, 0)) {
        let printed = node.to_string();
        let read = parse(&printed, CRITERIA);
        prop_assert_eq!(read.as_ref(), Ok(&node), "{}", printed);
    }

    #[test]
    fn de_morgans_laws_hold(a in node(2, 0), b in node(2, 0), item in item()) {
        let truth = |node: &Formula| truth(node, &item);
        let (a, b) = (&a, &b);
        prop_assert_eq!(
            truth(&not(Formula::And(vec![a.clone(), b.clone()]))),
            truth(&Formula::Or(vec![not(a.clone()), not(b.clone())]))
        );
        prop_assert_eq!(
            truth(&not(Formula::Or(vec![a.clone(), b.clone()]))),
            truth(&Formula::And(vec![not(a.clone()), not(b.clone())]))
        );
        prop_assert_eq!(truth(&not(not(a.clone()))), truth(a));
        prop_assert_ne!(truth(&not(a.clone())), truth(a));
    }

    #[test]
    fn not_any_equals_all_not(list in list(), condition in node(1, 1), item in item()) {
        let each = |quantifier, condition| Formula::Each(Box::new(Each {
            quantifier,
            value: value_name(0),
            list: list.clone(),
            condition,
        }));
        prop_assert_eq!(
            truth(&not(each(Quantifier::Any, condition.clone())), &item),
            truth(&each(Quantifier::All, not(condition)), &item)
        );
    }

    #[test]
    fn a_glob_matches_like_a_naive_one(pattern in r"[ab*?\n]{0,7}", text in r"[ab\n\r]{0,7}") {
        let characters = |text: &str| text.chars().collect::<Vec<_>>();
        let expected = naive(&characters(&pattern), &characters(&text));
        prop_assert_eq!(Glob::plain(&pattern).matches(&text), expected);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in r"\PC{0,40}") {
        check_any(&text);
    }

    #[test]
    fn no_sequence_of_tokens_makes_the_parser_panic(pieces in proptest::collection::vec(piece(), 0..12)) {
        check_any(&pieces.concat());
    }

    #[test]
    fn no_modified_expression_makes_the_parser_panic(
        node in node(2, 0),
        at in any::<prop::sample::Index>(),
        cut in 0..4_usize,
        put in r"[ '()=!~/\\#a.&|]{0,3}|é",
    ) {
        let characters: Vec<char> = node.to_string().chars().collect();
        let at = at.index(characters.len());
        let (before, after) = characters.split_at(at);
        let after = after.iter().skip(cut);
        check_any(&before.iter().copied().chain(put.chars()).chain(after.copied()).collect::<String>());
    }
}

fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        " ",
        "\n",
        "stream",
        "tag",
        "custom_property",
        ".",
        "'",
        "'a'",
        "(",
        ")",
        ",",
        "=",
        "!=",
        "~",
        "/",
        "/a(/i",
        "\\",
        "#",
        "&",
        "&&",
        "||",
        "! ",
        "not ",
        "and ",
        "or ",
        "in ",
        "is ",
        "null",
        "any t ",
        "all ",
        "match ",
        "starts ",
        "with ",
        "contains ",
        "always",
        "é",
        "\u{85}",
        "\"x",
        "<>",
        "t ",
    ])
}

/// Checks for any text that positions are inside it at character boundaries, and that a valid expression can be printed
/// and parsed again.
fn check_any(text: &str) {
    match Expression::parse(text, CRITERIA) {
        Ok(expression) => {
            let printed = expression.to_string();
            let again = Expression::parse(&printed, CRITERIA);
            assert_eq!(again, Ok(expression), "{text:?} is printed as {printed:?}");
        }
        Err(error) => {
            let span = error.span.clone();
            assert!(text.get(span).is_some(), "{text:?}: {error:?}");
            let lines: Vec<_> = text.split('\n').collect();
            let line = lines[error.position.line as usize - 1];
            let columns = line.chars().count() + 1;
            assert!(
                error.position.column as usize <= columns,
                "{text:?}: {error:?}"
            );
            assert!(!error.to_string().is_empty());
        }
    }
}
