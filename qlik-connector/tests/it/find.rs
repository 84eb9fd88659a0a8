//! `find`: what the site has for a key, a link, an id or a name.

use catalog_model::{Connection, Finding};
use qrs_client::fake_site::{Account, Content, Entity, FakeSite, Fault};

use crate::site::connect;

/// Searches, and returns each finding as a line.
async fn find(connection: &dyn Connection, subject: &str) -> Vec<String> {
    let found = connection.lookup().unwrap().find(subject).await.unwrap();
    let line = |finding| match finding {
        Finding::Item { label, .. } => label.join("/"),
        Finding::Excluded { label, rule, .. } => {
            format!("{} is excluded by {rule}", label.join("/"))
        }
        Finding::Undecided { label, why, .. } => format!("{} is undecided: {why}", label.join("/")),
        Finding::NotAnItem { what } | Finding::NotRequested { what } => what,
    };
    found.into_iter().map(line).collect()
}

#[tokio::test]
async fn sheets_and_other_objects_are_found_by_id_and_name_and_link() {
    let mut content = Content::empty();
    let app = content.add_app("Sales");
    let sheet = content.add_sheet(&app, "Q1 'draft'");
    let story = content.add_object(&app, "story", "How it went");
    content.set(&sheet, "engineObjectId", "JDWuPK".into());
    let site = FakeSite::builder().content(content).start().await;
    let connection = connect(&site, &[]);
    let link = format!("https://people.example/sense/app/{app}/sheet/JDWuPK/state/analysis");
    let key = format!("qlik%2Ftest/{app}/JDWuPK");
    for subject in [&sheet, "JDWuPK", "q1 'DRAFT'", &link, &key] {
        assert_eq!(
            find(connection.as_ref(), subject).await,
            ["My work/Sales/Q1 'draft'"],
            "{subject}"
        );
    }
    assert_eq!(
        find(connection.as_ref(), &story).await,
        ["not a sheet, but an object of the type `story` named `How it went`, in the app `Sales`"]
    );
    let of_app = format!("present: app `Sales` ({app}), with 1 sheet");
    for subject in [
        &app,
        "Sales",
        &format!("https://people.example/sense/app/{app}"),
    ] {
        assert_eq!(
            find(connection.as_ref(), subject).await,
            std::slice::from_ref(&of_app)
        );
    }
    assert!(find(connection.as_ref(), "does not exist").await.is_empty());
}

#[tokio::test]
async fn a_filter_does_not_exclude_objects_that_are_not_sheets() {
    let mut content = Content::empty();
    let app = content.add_app("Sales");
    let story = content.add_object(&app, "story", "How it went");
    let sheet = content.add_sheet(&app, "Q1");
    let untyped = content.add_sheet(&app, "Q2");
    content.set(&untyped, "objectType", "".into());
    let site = FakeSite::builder().content(content).start().await;
    let connection = connect(&site, &[("filter", "never")]);
    assert_eq!(
        find(connection.as_ref(), &story).await,
        ["not a sheet, but an object of the type `story` named `How it went`, in the app `Sales`"]
    );
    for (sheet, name) in [(&sheet, "Q1"), (&untyped, "Q2")] {
        let [found] = &find(connection.as_ref(), sheet).await[..] else {
            panic!("there is one such sheet");
        };
        let expected = format!("My work/Sales/{name} is excluded by filter");
        assert!(found.starts_with(&expected), "{found}");
    }
    let all = connect(&site, &[]);
    assert_eq!(find(all.as_ref(), &untyped).await, ["My work/Sales/Q2"]);
}

#[tokio::test]
async fn an_undecided_sheet_is_not_reported_as_present() {
    let mut content = Content::empty();
    let app = content.add_app(&format!("{}b", "a".repeat(40)));
    let sheet = content.add_sheet(&app, "Q1");
    let site = FakeSite::builder().content(content).start().await;
    let connection = connect(&site, &[("filter", r"app ~ /(?=a)(a|a|aa)+\1c/")]);
    let [found] = &find(connection.as_ref(), &sheet).await[..] else {
        panic!("there is one such sheet");
    };
    assert!(
        found.contains("is undecided: in the filter (connections/test.conf:4:1), the pattern"),
        "{found}"
    );
    assert!(found.contains("too many steps"), "{found}");
    let account = Account::new(&site.header_value());
    site.set_account(account.sees(Entity::App, |_| false));
    let connection = connect(&site, &[("filter", "app_tag is null")]);
    let [found] = &find(connection.as_ref(), &sheet).await[..] else {
        panic!("there is one such sheet");
    };
    let why = "is undecided: the filter (connections/test.conf:4:1) uses `app_tag`, but its app is not visible to the account";
    assert!(found.ends_with(why), "{found}");
}

#[tokio::test]
async fn an_unrequested_object_is_not_reported_as_present() {
    let site = FakeSite::start().await;
    let content = site.content();
    let json = |list: &Vec<serde_json::Value>| serde_json::to_string(list).unwrap();
    site.fail(Fault::body(json(&content.objects)).on("/qrs/app/object/full"));
    site.fail(Fault::body(json(&content.apps)).on("/qrs/app/full"));
    site.fail(Fault::body(content.objects.len().to_string()).on("/qrs/app/object/count"));
    let connection = connect(&site, &[]);
    let sheet = content.sheets().last().unwrap();
    let [app, id] = [&sheet["app"]["id"], &sheet["id"]].map(|id| id.as_str().unwrap());
    let missing = "11111111-2222-4333-8444-555555555555";
    for subject in [
        missing.to_owned(),
        "no such name".to_owned(),
        format!("qlik%2Ftest/{app}/{missing}"),
        format!("https://people.example/sense/app/{missing}/sheet/JDWuPK"),
    ] {
        let found = find(connection.as_ref(), &subject).await;
        let [unasked] = &found[..] else {
            panic!("{subject}: {found:?}");
        };
        assert!(unasked.contains("removes the filter"), "{unasked}");
    }
    // A matching record is found wherever it is in the list, and ids are case-insensitive.
    for id in [id.to_owned(), id.to_uppercase()] {
        let found = find(connection.as_ref(), &id).await;
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].ends_with(sheet["name"].as_str().unwrap()));
    }
    let app = content.apps[0]["id"].as_str().unwrap();
    let found = find(connection.as_ref(), app).await;
    assert!(
        found[0].contains("with an unknown number of sheets"),
        "{found:?}"
    );
}
