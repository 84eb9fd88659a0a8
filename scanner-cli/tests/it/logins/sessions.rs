//! A session that another program has opened.

use qrs_client::fake_site::FakeSite;

use super::{check_fails, check_refuses, check_scan, file};
use crate::scanner::Home;

#[test]
fn a_scan_within_a_given_session() {
    let site = FakeSite::start_in_thread();
    let cookie = site.open_session(r"ACME\scanner");
    let (name, value) = cookie.split_once('=').unwrap();
    let home = Home::with(&file(&site.url(), &format!("session = \"{cookie}\"")));
    check_scan(&home, &site, &[value]);
    assert_eq!(site.sessions_opened(), 1);
    site.expire_sessions();
    let texts = ["it has ended", "`connection.auth.session`"];
    check_fails(&home, &texts, &[value]);

    // The cookie of another virtual proxy.
    let other = cookie.replace(name, "X-Qlik-Session-other");
    let home = Home::with(&file(&site.url(), &format!("session = \"{other}\"")));
    check_fails(
        &home,
        &["another virtual proxy", "`connection.auth.session`"],
        &[value],
    );
    assert_eq!(site.sessions_opened(), 1);
}

#[test]
fn a_text_that_is_not_one_cookie_is_an_error_of_the_file() {
    for text in ["a=b; c=hunter2", "hunter 2", "hunter\\\"2"] {
        let auth = format!("session = \"{text}\"");
        let home = Home::with(&file("https://qlik.example.com/vp", &auth));
        check_refuses(&home, &["`connection.auth.session`"], &["hunter"]);
    }
}
