use std::{collections::BTreeMap, path::Path};

use super::*;
use crate::{hocon::read, settings_files::Disk};

/// The errors and warnings of a file.
fn find(text: &str) -> (Vec<String>, Vec<String>) {
    let path = Path::new("a.conf");
    let variables = BTreeMap::from([("QUOTED".to_owned(), "'x'".to_owned())]);
    let document = read(path, text.as_bytes(), &variables, &Disk).unwrap();
    let found = SuspiciousTexts::find(
        &document.root,
        &Sources {
            path,
            content: text.as_bytes(),
            files: &Disk,
        },
    );
    let texts = |found: Vec<LocatedProblem>| -> Vec<String> {
        let shown = |one: LocatedProblem| {
            format!("{}:{} {}", one.place.line, one.place.column, one.message)
        };
        found.into_iter().map(shown).collect()
    };
    (texts(found.errors), texts(found.warnings))
}

#[test]
fn unsupported_quotes_are_an_error_in_permanent_names_addresses_and_credentials() {
    for (text, expected) in [
        (
            "code = 'qlik-prod'",
            "1:8 `code` is in single quotes, which become part of the text",
        ),
        ("code = “qlik”", "`code` is in typographic quotes"),
        ("code = „qlik“", "`code` is in typographic quotes"),
        ("code = »qlik«", "`code` is in typographic quotes"),
        ("code = ´qlik´", "`code` is in typographic quotes"),
        (
            "code = qlik’",
            "`code` begins or ends with a typographic quote",
        ),
        (
            "connector_id = 'qlik-sense'",
            "`connector_id` is in single quotes",
        ),
        (
            "connection.link_url = 'a'",
            "`connection.link_url` is in single quotes",
        ),
        (
            "connection.url = 'https'\"://x\"",
            "`connection.url` begins or ends with a single",
        ),
        (
            "connection { auth { value = 'x' } }",
            "`connection.auth.value` is in single quotes",
        ),
        (
            "connection.auth.key = ‘x’",
            "`connection.auth.key` is in typographic quotes",
        ),
        ("code = ${QUOTED}", "`code` is in single quotes"),
        ("code = ${x}\nx = \"'y'\"", "`code` is in single quotes"),
    ] {
        let (errors, _) = find(text);
        assert!(
            errors.iter().any(|error| error.contains(expected)),
            "{text}: {errors:?}"
        );
    }
}

#[test]
fn unsupported_quotes_are_a_warning_elsewhere() {
    for text in [
        "name = 'Qlik'",
        "name = “Qlik”",
        "name = 'tis",
        "proxy.hostname = 'proxy'",
        "name = ${QUOTED}",
        "connection.auth.value = ${QUOTED}",
    ] {
        let (errors, warnings) = find(text);
        assert!(errors.is_empty(), "{text}: {errors:?}");
        assert_eq!(warnings.len(), 1, "{text}: {warnings:?}");
        assert!(warnings[0].contains("HOCON supports double quotes only"));
    }
}

#[test]
fn a_text_in_double_quotes_may_contain_other_quotes() {
    for text in [
        "name = \"'tis\"",
        "name = \"the users'\"",
        "name = \"'Qlik'\"",
        "name = \"„Vertrieb“\"",
        "name = \"\"\"'Qlik'\"\"\"",
        "code = \"'qlik'\"",
        "name = it's",
        "name = \"'\"",
        "filter = \"app = 'x'\"",
        "filters = [{ rules { app = 'x' } }]",
        "n = 1",
    ] {
        assert_eq!(find(text), (Vec::new(), Vec::new()), "{text}");
    }
}

#[test]
fn invisible_characters_are_found_with_their_columns() {
    for (text, expected) in [
        (
            "name = \"a\u{a0}b\"",
            "1:10 `name` has an invisible character: U+00A0 (no-break space)",
        ),
        (
            "name = Qlik\u{200b}x",
            "1:12 `name` has an invisible character: U+200B (zero width space)",
        ),
        (
            "connection.url = \"http://\u{feff}x\"",
            "1:26 `connection.url` has an invisible character: U+FEFF",
        ),
        (
            "con\u{200b}nection.url = x",
            "1:4 the key `con\u{200b}nection` has an invisible",
        ),
        (
            "a {\n  b\u{a0}c = 1\n}",
            "2:4 the key `b\u{a0}c` has an invisible character",
        ),
        (
            "\"a\u{202e}\" { b = 1 }",
            "1:3 the key `a\u{202e}` has an invisible character: U+202E",
        ),
        (
            "name = \"a\\u001b[31m\"",
            "1:10 `name` has an invisible character: U+001B (escape)",
        ),
        (
            "connection.contacts.email_template = \"a\u{200b}\"",
            "has an invisible character",
        ),
    ] {
        let (errors, warnings) = find(text);
        assert!(errors.is_empty(), "{text}: {errors:?}");
        assert_eq!(warnings.len(), 1, "{text}: {warnings:?}");
        assert!(warnings[0].contains(expected), "{text}: {warnings:?}");
    }
    for text in [
        "\u{a0}\u{a0}name =\u{a0}\"x\"\u{a0}\n",
        "name = \"日本　語\"",
        "# a\u{200b}comment\n",
        "filter = \"app = 'a\u{a0}b'\"",
        "hint = \"\"\"a\n\tb\"\"\"",
    ] {
        assert_eq!(find(text), (Vec::new(), Vec::new()), "{text}");
    }
}

#[test]
fn misplaced_variables_and_encrypted_values_are_a_warning() {
    for text in [
        "a = \"${HOST}\"",
        "a = \"http://${HOST}:1\"",
        "a = \"%QLIK_ACCOUNT%\"",
        "a = \"https://ENC[AQ]\"",
        "filter = \"app = '${HOST}'\"",
    ] {
        assert_eq!(find(text).1.len(), 1, "{text}");
    }
    for text in ["", "scanner", "100%", "%", "%%", "a%b%", "$1"] {
        assert_eq!(find(&format!("a = \"{text}\"")).1.len(), 0, "{text}");
    }
}

#[test]
fn only_the_first_suspicious_texts_are_listed() {
    let text: String = (0..1_000).map(|n| format!("a{n} = 'x'\n")).collect();
    let (errors, warnings) = find(&format!("{text}code = 'x'"));
    assert_eq!((errors.len(), warnings.len()), (1, MAX_LISTED));
}
