//! `check --offline`: validates all files of a home.

use qrs_client::fake_site::FakeSite;

use super::{Page, demo_with};
use crate::scanner::Home;

const SCHEDULE: &str = "schedule = \"0 0 2 * * ?\"\n";

#[test]
fn files_without_and_with_mistakes() {
    let site = FakeSite::start_in_thread();
    let home = demo_with(&site, &format!("{SCHEDULE}filter = \"stream = 'x'\"\n"));
    home.write(
        "conf/application.conf",
        "automation { time_zone = \"Europe/Berlin\" }\n",
    );
    home.write(
        "hooks/notify.conf",
        crate::hooks::hook("notify", "post_items_upsert_command = [echo]"),
    );
    let mut page = Page::new();
    page.run_held(&home, &["check", "--offline"]);
    page.run_held(&home, &["check", "--offline", "--format", "json"]);
    home.write("hooks/notify.conf", "code = notify\n");
    let settings = "automation { time_zone = \"Europe/Berlin\" }\nhtp.listen = \"127.0.0.1:1\"\n";
    home.write("conf/application.conf", settings);
    home.write(
        "connections/off.conf",
        "name = Off\ncode = off\nconnector_id = qlik-sense\nenabled = false\n",
    );
    page.run_held(&home, &["check", "--offline"]);
    page.run_held(&home, &["check", "--offline", "off"]);
    page.run_held(&home, &["check", "--offline", "dmeo"]);
    page.run_held(&Home::empty(), &["check", "--offline"]);
    page.check("check_offline");
}
