use std::{collections::BTreeMap, path::Path};

use super::{MemoryFiles, read_text};
use crate::{Colors, Masking, SourceDiagnostic, read, to_json};

/// Reads a text with one error, and compares line and column, message and hint.
fn check(text: &str, at: (u32, u32), message: &str, hint: &str) {
    let diagnostics = diagnostics(text);
    let [only] = diagnostics.as_slice() else {
        panic!("{text}: {diagnostics:#?}");
    };
    let got = (
        (only.place.line, only.place.column),
        only.message.as_str(),
        only.hint.as_deref().unwrap_or_default(),
    );
    assert_eq!(got, (at, message, hint), "{text}");
}

fn diagnostics(text: &str) -> Vec<SourceDiagnostic> {
    match read_text(text) {
        Ok(document) => document.warnings,
        Err(errors) => errors,
    }
}

#[test]
fn a_backslash_is_shown_with_its_correct_spelling() {
    let message = "this backslash does not begin an escape";
    check(
        r#"auth.key = "DOMAIN\user""#,
        (1, 19),
        message,
        r#"write `"DOMAIN\\user"` or `"""DOMAIN\user"""`"#,
    );
    check(
        r#"a { path = "C:\data\x y" }"#,
        (1, 15),
        message,
        r#"write `"C:\\data\\x y"` or `"""C:\data\x y"""`"#,
    );
    check(
        r#"auth.value = "DOMAIN\user""#,
        (1, 21),
        message,
        r#"write every backslash twice, as in `"DOMAIN\\user"`, or put the text in triple quotes, as in `"""DOMAIN\user"""`"#,
    );
}

#[test]
fn escapes_that_were_probably_meant_as_backslashes_give_a_warning() {
    check(
        r#"truststore.path = "C:\temp\new""#,
        (1, 22),
        "`\\t` in quotes is a tab, not a backslash and a letter",
        r#"write `"C:\\temp\\new"` or `"""C:\temp\new"""`"#,
    );
    check(
        r#"auth.value = "D\\x\nick""#,
        (1, 19),
        "`\\n` in quotes is a line break, not a backslash and a letter",
        r#"if you mean a backslash, write `\\`, or put the text between `"""` and `"""`"#,
    );
    check(
        r#"filters = [{ action = REJECT, rules { owner = "ACME\ben*" } }]"#,
        (1, 52),
        "`\\b` in quotes is a backspace, not a backslash and a letter",
        r#"write `"ACME\\ben*"` or `"""ACME\ben*"""`"#,
    );
    assert!(diagnostics(r#"query = "a\tb""#).is_empty());
    assert!(diagnostics("path = \"\"\"C:\\temp\"\"\"").is_empty());
}

#[test]
fn all_settings_without_a_value_are_reported_at_once() {
    let text = "name = \"x\"\nconnection {\n    url =\n    auth.key = # the header\n    auth.value =\n}\ntype =";
    let got: Vec<String> = diagnostics(text).iter().map(ToString::to_string).collect();
    let expected = [
        "site.conf:3:5: `connection.url` has no value",
        "site.conf:4:5: `connection.auth.key` has no value",
        "site.conf:5:5: `connection.auth.value` has no value",
        "site.conf:7:1: `type` has no value",
    ];
    assert_eq!(got, expected);
}

#[test]
fn a_setting_without_a_value_does_not_take_the_next_line_as_its_value() {
    let hint = "fill it in, or remove the line or put a `#` before it";
    for text in [
        "url =",
        "url =\nb = 2",
        "url =\n\n# c\nb.c : 2",
        "url =\nb {\n}",
        "url =\nb += 1",
        "url = , b = 1",
    ] {
        check(text, (1, 1), "`url` has no value", hint);
    }
    assert!(diagnostics("url =\n  \"https://h\"\nb = 2").is_empty());
}

#[test]
fn a_text_that_needs_quotes_is_shown_with_them() {
    let colon = "`:` is not allowed in a text without quotes";
    check(
        "url = https://h/vp",
        (1, 12),
        colon,
        "put the text in double quotes: `\"https://h/vp\"`",
    );
    check(
        "url = https://h:1/vp # c",
        (1, 12),
        colon,
        "put the text in double quotes: `\"https://h:1/vp\"`",
    );
    check(
        "a { url = h:1, b = 2 }",
        (1, 12),
        colon,
        "put the text in double quotes: `\"h:1\"`",
    );
    check(
        "file = C:\\x",
        (1, 9),
        colon,
        "put the text between triple quotes: `\"\"\"C:\\x\"\"\"`",
    );
    check(
        "password = ab:cd",
        (1, 14),
        colon,
        "put the whole text in double quotes",
    );
    check(
        "a = me@host and you",
        (1, 7),
        "`@` is not allowed outside quotes",
        "put the text in double quotes: `\"me@host and you\"`",
    );
    check(
        "a = x b = 2",
        (1, 9),
        "`=` is not allowed in a text without quotes",
        "begin a new line before the next setting, or put the whole text in double quotes",
    );
}

#[test]
fn an_unclosed_bracket_or_quote_is_reported_where_it_opens() {
    check(
        "a {\n  b = 1\n",
        (1, 3),
        "this `{` is never closed",
        "add the `}` that is missing below",
    );
    check(
        "a = [\n  1",
        (1, 5),
        "this `[` is never closed",
        "add the `]` that is missing below",
    );
    check(
        "a = 1\nb = \"x\nc = 2",
        (2, 5),
        "this quote is not closed on its line",
        "close it with a `\"`; put a text of several lines between `\"\"\"` and `\"\"\"`",
    );
    check(
        "a = \"\"\"x\ny",
        (1, 5),
        "this `\"\"\"` is never closed",
        "close it with another `\"\"\"`",
    );
    check(
        "a = ${b",
        (1, 5),
        "this `${` is not closed on its line",
        "close it with a `}`: `${NAME}`",
    );
}

#[test]
fn misplaced_signs_are_reported() {
    check(
        "a = 1\n}\nb = 2",
        (2, 1),
        "this `}` has no matching `{`",
        "remove it, or add the missing `{` above; in a text, `}` needs double quotes",
    );
    check(
        "a = = 1",
        (1, 5),
        "a second `=` in place of the value",
        "remove it, or put the whole text in double quotes if the `=` belongs to it",
    );
    check(
        "a = [1}",
        (1, 7),
        "a `}` before the end of the list",
        "close the list with a `]`",
    );
    check(
        "a = \"x\ty\"",
        (1, 7),
        "a tab is not allowed unescaped in quotes",
        "write it as `\\t`, or use spaces",
    );
    check(
        "a..b = 1",
        (1, 1),
        "this key has an extra dot",
        "remove the dot at its start or end, or put the key in double quotes",
    );
    check(
        "a = [{b += 1}]",
        (1, 9),
        "`+=` is not allowed inside a list",
        "write the whole list after a `=`",
    );
    check(
        "a = [1] x",
        (1, 9),
        "text after a block or list is ignored",
        "remove it, or begin a new line before the next setting",
    );
}

#[test]
fn unresolved_substitutions_are_named() {
    let unknown = "is neither a setting of the file nor an environment variable";
    let hint = "set the variable or correct the name; if it is optional, write `${?NAME}`";
    check(
        "a = 1\nb = ${QLIK_URL}/x",
        (2, 5),
        &format!("`${{QLIK_URL}}` {unknown}"),
        hint,
    );
    check(
        "auth.value = ${QLIK_USER}",
        (1, 14),
        &format!("`${{QLIK_USER}}` {unknown}"),
        hint,
    );
    check(
        "auth.value = \"a\"${B}",
        (1, 17),
        &format!("this substitution {unknown}"),
        hint,
    );
    check(
        "a = {x = 1}\na += é",
        (2, 6),
        "a text cannot be joined with a block or list",
        "check the value to which the `${…}` or `+=` on this line adds",
    );
    check(
        "a = ${b}\nb = ${a}",
        (2, 5),
        "`${a}` refers to itself",
        "use the name of another setting",
    );
}

#[test]
fn bytes_that_are_not_utf_8_are_named_by_offset() {
    let errors = read(
        Path::new("site.conf"),
        b"a = 1\nb = \xe9t\xe9",
        &BTreeMap::new(),
        &MemoryFiles::default(),
    );
    let errors = errors.expect_err("the bytes are not UTF-8");
    assert_eq!(
        errors[0].to_string(),
        "site.conf:2:5: the byte 0xe9 at offset 10 is not UTF-8"
    );
}

#[test]
fn a_diagnostic_is_rendered_with_its_line_and_a_caret() {
    let rendered = diagnostics("# é\nconnection.url = https://h/vp")[0].render(Colors::None);
    let expected = "\
error: `:` is not allowed in a text without quotes
 --> site.conf:2:23
  |
2 | connection.url = https://h/vp
  |                       ^
  |
  = help: put the text in double quotes: `\"https://h/vp\"`";
    assert_eq!(rendered, expected);
}

#[test]
fn deep_nesting_is_read_up_to_a_limit() {
    for (open, close) in [("a {", "}"), ("a = [{", "}]")] {
        let nested = |levels: usize| [open.repeat(levels), close.repeat(levels)].concat();
        assert!(read_text(&nested(100)).is_ok());
        let errors = read_text(&nested(10_000)).expect_err("this is too deep");
        assert_eq!(
            errors[0].message,
            "blocks and lists are nested more than 200 deep here"
        );
    }
    assert!(read_text(&format!("{}a = 1", "a.".repeat(10_000))).is_err());
    assert!(read_text(&format!("a = {}", "${".repeat(10_000))).is_err());
}

#[test]
fn long_chains_of_substitutions_do_not_overflow_the_stack() {
    let chain = |links: usize, open: &str, close: &str| {
        let links = (0..links).map(|link| format!("a{link} = {open}${{a{}}}{close}\n", link + 1));
        links.collect::<String>()
    };
    assert!(read_text(&format!("{}a400 = 1", chain(400, "", ""))).is_ok());
    for (open, close) in [("", ""), ("[", "]"), ("{ b = ", " }"), ("x", "")] {
        let errors = read_text(&chain(10_000, open, close)).expect_err("this is too long");
        assert!(
            errors[0]
                .message
                .ends_with("refers to too many others in turn"),
            "{}",
            errors[0]
        );
    }
    let nested = format!("{}a10 = 1", chain(10, &"[".repeat(95), &"]".repeat(95)));
    assert!(
        read_text(&nested).is_ok_and(|document| !to_json(&document.root, Masking::Mask).is_null())
    );
    assert!(read_text(&"a += 1\n".repeat(10_000)).is_ok());
}

#[test]
fn values_that_double_with_every_line_do_not_exhaust_the_memory() {
    for (open, separator, close) in [("", "", ""), ("[", ",", "]"), ("{l=", ",r=", "}")] {
        let doubled = |line| {
            let next = line + 1;
            format!("a{line} = {open}${{a{next}}}{separator}${{a{next}}}{close}\n")
        };
        let lines: String = (0..60).map(doubled).collect();
        let errors = read_text(&format!("{lines}a60 = x")).expect_err("this is too large");
        assert_eq!(
            errors[0].message,
            "the value of this substitution is too large"
        );
    }
}
