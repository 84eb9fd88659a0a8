//! `explain`: what the store and the site have about a sheet.

use qrs_client::fake_site::{Account, Entity, FakeSite, ReservedPort};

use super::{Page, catalog::changed, demo};

const APP: &str = "ab8864f2-90a4-4c48-a837-8b69817e599a";

#[test]
fn sheets_in_every_state() {
    let site = FakeSite::start_in_thread();
    let home = changed(&site);
    let mut page = Page::new();
    let key = format!("demo/{APP}/JDWuPK");
    let link = format!("{}/sense/app/{APP}/sheet/JDWuPK/state/analysis", site.url());
    for (note, subject) in [
        ("present, and renamed meanwhile", key.as_str()),
        ("its link", &link),
        ("excluded", "Returns"),
        ("gone", "Overview"),
        ("an app", APP),
        (
            "another kind of object",
            "0a789f64-8ecc-4a6f-a5c7-821d6c5fe4e0",
        ),
        ("misspelt", "Regoins"),
        ("unknown", "No such sheet at all"),
        ("unknown id", "11111111-2222-4333-8444-555555555555"),
    ] {
        page.note(note);
        page.run(&home, &["explain", subject]);
    }
    page.note("an app without sheets, by its name");
    page.run(&home, &["explain", "Empty app"]);
    let stream = "e2f49363-fc57-41e3-a924-251d1642e0d2";
    let link = format!("{}/hub/stream/{stream}", site.url());
    for subject in [&format!("demo/stream:{stream}"), &link] {
        page.note("a stream");
        page.run(&home, &["explain", subject]);
    }
    page.run(&home, &["explain", &key, "--offline"]);
    page.check("explain");
}

#[test]
fn sheets_that_the_account_can_no_longer_see() {
    let port = ReservedPort::new();
    let site = FakeSite::builder().port(port.number()).start_in_thread();
    let home = demo(&site);
    home.run(&["scan"]);
    let mut page = Page::new();
    let account = Account::new(&site.header_value());
    site.set_account(account.sees(Entity::Object, |_| false));
    page.run(&home, &["explain", &format!("demo/{APP}/JDWuPK")]);
    drop(site);
    page.note("the site is down");
    page.run(&home, &["explain", &format!("demo/{APP}/JDWuPK")]);
    page.check("explain_hidden");
}
