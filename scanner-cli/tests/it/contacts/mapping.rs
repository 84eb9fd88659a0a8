//! Mappings of accounts to addresses, and what stays when users are hidden.

use super::*;

#[test]
fn mappings_are_read_from_spreadsheets_and_hocon() {
    let site = FakeSite::start_in_thread();
    let home = home(&site, "mapping = conf/contacts.csv");
    for (file, content) in [
        (
            "conf/contacts.csv",
            "\u{feff}Name;User;E-Mail\r\n\"Orlov; Dmitri\";acme\\DMITRI;dmitri@mapped.example\r\n",
        ),
        (
            "conf/contacts.conf",
            r#""ACME\\dmitri" { email = "dmitri@mapped.example", name = "Orlov; Dmitri" }"#,
        ),
        (
            "conf/contacts.json",
            r#"{"ACME\\dmitri": {"email": "dmitri@mapped.example", "name": "Orlov; Dmitri"}}"#,
        ),
    ] {
        home.write(file, content);
        set(&home, &site, &format!("mapping = {file}"));
        home.run(&["scan"]).check(0, &["2 owners have no e-mail"]);
        let dmitri = owner(&home, "ACME\\dmitri");
        assert_eq!(dmitri["email"], "dmitri@mapped.example", "{file}");
        assert_eq!(dmitri["name"], "Orlov; Dmitri", "{file}");
        assert_eq!(
            owner(&home, "ACME\\ada.moreau")["email"],
            "ada.moreau@acme.example"
        );
        assert!(home.read(EXPORT).contains("dmitri@mapped.example"));
        home.run(&["scan", "--accept-removals", "qlik"])
            .check(0, &[]);
    }
}

#[test]
fn an_invalid_entry_is_reported_with_its_line_and_the_others_are_used() {
    let site = FakeSite::start_in_thread();
    let home = home(&site, "mapping = conf/contacts.csv");
    home.write(
        "conf/contacts.csv",
        "ACME\\dmitri,dmitri@mapped.example\n\nACME\\grace,nobody\n",
    );
    let (run, json) = report(&home);
    let place = "conf/contacts.csv:3:1";
    run.check(
        0,
        &[
            place,
            "`nobody` of `ACME\\grace` is not a valid e-mail address",
        ],
    );
    assert_eq!(json["problems"][0]["severity"], "warning");
    assert_eq!(json["problems"][0]["place"], place);
    assert_eq!(
        owner(&home, "ACME\\dmitri")["email"],
        "dmitri@mapped.example"
    );
}

#[test]
fn a_mapping_that_would_silently_lose_people_is_refused_with_its_place() {
    let site = FakeSite::start_in_thread();
    let home = home(&site, "mapping = conf/contacts.csv");
    home.run(&["scan"])
        .check(3, &["conf/contacts.csv", "cannot be read", "home folder"]);
    for (content, place, message) in [
        (
            &b"ACME\\a,a@x\n\"ACME\\b,b@x\nACME\\c,c@x"[..],
            ":2:1",
            "is not closed on this line",
        ),
        (b"ACME\\a,a@x\nACME\\b,b@x,\xfcb", ":2:1", "is not UTF-8"),
        (b"dmitri,d@x\n", ":1:1", "no entry of `conf/contacts.csv`"),
    ] {
        home.write("conf/contacts.csv", content);
        let place = format!("conf/contacts.csv{place}");
        home.run(&["scan"]).check(3, &[&place, message]);
        assert!(!home.has(EXPORT));
    }
    set(&home, &site, "mapping = conf/contacts.conf");
    home.write("conf/contacts.conf", "\n\"ACME\\dmitri\" = \"d@x\"");
    home.run(&["scan"])
        .check(3, &["conf/contacts.conf:2:6", "every backslash twice"]);
    set(
        &home,
        &site,
        "email_template = \"{userId}@{directory}.example\"",
    );
    home.run(&["scan"]).check(
        3,
        &[
            "connections/qlik.conf:10:28",
            "did you mean `{userDirectory}`?",
        ],
    );
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_changed_mapping_takes_effect_while_the_scanner_runs() {
    let site = FakeSite::start_in_thread();
    let home = home(&site, "mapping = conf/contacts.csv");
    home.write("conf/contacts.csv", "ACME\\dmitri,first@mapped.example\n");
    let running = Running::briefly(&home);
    let exported = |address: &str| home.has(EXPORT) && home.read(EXPORT).contains(address);
    wait("the first address", || exported("first@mapped.example"));
    home.write("conf/contacts.csv", "ACME\\dmitri,second@mapped.example\n");
    wait("the second address", || exported("second@mapped.example"));
    // An invalid mapping keeps the last valid addresses.
    home.write("conf/contacts.csv", "dmitri\n");
    wait("the fault", || home.read("run.log").contains("no entry of"));
    assert!(exported("second@mapped.example"));
    running.stop();
}

#[test]
fn stored_contacts_stay_when_the_right_to_read_users_is_removed() {
    let site = FakeSite::start_in_thread();
    let home = home(&site, "app_owner = true");
    home.run(&["scan"]).check(0, &[]);
    let listed = |home: &Home| {
        let owners = home.run(&["catalog", "owners"]).output;
        let lines = home.run(&["catalog", "list", "--format", "csv"]).output;
        let column = csv::Reader::from_reader(lines.as_bytes());
        let seen = column.into_records().map(|row| row.unwrap()[10].to_owned());
        (owners, seen.collect::<Vec<_>>())
    };
    let before = listed(&home);
    assert!(before.1.iter().any(|cell| cell.contains('@')), "{before:?}");
    site.set_account(Account::new(&site.header_value()).forbidden(Entity::User));
    home.write("conf/contacts.csv", "ACME\\ada.moreau,ada@mapped.example\n");
    for contacts in [
        "app_owner = true",
        "app_owner = true\n mapping = conf/contacts.csv\n email_template = \"{userId}@made.example\"",
    ] {
        set(&home, &site, contacts);
        let run = home.run(&["scan"]);
        run.check(0, &["complete", "nothing changed", "`User_*`"]);
        assert_eq!(
            run.errors.matches("  warning   ").count(),
            2,
            "{}",
            run.errors
        );
        assert_eq!(listed(&home), before);
    }
}
