//! The filter of a connection: reading it from the settings, and its decisions.

use std::{cell::Cell, io, sync::Arc};

use catalog_model::{
    Place, Settings,
    filter::{Decision, Evaluation, ItemFilter, RuleCount, RuleId, TestItem, UnknownCause},
    settings::{FileSource, Node, SettingProblem, Value},
};

use super::{CRITERIA, empty_item, sheet};

struct Files;

impl FileSource for Files {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        match path {
            "conf/good.txt" => Ok(b"\xEF\xBB\xBF# of all\r\nstream = 'Finance'\r\n".to_vec()),
            "conf/bad.txt" => Ok("# é\n stream = 'é' AND never".as_bytes().to_vec()),
            "conf/latin.txt" => Ok(b"stream = '\xE9'".to_vec()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

thread_local! {
    /// Gives each value its own place, in the order of creation.
    static COLUMN: Cell<u32> = const { Cell::new(0) };
}

pub(super) fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

pub(super) fn list(elements: Vec<Value>) -> Value {
    Value::List(elements.into_iter().map(at).collect())
}

pub(super) fn block(entries: Vec<(&str, Value)>) -> Value {
    let entries = entries.into_iter();
    Value::Object(
        entries
            .map(|(key, value)| (key.to_owned(), at(value)))
            .collect(),
    )
}

fn at(value: Value) -> Node {
    COLUMN.set(COLUMN.get() + 1);
    Node::new(value, Place::new("connections/a.conf", 1, COLUMN.get()))
}

pub(super) fn settings(entries: Vec<(&str, Value)>) -> Settings {
    let Value::Object(root) = block(entries) else {
        unreachable!("a block is one");
    };
    Settings::new("connections/a.conf", root, Arc::new(Files))
}

pub(super) fn read(entries: Vec<(&str, Value)>) -> Option<ItemFilter> {
    let mut settings = settings(entries);
    let filter = ItemFilter::read(&mut settings, CRITERIA);
    assert_eq!(settings.problems(), [], "the filters are valid");
    assert_eq!(settings.unknown(), [], "the filters are known settings");
    filter
}

/// The problems in the order of the settings.
pub(super) fn problems(entries: Vec<(&str, Value)>) -> Vec<SettingProblem> {
    COLUMN.set(0);
    let mut settings = settings(entries);
    assert!(ItemFilter::read(&mut settings, CRITERIA).is_none());
    settings.problems()
}

#[test]
fn without_settings_there_is_no_filter() {
    assert!(read(vec![("filter", text(" ")), ("filters", Value::Null)]).is_none());
}

#[test]
fn an_item_must_pass_both_the_rules_and_the_filter() {
    let rules = list(vec![block(vec![
        ("id", text("no drafts")),
        ("action", text("Reject")),
        ("rules", block(vec![("tag", text("draft"))])),
    ])]);
    let filter = read(vec![
        ("filters", rules),
        ("filter", text("stream='Finance'")),
    ])
    .unwrap();
    let named: Vec<_> = filter
        .rules()
        .iter()
        .map(|rule| (&*rule.name, &*rule.text))
        .collect();
    assert_eq!(
        named,
        [
            ("no drafts", "REJECT tag = \"draft\""),
            ("filter", "stream = 'Finance'"),
        ]
    );
    let mut counts = filter.counts();
    let finance = empty_item().with("stream", "Finance");
    for (item, left_by) in [
        (sheet(), Some(0)),
        (finance.clone(), None),
        (finance, None),
        (empty_item(), Some(1)),
    ] {
        let evaluation = filter.decide(&item);
        counts.count(&evaluation);
        match evaluation.decision {
            Decision::Exclude { rule } => assert_eq!(Some(rule.id), left_by.map(RuleId)),
            Decision::Keep { catalog } => assert_eq!((catalog, left_by), (None, None)),
            Decision::Undecided { .. } => panic!("all is known"),
        }
    }
    let count = |matched, left_out| RuleCount { matched, left_out };
    assert_eq!(counts.get(RuleId(0)), count(1, 1));
    assert_eq!(counts.get(RuleId(1)), count(2, 1));
    counts.clear();
    assert_eq!(counts, filter.counts());
}

#[test]
fn the_deciding_rule_is_reported() {
    let rules = list(vec![block(vec![
        ("action", text("REJECT")),
        ("rules", block(vec![("tag", text("bad"))])),
    ])]);
    let filter = "stream = 'Finance' and (app = 'x' or owner = 'y') and not published = 'true'";
    let filter = read(vec![("filters", rules), ("filter", text(filter))]).unwrap();
    let because = |item: &TestItem| {
        let Decision::Exclude { rule } = filter.decide(item).decision else {
            panic!("{item:?} stays");
        };
        filter.because(item, rule.id)
    };
    assert_eq!(because(&empty_item()), ["`stream = 'Finance'` is false"]);
    assert_eq!(
        because(&sheet()),
        ["`app = 'x'` is false", "`owner = 'y'` is false"]
    );
    let published = empty_item()
        .with("stream", "Finance")
        .with("app", "x")
        .with("published", "true");
    assert_eq!(because(&published), ["`published = 'true'` is true"]);
    let bad = empty_item().list("tag", &["bad"]);
    assert_eq!(because(&bad), ["`REJECT tag = \"bad\"`"]);
}

#[test]
fn an_invalid_expression_is_a_problem_with_its_position() {
    let [problem] = &problems(vec![("filter", text("app = 'é' AND never"))])[..] else {
        panic!("there is one problem");
    };
    assert_eq!(problem.message, "`filter`: unexpected `AND` at column 11");
    assert_eq!(problem.hint.as_deref(), Some("did you mean `and`?"));
    assert_eq!(problem.within, Some(11));
    assert_eq!(problem.place.to_string(), "connections/a.conf:1:1");
}

#[test]
fn a_filter_is_read_from_a_file() {
    let filter = read(vec![("filter", text("file:conf/good.txt"))]).unwrap();
    let evaluation = filter.decide(&sheet());
    let decision = Decision::Keep { catalog: None };
    assert_eq!(
        evaluation,
        Evaluation {
            matched: None,
            decision
        }
    );
    assert_eq!(filter.rules()[0].place.to_string(), "conf/good.txt:1:1");
}

#[test]
fn an_error_in_a_file_has_its_line_and_column() {
    for (path, expected) in [
        (
            "file:conf/bad.txt",
            "conf/bad.txt:2:15: `filter`: unexpected `AND`",
        ),
        (
            "file://conf/latin.txt",
            "connections/a.conf:1:1: the file `conf/latin.txt` of `filter` is not UTF-8 text, at byte 10",
        ),
        (
            "file:///none.txt",
            "connections/a.conf:1:1: the file `/none.txt` of `filter` cannot be read: entity not found",
        ),
    ] {
        let [problem] = &problems(vec![("filter", text(path))])[..] else {
            panic!("there is one problem");
        };
        assert_eq!(problem.to_string(), expected);
        assert_eq!(problem.within, None);
    }
}

#[test]
fn a_pattern_that_gives_up_is_reported_with_its_rule() {
    let pattern = r"(?=a)(a|a|aa)+\1c";
    let item = empty_item().with("app", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
    let rule = block(vec![
        ("action", text("REJECT")),
        (
            "rules",
            block(vec![("app", text(&format!("regex:{pattern}")))]),
        ),
    ]);
    COLUMN.set(0);
    for (filter, message) in [
        (
            read(vec![(
                "filter",
                text(&format!("\nnever or\n app ~ /{pattern}/")),
            )]),
            r"the pattern `/(?=a)(a|a|aa)+\1c/` at line 3, column 8 took too many steps",
        ),
        (
            read(vec![("filters", list(vec![rule]))]),
            r"the pattern `/(?=a)(a|a|aa)+\1c/` took too many steps",
        ),
    ] {
        let filter = filter.unwrap();
        let Decision::Undecided {
            rule,
            cause: UnknownCause::Pattern(gave_up),
        } = filter.decide(&item).decision
        else {
            panic!("decided");
        };
        assert_eq!(gave_up.to_string(), message);
        assert!(filter.called(rule).contains("(connections/a.conf:1:"));
    }
}

#[test]
fn a_rule_whose_pattern_gives_up_leaves_only_its_own_items_undecided() {
    let endless = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab";
    let item = empty_item()
        .with("app", endless)
        .with("stream", "Sales")
        .list("tag", &[endless, "xyz"]);
    let rule = |action: &str, terms: &[(&'static str, &str)]| {
        let terms = terms.iter().map(|(key, pattern)| (*key, text(pattern)));
        block(vec![
            ("action", text(action)),
            ("rules", block(terms.collect())),
        ])
    };
    let back = r"regex:(?=a)(a|a|aa)+\1c";
    let or_xyz = r"regex:(?=a)(a|a|aa)+\1c|xyz";
    for (rules, expected) in [
        (vec![rule("REJECT", &[("app", back)])], "undecided"),
        (vec![rule("ACCEPT", &[("app", back)])], "keep"),
        (
            vec![rule("REJECT", &[("app", back), ("stream", "HR")])],
            "keep",
        ),
        (
            vec![
                rule("REJECT", &[("stream", "Sales")]),
                rule("ACCEPT", &[("app", back)]),
            ],
            "exclude",
        ),
        (
            vec![
                rule("ACCEPT", &[("app", back)]),
                rule("REJECT", &[("stream", "Sales")]),
            ],
            "undecided",
        ),
        (
            vec![
                rule("REJECT", &[("app", back)]),
                rule("REJECT", &[("stream", "Sales")]),
            ],
            "exclude",
        ),
        (vec![rule("REJECT", &[("tag", or_xyz)])], "exclude"),
        (vec![rule("REJECT", &[("tag", back)])], "undecided"),
    ] {
        COLUMN.set(0);
        let filter = read(vec![("filters", list(rules))]).unwrap();
        let decision = match filter.decide(&item).decision {
            Decision::Keep { .. } => "keep",
            Decision::Exclude { .. } => "exclude",
            Decision::Undecided { .. } => "undecided",
        };
        assert_eq!(decision, expected, "{:?}", filter.rules());
    }
}
