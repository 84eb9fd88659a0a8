use std::{collections::BTreeMap, path::Path};

use super::MemoryFiles;
use crate::{Document, Masking, read, to_json};

/// Reads `connections/site.conf` with the given text, beside the other files.
fn check(text: &str, others: &[(&'static str, &'static str)], expected: &str) {
    let outcome = match read_beside(text, others) {
        Ok(document) => to_json(&document.root, Masking::Reveal).to_string(),
        Err(messages) => with_slashes(&messages.join("; ")),
    };
    assert_eq!(outcome, expected, "{text}");
}

/// A text whose paths are written with slashes, on Windows, too.
fn with_slashes(text: &str) -> String {
    match cfg!(windows) {
        true => text.replace('\\', "/"),
        false => text.to_owned(),
    }
}

fn read_beside(
    text: &str,
    others: &[(&'static str, &'static str)],
) -> Result<Document, Vec<String>> {
    let files = MemoryFiles(others.iter().copied().collect());
    let variables = BTreeMap::from([("NAME".to_owned(), "ann".to_owned())]);
    let read = read(
        Path::new("connections/site.conf"),
        text.as_bytes(),
        &variables,
        &files,
    );
    read.map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

#[test]
fn a_file_is_searched_beside_the_including_file() {
    check(
        "include \"tls\"\nb = 2",
        &[("connections/tls.conf", "a = 1")],
        r#"{"a":1,"b":2}"#,
    );
    check(
        "include \"tls.json\"",
        &[("connections/tls.json", "{\"a\": 1}")],
        r#"{"a":1}"#,
    );
    check(
        "include \"../tls.conf\"",
        &[("connections/../tls.conf", "a = 1")],
        r#"{"a":1}"#,
    );
}

#[test]
fn a_name_without_extension_means_both_formats_and_conf_overrides_json() {
    let files = [
        ("connections/x.conf", "a = conf"),
        ("connections/x.json", "{\"a\":\"json\",\"b\":1}"),
    ];
    check("include \"x\"", &files, r#"{"a":"conf","b":1}"#);
}

#[test]
fn file_means_the_working_directory() {
    check(
        "include file(\"tls.conf\")",
        &[("tls.conf", "a = 1")],
        r#"{"a":1}"#,
    );
    check(
        "include required( file(\"tls.conf\") )",
        &[("tls.conf", "a = 1")],
        r#"{"a":1}"#,
    );
}

#[test]
fn later_settings_override_earlier_ones() {
    let files = [("connections/x.conf", "a = 1\nb { c = 1 }")];
    check(
        "include \"x\"\na = 2\nb.d = 2",
        &files,
        r#"{"a":2,"b":{"c":1,"d":2}}"#,
    );
    check(
        "a = 2\nb.d = 2\ninclude \"x\"",
        &files,
        r#"{"a":1,"b":{"c":1,"d":2}}"#,
    );
}

#[test]
fn substitutions_in_an_included_file_search_its_block_first() {
    let files = [(
        "connections/x.conf",
        "a = 1\nb = ${a}\nc = ${?root}\nd = ${NAME}",
    )];
    let expected = r#"{"a":7,"root":9,"x":{"a":1,"b":1,"c":9,"d":"ann"}}"#;
    check("a = 7\nroot = 9\nx { include \"x\" }", &files, expected);
    check(
        "x { include \"x\", a = 5 }",
        &files,
        r#"{"x":{"a":5,"b":5,"d":"ann"}}"#,
    );
}

#[test]
fn a_missing_file_is_ignored_with_a_warning() {
    let document =
        read_beside("include \"tls.conf\"\na = 1", &[]).expect("a missing file is not an error");
    assert_eq!(
        to_json(&document.root, Masking::Reveal).to_string(),
        r#"{"a":1}"#
    );
    let warnings = document.warnings.iter();
    let warnings: Vec<_> = warnings
        .map(|warning| with_slashes(&warning.to_string()))
        .collect();
    let expected = "connections/site.conf:1:9: there is no file `connections/tls.conf`, so this `include` is ignored";
    assert_eq!(warnings, [expected]);
}

#[test]
fn a_missing_file_that_is_required_is_an_error() {
    check(
        "include required(\"tls.conf\")",
        &[],
        "connections/site.conf:1:18: there is no file `connections/tls.conf`",
    );
}

#[test]
fn a_circular_include_is_an_error_at_the_last_include() {
    check(
        "include \"a.conf\"",
        &[
            ("connections/a.conf", "x = 1\ninclude \"site.conf\""),
            ("connections/site.conf", ""),
        ],
        "connections/a.conf:2:9: circular include: `connections/site.conf` is already being read",
    );
}

#[test]
fn unsupported_includes_are_errors() {
    let url = "connections/site.conf:1:9: a file cannot be included from a URL";
    check("include \"https://h/x.conf\"", &[], url);
    check(
        "include \"x\"",
        &[("connections/x.properties", "a=1")],
        "connections/site.conf:1:9: `connections/x.properties` is in an unsupported format",
    );
    check(
        "a = [{ include \"x.conf\" }]",
        &[("connections/x.conf", "a = ${NAME}")],
        "connections/site.conf:1:16: a file with `${…}` in it cannot be included inside a list",
    );
}

#[test]
fn errors_in_an_included_file_have_their_place_in_that_file() {
    check(
        "include \"x.conf\"\nurl =",
        &[("connections/x.conf", "a = 1\nb =\nc = \"\\q\"")],
        "connections/x.conf:2:1: `b` has no value; \
         connections/x.conf:3:6: this backslash does not begin an escape; \
         connections/site.conf:2:1: `url` has no value",
    );
}

#[test]
fn the_number_of_includes_is_limited() {
    let names: Vec<&'static str> = (0..20)
        .map(|level| &*format!("connections/f{level}.conf").leak())
        .collect();
    let texts =
        (1..=20).map(|level| &*format!("include \"f{level}\"\ninclude \"f{level}\"").leak());
    let files: Vec<(&'static str, &'static str)> = names.into_iter().zip(texts).collect();
    let messages = read_beside("include \"f0\"", &files).unwrap_err();
    assert!(
        messages[0].contains("more than 1000 files are included"),
        "{messages:?}"
    );
}
