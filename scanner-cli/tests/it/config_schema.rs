//! `config schema`: a file that the scanner reads without errors and warnings matches the schema.

use std::fs;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::scanner::{Home, Run};

fn validator(file: &str) -> Validator {
    let run = Home::empty().run(&["config", "schema", file]);
    assert_eq!((run.exit, &*run.errors), (0, ""));
    jsonschema::validator_for(&serde_json::from_str(&run.output).unwrap()).unwrap()
}

/// What the scanner says about this connection file, written as JSON.
fn check_connection(file: &Value) -> Run {
    let home = Home::with(&file.to_string());
    home.write("contacts.csv", "user;email\nACME\\a;a@acme.example\n");
    home.run(&["config", "check"])
}

fn check_application(file: &Value) -> Run {
    let home = Home::with(&connection(json!({})).to_string());
    home.write("conf/application.conf", file.to_string());
    home.run(&["config", "check"])
}

/// A connection file with these settings in addition. `null` removes a setting.
fn connection(more: Value) -> Value {
    let mut file = json!({
        "name": "Qlik", "code": "qlik", "connector_id": "qlik-sense",
        "connection": {
            "url": "https://qlik.example.com/scanner", "link_url": "https://qlik.example.com",
            "auth": { "key": "X-Scanner-User", "value": "ACME\\scanner" },
        },
    });
    merge(&mut file, more);
    file
}

fn merge(file: &mut Value, more: Value) {
    match (file, more) {
        (Value::Object(file), Value::Object(more)) => {
            for (name, value) in more {
                match value {
                    Value::Null => drop(file.remove(&name)),
                    value => merge(file.entry(name).or_insert(json!({})), value),
                }
            }
        }
        (file, more) => *file = more,
    }
}

/// The same connection with another way to log in.
fn with_auth(auth: Value) -> Value {
    let mut file = connection(json!({}));
    file["connection"]["auth"] = auth;
    file
}

#[test]
fn connection_files_without_warnings_match() {
    let validator = validator("connection");
    for file in [
        connection(json!({})),
        connection(json!({ "enabled": "yes", "catalog_code": 5, "schedule": "@daily" })),
        connection(json!({ "connection": {
            "verify_counts": "off", "parallel": "3", "incremental": true, "full_every": "2 days",
            "contacts": { "email_attributes": ["mail"], "mapping": "contacts.csv", "app_owner": true },
            "time_limits": { "connect": 20000, "first_byte": "5 minutes", "scan": "none" },
        } })),
        connection(json!({ "connection": { "contacts": { "email_attributes": "mail" } } })),
        connection(json!({
            "proxy": { "scheme": "HTTP", "hostname": "proxy.example.com", "port": "8080", "username": "a", "password": "" },
            "filter": "published = 'true'",
            "filters": [{ "id": "a", "action": "REJECT", "rules": { "tag": "draft" } }],
            "secret_manager": { "enabled": false },
        })),
        connection(
            json!({ "tls": { "bypass_certificate_validation": "no" }, "proxy": { "scheme": "", "port": "" } }),
        ),
        with_auth(json!({ "token": "eyJhbGciOiJSUzI1NiJ9.eyJ1c2VySWQiOiJhIn0.c2ln" })),
        with_auth(
            json!({ "windows": { "domain": "ACME", "user": "scanner", "password": "secret" } }),
        ),
        with_auth(json!({ "ticket": { "command": ["/bin/echo", "x"] } })),
        with_auth(json!({ "session": "X-Qlik-Session=4e12" })),
        json!({ "name": "Off", "code": "off", "connector_id": "qlik-sense", "enabled": false }),
    ] {
        let run = check_connection(&file);
        let text = format!("{file}\n{}", run.errors);
        assert_eq!(run.exit, 0, "{text}");
        // A home without enabled connections is worth a warning, but not its file.
        let errors = run.errors.replace("warning: no connection is enabled", "");
        assert!(
            !errors.contains("warning") && !errors.contains("error"),
            "{text}"
        );
        let errors: Vec<_> = validator
            .iter_errors(&file)
            .map(|one| one.to_string())
            .collect();
        assert!(errors.is_empty(), "{file}: {errors:?}");
    }
}

#[test]
fn connection_files_with_errors_and_misspelt_names_do_not_match() {
    let validator = validator("connection");
    for file in [
        connection(json!({ "code": null })),
        connection(json!({ "connection": { "url": null } })),
        connection(json!({ "connection": { "url": "" } })),
        connection(json!({ "connection": { "url": "qlik.example.com/scanner" } })),
        connection(json!({ "connection": { "verify_count": false } })),
        connection(json!({ "connection": { "auth": { "value": null } } })),
        connection(json!({ "connection": { "auth": { "token": "a.b.c" } } })),
        connection(json!({ "connection": { "parallel": 17 } })),
        connection(json!({ "connection": { "incremental": "maybe" } })),
        connection(json!({ "connection": { "full_every": "soon" } })),
        connection(json!({ "connection": { "link_url": ["https://a.example"] } })),
        connection(json!({ "connector_id": "qlik-cloud" })),
        connection(json!({ "nmae": "Qlik" })),
        connection(json!({ "tls": { "truststore": { "path": "a", "type": "PKCS13" } } })),
        connection(json!({ "proxy": { "scheme": "ftp", "hostname": "a", "port": 1 } })),
        with_auth(json!({})),
        with_auth(json!({ "certificate": "client.pfx" })),
        with_auth(json!({ "windows": { "user": "scanner@acme.example" } })),
    ] {
        let run = check_connection(&file);
        let is_reported = run.exit == 3 || run.errors.contains("warning");
        assert!(is_reported, "{file}: {} {}", run.exit, run.errors);
        assert!(!validator.is_valid(&file), "{file}");
    }
}

#[test]
fn application_files_match_like_the_scanner_reads_them() {
    let validator = validator("application");
    for (file, is_accepted) in [
        (json!({}), true),
        (
            json!({ "zeenea": { "url": "https://x.example" }, "scanner": 1 }),
            true,
        ),
        (
            json!({ "automation": { "synchronize": "@daily", "parallel": "64", "retry_after": ["1 m", "5 m"] } }),
            true,
        ),
        (
            json!({ "store": { "max_size": "2 GB", "keep_gone": "365d", "keep_changes_days": 30 } }),
            true,
        ),
        (
            json!({ "http": { "listen": "127.0.0.1:9464", "catalog": true, "auth": { "kind": "token", "token": "abc" } } }),
            true,
        ),
        (
            json!({ "config": { "restrict": true, "variables": ["A", { "name": "B", "codes": ["qlik"] }] } }),
            true,
        ),
        (json!({ "followers": [] }), true),
        (
            json!({ "followers": [
            { "kind": "ndjson", "path": "export", "mode": "0644", "connections": ["qlik"] },
            { "kind": "csv", "path": "export", "columns": ["label", "owner"], "separator": "\t", "bom": true },
            { "kind": "datahub-file", "path": "export/datahub", "owner_id": "login" },
            { "kind": "webhook", "url": "https://hooks.example.com/x", "events": ["item", "scan"] },
            { "kind": "openmetadata", "url": "https://om.example.com", "token": "a.b.c", "time_limits": { "total": "5 m" } },
            { "kind": "postgresql", "url": "postgresql://a@db.example.com/b", "schema": "x" },
            { "kind": "datahub", "enabled": false },
        ] }),
            true,
        ),
        (json!({ "automation": { "parallel": 65 } }), false),
        (json!({ "http": { "lisen": "127.0.0.1:9464" } }), false),
        (json!({ "store": { "keep_changes_days": 0 } }), false),
        (
            json!({ "followers": [{ "kind": "ndjsn", "path": "export" }] }),
            false,
        ),
        (json!({ "followers": [{ "kind": "ndjson" }] }), false),
        (json!({ "followers": [{ "path": "export" }] }), false),
        (
            json!({ "followers": [{ "kind": "csv", "path": "export", "separatr": ";" }] }),
            false,
        ),
        (json!({ "followers": { "kind": "csv" } }), false),
    ] {
        let run = check_application(&file);
        let is_clean = !run.errors.contains("warning") && !run.errors.contains("error");
        assert_eq!(is_clean, is_accepted, "{file}: {}", run.errors);
        let errors: Vec<_> = validator
            .iter_errors(&file)
            .map(|one| one.to_string())
            .collect();
        assert_eq!(errors.is_empty(), is_accepted, "{file}: {errors:?}");
    }
}

#[test]
fn every_setting_has_a_description() {
    fn check(schema: &Value, path: &str, count: &mut usize) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            if property.get("properties").is_some() {
                check(property, &path, count);
                continue;
            }
            let alternatives = property["anyOf"].as_array();
            let first = alternatives.and_then(|all| all.first()).unwrap_or(property);
            let described = [property, first].map(|one| one["description"].as_str());
            let text = described.into_iter().flatten().next();
            assert!(
                text.is_some_and(|text| text.ends_with('.') && !text.contains("](")),
                "{path}"
            );
            *count += 1;
        }
    }
    for (file, least) in [("connection", 55), ("application", 30)] {
        let run = Home::empty().run(&["config", "schema", file]);
        let mut count = 0;
        check(
            &serde_json::from_str(&run.output).unwrap(),
            file,
            &mut count,
        );
        assert!(count >= least, "{file}: {count}");
    }
}

#[test]
fn the_complete_example_of_the_documentation_matches() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/connection-file.md");
    let page = fs::read_to_string(page).unwrap();
    let example = page.split("```hocon\n").nth(1).unwrap();
    let home = Home::with(example.split("```").next().unwrap());
    let mut command = home.command(&["config", "show", "qlik-prod", "--format", "json"]);
    command
        .env("QLIK_ACCOUNT", "ACME\\scanner")
        .env("TRUSTSTORE_PASSWORD", "x");
    let run = crate::scanner::finish(command);
    let json: Value = serde_json::from_str(&run.output).unwrap();
    let errors: Vec<_> = validator("connection")
        .iter_errors(&json)
        .map(|one| one.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
}
