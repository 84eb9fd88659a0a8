//! Command lines that are not valid.

use super::Page;
use crate::scanner::Home;

const COMMAND_LINES: [&[&str]; 36] = [
    &["scna"],
    &["catalog", "lst"],
    &["catalog"],
    &["store"],
    &["scan", "--acept-removals"],
    &["scan", "--accept-removals"],
    &["scan", "--report"],
    &["scan", "--report", "-"],
    &["scan", "--output"],
    &["scan", "nobody"],
    &["check", "--format", "yaml"],
    &["status", "--healthy", "--format", "json"],
    &["run", "--log-format", "jsn"],
    &["run", "now"],
    &["inventory", "--format", "jsno"],
    &["inventory", "--bom"],
    &["inventory", "--columns", "lable"],
    &["catalog", "list", "--since", "whenever"],
    &["catalog", "list", "--limit", "0"],
    &["catalog", "changes", "--limit", "abc"],
    &["catalog", "scans", "--limit", "99999999999999999999"],
    &["catalog", "list", "--state", "here"],
    &["catalog", "list", "--colums", "label"],
    &["catalog", "owners", "--status", "gone"],
    &["catalog", "show"],
    &["explain"],
    &["encrypt", "hunter2"],
    &["scan", "-q", "-v"],
    &["--log-level", "loud", "scan"],
    &["--color", "maybe", "scan"],
    &["scan", "--home"],
    &["docs", "filter"],
    &["docs", "filters#nothing"],
    &["config", "schema", "hook"],
    &["completions", "csh"],
    &["init"],
];

#[test]
fn command_lines_that_are_not_valid() {
    let home = Home::empty();
    home.write(
        "connections/qlik.conf",
        "name = A\ncode = qlik\nconnector_id = qlik-sense\nenabled = false\n",
    );
    let mut page = Page::new();
    for arguments in COMMAND_LINES {
        page.run(&home, arguments);
    }
    page.check("usage");
}
