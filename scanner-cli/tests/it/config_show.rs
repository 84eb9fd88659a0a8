//! `config show`: a file as the scanner understands it, for any connector.

use serde_json::{Value, json};

use crate::scanner::{Home, with_slashes};

const FILE: &str = r#"name = "A"
code = "qlik-1"
connector_id = "other-thing"
connection { url = "https://h", auth { key = "X", value = "D\\u" } }
connection.auth.password = "hunter2"
proxy.port = 3128
api_token = "hunter2"
nested { client-secret = ["hunter2"] }
link = "https://ann:hunter2@h/x"
"#;

fn masked() -> Value {
    json!({
        "name": "A",
        "code": "qlik-1",
        "connector_id": "other-thing",
        "connection": {"url": "https://h", "auth": {"key": "X", "value": "********", "password": "********"}},
        "proxy": {"port": 3128},
        "api_token": "********",
        "nested": {"client-secret": "********"},
        "link": "https://********@h/x",
    })
}

#[test]
fn a_file_is_shown_as_a_tree_without_its_secrets() {
    let home = Home::with(FILE);
    for name in ["connections/qlik.conf", "qlik-1"] {
        let run = home.run(&["config", "show", name, "--format", "json"]);
        run.check(0, &[]);
        assert_eq!(
            serde_json::from_str::<Value>(&run.output).unwrap(),
            masked()
        );
    }
}

#[test]
fn each_setting_is_shown_with_its_place() {
    let run = Home::with(FILE).run(&["config", "show", "qlik-1"]);
    for line in [
        "connections/qlik.conf:1:8   name = \"A\"",
        "connections/qlik.conf:4:20  connection.url = \"https://h\"",
        "connections/qlik.conf:6:14  proxy.port = 3128",
        "api_token = \"********\"",
    ] {
        assert!(
            with_slashes(&run.output).contains(line),
            "no {line:?} in:\n{}",
            run.output
        );
    }
    assert!(!run.output.contains("hunter2"));
}

#[test]
fn an_empty_file_is_an_empty_tree() {
    let run = Home::with("").run(&[
        "config",
        "show",
        "connections/qlik.conf",
        "--format",
        "json",
    ]);
    assert_eq!(run.check(0, &[]).output, "{}\n");
}

#[test]
fn errors_of_config_show_are_explained() {
    let home = Home::with("a = \"b\\c\"");
    home.run(&["config", "show", "connections/qlik.conf"])
        .check(3, &["connections/qlik.conf:1:"]);
    home.run(&["config", "show", "connections/none.conf"])
        .check(3, &["there is no file"]);
    home.run(&["config", "show", "nope"])
        .check(3, &["neither a file nor the code"]);
    Home::with("code = a")
        .run(&["config", "show", "nope"])
        .check(2, &["neither a file nor the code"]);
    Home::empty()
        .run(&["config", "show", "nope"])
        .check(3, &["there is no folder"]);
}
