//! Regular expressions that are refused because they would differ from Java or never end.

use catalog_model::filter::Expression;

use super::{CRITERIA, connection, empty_item, holds};

/// The error of `app ~ /…/`, its position in the pattern, and the hint.
fn refused(pattern: &str) -> (String, usize, String) {
    let expression = format!("app ~ /{pattern}/");
    let error = Expression::parse(&expression, CRITERIA).unwrap_err();
    let message = error.to_string();
    let why = message.split_once("not a valid regular expression: ");
    let why = why.unwrap_or_else(|| panic!("{message}")).1;
    let why = why.rsplit_once(", at").unwrap().0.to_owned();
    (why, error.position.column as usize - 8, error.hint.unwrap())
}

fn matches(pattern: &str, text: &'static str) -> bool {
    holds(
        &format!("app ~ /{pattern}/"),
        &empty_item().with("app", text),
    )
}

#[test]
fn syntax_that_differs_from_java_is_refused_with_a_suggestion() {
    for (pattern, why, at, hint) in [
        (
            r"(?<a>x)\g<a>",
            r"`\g` is unknown here",
            7,
            "the group again",
        ),
        (r"a\Kb", r"`\K` is unknown here", 1, "leave it out"),
        (r"é\h", r"`\h` is unknown here", 1, r"`[\p{Zs}\t]`"),
        (r"[\H]", r"`\H` is unknown here", 1, r"`[^\p{Zs}\t]`"),
        (r"a\v", r"`\v` is unknown here", 1, r"`[\n\x0B"),
        (r"a\Z", r"`\Z` is unknown here", 1, r"`\z`"),
        (r"\<a\>", r"`\<` is unknown here", 0, "write `<`"),
        (r"\Qa.b\E", r"`\Q` is unknown here", 0, r"a `\` before each"),
        (r"\N\O", r"`\N` is unknown here", 0, "write `.`"),
        (r"a\X", r"`\X` is unknown here", 1, "write `.`"),
        (r"\01", r"`\0` is unknown here", 0, r"`\x…`"),
        (r"[\b]", r"`\b` is unknown here", 1, r"outside of `[…]`"),
        (r"\b{start}a", r"`\b` is unknown here", 0, "by itself"),
        (r"(a)\k<-1>", r"`\k` is unknown here", 3, "(?<name>…)"),
        (r"\y", r"`\y` is unknown here", 0, "a letter by itself"),
        ("[[:alpha:]]", "`[:` is unknown here", 1, r"`\p{Alpha}`"),
        ("[a--b]", "`--` is unknown in `[…]`", 2, r"`\-`"),
        ("[a~~b]", "`~~` is unknown in `[…]`", 2, r"`\~`"),
        (
            "(?x)[a b]",
            "a blank or `#` in `[…]` is ignored in Java",
            6,
            r"`\x20`",
        ),
        ("(?U)a*", "the flag `U` is unknown here", 2, "leave it out"),
        (
            "(?i-R:a)",
            "the flag `R` is unknown here",
            4,
            "leave it out",
        ),
        ("(?P<a>b)", "`(?P` is unknown here", 0, "(?<name>…)"),
        ("(?'a'b)", "`(?'` is unknown here", 0, "(?<name>…)"),
        (
            "(a)(?(1)b|c)",
            "`(?(` is unknown here",
            3,
            "without this group",
        ),
        ("(?~a)", "`(?~` is unknown here", 0, "without this group"),
        ("a(?#why)", "`(?#` is unknown here", 1, "begin with `#`"),
        ("(*FAIL)", "`(*` is unknown here", 0, r"`\*`"),
    ] {
        let found = refused(pattern);
        assert_eq!((found.0.as_str(), found.1), (why, at), "{pattern}");
        assert!(found.2.contains(hint), "{pattern}: {}", found.2);
    }
}

#[test]
fn unknown_syntax_is_an_error() {
    for pattern in [r"\p{InGreek}", "(?d)a", r"(?-u)a", r"\p{Klingon}"] {
        refused(pattern);
    }
}

#[test]
fn the_syntax_of_java_is_accepted() {
    for (pattern, text, expected) in [
        (r"a\Rb", "a\r\nb", true),
        (r"\Aab\z", "ab", true),
        (r"\Gab", "ab", true),
        (r"a++b", "aab", true),
        (r"a++ab", "aab", false),
        (r"(?<n>.)\k<n>", "aa", true),
        (r"\p{Lu}\p{L}*\P{L}", "Äb1", true),
        (r"[\p{Zs}\t]", "\u{a0}", true),
        (r"[\<\>.]+", "<.>", true),
        (r"[]a]+", "]a", true),
        (r"[a-z&&[^b]]+", "ac", true),
        (r"[a-z&&[^b]]+", "ab", false),
        (r"\x41\u0042\x{43}", "ABC", true),
        (r"(?x) a b # [a b] \h", "ab", true),
        (r"(?x)(?-x:[ #])|a", " ", true),
        (r"\bab\B.", "abc", true),
        (r"\(\*\)\[:", "(*)[:", true),
        (r"a{2}+", "aa", true),
        (r"(?<n>a)(b)\2", "abb", true),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern}");
    }
}

#[test]
fn a_dot_stops_at_two_line_breaks_and_a_wildcard_at_five() {
    for (text, dot, wildcard) in [
        ("a b", true, true),
        ("a\nb", false, false),
        ("a\rb", false, false),
        ("a\u{85}b", true, false),
        ("a\u{2028}b", true, false),
        ("a\u{2029}b", true, false),
    ] {
        let item = empty_item().with("app", text);
        assert_eq!(matches("a.b", text), dot, "{text:?}");
        assert_eq!(holds("app ~ 'a?b'", &item), wildcard, "{text:?}");
        assert_eq!(holds("app ~ 'a*b'", &item), wildcard, "{text:?}");
    }
}

#[test]
fn a_short_pattern_that_expands_endlessly_is_refused_immediately() {
    for bomb in [
        r"(?<a>x(?:\g<a>|q)(?:\g<a>|q)(?:\g<a>|q)y)",
        r"(?<a>x\g<a>?\g<a>?y)",
        r"(x\g<1>?\g<1>?y)",
        r"(?<a>x(?P>a)?(?P>a)?y)",
        r"(?:(?:(?=a)a?){900}){900}",
        r"(?:(?:(?:(?:a{0,9}){0,9}){0,9}){0,9}){0,9}",
    ] {
        refused(bomb);
        let rules = connection::block(vec![("app", connection::text(&format!("regex:{bomb}")))]);
        let rule = connection::block(vec![
            ("action", connection::text("REJECT")),
            ("rules", rules),
        ]);
        let problems = connection::problems(vec![("filters", connection::list(vec![rule]))]);
        assert_eq!(problems.len(), 1, "{bomb}");
    }
}

#[test]
fn a_pattern_that_the_step_limit_cannot_stop_is_refused() {
    for (pattern, why) in [
        (
            r"(?:(?!(?:(?!.*Z)a)*Z)a)*b",
            "a look-around has a repetition with look-around in it",
        ),
        (
            r"(?:(?=(?:(?=.*[ab]).)*).)*",
            "a look-around has a repetition with look-around in it",
        ),
        (
            r"(?>(?:(?=.*[ab]).)*+)*",
            "a look-around has a repetition with look-around in it",
        ),
        (
            r"(?:(?!(?:a{0,50}){0,50}Z)a)*b",
            "its counted repetitions make more than 1000 pieces",
        ),
    ] {
        assert_eq!(refused(pattern).0, why, "{pattern}");
    }
    assert!(matches(r"(?:(?!draft|test).)*", "Sales"));
    assert!(matches(r"(?!.*(?:draft|test)).{0,250}", "Sales"));
}

#[test]
fn a_pattern_that_steps_back_gives_up_on_a_long_text() {
    let item = |length| {
        let text: &'static str = "a".repeat(length).leak();
        empty_item().with("app", text)
    };
    let evaluate = |pattern: &str, length| {
        let parsed = Expression::parse(&format!("app ~ /{pattern}/"), CRITERIA).unwrap();
        parsed.evaluate(&item(length))
    };
    assert_eq!(evaluate("(?!b).*", 1_024), Ok(Some(true)));
    assert_eq!(
        evaluate("(?!b).*", 1_025).unwrap_err(),
        "the pattern `/(?!b).*/` at column 7 met a text of more than 1,024 bytes"
    );
    assert_eq!(evaluate("a.*", 100_000), Ok(Some(true)));
    for pattern in [r"(?:(?:(?!.*Z)a|(?!.*Z)a))*b", r"(?=a)(a|a|aa)+\1c"] {
        assert!(
            evaluate(pattern, 1_000)
                .unwrap_err()
                .ends_with("too many steps"),
            "{pattern}"
        );
    }
    // Two steps back for each character are allowed.
    assert_eq!(evaluate(r"(?:(?!draft)(?!test).)*", 1_000), Ok(Some(true)));
}

/// A pattern that gives up on [`ENDLESS`] and on no short text.
const BACK: &str = r"(?=a)(a|a|aa)+\1c";
const ENDLESS: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab";

#[test]
fn a_pattern_that_gives_up_does_not_affect_other_decisions() {
    let item = empty_item()
        .with("app", ENDLESS)
        .with("stream", "Sales")
        .list("tag", &[ENDLESS, "xyz", ENDLESS]);
    let rich = [
        (format!("app ~ /{BACK}/"), None),
        (format!("not app ~ /{BACK}/"), None),
        (format!("app ~ /{BACK}/ or stream = 'Sales'"), Some(true)),
        (format!("stream = 'Sales' and app ~ /{BACK}/"), None),
        (format!("app ~ /{BACK}/ and stream = 'HR'"), Some(false)),
        (format!("any t in tag match t ~ /{BACK}|xyz/"), Some(true)),
        (format!("any t in tag match t ~ /{BACK}/"), None),
        (format!("all t in tag match t ~ /{BACK}|xyz/"), None),
        (format!("all t in tag match t ~ /(?!x){BACK}/"), Some(false)),
    ];
    for (filter, expected) in rich {
        let parsed = Expression::parse(&filter, CRITERIA).unwrap();
        let holds = parsed.evaluate(&item);
        assert_eq!(holds.clone().ok().flatten(), expected, "{filter}");
        assert_eq!(holds.is_err(), expected.is_none(), "{filter}");
    }
}

#[test]
fn thousands_of_tags_take_no_longer_than_a_few_texts_may() {
    let tags: Vec<&'static str> = (0..5_000)
        .map(|number| &*format!("{number}{}", "a".repeat(1_000)).leak())
        .collect();
    let item = empty_item().list("tag", &tags);
    let filter = "any t in tag match t ~ /(?:(?!draft)(?!test).)*x/";
    let parsed = Expression::parse(filter, CRITERIA).unwrap();
    let error = parsed.evaluate(&item).unwrap_err();
    assert!(
        error.ends_with("met more than 64 KiB of text in one item"),
        "{error}"
    );
    // Short texts are fine, and so are patterns that never step back.
    let item = empty_item().list("tag", &["draft 1"; 3_000]);
    let parsed = Expression::parse("any t in tag match t ~ /(?!x)test/", CRITERIA).unwrap();
    assert_eq!(parsed.evaluate(&item), Ok(Some(false)));
    let item = empty_item().list("tag", &tags);
    let parsed = Expression::parse("any t in tag match t ~ /.*x/", CRITERIA).unwrap();
    assert_eq!(parsed.evaluate(&item), Ok(Some(false)));
}
