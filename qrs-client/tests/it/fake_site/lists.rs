//! Lists, counts and single records.

use qrs_client::fake_site::{Content, CountForm, FakeSite};
use serde_json::{Value, json};

use super::{get, get_filtered};

#[test]
fn a_full_record_has_what_the_condensed_one_lacks() {
    let site = FakeSite::start_in_thread();
    let check = |path: &str, lacking: &[&str]| {
        site.expire_sessions();
        let full = get(&site, &format!("/qrs/{path}/full")).json();
        let condensed = get(&site, &format!("/qrs/{path}")).json();
        assert_eq!(
            full.as_array().unwrap().len(),
            condensed.as_array().unwrap().len()
        );
        for key in lacking {
            assert!(full[0].get(key).is_some(), "{path}: {key}");
            assert_eq!(condensed[0].get(key), None, "{path}: {key}");
        }
        for (key, value) in condensed[0].as_object().unwrap() {
            assert_eq!(&full[0][key], value);
        }
    };
    check(
        "app",
        &["owner", "tags", "customProperties", "lastReloadTime"],
    );
    check("app/object", &["app", "owner", "approved", "tags"]);
    check("stream", &["owner", "tags"]);
    check("user", &["attributes"]);
}

#[test]
fn lists_are_json_in_chunks() {
    let site = FakeSite::start_in_thread();
    let reply = get(&site, "/qrs/app/object/full");
    assert_eq!(
        reply.header("Content-Type"),
        Some("application/json;charset=utf-8")
    );
    assert!(reply.complete && reply.chunks.len() > 10);
    assert_eq!(reply.json(), Value::from(site.content().objects));
}

#[test]
fn chunks_may_be_as_small_as_a_byte() {
    let site = FakeSite::builder().chunk_size(1).start_in_thread();
    let reply = get(&site, "/qrs/stream/full");
    assert!(reply.complete && reply.chunks.iter().all(|size| *size == 1));
    assert_eq!(reply.json(), Value::from(site.content().streams));
}

#[test]
fn responses_may_have_a_length() {
    let site = FakeSite::builder().content_length().start_in_thread();
    let reply = get(&site, "/qrs/user/full");
    assert!(reply.complete && reply.header("Content-Length").is_some());
    assert_eq!(reply.json(), Value::from(site.content().users));
}

#[test]
fn counts_follow_the_filter() {
    let site = FakeSite::start_in_thread();
    let filter = "objectType eq 'sheet'";
    let count = get_filtered(&site, "/qrs/app/object/count", filter).json();
    let sheets = get_filtered(&site, "/qrs/app/object/full", filter);
    assert_eq!(count, json!({"value": site.content().sheets().count()}));
    assert_eq!(count["value"], sheets.all("id").len());
}

#[test]
fn a_count_may_be_a_bare_integer() {
    let site = FakeSite::builder()
        .content(Content::generated(2, 3))
        .count_form(CountForm::BareInteger)
        .start_in_thread();
    assert_eq!(get(&site, "/qrs/app/object/count").text(), "6");
}

#[test]
fn filters_select_and_orderby_sorts() {
    let mut content = Content::empty();
    for name in ["O'Brien \\ Co", "a & b", "100% #1", "Zoë"] {
        content.add_app(name);
    }
    let site = FakeSite::builder().content(content).start_in_thread();
    let names = |filter: &str| get_filtered(&site, "/qrs/app/full", filter).all("name");
    assert_eq!(names(r"name eq 'o\'brien \\ co'"), [r"O'Brien \ Co"]);
    assert_eq!(names("name so '&' or name so '#'"), ["a & b", "100% #1"]);
    assert_eq!(names("name ew 'Ë'"), ["Zoë"]);
    let ordered = get(&site, "/qrs/app?orderby=name").all("name");
    assert_eq!(ordered, ["100% #1", "a & b", r"O'Brien \ Co", "Zoë"]);
}

#[test]
fn filters_that_cannot_be_read_are_refused() {
    let site = FakeSite::start_in_thread();
    let check = |reply: super::Reply, text: &str| {
        assert_eq!(reply.status, 400);
        assert_eq!(reply.text(), text);
    };
    let filter = "name eq 'O''Brien'";
    check(
        get_filtered(&site, "/qrs/app/full", filter),
        "Cannot parse the expression: name eq 'O''Brien'",
    );
    check(
        get_filtered(&site, "/qrs/app/count", "()"),
        "Invalid expression",
    );
    check(
        get(&site, "/qrs/app?filter=name%20eq%20'a&b'"),
        "Missing parameter value(s)",
    );
    check(
        get(&site, "/qrs/app?orderby=colour"),
        "Cannot parse the expression: colour",
    );
}

#[test]
fn single_records_are_found_by_their_id() {
    let site = FakeSite::start_in_thread();
    let content = site.content();
    let (app, sheet) = (&content.apps[0], content.sheets().next().unwrap());
    let record = |path: &str, id: &Value| {
        let id = id.as_str().unwrap().to_uppercase();
        get(&site, &format!("/qrs/{path}/{id}"))
    };
    assert_eq!(&record("app", &app["id"]).json(), app);
    assert_eq!(&record("app/object", &sheet["id"]).json(), sheet);
    assert_eq!(record("app", &sheet["id"]).status, 404);
    assert_eq!(get(&site, "/qrs/printing").status, 404);
}

#[test]
fn privileges_are_null_unless_requested() {
    let site = FakeSite::start_in_thread();
    assert_eq!(get(&site, "/qrs/app").all("privileges")[0], Value::Null);
    let asked = get(&site, "/qrs/app?privileges=true").all("privileges");
    assert_eq!(asked[0], json!(["read"]));
}

#[test]
fn the_version_is_returned() {
    let site = FakeSite::builder().version("31.62.0.0").start_in_thread();
    assert_eq!(get(&site, "/qrs/about").json()["buildVersion"], "31.62.0.0");
}

#[test]
fn edits_appear_in_the_next_response() {
    let site = FakeSite::start_in_thread();
    let before = site.content().objects.len();
    let sheet = site.edit(|content| {
        let app = content.add_app("New");
        content.add_sheet(&app, "First");
        content.add_sheet(&app, "Second")
    });
    site.edit(|content| content.rename(&sheet, "Renamed"));
    let names = get_filtered(&site, "/qrs/app/object/full", "app.name eq 'new'").all("name");
    assert_eq!(names, ["First", "Renamed"]);
    assert!(site.edit(|content| content.remove(&sheet)));
    let count = get(&site, "/qrs/app/object/count").json();
    assert_eq!(count["value"], before + 1);
}
