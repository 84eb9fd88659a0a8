use super::*;
use crate::id::{AppId, EngineObjectId};
use crate::timestamp::Timestamp;

fn check(filter: &Filter, expected: &str) {
    assert_eq!(filter.to_string(), expected);
}

#[test]
fn each_comparison_has_its_operator() {
    let field = Field::NAME;
    check(&field.equals("a"), "name eq 'a'");
    check(&field.not_equals("a"), "name ne 'a'");
    check(&field.greater_than("a"), "name gt 'a'");
    check(&field.at_least("a"), "name ge 'a'");
    check(&field.less_than("a"), "name lt 'a'");
    check(&field.at_most("a"), "name le 'a'");
    check(&field.starts_with("a"), "name sw 'a'");
    check(&field.ends_with("a"), "name ew 'a'");
    check(&field.contains("a"), "name so 'a'");
}

#[test]
fn a_date_is_compared_as_qrs_writes_it() {
    let expected = "modifiedDate ge '2024-05-06T07:08:09.123Z'";
    let millis = 1_714_979_289_123;
    let field = Field::parse("modifiedDate").unwrap();
    check(
        &field.at_least(&Timestamp::from_unix_millis(millis)),
        expected,
    );
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_millis(millis.unsigned_abs());
    check(&field.at_least(time), expected);
    #[cfg(feature = "with-jiff-0_2")]
    check(
        &field.at_least(jiff::Timestamp::from_millisecond(millis).unwrap()),
        expected,
    );
}

#[test]
fn literals_have_the_syntax_of_qrs() {
    let guid = "aaec8d41-5201-43ab-809f-3063750dfafd";
    check(&Field::PUBLISHED.equals(true), "published eq true");
    check(
        &Field::ID.equals(&AppId::from(guid)),
        &format!("id eq {guid}"),
    );
    check(
        &Field::ID.equals(&AppId::from("x' or 1")),
        "id eq 'x\\' or 1'",
    );
    check(
        &Field::ENGINE_OBJECT_ID.equals(&EngineObjectId::from(guid)),
        &format!("engineObjectId eq '{guid}'"),
    );
    check(&Field::NAME.equals("a'b\\c"), "name eq 'a\\'b\\\\c'");
    check(
        &Field::MODIFIED_DATE.at_least(&Timestamp::At(0)),
        "modifiedDate ge '1970-01-01T00:00:00.000Z'",
    );
    check(
        &Field::PUBLISH_TIME.equals(&Timestamp::Never),
        "publishTime eq '1753-01-01T00:00:00.000Z'",
    );
    check(
        &Field::parse("fileSize").unwrap().greater_than(5),
        "fileSize gt 5",
    );
}

#[test]
fn parentheses_are_written_only_if_needed() {
    let [a, b, c] = ["a", "b", "c"].map(|name| Field::NAME.equals(name));
    let and = a.clone().and(b.clone());
    check(
        &and.clone().and(c.clone()),
        "name eq 'a' and name eq 'b' and name eq 'c'",
    );
    check(
        &and.or(c.clone()),
        "(name eq 'a' and name eq 'b') or name eq 'c'",
    );
    check(
        &c.and(a.or(b)),
        "name eq 'c' and (name eq 'a' or name eq 'b')",
    );
    let raw = Filter::raw("x eq 1 or y eq 2").unwrap();
    check(
        &raw.and(Field::PUBLISHED.equals(false)),
        "(x eq 1 or y eq 2) and published eq false",
    );
}

#[test]
fn the_opposite_of_a_condition_has_the_opposite_operators() {
    let (name, published) = (Field::NAME, Field::PUBLISHED.equals(true));
    for (operator, opposite) in [("eq", "ne"), ("gt", "le"), ("ge", "lt")] {
        let filter = |operator: &str| match operator {
            "eq" => name.equals("a"),
            "gt" => name.greater_than("a"),
            _ => name.at_least("a"),
        };
        let negated = filter(operator).not();
        check(&negated, &format!("name {opposite} 'a'"));
        check(&negated.not(), &format!("name {operator} 'a'"));
    }
    check(&name.contains("a").not(), "not (name so 'a')");
    check(&name.contains("a").not().not(), "name so 'a'");
    let mixed = name.equals("a").or(name.starts_with("b")).and(published);
    check(
        &mixed.not(),
        "(name ne 'a' and not (name sw 'b')) or published ne true",
    );
    let raw = Filter::raw("x eq 1 or y eq 2").unwrap();
    check(&raw.not(), "not (x eq 1 or y eq 2)");
}

#[test]
fn a_name_of_a_custom_property_is_letters_and_digits() {
    assert_eq!(
        Field::custom_property("Größe_2").unwrap().as_str(),
        "@Größe_2"
    );
    for name in ["", "a b", "@a", "a'", "a.b"] {
        assert!(Field::custom_property(name).is_err(), "{name}");
    }
}

#[test]
fn times_are_written_as_qrs_expects_them() {
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_millis(1_500);
    check(
        &Field::MODIFIED_DATE.at_least(time),
        "modifiedDate ge '1970-01-01T00:00:01.500Z'",
    );
}

#[test]
fn an_empty_expression_and_an_invalid_path_are_refused() {
    assert!(Filter::raw(" ").is_err());
    assert_eq!(
        Field::parse("app.stream.name").unwrap(),
        Field::APP_STREAM_NAME
    );
    for path in ["", "a..b", ".a", "a b", "a'", "1a", "a eq 1"] {
        assert!(Field::parse(path).is_err(), "{path}");
    }
}
