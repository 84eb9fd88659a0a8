//! A saved session never causes a failure.

use qrs_client::fake_site::{Account, EndedSession, Entity, FakeSite, Fault};

use crate::scanner::{Home, session_files};

fn site(ended: EndedSession) -> FakeSite {
    FakeSite::builder().ended_session(ended).start_in_thread()
}

#[test]
fn a_session_that_ended_overnight_is_renewed() {
    for ended in EndedSession::ALL {
        let site = site(ended);
        let home = Home::with_site(&site);
        home.run(&["scan"]).check(0, &["complete"]);
        for command in ["scan", "check", "scan"] {
            site.expire_sessions();
            let run = home.run(&[command]);
            assert_eq!(run.exit, 0, "{ended:?} {command}: {}", run.errors);
            if command == "check" && ended != EndedSession::AuthenticateAgain {
                let text = "opened a session: the site had ended the saved one";
                assert!(run.output.contains(text), "{ended:?}: {}", run.output);
            }
        }
        home.run(&["scan"]).check(0, &["complete"]);
        assert_eq!(site.sessions_opened(), 4, "{ended:?}");
    }
}

#[test]
fn a_session_that_ends_in_the_middle_of_a_scan_is_renewed() {
    for ended in EndedSession::ALL {
        for path in [
            "/qrs/app/count",
            "/qrs/app/full",
            "/qrs/user/full",
            "/qrs/app/object/full",
        ] {
            let site = site(ended);
            site.fail(Fault::end_sessions().on(path).times(1));
            let run = Home::with_site(&site).run(&["scan"]);
            assert_eq!(run.exit, 0, "{ended:?} {path}: {}", run.errors);
            assert!(run.errors.contains("complete"), "{}", run.errors);
            assert!(
                !run.errors.contains("contacts were left unchanged"),
                "{}",
                run.errors
            );
            let opened = site.sessions_opened();
            // That site opens a session for each request that was under way, up to five.
            let most = match ended {
                EndedSession::AuthenticateAgain => 6,
                _ => 2,
            };
            assert!((2..=most).contains(&opened), "{ended:?} {path}: {opened}");
        }
    }
}

#[test]
fn scans_without_the_right_to_read_users_use_one_session() {
    let account = Account::new("ACME\\scanner").forbidden(Entity::User);
    let site = FakeSite::builder().account(account).start_in_thread();
    let home = Home::with_site(&site);
    for _ in 0..7 {
        home.run(&["scan"]).check(0, &["complete"]);
        home.run(&["check"]).check(0, &[]);
    }
    assert_eq!(site.sessions_opened(), 1);
}

#[test]
fn a_session_file_with_any_content_is_accepted() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    let session = session_files(&home).remove(0);
    let kept = home.read(&session);
    for text in [
        String::new(),
        "no session".to_owned(),
        kept[..kept.len() / 2].to_owned(),
        kept.replace("qrs-session-", "qrs-session-9"),
        kept.clone() + "\u{0}\n",
    ] {
        site.expire_sessions();
        home.write(&session, &text);
        home.run(&["scan"]).check(0, &["complete"]);
    }
    home.write(&session, [0xff, 0xfe, 0x00]);
    home.run(&["check"]).check(0, &[]);
}

#[test]
fn a_session_file_of_an_earlier_version_is_removed() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write(
        "data/qlik.session",
        "qrs-session-1:5a17:5a17:X-Qlik-Session-HTTP=of-yesterday",
    );
    home.run(&["scan"]).check(0, &["complete"]);
    assert!(!home.has("data/qlik.session"));
    assert_eq!(session_files(&home).len(), 1);
    assert_eq!(site.sessions_opened(), 1);
}
