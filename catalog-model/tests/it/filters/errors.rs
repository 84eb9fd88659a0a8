//! The messages about invalid expressions.

use catalog_model::filter::Expression;

use super::{CRITERIA, empty_item};

/// Checks lines of `expression -- message -- part of the hint`, in which `↵` is a line break.
fn check(cases: &str) {
    for case in cases
        .lines()
        .map(str::trim_start)
        .filter(|case| !case.is_empty())
    {
        let mut parts = case.split(" -- ");
        let mut next = || parts.next().unwrap_or_default();
        let (written, message, hint) = (next().replace('↵', "\n"), next(), next());
        let error = Expression::parse(&written, CRITERIA).unwrap_err();
        assert_eq!(error.to_string(), message, "{written}");
        let found = error.hint.clone().unwrap_or_default();
        assert!(found.contains(hint), "{written}: {found}");
        assert!(error.span.end <= written.len(), "{written}: {error:?}");
    }
}

#[test]
fn text_after_a_complete_expression_is_an_error() {
    check(
        r#"
        app = 'x' AND owner = 'z' -- unexpected `AND` at column 11 -- did you mean `and`?
        app = 'x' Or never -- unexpected `Or` at column 11 -- did you mean `or`?
        app = 'x' & never -- unexpected `&` at column 11 -- did you mean `&&`?
        app = 'x' | never -- unexpected `|` at column 11 -- did you mean `||`?
        app = 'x' adn never -- unexpected `adn` at column 11 -- did you mean `and`?
        app = 'x', never -- unexpected `,` at column 10 -- did you mean `and`?
        app = 'x' app = 'y' -- unexpected `app` at column 11 -- `and` or `or`
        app = 'x') -- unexpected `)` at column 10 -- no parenthesis is open
        (app = 'x' AND never) -- unexpected `AND` at column 12 -- did you mean `and`?
        (app = 'x' -- the expression ends too early, at column 11 -- add `)`
        app = 'it's' -- unexpected `s` at column 11 -- `\'`
        always 'é'  -- unexpected `'é'` at column 8 -- `and` or `or`
        app = 'x' in ('y') -- unexpected `in` at column 11 -- join comparisons by `and` or `or`
        always is null -- unexpected `is` at column 8 -- join comparisons by `and` or `or`
        (app = 'x' not in ('y')) -- unexpected `not` at column 12 -- join comparisons by `and` or `or`
        always always -- unexpected `always` at column 8 -- join comparisons by `and` or `or`
        app = 'é'↵AND never -- unexpected `AND` at line 2, column 1 -- did you mean `and`?
        "#,
    );
}

#[test]
fn a_misspelt_criterion_is_reported_with_a_suggestion() {
    check(
        r#"
        straem = 'x' -- unknown criterion `straem` at column 1 -- did you mean `stream`?
        Stream = 'x' -- unknown criterion `Stream` at column 1 -- did you mean `stream`?
        x = 'x' -- unknown criterion `x` at column 1 -- `stream`, `app`, `owner`, `published`, `stream_id`, `app_id`, `tag`, `custom_property.<name>`
        NOT app = 'x' -- unknown criterion `NOT` at column 1 -- did you mean `not`?
        ANY t in tag match t = 'x' -- unknown criterion `ANY` at column 1 -- did you mean `any`?
        any t in tga match t = 'x' -- unknown criterion `tga` at column 10
        customproperty.A is null -- unknown criterion `customproperty.A` at column 1 -- did you mean `custom_property.A`?
        customproperty.'Cost center' is null -- unknown criterion `customproperty.Cost center` at column 1 -- did you mean `custom_property.'Cost center'`?
        customproperty.'it\'s' is null -- unknown criterion `customproperty.it's` at column 1 -- did you mean `custom_property.'it\'s'`?
        stream.id = 'x' -- unknown criterion `stream.id` at column 1 -- did you mean `stream_id`?
        app.id = 'x' -- unknown criterion `app.id` at column 1 -- did you mean `app_id`?
        app-id = 'x' -- unknown criterion `app-id` at column 1 -- did you mean `app_id`?
        appId = 'x' -- unknown criterion `appId` at column 1 -- did you mean `app_id`?
        custom-property.Region is null -- unknown criterion `custom-property.Region` at column 1 -- did you mean `custom_property.Region`?
        custom_property is null -- `custom_property` needs the name of a list at column 1 -- custom_property.Region
        custom_property. is null -- a name is missing after `custom_property.` at column 16 -- 'Cost center'
        any value in tag match vlaue = 'x' -- unknown criterion `vlaue` at column 24 -- did you mean `value`?
        (any t in tag match t = 'x') and t = 'y' -- unknown criterion `t` at column 34
        "#,
    );
}

#[test]
fn a_text_operator_on_a_list_shows_what_to_write() {
    check(
        r#"
        tag = 'x' -- `=` compares texts, and `tag` is a list, at column 5 -- write `any t in tag match t = 'x'`
        tag in ('x', 'y') -- `in` compares texts, and `tag` is a list, at column 5 -- write `any t in tag match t in ('x', 'y')`
        tag ~ /x/i -- `~` compares texts, and `tag` is a list, at column 5 -- write `any t in tag match t ~ /x/i`
        tag != 'x' -- `!=` compares texts, and `tag` is a list, at column 5 -- write `all t in tag match t != 'x'`
        custom_property.'a b' starts with 'x' -- `starts with` compares texts, and `custom_property.'a b'` is a list, at column 23 -- write `any t in custom_property.'a b' match t starts with 'x'`
        any t in tag match custom_property.A = 'x' -- `=` compares texts, and `custom_property.A` is a list, at column 38 -- write `any u in custom_property.A match u = 'x'`
        any t in stream match t = 'x' -- `stream` is a text, not a list at column 10 -- the lists are `tag`, `custom_property.<name>`
        "#,
    );
}

#[test]
fn signs_and_words_of_other_languages_get_a_suggestion() {
    check(
        r#"
        app == 'x' -- unexpected `==` at column 5 -- did you mean `=`?
        app <> 'x' -- unexpected `<>` at column 5 -- did you mean `!=`?
        app =~ 'x' -- unexpected `=~` at column 5 -- did you mean `~`?
        app !~ 'x' -- unexpected `!~` at column 5 -- did you mean `not … ~`?
        app > 'x' -- unexpected `>` at column 5 -- starts with '2024'
        app = "it's" -- unexpected `"` at column 7 -- `'it\'s'`
        app = ‘x’ -- unexpected `‘` at column 7 -- single quotes
        app like 'x' -- unexpected `like` at column 5 -- did you mean `~`?
        app IN ('x') -- unexpected `IN` at column 5 -- did you mean `in`?
        app startswith 'x' -- unexpected `startswith` at column 5 -- did you mean `starts with`?
        app containts 'x' -- unexpected `containts` at column 5 -- did you mean `contains`?
        app not contains 'x' -- unexpected `contains` at column 9 -- `not app contains …`
        published = true -- unexpected `true` at column 13 -- `'true'`
        app = null -- unexpected `null` at column 7 -- `is null`
        app = /x/ -- unexpected `/x/` at column 7 -- only allowed after `~`
        app = 'x'; never -- unexpected `;` at column 10
        app // comment -- an empty regular expression at column 5 -- begins with `#`
        app ~ / ↵ / -- an empty regular expression at line 1, column 7 -- `= ''`
        "#,
    );
}

#[test]
fn missing_parts_are_reported() {
    check(
        r#"
        app -- the expression ends too early, at column 4 -- `app = 'x'`
        app = -- the expression ends too early, at column 6 -- `'x'`
        app in () -- unexpected `)` at column 9 -- at least one text
        app in 'x' -- unexpected `'x'` at column 8 -- in parentheses
        app in ('x',) -- unexpected `)` at column 13 -- expected here
        app in ('x' 'y') -- unexpected `'y'` at column 13 -- separate texts
        app is 'x' -- unexpected `'x'` at column 8 -- `null` is expected here
        app starts 'x' -- unexpected `'x'` at column 12 -- `with` is expected here
        and app = 'x' -- unexpected `and` at column 1 -- a criterion is expected here
        app = 'x' and -- the expression ends too early, at column 14 -- a criterion is expected
        () -- unexpected `)` at column 2 -- a criterion is expected
        any in tag match always -- unexpected `in` at column 5 -- any t in tag match
        any t of tag match always -- unexpected `of` at column 7 -- `in` is expected here
        any t in tag always -- unexpected `always` at column 14 -- `match` is expected here
        any t in tag match any t in tag match always -- `t` is the name of another list's values already at column 24 -- another name
        app = 'x -- a text is not closed; it starts at column 7 -- `\'`
        app ~ /x -- a regular expression is not closed; it starts at column 7 -- `\/`
        app = 'a\nb' -- `\n` is not an escape at column 9 -- `\\`
        app ~ '\d' -- `\d` is not an escape at column 8 -- `\\`
        custom_property.'\d' is null -- `\d` is not an escape at column 18
        "#,
    );
}

#[test]
fn an_invalid_regular_expression_is_reported_with_its_position() {
    check(
        r#"
        app ~ /a/q -- `q` is not a flag of a regular expression, at column 10 -- `i`
        app ~ /a(b/ -- `/a(b/` is not a valid regular expression: opening parenthesis without closing parenthesis, at column 11
        app ~ /é(?<n/ -- `/é(?<n/` is not a valid regular expression: could not parse group name, at column 10
        "#,
    );
    for regex in [
        "a)|(b",
        "[",
        "*",
        r"a\",
        "(?z)a",
        r"\p{Klingon}",
        "(a{1000}){1000}",
    ] {
        let written = format!("app ~ /{regex} /");
        let error = Expression::parse(&written, CRITERIA).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("is not a valid regular expression"),
            "{error}"
        );
        assert!(
            (7..=written.len()).contains(&error.span.start),
            "{written}: {error:?}"
        );
    }
}

#[test]
fn lists_can_be_nested_three_deep() {
    let nested = |depth: usize| {
        let lists = (0..depth).map(|level| format!("any t{level} in tag match "));
        format!("{}t0 = 'x'", lists.collect::<String>())
    };
    assert!(Expression::parse(&nested(3), CRITERIA).is_ok());
    let error = Expression::parse(&nested(4), CRITERIA).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`any` and `all` are more than 3 deep within each other at column 61"
    );
    assert!(error.hint.unwrap().contains("split"));
    // Lists one after the other are not nested.
    let one = "(any t in tag match t = 'x') and ";
    assert!(Expression::parse(&format!("{}always", one.repeat(9)), CRITERIA).is_ok());
}

#[test]
fn long_words_and_texts_are_shortened_in_messages() {
    let long = "é".repeat(100_000);
    let texts = vec!["'some text'"; 20_000].join(", ");
    for written in [
        format!("{long} = 'x'"),
        format!("stream{long} = 'x'"),
        format!("stream.{long} = 'x'"),
        format!("customproperty.{long} is null"),
        format!("custom_property.{long} = 'x'"),
        format!("custom_property.{long}"),
        format!("custom_property.{long} not like 'x'"),
        format!("custom_property.'{long} x' {long} 'x'"),
        format!("custom_property.{long}. is null"),
        format!("tag in ({texts})"),
        format!("tag = '{long}'"),
        format!("app {long} 'x'"),
        format!("app = {long}"),
        format!("app = 'x' {long}"),
        format!("app = \"{long}\""),
        format!("app = 'x' '{long}'"),
        format!("app ~ /{long}(/"),
        format!("any {long} in tag match {long}x = 'x'"),
        format!("any {long} in tag match any {long} in tag match always"),
        format!("any t in {long} match always"),
        format!("any t in tag {long}"),
    ] {
        let error = Expression::parse(&written, CRITERIA).unwrap_err();
        let shown = format!("{error} {}", error.hint.clone().unwrap_or_default());
        assert!(shown.chars().count() < 500, "{}", shown.len());
    }
}

#[test]
fn depth_is_limited() {
    for (open, close) in [("(", ")"), ("not ", ""), ("any t in tag match (", ")")] {
        let nested = |count| format!("{}always{}", open.repeat(count), close.repeat(count));
        if open.starts_with("any") {
            let error = Expression::parse(&nested(50_000), CRITERIA).unwrap_err();
            assert!(error.to_string().contains("already"), "{error}");
            continue;
        }
        let regex = format!("app ~ /{}a{}/", "(".repeat(50_000), ")".repeat(50_000));
        assert!(Expression::parse(&regex, CRITERIA).is_err());
        assert!(Expression::parse(&nested(60), CRITERIA).is_ok());
        let error = Expression::parse(&nested(50_000), CRITERIA).unwrap_err();
        assert!(
            error.to_string().contains("nested more than 64 deep"),
            "{error}"
        );
    }
}

#[test]
fn an_endless_pattern_is_an_error_that_names_it() {
    let text: &'static str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab";
    let item = empty_item().with("app", text);
    let parsed = Expression::parse("never or app ~ /(?=a)(a|a|aa)+\\1c/", CRITERIA).unwrap();
    assert_eq!(
        parsed.evaluate(&item).unwrap_err(),
        "the pattern `/(?=a)(a|a|aa)+\\1c/` at column 16 took too many steps"
    );
    // Without look-around and back references, a pattern never steps back.
    let parsed = Expression::parse("app ~ /(a|a|aa)+c/", CRITERIA).unwrap();
    assert_eq!(parsed.evaluate(&item), Ok(Some(false)));
}
