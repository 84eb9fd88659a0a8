//! Filters in the program: which sheets they keep and exclude, and their messages.

use qrs_client::fake_site::{Account, Entity, FakeSite};
use serde_json::Value;

use crate::scanner::{Home, connection, with_slashes};

const EXPORT: &str = "export/qlik.visualization.ndjson";
/// A sheet of the fake site that `NO_SALES` excludes.
const REGIONS: &str = "qlik/ab8864f2-90a4-4c48-a837-8b69817e599a/JDWuPK";
const NO_SALES: &str = "filters = [\n  { id = no-sales, action = REJECT, rules { app = \"Sales Overview\" } }\n  \
                        { action = ACCEPT, catalog = Rest }\n]\n";

fn write(home: &Home, site: &FakeSite, filter: &str) {
    home.write(
        "connections/qlik.conf",
        format!("{}{filter}", connection("qlik", site)),
    );
}

fn changes(home: &Home, kind: &str) -> usize {
    let run = home.run(&["catalog", "changes", "--format", "ndjson"]);
    let changes = crate::scanner::items(&run.output);
    changes.iter().filter(|one| one["change"] == kind).count()
}

#[test]
fn an_excluded_item_returns_when_the_filter_is_removed() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &["complete"]);
    let all = home.items(EXPORT).len();
    write(&home, &site, NO_SALES);
    let report = home.path("report.json");
    home.run(&["scan", "--report", report.to_str().unwrap()])
        .check(
            0,
            &[
                "8 newly excluded by filters (8 in total)",
                "filter    `no-sales`",
                "connections/qlik.conf:10:3",
                "8 matched, 8 excluded",
            ],
        );
    let kept = home.items(EXPORT);
    assert!(kept.len() < all);
    assert!(kept.iter().all(|item| item["catalog"] == "Rest"));
    assert_eq!(changes(&home, "excluded"), all - kept.len());
    assert_eq!(changes(&home, "removed"), 0);
    let report: Value = serde_json::from_str(&home.read("report.json")).unwrap();
    let rule = &report["connections"][0]["filters"][0];
    assert_eq!(rule["rule"], "no-sales");
    assert_eq!(rule["excluded"], all - kept.len());
    let explained = with_slashes(&home.run(&["explain", REGIONS]).output);
    for text in [
        "excluded by no-sales",
        "connections/qlik.conf:10:3",
        "because: `REJECT app = \"Sales Overview\"`",
    ] {
        assert!(explained.contains(text), "{text}: {explained}");
    }
    write(&home, &site, "");
    home.run(&["scan"]).check(0, &["returned"]);
    assert_eq!(home.items(EXPORT).len(), all);
}

#[test]
fn the_former_word_for_excluded_is_still_accepted() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    write(&home, &site, NO_SALES);
    home.run(&["scan"]).check(0, &["8 excluded by filters"]);
    home.run(&["scan"])
        .check(0, &["nothing changed; 8 excluded by filters"]);
    let list = |state: &str| {
        home.run(&["catalog", "list", "--state", state, "--format", "ndjson"])
            .output
    };
    let scans = |column: &str| home.run(&["catalog", "scans", "--columns", column]).output;
    assert_eq!(list("filtered"), list("excluded"));
    assert_eq!(scans("FILTERED"), scans("excluded"));
    assert!(scans("filtered").contains("EXCLUDED"));
}

#[test]
fn testing_a_filter_writes_nothing() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    write(&home, &site, "filter = \"app != 'Sales Overview'\"\n");
    let run = home.run(&["filter", "test", "qlik"]);
    run.check(
        0,
        &["kept", "excluded", "filter    `filter` (", "qlik.conf:9:10"],
    );
    let quotes = "the quotes of an expression are no mistake";
    assert!(
        !run.errors.contains("these quotes"),
        "{quotes}: {}",
        run.errors
    );
    let (kept, excluded): (Vec<_>, Vec<_>) = run
        .output
        .lines()
        .partition(|line| line.starts_with("keep"));
    assert_eq!(kept.len() + excluded.len(), site.content().sheets().count());
    assert!(
        excluded.iter().any(|line| line.contains(REGIONS)),
        "{excluded:?}"
    );
    assert!(!home.has("data/catalog.db") && !home.has("export"));
    let explained = home.run(&["explain", REGIONS]).output;
    let because = "because: `app != 'Sales Overview'` is false";
    assert!(explained.contains(because), "{explained}");
    home.run(&["filter", "test", "other"]).check(2, &["other"]);
    write(&home, &site, "filter = \"app != 'x' AND always\"\n");
    home.run(&["filter", "test", "qlik"])
        .check(3, &["qlik.conf:9:22", "did you mean `and`?"]);
}

#[test]
fn a_filter_in_a_file_is_read_from_the_home() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    write(&home, &site, "filter = \"file:conf/sheets.filter\"\n");
    home.write("conf/sheets.filter", "# ours\nstraem = 'x'\n");
    home.run(&["scan"])
        .check(3, &["sheets.filter:2:1", "did you mean `stream`?"]);
    home.write("conf/sheets.filter", "never");
    home.run(&["scan"]).check(0, &["matches no sheet"]);
}

#[test]
fn unknown_properties_of_hidden_apps_change_nothing() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let filter = "filter = \"any t in app_tag match t = 'Certified'\"\n";
    write(&home, &site, filter);
    home.run(&["scan"]).check(0, &["complete"]);
    let before = home.items(EXPORT);
    assert!(!before.is_empty());
    let account = Account::new(&site.header_value());
    site.set_account(account.sees(Entity::App, |_| false));
    home.run(&["scan"]).check(
        5,
        &[
            "partial",
            "the filter (connections/qlik.conf:9:10) uses `app_tag`",
            "53 sheets are undecided",
            "`App_*`",
        ],
    );
    assert_eq!(home.items(EXPORT).len(), before.len());
    assert_eq!(changes(&home, "excluded") + changes(&home, "removed"), 0);
    site.set_account(Account::new(&site.header_value()));
    home.run(&["scan"]).check(0, &["complete"]);
    assert_eq!(home.items(EXPORT), before);
}

/// The sorted lines of `filter test`.
fn trial(home: &Home, offline: &[&str]) -> Vec<String> {
    let run = home.run(&[&["filter", "test", "qlik"], offline].concat());
    run.check(0, &["kept", "excluded", "undecided"]);
    let mut lines: Vec<_> = run.output.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn a_filter_can_be_tested_with_the_store_without_the_site() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["filter", "test", "qlik", "--offline"])
        .check(3, &["there is no store"]);
    assert!(site.requests().is_empty());
    home.run(&["scan"]).check(0, &["complete"]);
    for filter in [
        NO_SALES,
        "filter = \"stream is null or owner = 'ACME\\\\\\\\ada.moreau'\"\n",
        "filter = \"sheet_status = 'base' and any t in tag match t = 'Board'\"\n",
        "",
    ] {
        write(&home, &site, filter);
        let online = trial(&home, &[]);
        let asked = site.requests().len();
        assert_eq!(trial(&home, &["--offline"]), online, "{filter}");
        assert_eq!(site.requests().len(), asked);
    }
    // The store has excluded items, too.
    write(&home, &site, "filter = never\n");
    home.run(&["scan"]).check(0, &["complete"]);
    let asked = site.requests().len();
    write(
        &home,
        &site,
        "filter = \"stream_id = 'x' or app = 'Sales Overview'\"\n",
    );
    let lines = trial(&home, &["--offline"]);
    assert_eq!(lines.len(), site.content().sheets().count());
    let why = "the filter (connections/qlik.conf:9:10) uses `stream_id`, which the store does not have for this item";
    for line in &lines {
        let undecided = line.starts_with("undecided  ") && with_slashes(line).ends_with(why);
        let sales = line.starts_with("keep ") && line.contains("Sales Overview");
        assert!(undecided || sales, "{line}");
    }
    assert!(lines.iter().any(|line| line.contains(REGIONS)));
    assert_eq!(site.requests().len(), asked);
    write(&home, &site, "filter = \"app != 'x' AND always\"\n");
    home.run(&["filter", "test", "qlik", "--offline"])
        .check(3, &["did you mean `and`?"]);
}

#[test]
fn testing_a_filter_lists_undecided_sheets() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    write(&home, &site, "filter = \"app_tag is null\"\n");
    let account = Account::new(&site.header_value());
    site.set_account(account.sees(Entity::App, |_| false));
    let run = home.run(&["filter", "test", "qlik"]);
    run.check(5, &["0 items kept, 0 excluded, 53 undecided", "`App_*`"]);
    let line = "Sales Overview/Regions  qlik/ab8864f2-90a4-4c48-a837-8b69817e599a/JDWuPK  the filter \
                (connections/qlik.conf:9:10) uses `app_tag`, but its app is not visible to the account";
    let is = |one: &str| one.starts_with("undecided  ") && with_slashes(one).ends_with(line);
    assert!(run.output.lines().any(is), "{}", run.output);
}

#[test]
fn a_sheet_on_which_a_pattern_gives_up_stays_unchanged() {
    const FILTER: &str = "filter = \"\"\"not sheet ~ /(?=a)(a|a|aa)+\\1c/\"\"\"\n";
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    write(&home, &site, FILTER);
    home.run(&["scan"]).check(0, &["complete"]);
    let before = home.items(EXPORT);
    let endless = format!("{}b", "a".repeat(40));
    site.edit(|content| {
        let sheet = content
            .objects
            .iter_mut()
            .find(|object| object["engineObjectId"] == "JDWuPK");
        sheet.unwrap()["name"] = Value::from(endless.as_str());
    });
    home.run(&["scan"]).check(
        0,
        &[
            "complete",
            "1 sheet is undecided, because a pattern of the filter reached its limit",
            REGIONS,
            "(connections/qlik.conf:9:10)",
            "took too many steps",
        ],
    );
    assert_eq!(home.items(EXPORT), before);
    assert_eq!(changes(&home, "excluded") + changes(&home, "removed"), 0);
    home.run(&["scan", "--no-store", "--output", "other.ndjson"])
        .check(0, &["complete", "reached its limit"]);
    let run = home.run(&["filter", "test", "qlik"]);
    run.check(0, &["1 undecided"]);
    let is = |one: &str| one.starts_with("undecided  ") && one.ends_with("took too many steps");
    assert!(run.output.lines().any(is), "{}", run.output);
    let run = home.run(&["explain", REGIONS]);
    assert!(run.output.contains("took too many steps"), "{}", run.output);
    // The store has the former name, so a filter gives up only there, not in a scan.
    home.run(&["filter", "test", "qlik", "--offline"])
        .check(0, &["0 undecided"]);
    write(&home, &site, "");
    home.run(&["scan"]).check(0, &["complete"]);
    write(&home, &site, FILTER);
    let run = home.run(&["filter", "test", "qlik", "--offline"]);
    run.check(0, &["1 undecided"]);
    assert!(run.output.lines().any(is), "{}", run.output);
}

#[test]
fn a_misplaced_or_misspelt_filter_is_not_ignored() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    for (filter, hint) in [
        (
            "connection { filter = \"stream = 'Finance'\" }",
            "write `filter` outside of the block `connection`",
        ),
        (
            "connection.filters = []",
            "write `filters` outside of the block `connection`",
        ),
        ("filtr = never", "did you mean `filter`?"),
    ] {
        write(&home, &site, &format!("{filter}\n"));
        home.run(&["scan"])
            .check(3, &["is not a setting of this connector", hint]);
        assert!(!home.has("data/catalog.db"), "{filter}");
    }
}
