//! Contacts: sources of addresses, owners without one, and hidden users.

mod mapping;

use qrs_client::fake_site::{Account, Entity, FakeSite};
use serde_json::{Value, json};

use crate::{
    scanner::{Home, Run, connection, items},
    service::{Running, wait},
};

const EXPORT: &str = "export/qlik.visualization.ndjson";

/// A home whose one connection has these contacts, one setting a line.
fn home(site: &FakeSite, contacts: &str) -> Home {
    let home = Home::with_site(site);
    set(&home, site, contacts);
    home
}

fn set(home: &Home, site: &FakeSite, contacts: &str) {
    let connection = connection("qlik", site);
    let text = format!("{connection}connection.contacts {{\n{contacts}\n}}\n");
    home.write("connections/qlik.conf", text);
}

/// The owner in the catalog.
fn owner(home: &Home, account: &str) -> Value {
    let run = home.run(&["catalog", "owners", "--format", "ndjson"]);
    let rows = items(&run.check(0, &[]).output).into_iter();
    let mut of = rows.filter(|row| row["owner"] == account);
    of.next().unwrap()
}

fn report(home: &Home) -> (Run, Value) {
    let run = home.run(&["scan", "--report", "report.json"]);
    let report = serde_json::from_str(&home.read("report.json")).unwrap();
    (run, report)
}

#[test]
fn owners_without_an_address_are_counted_and_the_first_listed() {
    let site = FakeSite::start_in_thread();
    let home = home(&site, "app_owner = true");
    let (run, json) = report(&home);
    let text = "  contacts  3 owners have no e-mail address: `ACME\\dmitri`, `ACME\\grace`, \
                `INTERNAL\\sa_repository`\n";
    run.check(0, &[text, "`catalog owners --email without` lists all"]);
    let first = ["ACME\\dmitri", "ACME\\grace", "INTERNAL\\sa_repository"];
    assert_eq!(
        json["connections"][0]["owners_without_email"],
        json!({ "count": 3, "first": first })
    );
    let run = home.run(&[
        "catalog", "owners", "--email", "without", "--format", "ndjson",
    ]);
    let mut listed: Vec<_> = items(&run.output)
        .iter()
        .filter(|row| row["contacts"] == "known")
        .map(|row| row["owner"].as_str().unwrap().to_owned())
        .collect();
    listed.sort();
    assert_eq!(listed, first);
    assert_eq!(owner(&home, "ACME\\dmitri")["name"], "Дмитрий Орлов");

    set(&home, &site, "email_attributes = no-such-attribute");
    let (run, json) = report(&home);
    let unreached = &json["connections"][0]["owners_without_email"];
    let (count, first) = (unreached["count"].as_u64().unwrap(), &unreached["first"]);
    assert_eq!(first.as_array().unwrap().len(), 5);
    assert!(count > 5);
    run.check(0, &[&format!("and {} more\n", count - 5)]);

    set(
        &home,
        &site,
        "email_attributes = []\n mapping = conf/all.conf",
    );
    let rows = home
        .run(&["catalog", "owners", "--format", "ndjson"])
        .output;
    let entries: Vec<_> = items(&rows)
        .iter()
        .map(|row| format!("{} = \"x@example.com\"\n", row["owner"]))
        .collect();
    home.write("conf/all.conf", entries.concat());
    let (run, json) = report(&home);
    assert_eq!(
        json["connections"][0]["owners_without_email"],
        json!({ "count": 0, "first": [] })
    );
    assert!(!run.errors.contains("no e-mail address"), "{}", run.errors);
}

/// A site with owners who can no longer log in: one inactive, one blocked, one removed.
fn site_of_departed() -> FakeSite {
    let site = FakeSite::start_in_thread();
    site.edit(|content| {
        for (user, field) in [("ada.moreau", "inactive"), ("emi", "blacklisted")] {
            let mut users = content.users.iter_mut();
            users.find(|one| one["userId"] == user).unwrap()[field] = json!(true);
        }
    });
    site
}

#[test]
fn owners_who_can_no_longer_log_in_are_counted() {
    let site = site_of_departed();
    let (run, json) = report(&home(&site, ""));
    let text = "  contacts  3 owners can no longer log in (1 removed from the user directory, 1 blocked, 1 inactive): `ACME\\ada.moreau`, \
                `ACME\\emi`, `ACME\\hugo.left`\n";
    let list = "`catalog owners --status inactive,blocked,removed` lists all";
    run.check(0, &[text, list]);
    let first = ["ACME\\ada.moreau", "ACME\\emi", "ACME\\hugo.left"];
    assert_eq!(
        json["connections"][0]["owners_not_active"],
        json!({ "count": 3, "inactive": 1, "blocked": 1, "removed": 1, "first": first })
    );
}

/// The owners that `catalog owners` lists, each with the status.
fn owners_with_status(home: &Home, arguments: &[&str]) -> Vec<String> {
    let arguments = [&["catalog", "owners", "--format", "ndjson"], arguments].concat();
    let rows = items(&home.run(&arguments).check(0, &[]).output);
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or("none").to_owned();
    let row = |row: &Value| format!("{} {}", text(row, "owner"), text(row, "status"));
    rows.iter().map(row).collect()
}

#[test]
fn owners_are_listed_by_their_status() {
    let site = site_of_departed();
    let home = home(&site, "");
    home.run(&["scan"]).check(0, &[]);
    let listed = |arguments: &[&str]| owners_with_status(&home, arguments);
    let (ada, emi, hugo) = (
        "ACME\\ada.moreau inactive",
        "ACME\\emi blocked",
        "ACME\\hugo.left removed",
    );
    assert_eq!(listed(&["--status", "removed"]), [hugo]);
    assert_eq!(listed(&["--status=blocked,removed"]), [emi, hugo]);
    assert_eq!(listed(&["--status"]), [ada, emi, hugo]);
    let unreached = ["--status", "removed", "--email", "without"];
    assert_eq!(listed(&unreached), [""; 0]);
    assert!(listed(&["--status", "active"]).len() > 3);
    let all = listed(&[]);
    assert!(
        [ada, emi, hugo]
            .iter()
            .all(|row| all.contains(&(*row).to_owned()))
    );
    assert_eq!(listed(&["--status", "unknown"]), [""; 0]);
    let csv = home.run(&["catalog", "owners", "--status", "--format", "csv"]);
    assert!(csv.output.contains(",blocked"), "{}", csv.output);
    let of_emi = [
        "catalog",
        "list",
        "--owner",
        "ACME\\emi",
        "--format",
        "ndjson",
    ];
    let of_emi = items(&home.run(&of_emi).output);
    assert!(!of_emi.is_empty() && of_emi.iter().all(|item| item["owner_status"] == "blocked"));
    home.run(&["catalog", "owners", "--status", "retired"])
        .check(2, &["inactive", "blocked", "removed"]);
    // The status of unreadable users is unknown.
    site.set_account(Account::new(&site.header_value()).forbidden(Entity::User));
    let hidden = Home::with_site(&site);
    hidden.run(&["scan"]).check(0, &[]);
    let table = |status: &str| {
        hidden
            .run(&["catalog", "owners", "--status", status])
            .output
    };
    assert!(table("unknown").contains("ACME\\emi"));
    assert!(table("unknown").lines().next().unwrap().contains("STATUS"));
    assert!(!table("active").contains("ACME\\emi"));
}

#[test]
fn fields_and_apps_that_are_unreadable_once_leave_items_unchanged() {
    let site = FakeSite::start_in_thread();
    let home = home(&site, "");
    home.run(&["scan"]).check(0, &["53 added"]);
    let before = home.read(EXPORT);
    let check = || {
        let run = home.run(&["scan"]);
        assert!(run.errors.contains("nothing changed"), "{}", run.errors);
        std::fs::remove_file(home.path(EXPORT)).unwrap();
        home.run(&["scan"]);
        assert_eq!(home.read(EXPORT), before);
    };
    for (path, field) in [
        ("objects", "tags"),
        ("objects", "createdDate"),
        ("apps", "description"),
        ("apps", "tags"),
        ("apps", "customProperties"),
        ("apps", "lastReloadTime"),
    ] {
        let content = site.edit(|content| {
            let before = content.clone();
            let records = match path {
                "objects" => &mut content.objects,
                _ => &mut content.apps,
            };
            for record in records {
                record[field] = json!({"odd": 5});
            }
            before
        });
        check();
        site.edit(|now| *now = content);
    }
    let account = Account::new(&site.header_value());
    site.set_account(account.sees(Entity::App, |app| app["name"] != "Sales Overview"));
    check();
}

#[test]
fn an_owner_who_is_unreadable_once_keeps_status_and_contact() {
    let site = FakeSite::start_in_thread();
    let home = home(&site, "");
    home.run(&["scan"]).check(0, &["53 added"]);
    let before = home.read(EXPORT);
    // Of one sheet, of all users, and of one status.
    for (path, field, value) in [
        ("objects", "owner", json!(5)),
        ("users", "attributes", json!(5)),
        ("users", "blacklisted", json!("maybe")),
    ] {
        let content = site.edit(|content| {
            let before = content.clone();
            let records = match path {
                "objects" => &mut content.objects,
                _ => &mut content.users,
            };
            for record in records {
                record[field] = value.clone();
            }
            before
        });
        home.run(&["scan"]).check(0, &["nothing changed"]);
        std::fs::remove_file(home.path(EXPORT)).unwrap();
        home.run(&["scan"]).check(0, &["nothing changed"]);
        assert_eq!(home.read(EXPORT), before, "{field}");
        site.edit(|now| *now = content);
    }
    home.run(&["scan"]).check(0, &["nothing changed"]);
}

#[test]
fn an_apps_owner_who_can_no_longer_log_in_is_counted_if_a_contact() {
    let site = FakeSite::start_in_thread();
    let home = home(&site, "");
    let count = |contacts: &str| {
        set(&home, &site, contacts);
        let report = report(&home).1;
        report["connections"][0]["owners_not_active"]["count"].clone()
    };
    site.edit(|content| {
        let mut users = content.users.iter_mut();
        let user = users.find(|one| one["userId"] == "ben.okafor");
        let user = user.unwrap();
        user["inactive"] = json!(true);
        let user = user.clone();
        for object in &mut content.objects {
            object["owner"] = content.users[0].clone();
        }
        for app in &mut content.apps {
            app["owner"] = user.clone();
        }
    });
    assert_eq!(count(""), 0);
    assert_eq!(count("app_owner = true"), 1);
    assert_eq!(owner(&home, "ACME\\ben.okafor")["status"], "inactive");
    // Without reading users, there is no status.
    assert_eq!(count("app_owner = true\n email_attributes = []"), 0);
}
