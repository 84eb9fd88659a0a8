//! `config show`: a connection file as the scanner reads it.

use qrs_client::fake_site::FakeSite;

use super::{Page, demo, demo_with};
use crate::scanner::Home;

const FILE: &str = r#"include "../account.conf"
name = "Qlik production"
code = "qlik-prod"
connector_id = "qlik-sense"
connection {
  url = "https://qlik.example.com/scanner"
}
connection.verify_count = "no"
"#;

const ACCOUNT: &str = "connection.auth { key = X-Scanner-User, value = ${QLIK_ACCOUNT} }\n";

#[test]
fn a_file_with_an_included_one_and_a_variable() {
    let home = Home::empty();
    home.write("connections/qlik.conf", FILE);
    home.write("account.conf", ACCOUNT);
    let mut page = Page::new();
    for arguments in [
        &["config", "show", "qlik-prod"][..],
        &[
            "config",
            "show",
            "connections/qlik.conf",
            "--format",
            "json",
        ],
    ] {
        let mut command = home.command(arguments);
        command.env("QLIK_ACCOUNT", "ACME\\scanner");
        page.note("QLIK_ACCOUNT='ACME\\scanner'");
        page.run_command(&home, arguments, command);
    }
    page.note("without the variable");
    page.run(&home, &["config", "show", "qlik-prod"]);
    page.run(&home, &["config", "show", "qlik-prd"]);
    page.run(&home, &["config", "show", "connections/none.conf"]);
    home.write("connections/qlik.conf", "a = \"b\\c\"");
    page.run(&home, &["config", "show", "connections/qlik.conf"]);
    page.check("config_show");
}

#[test]
fn the_next_times_of_a_schedule() {
    let site = FakeSite::start_in_thread();
    let home = demo_with(&site, "schedule = \"0 30 6 ? * MON-FRI\"\n");
    let mut page = Page::new();
    home.write(
        "conf/application.conf",
        "automation.time_zone = \"Europe/Berlin\"\n",
    );
    page.run_held(&home, &["config", "show", "demo"]);
    page.run_held(&home, &["config", "show", "demo", "--format", "json"]);
    let home = demo(&site);
    let settings = "automation { synchronize = \"0 0 2 * * ?\", time_zone = \"Europe/Berlin\" }\n";
    home.write("conf/application.conf", settings);
    page.run_held(&home, &["config", "show", "demo"]);
    page.check("config_show_schedule");
}
