use std::path::Path;

use proptest::prelude::*;

use super::properties::hocon_like;
use crate::{FormatError, format};

fn check(text: &str, expected: &str) {
    let path = Path::new("a.conf");
    let formatted =
        format(path, text.as_bytes()).unwrap_or_else(|error| panic!("{error:?}: {text}"));
    assert_eq!(formatted, expected, "{text:?}");
    assert_eq!(
        format(path, expected.as_bytes()).unwrap(),
        expected,
        "again"
    );
}

#[test]
fn indentation_follows_brackets() {
    check(
        "connection {\n      url=\"https://q.example/vp\"\n\tauth {\nkey : X-User,value = x }\n}\n",
        "connection {\n  url = \"https://q.example/vp\"\n  auth {\n    key: X-User, value = x }\n}\n",
    );
    check(
        "followers=[ {\nkind=csv\n} , {\nkind = ndjson\n    }\n]",
        "followers = [ {\n  kind = csv\n}, {\n  kind = ndjson\n}\n]\n",
    );
    check("a{b=1}", "a { b = 1 }\n");
    check("a = { } , b=[ ]", "a = {}, b = []\n");
    check("a += 1,b=[1,2 , 3]", "a += 1, b = [1, 2, 3]\n");
}

#[test]
fn comments_and_texts_stay_as_they_are() {
    check(
        "# top\n\n\n\n#  indented  \na=1   # one\nb = Our  production// two\n{c=2}\n"
            .replace("\n{c=2}", "")
            .as_str(),
        "# top\n\n#  indented\na = 1   # one\nb = Our  production // two\n",
    );
    check("x{\n# in\n y=1\n\n\n}", "x {\n  # in\n  y = 1\n}\n");
    check(
        "a=\"\"\"  one\n   two  \n\"\"\"  \nb = ${?a}  x\n",
        "a = \"\"\"  one\n   two  \n\"\"\"\nb = ${?a}  x\n",
    );
}

#[test]
fn line_breaks_of_windows_and_the_byte_order_mark_disappear() {
    check(
        "\u{feff}a = 1\r\n\r\n# c\r\nb=2\r\n",
        "a = 1\n\n# c\nb = 2\n",
    );
    check("", "");
    check("\n\n", "");
}

#[test]
fn an_invalid_file_is_not_formatted() {
    let error = format(Path::new("a.conf"), b"a = {").unwrap_err();
    assert!(matches!(error, FormatError::Invalid(errors) if errors.len() == 1));
}

proptest! {
    /// The comments of any text that can be read survive, and formatting twice changes nothing more.
    #[test]
    fn formatting_keeps_meaning_and_comments(text in hocon_like()) {
        let path = Path::new("a.conf");
        match format(path, text.as_bytes()) {
            Ok(formatted) => {
                prop_assert_eq!(format(path, formatted.as_bytes()).unwrap(), formatted.clone());
                let comments = |text: &str| text.matches(['#', '/']).count();
                prop_assert_eq!(comments(&text), comments(&formatted));
            }
            Err(error) => prop_assert!(matches!(error, FormatError::Invalid(_)), "{}", text),
        }
    }
}
