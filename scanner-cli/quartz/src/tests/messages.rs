//! Refused and ignored parts, and their messages.

use crate::Expression;

fn error(text: &str) -> String {
    let error = text.parse::<Expression>().unwrap_err();
    let hint = error.hint().map(|hint| format!(" ({hint})"));
    format!("{error}{}", hint.unwrap_or_default())
}

/// An expression and the error.
const REFUSED: [(&str, &str); 19] = [
    (
        "0 0 2 ? * 8",
        "day of week: `8` at column 11 is not between 1 and 7 (1 is Sunday)",
    ),
    (
        "0 0 24 * * ?",
        "hour: `24` at column 5 is not between 0 and 23",
    ),
    (
        "  0 0 2,25 * * ?",
        "hour: `25` at column 9 is not between 0 and 23",
    ),
    (
        "0 0 2 ? * MO",
        "day of week: `MO` at column 11 is not a day of week (names are SUN to SAT)",
    ),
    (
        "0 0 2 1 FOO ?",
        "month: `FOO` at column 9 is not a month (names are JAN to DEC)",
    ),
    (
        "x 0 2 * * ?",
        "second: `x` at column 1 is not a value of this field",
    ),
    (
        "0 5x 2 * * ?",
        "minute: `x` at column 4 is not possible here",
    ),
    (
        "0 0 2 ? * FRI#6",
        "day of week: `FRI#6` at column 11 needs a number from 1 to 5 after `#`",
    ),
    (
        "0 0 2 L-31 * ?",
        "day of month: `L-31` at column 7 needs a number from 0 to 30 after `L-`",
    ),
    (
        "0 0 2 * * ? 26",
        "year: `26` at column 13 is not a year of four digits",
    ),
    (
        "0 0 2 * * ? 2028-2026",
        "year: `2028-2026` at column 13 ends before it begins",
    ),
    (
        "0 0 2\u{a0}* * ? *",
        "hour: the character U+00A0 at column 6 is not allowed (write `0 0 2 * * ? *`)",
    ),
    (
        "\u{feff}0 0 2 * * ?",
        "second: the character U+FEFF at column 1 is not allowed (write `0 0 2 * * ?`)",
    ),
    (
        "0 0 2 ? * MON\u{2013}FRI",
        "day of week: the character U+2013 at column 14 is not allowed (write `0 0 2 ? * MON-FRI`)",
    ),
    (
        "0 0 2 * * \u{ff1f}",
        "day of week: the character U+FF1F at column 11 is not allowed (write `0 0 2 * * ?`)",
    ),
    (
        "0 0 2 ü * ?",
        "day of month: `ü` (U+00FC) at column 7 is not allowed (use ASCII characters, and separate the fields by spaces)",
    ),
    (
        "0 0 2 ? * MON,TUE-",
        "day of week: `TUE-` at column 15 needs a name after `-`",
    ),
    (
        "0 0 2 1L * ?",
        "day of month: `1L` at column 7 contains `L`, which is not possible in this field",
    ),
    (
        "@never",
        "`@never` is not a known alias (the aliases are `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`, `@yearly`, `@annually`)",
    ),
];

#[test]
fn a_message_names_the_field_the_characters_and_the_column() {
    for (text, expected) in REFUSED {
        assert_eq!(error(text), expected);
    }
}

#[test]
fn a_text_without_six_or_seven_fields_is_refused_with_the_format() {
    for (text, expected) in [
        ("0 2 * * *", "write `0 0 2 * * ?`"),
        ("*/15 * * * *", "write `0 */15 * * * ?`"),
        ("30 6 * * 1-5", "write `0 30 6 ? * 2-6`"),
        ("30 6 * * 0,6", "write `0 30 6 ? * 1,7`"),
        ("30 6 * * 7", "write `0 30 6 ? * 1`"),
        ("0 2 * * mon-fri", "write `0 0 2 ? * mon-fri`"),
        ("0 2 1 * 1", "write `0 0 2 1 * ?` or `0 0 2 ? * 2`"),
        ("0 2 * * ?", "write `0 0 2 * * ?`"),
        ("0 2 ? * 2-6", "write `0 0 2 ? * 2-6` if they are missing"),
        ("0 25 1 * 1", "`0 0 2 * * ?`"),
        ("", "`0 0 2 * * ?`"),
        ("daily", "`0 0 2 * * ?`"),
        (
            "0 0 2 * * ? 2026 1",
            "8 fields instead of 6 or 7; `1` at column 18 is too many",
        ),
    ] {
        let error = error(text);
        assert!(error.contains("instead of 6 or 7"), "{error}");
        assert!(error.contains(expected), "{text}: {error}");
    }
}

/// Expressions that were accepted before, and which Quartz refuses.
#[test]
fn an_expression_that_was_accepted_before_is_refused_with_its_replacement() {
    for (text, replacement) in [
        ("0 0/90 * * * ?", "write `0 0 * * * ?`"),
        ("0 */75 * * * ?", "write `0 0 * * * ?`"),
        ("0 0 2/24 * * ?", "write `0 0 2 * * ?`"),
        ("0 0 2 * * *", "write `0 0 2 * * ?`"),
        ("0 0 2 * * MON", "write `0 0 2 ? * MON`"),
        ("0 0 2 1 * *", "write `0 0 2 1 * ?`"),
        ("0 0 2 1 * MON", "write `0 0 2 1 * ?` or `0 0 2 ? * MON`"),
        ("0 0 2 ? * ?", "write `0 0 2 * * ?`"),
        ("0 0 2 ? * MON-4", "write `0 0 2 ? * 2-4`"),
        ("0 0 2 1 3-JUN ?", "write `0 0 2 1 3-6 ?`"),
        ("0 0 2 1,L * ?", "write `0 0 2 L * ?` or `0 0 2 1 * ?`"),
        (
            "0 0 2 ? * 6#1,6#3",
            "write `0 0 2 ? * 6#1` or `0 0 2 ? * 6#3`",
        ),
        ("0 0 2 ? * 6L,7L", "write `0 0 2 ? * 6L` or `0 0 2 ? * 7L`"),
        ("0 0 2 ? * 6#L", "write `0 0 2 ? * 6L`"),
        ("0 0 2 ? * +MON", "write `0 0 2 ? * MON`"),
    ] {
        let error = error(text);
        assert!(
            error.ends_with(&format!("({replacement})")),
            "{text}: {error}"
        );
    }
}

/// An expression, the warning, and its hint.
const IGNORED: [(&str, &str, &str); 10] = [
    (
        "0 0 2 ? * MON-FRI/2",
        "day of week: Quartz reads `MON-FRI/2` at column 11 as `MON-FRI`",
        "write `MON-FRI` if that is what you want, or `2-6/2`",
    ),
    (
        "0 0 2 ? * MONDAY-FRIDAY",
        "day of week: Quartz reads `MONDAY-FRIDAY` at column 11 as `MONDAY`",
        "write `MONDAY` if that is what you want, or `MON-FRI`",
    ),
    (
        "0 0 2 1 JAN/3 ?",
        "month: Quartz reads `JAN/3` at column 9 as `JAN`",
        "write `JAN` if that is what you want, or `1/3`",
    ),
    (
        "0 0 2 1-15W * ?",
        "day of month: Quartz reads `1-15W` at column 7 as `1-15`",
        "write `1-15` if that is what you want",
    ),
    (
        "0 0 2 15W,10 * ?",
        "day of month: Quartz reads `15W,10` at column 7 as `10W`",
        "write `10W` if that is what you want",
    ),
    (
        "0 0 2 ? * 4,2#1",
        "day of week: Quartz reads `4,2#1` at column 11 as `2#1`",
        "write `2#1` if that is what you want",
    ),
    (
        "0 5/0 2 * * ?",
        "minute: Quartz reads `5/0` at column 3 as `5`",
        "write `5` if that is what you want",
    ),
    (
        "0 */0 2 * * ?",
        "minute: Quartz reads `*/0` at column 3 as `*`",
        "write `*` if that is what you want",
    ),
    (
        "0 5-20/90 2 * * ?",
        "minute: Quartz reads `5-20/90` at column 3 as `5`",
        "write `5` if that is what you want",
    ),
    (
        "0 1,,2 2 * * ?",
        "minute: Quartz reads `1,,2` at column 3 as `1,2`",
        "write `1,2` if that is what you want",
    ),
];

#[test]
fn parts_that_quartz_ignores_cause_a_warning() {
    for (text, message, hint) in IGNORED {
        let expression: Expression = text.parse().unwrap();
        let [ignored] = expression.ignored() else {
            panic!("{text}: {:?}", expression.ignored());
        };
        assert_eq!((ignored.message(), ignored.hint()), (message, hint));
    }
}

#[test]
fn expressions_without_ignored_parts_cause_no_warning() {
    for text in [
        "0 0 2 * * ?",
        "0 0 2 ? * MONDAY",
        "0 0 2 ? * TUES,thurs",
        "0 0 2 1 SEPT ?",
        "0 0 2 ? * SAT-SUNDAY",
        "0 0 2 L-3W * ?",
        "0 0/15 8-18/2 ? * 2-6 2026/2",
        "0 /5 2 * * ?",
        "0 0 2 ? * FRIL",
        "0 0 2 ? * FRI#5",
        "@weekly",
        "0 0 2 LW JAN-JUN ?",
    ] {
        let expression: Expression = text.parse().unwrap();
        assert_eq!(expression.ignored(), [], "{text}");
    }
}
