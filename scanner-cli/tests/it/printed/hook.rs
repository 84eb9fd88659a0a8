//! `hook test`, and errors in hook files.

use qrs_client::fake_site::FakeSite;

use super::{Page, demo};
use crate::hooks::hook;

#[test]
fn hooks_are_tested() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    for (code, more) in [
        (
            "tell-the-team",
            "post_items_upsert_command = [sh, -c, \"wc -l | sed 's/ *//; s/$/ items/'\"]",
        ),
        (
            "fails",
            "post_items_upsert_command = [sh, -c, \"echo no >&2; exit 3\"]",
        ),
        (
            "killed",
            "post_items_upsert_command = [sh, -c, \"kill -9 $$\"]",
        ),
        (
            "slow",
            "post_items_upsert_command = [sleep, \"100\"]\ntime_limit = 300 ms",
        ),
        ("none", "post_items_upsert_command = [no-such-program]"),
        ("bad", "post_items_upsert_command = sh"),
        (
            "off",
            "post_items_upsert_command = [\"true\"]\nenabled = false",
        ),
    ] {
        home.write(&format!("hooks/{code}.conf"), hook(code, more));
    }
    let mut page = Page::new();
    page.note("no store");
    page.run(&home, &["hook", "test", "tell-the-team"]);
    home.run(&["scan"]);
    for code in [
        "tell-the-team",
        "fails",
        "killed",
        "slow",
        "none",
        "bad",
        "off",
        "tell-teh-team",
    ] {
        page.run(&home, &["hook", "test", code]);
    }
    page.run(&home, &["hook", "test", "off", "--connection", "dmeo"]);
    page.check("hook_test");
}
