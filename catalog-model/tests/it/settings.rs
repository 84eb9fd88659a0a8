//! Reading settings, and the messages about invalid ones.

use std::{io, sync::Arc};

use catalog_model::{
    Diagnostic, Place,
    settings::{Entries, FileSource, Node, Object, Settings, Value},
};
use secrecy::ExposeSecret;

struct OneFile;

impl FileSource for OneFile {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        match path {
            "conf/trust.pem" => Ok(b"pem".to_vec()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn entries(&self, path: &str, columns: &[&str]) -> Result<Entries, Diagnostic> {
        match path {
            "conf/good.csv" => Ok(vec![(columns[0].to_owned(), at(1, text("x")))]),
            _ => Err(Diagnostic::error("no", None).at(Place::new(path, 3, 1))),
        }
    }
}

/// Settings from `(line, name, value)`; a block comes before its content.
fn settings(lines: Vec<(u32, &str, Value)>) -> Settings {
    let lines = lines.into_iter();
    let root = lines.map(|(line, name, value)| (name.to_owned(), at(line, value)));
    Settings::new("connections/a.conf", root.collect(), Arc::new(OneFile))
}

fn at(line: u32, value: Value) -> Node {
    Node::new(value, Place::new("connections/a.conf", line, 8))
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn block(line: u32, name: &str, value: Value) -> Value {
    Value::Object([(name.to_owned(), at(line, value))].into_iter().collect())
}

fn problems(settings: &Settings) -> Vec<String> {
    settings
        .problems()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_dotted_name_reaches_into_blocks() {
    let mut settings = settings(vec![(
        3,
        "connection",
        block(4, "url", text("https://qlik.example.com/vp")),
    )]);
    let url = settings.url("connection.url").unwrap();
    assert_eq!(url.value.as_str(), "https://qlik.example.com/vp");
    assert_eq!(url.place.to_string(), "connections/a.conf:4:8");
    assert_eq!(settings.check(), Ok(()));
}

#[test]
fn all_problems_are_reported_in_the_order_of_the_file() {
    let mut settings = settings(vec![
        (2, "connection", block(3, "url", text("qlik.example.com"))),
        (5, "enabled", text("maybe")),
        (6, "port", Value::Number("70000".to_owned())),
        (7, "scheme", text("ftp")),
        (8, "name", Value::List(Vec::new())),
        (9, "code", text(" ")),
    ]);
    assert!(settings.flag("enabled", true));
    assert_eq!(settings.port("port"), None);
    assert_eq!(
        settings.choice("scheme", &[("http", 1), ("https", 2)]),
        None
    );
    assert_eq!(settings.text("name"), None);
    assert_eq!(settings.required_text("code"), None);
    assert_eq!(settings.url("connection.url"), None);
    assert!(settings.required_secret("connection.auth.value").is_none());
    assert!(settings.check().is_err());
    assert_eq!(
        problems(&settings),
        [
            "connections/a.conf:2:8: `connection.auth.value` is mandatory and missing",
            "connections/a.conf:3:8: `connection.url` is not an address that begins with `https://` or `http://`",
            "connections/a.conf:5:8: `enabled` must be true or false, not `maybe`",
            "connections/a.conf:6:8: `port` must be a port, a number from 1 to 65535, not `70000`",
            "connections/a.conf:7:8: `scheme` must be `http` or `https`, not `ftp`",
            "connections/a.conf:8:8: `name` must be a text, not a list",
            "connections/a.conf:9:8: `code` is mandatory and empty",
        ]
    );
}

#[test]
fn the_words_of_a_choice_are_listed_as_people_do() {
    let words = ["`a`", "`a` or `b`", "`a`, `b` or `c`"];
    for (count, expected) in words.into_iter().enumerate() {
        let mut settings = settings(vec![(1, "word", text("x"))]);
        let choices = [("a", 1), ("b", 2), ("c", 3)];
        assert_eq!(settings.choice("word", &choices[..=count]), None);
        let message = format!("connections/a.conf:1:8: `word` must be {expected}, not `x`");
        assert_eq!(problems(&settings), [message]);
    }
}

#[test]
fn a_mandatory_setting_of_the_wrong_kind_is_reported_once() {
    let mut settings = settings(vec![(1, "code", Value::List(Vec::new()))]);
    assert_eq!(settings.required_text("code"), None);
    assert_eq!(problems(&settings).len(), 1);
}

#[test]
fn a_duration_is_read_as_hocon_writes_it() {
    for (written, millis) in [
        ("500 ms", Some(500)),
        ("10s", Some(10_000)),
        ("10 seconds", Some(10_000)),
        ("5 minutes", Some(300_000)),
        ("1 hour", Some(3_600_000)),
        ("1d", Some(86_400_000)),
        ("1 day", Some(86_400_000)),
        ("2 days", Some(172_800_000)),
        ("0.5 d", Some(43_200_000)),
        ("1d 12h", Some(129_600_000)),
        ("1 week", Some(604_800_000)),
        ("367d", None),
        ("-1d", None),
        ("d", None),
        ("1 month", None),
        ("nan d", None),
        ("250", Some(250)),
        ("0", None),
        ("-5 s", None),
        ("soon", None),
    ] {
        let mut settings = settings(vec![(1, "limit", text(written))]);
        let read = settings
            .duration("limit")
            .map(|read| read.value.as_millis());
        assert_eq!(read, millis, "{written}");
        assert_eq!(settings.check().is_ok(), millis.is_some(), "{written}");
    }
}

#[test]
fn a_short_duration_without_a_unit_causes_a_warning() {
    for (written, warns) in [
        ("10", true),
        ("999", true),
        ("1000", false),
        ("10 ms", false),
        ("0", false),
        ("soon", false),
    ] {
        let mut settings = settings(vec![(3, "limit", text(written))]);
        settings.duration("limit");
        assert_eq!(settings.warnings().len(), usize::from(warns), "{written}");
    }
    let mut settings = settings(vec![(3, "limit", text("10"))]);
    settings.duration("limit");
    let warning = &settings.warnings()[0];
    assert_eq!(
        warning.to_string(),
        "connections/a.conf:3:8: `limit` has no unit and means 10 ms"
    );
    let hint = "write `10 s`, or `10 ms` if that is intended";
    assert_eq!(warning.hint.as_deref(), Some(hint));
}

#[test]
fn null_is_the_same_as_not_set() {
    let mut settings = settings(vec![(1, "code", Value::Null)]);
    assert_eq!(settings.text("code"), None);
    assert_eq!(settings.check(), Ok(()));
}

#[test]
fn a_file_is_read_as_bytes_and_a_missing_one_is_a_problem() {
    let mut settings = settings(vec![
        (1, "good", text("conf/trust.pem")),
        (2, "bad", text("nowhere")),
    ]);
    assert_eq!(settings.file_of("good").unwrap().bytes, b"pem");
    assert!(settings.file_of("bad").is_none());
    assert!(
        problems(&settings)[0]
            .starts_with("connections/a.conf:2:8: the file `nowhere` of `bad` cannot be read")
    );
}

#[test]
fn an_unknown_setting_is_reported_with_a_suggestion() {
    let mut settings = settings(vec![
        (1, "conection", block(2, "url", text("x"))),
        (3, "name", text("A")),
        (4, "whatever", text("B")),
        (5, "nmae", text("B")),
        (6, "url", text("B")),
        (7, "connection.foo", text("B")),
        (8, "connection.filter", text("B")),
        (9, "proxy.name", text("B")),
        (10, "secret_manger", block(11, "enabled", text("true"))),
    ]);
    settings.text("name");
    settings.text("enabled");
    settings.text("secret_manager.enabled");
    settings.text("filter");
    settings.url("connection.url");
    let unknown: Vec<_> = settings
        .unknown()
        .into_iter()
        .map(|unknown| (unknown.key, unknown.near))
        .collect();
    assert_eq!(
        unknown,
        [
            (
                "conection.url".to_owned(),
                Some("connection.url".to_owned())
            ),
            ("whatever".to_owned(), None),
            ("nmae".to_owned(), Some("name".to_owned())),
            ("url".to_owned(), Some("connection.url".to_owned())),
            ("connection.foo".to_owned(), None),
            ("connection.filter".to_owned(), Some("filter".to_owned())),
            ("proxy.name".to_owned(), None),
            (
                "secret_manger.enabled".to_owned(),
                Some("secret_manager.enabled".to_owned())
            ),
        ]
    );
}

#[test]
fn no_debug_text_shows_a_secret() {
    let mut settings = settings(vec![
        (1, "password", text("hunter2")),
        (2, "url", text("https://u:hunter2@h h")),
    ]);
    let secret = settings.secret("password").unwrap();
    assert_eq!(secret.value.expose_secret(), "hunter2");
    settings.url("url");
    let shown = format!(
        "{settings:?} {secret:?} {:?} {:?}",
        settings.problems(),
        at(1, text("hunter2"))
    );
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_list_of_texts_may_be_one_text_and_an_empty_one_is_set() {
    let list = |elements: Vec<Value>| {
        let elements = elements.into_iter().enumerate();
        Value::List(elements.map(|(n, value)| at(n as u32 + 1, value)).collect())
    };
    let found = |value: Value| {
        let mut settings = settings(vec![(1, "names", value)]);
        let texts = settings.texts("names").map(|texts| texts.value);
        (texts, problems(&settings))
    };
    let names = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
    let well = |value, expected| assert_eq!(found(value), (expected, Vec::new()));
    well(
        list(vec![text(" mail "), text(""), text("email")]),
        names(&["mail", "email"]),
    );
    well(text(" mail "), names(&["mail"]));
    well(list(Vec::new()), names(&[]));
    for unset in [Value::Null, text(" "), list(vec![text("")])] {
        well(unset, None);
    }
    let (_, wrong) = found(list(vec![text("mail"), list(Vec::new())]));
    assert_eq!(
        wrong,
        ["connections/a.conf:2:8: element 2 of `names` must be a text, not a list"]
    );
    let (_, wrong) = found(Value::Object(Object::default()));
    assert_eq!(
        wrong,
        ["connections/a.conf:1:8: `names` must be a list of texts, not a block of settings"]
    );
}

#[test]
fn an_error_in_a_file_of_entries_has_its_own_place() {
    let mut settings = settings(vec![
        (1, "good", text("conf/good.csv")),
        (2, "bad", text(" conf/bad.csv ")),
    ]);
    let (path, entries) = settings.entries_of("good", &["user", "email"]).unwrap();
    assert_eq!(path.value, "conf/good.csv");
    assert_eq!(entries[0].0, "user");
    assert!(settings.entries_of("bad", &["user"]).is_none());
    assert!(settings.entries_of("none", &["user"]).is_none());
    assert_eq!(problems(&settings), ["conf/bad.csv:3:1: `bad`: no"]);
}
