//! The meaning of expressions.

use catalog_model::filter::{Expression, TestItem};

use super::{CRITERIA, empty_item, holds, sheet};

fn check(item: &TestItem, cases: &[(&str, bool)]) {
    for (expression, expected) in cases {
        assert_eq!(holds(expression, item), *expected, "{expression}");
    }
}

#[test]
fn texts_are_compared_as_a_whole_and_case_sensitively() {
    check(
        &sheet(),
        &[
            ("stream = 'Finance'", true),
            ("stream = 'finance'", false),
            ("stream = 'Fin'", false),
            ("stream != 'Finance'", false),
            ("stream != 'finance'", true),
            ("stream in ('Sales', 'Finance')", true),
            ("stream in ('Sales')", false),
            ("stream not in ('Sales', 'HR')", true),
            ("stream not in ('Finance')", false),
            ("stream starts with 'Fin'", true),
            ("stream starts with 'fin'", false),
            ("stream ends with 'nce'", true),
            ("stream ends with 'Fin'", false),
            ("stream contains 'nan'", true),
            ("stream contains 'NAN'", false),
            ("stream contains ''", true),
        ],
    );
}

#[test]
fn many_texts_are_looked_up_like_few() {
    let many: Vec<_> = (0..50).map(|number| format!("'s{number}'")).collect();
    let list = many.join(", ");
    check(
        &sheet(),
        &[
            (format!("stream in ({list})").as_str(), false),
            (format!("stream in ({list}, 'Finance')").as_str(), true),
            (format!("stream not in ({list})").as_str(), true),
        ],
    );
}

#[test]
fn an_absent_text_is_unlike_every_text() {
    check(
        &empty_item(),
        &[
            ("stream = 'x'", false),
            ("stream = ''", false),
            ("stream != 'x'", true),
            ("stream in ('x')", false),
            ("stream not in ('x')", true),
            ("stream starts with ''", false),
            ("stream ends with ''", false),
            ("stream contains ''", false),
            ("stream ~ '*'", false),
            ("stream ~ /.*/", false),
            ("not stream ~ '*'", true),
            ("stream is null", true),
            ("stream is not null", false),
        ],
    );
}

#[test]
fn an_empty_text_is_not_null() {
    let item = empty_item().with("stream", "");
    check(
        &item,
        &[
            ("stream is null", false),
            ("stream is not null", true),
            ("stream = ''", true),
            ("stream ~ ''", true),
            ("stream ~ '*'", true),
            ("stream ~ '?'", false),
        ],
    );
}

#[test]
fn a_glob_matches_the_whole_value_but_no_line_break() {
    let item = |app| empty_item().with("app", app);
    for (glob, app, expected) in [
        ("Sal*", "Sales", true),
        ("al*", "Sales", false),
        ("*les", "Sales", true),
        ("*al*", "Sales", true),
        ("S*l*s", "Sales", true),
        ("S*x*s", "Sales", false),
        ("S?les", "Sales", true),
        ("S?les", "Sles", false),
        ("?????", "Säles", true),
        ("Sales", "Sales 2", false),
        ("*", "a\nb", false),
        ("a*", "a\nb", false),
        ("*b", "a\nb", false),
        ("*a*", "a\u{2028}b", false),
        ("a?b", "a\nb", false),
        ("a*b*c", "a1b2\nc", false),
        ("*é*", "café", true),
        (r"a\*", "a*", true),
        (r"a\*", "ab", false),
        (r"a\?", "a?", true),
        (r"a\?", "ab", false),
        (r"ACME\\*", r"ACME\ann", true),
        (r"it\'s*", "it's me", true),
        ("a\nb", "a\nb", true),
        ("*a\nb", "xa\nb", true),
    ] {
        let expression = format!("app ~ '{glob}'");
        assert_eq!(
            holds(&expression, &item(app)),
            expected,
            "{expression} of {app:?}"
        );
        let expression = format!("app matches '{glob}'");
        assert_eq!(
            holds(&expression, &item(app)),
            expected,
            "{expression} of {app:?}"
        );
    }
}

#[test]
fn a_regular_expression_matches_the_whole_value() {
    let item = |app| empty_item().with("app", app);
    for (regex, app, expected) in [
        ("/Sales/", "Sales", true),
        ("/Sale/", "Sales", false),
        ("/ales/", "Sales", false),
        ("/Sales|HR/", "HR", true),
        ("/Sales|HR/", "Sales HR", false),
        ("/  Sales  /", "Sales", true),
        ("/sales/", "Sales", false),
        ("/sales/i", "Sales", true),
        ("/ÄRGER/iu", "ärger", true),
        (r"/a\/b/", "a/b", true),
        ("/a b/x", "ab", true),
        ("/a b # why/x", "ab", true),
        ("/(?x)a b # why/", "ab", true),
        ("/a.b/", "a\nb", false),
        ("/a.b/", "a\rb", false),
        ("/a.b/d", "a\rb", true),
        ("/a.b/s", "a\nb", true),
        (r"/a$\nb/", "a\nb", false),
        (r"/a$\nb/m", "a\nb", true),
        ("/(?!Draft).*/", "Sales", true),
        ("/(?!Draft).*/", "Draft 1", false),
        (r"/(.)\1/", "aa", true),
        (r"/(.)\1/", "ab", false),
        (r"/\w+/U", "Größe", true),
        ("/a+?/", "aaa", true),
    ] {
        for operator in ["~", "matches"] {
            let expression = format!("app {operator} {regex}");
            assert_eq!(
                holds(&expression, &item(app)),
                expected,
                "{expression} of {app:?}"
            );
        }
    }
}

#[test]
fn not_binds_tighter_than_and_and_that_tighter_than_or() {
    check(
        &empty_item(),
        &[
            ("not always and never", false),
            ("not (always and never)", true),
            ("! never", true),
            ("!never && always", true),
            ("not not always", true),
            ("always or never and never", true),
            ("(always or never) and never", false),
            ("never and never or always", true),
            ("never || never && always", false),
            ("not never or never", true),
        ],
    );
}

#[test]
fn lists_are_tested_by_any_and_all() {
    check(
        &sheet(),
        &[
            ("any t in tag match t = 'gold'", true),
            ("any t in tag match t = 'silver'", false),
            ("all t in tag match t != 'silver'", true),
            ("all t in tag match t = 'gold'", false),
            (
                "any x in tag match x starts with 'dr' and x ends with 'ft'",
                true,
            ),
            ("any t in tag match t = 'x' or stream = 'Finance'", true),
            ("(any t in tag match t = 'x') or stream = 'Finance'", true),
            ("not any t in tag match t = 'x'", true),
            (
                "any value in custom_property.Region match value in ('US')",
                true,
            ),
            (
                "any t in custom_property.'Cost center' match t = '4711'",
                true,
            ),
            ("any t in custom_property.'Region' match t = 'EU'", true),
            ("any t in custom_property.region match t = 'EU'", false),
            (
                "any t in tag match any u in custom_property.Region match t = 'gold' and u = 'US'",
                true,
            ),
            ("any tag in tag match tag = 'gold'", true),
            ("any t in tag match t is null", false),
            ("all t in tag match t is not null", true),
        ],
    );
}

#[test]
fn an_empty_list_is_null_and_matches_all() {
    check(
        &sheet(),
        &[
            ("tag is null", false),
            ("tag is not null", true),
            ("custom_property.Region is not null", true),
            ("custom_property.Colour is null", true),
            ("any t in custom_property.Colour match always", false),
            ("all t in custom_property.Colour match never", true),
        ],
    );
}

#[test]
fn an_empty_filter_and_a_comment_accept_all() {
    check(
        &empty_item(),
        &[
            ("", true),
            (" \n\t", true),
            ("# nothing yet", true),
            ("# first\nnever # then\n", false),
            ("always#", true),
            ("stream # the name\n != # not\n 'x'", true),
        ],
    );
}

#[test]
fn a_text_has_two_escapes_and_may_contain_a_comment_sign() {
    let item = |app| empty_item().with("app", app);
    assert!(holds(r"app = 'it\'s'", &item("it's")));
    assert!(holds(r"app = 'ACME\\ann'", &item(r"ACME\ann")));
    assert!(holds("app = 'a # b'", &item("a # b")));
    assert!(holds("app = 'a\nb'", &item("a\nb")));
}

#[test]
fn an_expression_is_printed_in_one_form() {
    for (written, printed) in [
        (
            "stream='a'&&app='b'||!never",
            "stream = 'a' and app = 'b' or not never",
        ),
        (
            "(stream = 'a' or app = 'b') and always",
            "(stream = 'a' or app = 'b') and always",
        ),
        ("((stream = 'a'))", "stream = 'a'"),
        ("not (always and never)", "not (always and never)"),
        (
            "(always and never) and always",
            "(always and never) and always",
        ),
        (
            "any t in tag match (t = 'x' or t = 'y')",
            "any t in tag match t = 'x' or t = 'y'",
        ),
        (
            "(any t in tag match t = 'x') or never",
            "(any t in tag match t = 'x') or never",
        ),
        (
            "not any t in tag match t = 'x'",
            "not (any t in tag match t = 'x')",
        ),
        ("app matches 'a**b'", "app ~ 'a*b'"),
        ("app ~ /  a.*/xi", "app ~ /a.*/ix"),
        (
            "custom_property.'Cost center' is null",
            "custom_property.'Cost center' is null",
        ),
        (
            "custom_property.'a'.b is null",
            "custom_property.a.b is null",
        ),
        (r"app in ('it\'s',  'a\\b')", r"app in ('it\'s', 'a\\b')"),
        ("", "always"),
    ] {
        let parsed = Expression::parse(written, CRITERIA).unwrap();
        assert_eq!(parsed.to_string(), printed, "{written}");
    }
}
