//! Universal filters: the rules of `filters`.

use super::{
    CRITERIA,
    connection::{block, list, problems, read, settings, text},
    sheet,
};
use catalog_model::{
    filter::{Decision, Evaluation, ItemFilter, RuleId},
    settings::Value,
};

/// Reads one rule that rejects what these keys match, and returns whether it rejects the item.
fn rejects(rules: &[(&str, &str)]) -> bool {
    let keys = rules.iter().map(|(key, pattern)| (*key, text(pattern)));
    let rule = block(vec![
        ("action", text("reject")),
        ("rules", block(keys.collect())),
    ]);
    let filter = read(vec![("filters", list(vec![rule]))]).unwrap();
    let decision = filter.decide(&sheet());
    matches!(decision.decision, Decision::Exclude { .. })
}

#[test]
fn a_pattern_is_exact_or_has_wildcards_or_is_a_regular_expression() {
    for (key, pattern, expected) in [
        ("stream", "Finance", true),
        ("stream", "finance", false),
        ("stream", "Fin", false),
        ("stream", "Fin*", true),
        ("stream", "F?nance", true),
        ("stream", "regex:fin.*", false),
        ("stream", "regex:Fin.*|HR", true),
        ("stream", "regex:(?i)fin.*", true),
        ("stream", "regex:(?!Draft).*", true),
        ("owner", r"ACME\ann", true),
        ("owner", r"ACME\*", true),
        ("published", "*", false),
        ("tag", "gold", true),
        ("tag", "d*", true),
        ("tag", "silver", false),
        ("custom_property.Region", "US", true),
        ("custom_property.Cost center", "47*", true),
        ("custom_property.Colour", "*", false),
        ("custom_property.'Cost center'", "47*", true),
        ("custom_property.'Region'", "US", true),
    ] {
        assert_eq!(rejects(&[(key, pattern)]), expected, "{key} = {pattern}");
    }
}

#[test]
fn all_keys_of_a_rule_must_match() {
    assert!(rejects(&[("stream", "Finance"), ("tag", "gold")]));
    assert!(!rejects(&[("stream", "Finance"), ("tag", "silver")]));
}

#[test]
fn a_rule_without_rules_matches_everything() {
    assert!(rejects(&[]));
    let rule = block(vec![("action", text("REJECT"))]);
    let filter = read(vec![("filters", list(vec![rule]))]).unwrap();
    let decision = filter.decide(&sheet()).decision;
    let Decision::Exclude { rule } = decision else {
        panic!("{decision:?}");
    };
    assert_eq!(rule.id, RuleId(0));
    assert_eq!(filter.rules()[0].text, "REJECT everything");
}

#[test]
fn keys_may_be_blocks_within_each_other() {
    let region = block(vec![("Region", text("US"))]);
    let rules = block(vec![("custom_property", region)]);
    let rule = block(vec![("action", text("REJECT")), ("rules", rules)]);
    let filter = read(vec![("filters", list(vec![rule]))]).unwrap();
    assert!(matches!(
        filter.decide(&sheet()).decision,
        Decision::Exclude { .. }
    ));
    assert_eq!(
        filter.rules()[0].text,
        "REJECT custom_property.Region = \"US\""
    );
}

#[test]
fn a_key_without_a_value_does_not_let_a_rule_match_more() {
    let nothing = || block(vec![("stream", Value::Null)]);
    for (rules, message) in [
        (nothing(), "`stream` of rule 1 of `filters` is null"),
        (
            block(vec![("app", text("x")), ("tag", Value::Null)]),
            "`tag` of rule 1 of `filters` is null",
        ),
        (
            block(vec![("custom_property", block(vec![("A", Value::Null)]))]),
            "`custom_property.A` of rule 1 of `filters` is null",
        ),
        (
            block(vec![("custom_property", block(Vec::new()))]),
            "`custom_property` of rule 1 of `filters` is an empty block",
        ),
        (Value::Null, "`rules` of rule 1 of `filters` is null"),
    ] {
        let rule = block(vec![("action", text("REJECT")), ("rules", rules)]);
        let [problem] = &problems(vec![("filters", list(vec![rule]))])[..] else {
            panic!("there is one problem: {message}");
        };
        assert_eq!(problem.message, message);
        let hint = problem.hint.as_deref().unwrap_or_default();
        assert!(hint.contains("leave it out"), "{hint}");
    }
}

#[test]
fn invalid_rules_are_reported() {
    for (key, value, message) in [
        (
            "id",
            "filter",
            "`id` of rule 1 of `filters` is `filter`, which reports use for the expression `filter`",
        ),
        (
            "action",
            &"x".repeat(100_000),
            "`action` of rule 1 of `filters` must be ACCEPT or REJECT, not `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`",
        ),
    ] {
        let mut rule = vec![(key, text(value))];
        if key != "action" {
            rule.push(("action", text("ACCEPT")));
        }
        let [problem] = &problems(vec![("filters", list(vec![block(rule)]))])[..] else {
            panic!("there is one problem: {message}");
        };
        assert_eq!(problem.message, message);
    }
    let rules = block(vec![("app", text("regex: "))]);
    let rule = block(vec![("action", text("REJECT")), ("rules", rules)]);
    assert_eq!(
        problems(vec![("filters", list(vec![rule]))])[0].message,
        "the pattern of `app` is not a valid regular expression: it is empty"
    );
}

#[test]
fn a_catalog_in_a_rule_that_rejects_causes_a_warning() {
    let rule = |action| block(vec![("action", text(action)), ("catalog", text("Rest"))]);
    for (action, warnings) in [("ACCEPT", 0), ("REJECT", 1)] {
        let mut settings = settings(vec![("filters", list(vec![rule(action)]))]);
        assert!(ItemFilter::read(&mut settings, CRITERIA).is_some());
        assert_eq!(settings.warnings().len(), warnings, "{action}");
    }
}

#[test]
fn the_first_matching_rule_decides_and_otherwise_an_item_is_kept() {
    let rule = |action, stream, catalog| {
        block(vec![
            ("action", text(action)),
            ("catalog", text(catalog)),
            ("rules", block(vec![("stream", text(stream))])),
        ])
    };
    let decide = |rules| {
        let filter = read(vec![("filters", list(rules))]).unwrap();
        filter.decide(&sheet())
    };
    let keep = |matched: Option<usize>, catalog: Option<&str>| Evaluation {
        matched: matched.map(RuleId),
        decision: Decision::Keep {
            catalog: catalog.map(Into::into),
        },
    };
    assert_eq!(
        decide(vec![
            rule("ACCEPT", "Fin*", "Money"),
            rule("REJECT", "*", "")
        ]),
        keep(Some(0), Some("Money"))
    );
    assert_eq!(
        decide(vec![
            rule("REJECT", "HR", ""),
            rule("ACCEPT", "*", ""),
            rule("REJECT", "*", "")
        ]),
        keep(Some(1), None)
    );
    assert_eq!(decide(vec![rule("REJECT", "HR", "")]), keep(None, None));
}

#[test]
fn every_error_in_the_rules_is_reported_with_its_place() {
    let rules = vec![
        block(vec![
            ("id", text("a")),
            ("action", text("REJECT")),
            ("stream", text("x")),
        ]),
        block(vec![("id", text("a")), ("action", text("ACCEPT"))]),
        block(vec![("action", text("RJECT")), ("rule", block(Vec::new()))]),
        block(vec![("rules", text("x"))]),
        block(vec![
            ("action", text("ACCEPT")),
            (
                "rules",
                block(vec![
                    ("straem", text("x")),
                    ("tag", list(vec![text("x")])),
                    ("app", text("regex:a(b")),
                ]),
            ),
        ]),
        block(vec![("action", list(Vec::new())), ("nonsense", text("x"))]),
    ];
    let (problems, hints): (Vec<_>, Vec<_>) = problems(vec![("filters", list(rules))])
        .into_iter()
        .map(|problem| (problem.message, problem.hint.unwrap_or_default()))
        .unzip();
    assert_eq!(
        problems,
        [
            "rule 1 of `filters` has no setting `stream`",
            "two rules of `filters` have the id `a`",
            "`action` of rule 3 of `filters` must be ACCEPT or REJECT, not `RJECT`",
            "rule 3 of `filters` has no setting `rule`",
            "`rules` of rule 4 of `filters` must be a block, not a text",
            "unknown criterion `straem`",
            "`tag` of rule 5 of `filters` must be a text, not a list",
            "the pattern of `app` is not a valid regular expression: opening parenthesis without closing parenthesis",
            "`action` of rule 6 of `filters` must be a text, not a list",
            "rule 6 of `filters` has no setting `nonsense`",
            "rule 4 of `filters` has no `action`",
        ]
    );
    assert_eq!(
        hints[..4],
        [
            "conditions belong in `rules { stream = … }`",
            "the other one is at connections/a.conf:1:17; rename one",
            "did you mean `REJECT`?",
            "did you mean `rules`?",
        ]
    );
    assert_eq!(hints[5], "did you mean `stream`?");
}

#[test]
fn filters_must_be_a_list_of_blocks() {
    for (value, message) in [
        (text("x"), "`filters` must be a list of blocks, not a text"),
        (
            block(Vec::new()),
            "`filters` must be a list of blocks, not a block of settings",
        ),
        (
            list(vec![text("x")]),
            "element 1 of `filters` must be a block `{ … }`, not a text",
        ),
    ] {
        let problems = problems(vec![("filters", value)]);
        assert_eq!(problems[0].message, message);
    }
    assert!(read(vec![("filters", list(Vec::new()))]).is_none());
}
