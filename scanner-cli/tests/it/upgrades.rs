//! The first scan after an upgrade: new properties of the program are not changes of the site.

use std::fs;

use qrs_client::fake_site::{Account, Content, Entity, FakeSite};
use serde_json::{Value, json};

use crate::{
    scanner::{Home, Run, connection, items},
    service::{Running, wait},
};

/// The site of the store in `tests/data/store-4.sql`: one app, whose sheets have owners of all kinds.
fn site() -> Content {
    let mut content = Content::empty();
    let stream = content.add_stream("Finance");
    let app = content.add_app("Sales");
    content.publish(&app, &stream);
    for (sheet, directory, user, attribute, flag) in [
        (
            "Ann's",
            "ACME",
            "ann",
            Some(("email", "ann@acme.example")),
            None,
        ),
        ("Bob's", "ACME", "bob", None, Some("inactive")),
        ("Cara's", "PARTNERS", "cara@partner.example", None, None),
        (
            "Dan's",
            "ACME",
            "dan",
            Some(("upn", "dan@acme.example")),
            Some("removedExternally"),
        ),
    ] {
        let user = content.add_user(directory, user, sheet.trim_end_matches("'s"));
        if let Some((name, value)) = attribute {
            let attributes =
                json!([{"attributeType": name, "attributeValue": value, "externalId": ""}]);
            content.set(&user, "attributes", attributes);
        }
        if let Some(flag) = flag {
            content.set(&user, flag, json!(true));
        }
        let owner = content.get(&user).unwrap().clone();
        let sheet = content.add_sheet(&app, sheet);
        content.set(&sheet, "owner", owner);
    }
    content.add_sheet(&app, "The product's");
    content
}

/// A home with the store of the former program, and an export that it left.
fn home(site: &FakeSite) -> Home {
    let connection = connection("qlik", site);
    let home = Home::with(&format!(
        "{connection}\nconnection.link_url = \"https://people.example/hub\"\n"
    ));
    home.write(EXPORT, "what the former program wrote\n");
    home.write("data/empty", "");
    // The scans of the store were a minute ago.
    let now = jiff::Timestamp::now().as_second();
    let sql = include_str!("../data/store-4.sql");
    let sql = sql.replace("1795672492", &(now - 60).to_string());
    let store = rusqlite::Connection::open(home.path("data/catalog.db")).unwrap();
    store.execute_batch(&sql).unwrap();
    home
}

const EXPORT: &str = "export/qlik.visualization.ndjson";

/// What `catalog changes` lists after the five items that the former program added: kind, sheet and fields.
fn changes(home: &Home) -> Vec<String> {
    let run = home.run(&["catalog", "changes", "--format", "ndjson"]);
    let changes = items(&run.check(0, &[]).output);
    let added = changes.iter().take(5);
    assert!(added.clone().count() == 5 && added.clone().all(|one| one["change"] == "added"));
    let exported = home.items(EXPORT);
    let name = |key: &Value| {
        let item = exported.iter().find(|item| item["key"] == *key);
        item.unwrap()["name"].as_str().unwrap().to_owned()
    };
    let text = |change: &Value| {
        let (name, fields) = (name(&change["key"]), &change["fields"]);
        format!("{} {name} {fields}", change["change"].as_str().unwrap())
    };
    let mut texts: Vec<_> = changes.iter().skip(5).map(text).collect();
    texts.sort();
    texts
}

/// Scans. Returns `stored` of the report.
fn scan(home: &Home) -> (Run, Value) {
    let run = home.run(&["scan", "--report", "report.json"]);
    run.check(0, &["complete"]);
    let report: Value = serde_json::from_str(&home.read("report.json")).unwrap();
    let stored = report["connections"][0]["stored"].clone();
    (run, stored)
}

/// The numbers of changed and of rewritten items.
fn counts(stored: &Value) -> (i64, i64) {
    for kind in ["added", "removed", "returned", "unreadable", "excluded"] {
        assert_eq!(stored[kind], 0, "{kind}");
    }
    let count = |kind: &str| stored[kind].as_i64().unwrap();
    (count("changed"), count("rewritten"))
}

#[test]
fn new_properties_of_the_program_rewrite_items_and_export_without_a_change() {
    let site = FakeSite::builder().content(site()).start_in_thread();
    let home = home(&site);
    let (run, stored) = scan(&home);
    assert_eq!(counts(&stored), (0, 5));
    run.check(
        0,
        &[
            "nothing changed; rewritten by this version of the program: 5",
            "wrote     5 items to export/qlik.visualization.ndjson",
        ],
    );
    assert_eq!(changes(&home), [""; 0]);
    let exported = home.items(EXPORT);
    let of = |name: &str| exported.iter().find(|item| item["name"] == name).unwrap();
    for (name, status, email) in [
        ("Ann's", "active", json!("ann@acme.example")),
        ("Bob's", "inactive", Value::Null),
        ("Cara's", "active", json!("cara@partner.example")),
        ("Dan's", "removed", Value::Null),
        ("The product's", "active", Value::Null),
    ] {
        assert_eq!(of(name)["owner_status"], status, "{name}");
        assert_eq!(of(name)["contacts"][0]["email"], email, "{name}");
    }
    let (run, stored) = scan(&home);
    assert_eq!(counts(&stored), (0, 0));
    assert!(!run.errors.contains("rewritten"), "{}", run.errors);
}

#[test]
fn a_change_on_the_site_before_the_first_scan_of_a_new_program_is_a_change() {
    let mut content = site();
    let ann = content.sheet_named("Ann's").unwrap().to_owned();
    content.rename(&ann, "Ann's new");
    let user = |content: &Content, name: &str| {
        let user = content.users.iter().find(|user| user["userId"] == name);
        user.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let attributes =
        json!([{"attributeType": "email", "attributeValue": "bob@acme.example", "externalId": ""}]);
    let bob = user(&content, "bob");
    content.set(&bob, "attributes", attributes);
    let site = FakeSite::builder().content(content).start_in_thread();
    let home = home(&site);
    assert_eq!(counts(&scan(&home).1), (2, 3));
    assert_eq!(
        changes(&home),
        [
            r#"changed Ann's new ["label","name"]"#,
            r#"changed Bob's ["contacts"]"#
        ]
    );
    assert!(
        home.items(EXPORT)
            .iter()
            .all(|item| item["owner_status"].is_string())
    );
    // From now on, a changed status is a change of the site.
    site.edit(|content| content.users[2]["blacklisted"] = json!(true));
    assert_eq!(counts(&scan(&home).1), (1, 0));
    let last = r#"changed Bob's ["owner_status","contacts"]"#;
    assert!(
        changes(&home).contains(&last.to_owned()),
        "{:?}",
        changes(&home)
    );
}

#[test]
fn owners_who_are_hidden_from_the_first_scan_of_a_new_program_change_nothing_later() {
    let site = FakeSite::builder().content(site()).start_in_thread();
    let home = home(&site);
    let account = || Account::new(&site.header_value());
    site.set_account(account().forbidden(Entity::User));
    assert_eq!(counts(&scan(&home).1).0, 0);
    site.set_account(account());
    assert_eq!(counts(&scan(&home).1), (0, 5));
    let exported = home.read(EXPORT);
    // The status stays when the right is removed.
    site.set_account(account().forbidden(Entity::User));
    assert_eq!(counts(&scan(&home).1), (0, 0));
    fs::remove_file(home.path(EXPORT)).unwrap();
    scan(&home);
    assert_eq!(home.read(EXPORT), exported);
    assert_eq!(changes(&home), [""; 0]);
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn the_first_scan_of_a_new_program_passes_no_change_to_hooks() {
    let site = FakeSite::builder().content(site()).start_in_thread();
    let home = home(&site);
    home.write(
        "script.sh",
        "cat > items.txt; cp \"$SCANNER_HOOK_CHANGES\" changes.txt; touch done",
    );
    home.write(
        "hooks/script.conf",
        "code = script\nhook_id = \"external-script\"\npost_items_upsert_command = [sh, script.sh]\n",
    );
    let running = Running::briefly(&home);
    wait("the hook", || home.has("done"));
    wait("the export", || home.read(EXPORT).contains("owner_status"));
    let log = running.stop();
    assert!(log.contains("rewritten by this version"), "{log}");
    assert_eq!(
        (home.read("changes.txt"), home.read("items.txt")),
        Default::default()
    );
}
