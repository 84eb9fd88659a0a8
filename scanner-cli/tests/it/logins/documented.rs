//! The connection files that the example `fake_site --login` writes.

use super::{check_requests, check_secrets, login_home, printed};
use crate::scanner::Home;

#[test]
fn the_file_of_each_way_lists_the_sheets() {
    for kind in login_home::KINDS {
        // The example fetches a ticket with itself.
        let fetch = match cfg!(windows) {
            true => r#"["cmd", "/c", "type", "conf\\ticket"]"#,
            false => r#"["cat", "conf/ticket"]"#,
        };
        let home = Home::empty();
        let started = login_home::start(kind, &home.path(""), 0, fetch).unwrap();
        let site = &started.site;
        assert_eq!(home.read("connections/demo.conf"), started.connection);
        assert!(started.connection.contains(&started.url));
        home.write("conf/ticket", site.issue_ticket(r"ACME\scanner"));
        let secrets: Vec<_> = ["conf/ticket", "conf/token", "conf/password", "conf/session"]
            .iter()
            .filter(|name| home.has(name))
            .map(|name| home.read(name))
            .collect();
        let mut text = String::new();
        for command in ["check", "scan", "inventory"] {
            let run = home.run(&[command]);
            text += &printed(&run);
            assert_eq!(run.exit, 0, "{kind}: {text}");
        }
        assert!(text.contains("/Sales Overview/Regions"), "{kind}: {text}");
        let secrets: Vec<_> = secrets.iter().map(String::as_str).collect();
        check_secrets(&text, &secrets);
        check_requests(site);
        let shown = printed(&home.run(&["config", "show"]));
        check_secrets(&shown, &secrets);
    }
}
