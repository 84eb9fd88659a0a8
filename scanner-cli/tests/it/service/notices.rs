//! Changes that the system reports. The poll interval is hours here, so polling cannot find them.

use std::fs;

use qrs_client::fake_site::FakeSite;

use super::{Running, is, scanned, state, wait};
use crate::scanner::{Home, connection, with_slashes};

const SELDOM: &str = "automation.look_interval = 1 hour\n";

/// A service that has polled, and will not poll again soon.
fn seldom(home: &Home) -> Running {
    home.write("conf/application.conf", SELDOM);
    let running = Running::start(home);
    wait("the first look", || running.log().contains("ready:"));
    running
}

#[test]
#[cfg_attr(
    not(target_os = "linux"),
    ignore = "needs notifications of all changes, as on Linux"
)]
fn new_replaced_and_removed_files_are_noticed() {
    let site = FakeSite::start_in_thread();
    // Not even the folder is there.
    let home = Home::empty();
    let running = seldom(&home);
    home.write("connections/qlik.conf", connection("qlik", &site));
    wait("a new file", || scanned(&home, "qlik", "complete") == 1);

    // Editors replace files like this.
    home.write(
        "connections/.qlik.conf.tmp",
        connection("qlik", &site) + "# new\n",
    );
    let path = home.path("connections/qlik.conf");
    fs::rename(home.path("connections/.qlik.conf.tmp"), &path).unwrap();
    wait("another file", || scanned(&home, "qlik", "complete") == 2);

    // A folder that is created again is another folder.
    fs::remove_dir_all(home.path("connections")).unwrap();
    wait("nothing", || is(&home, "qlik.conf", "removed"));
    home.write(
        "connections/b.conf",
        connection("qlik", &site) + "# newer\n",
    );
    wait("a new folder", || scanned(&home, "qlik", "complete") == 3);
    home.write("connections/b.conf", "a = ");
    wait("its file", || is(&home, "b.conf", "error"));

    home.write(
        "conf/application.conf",
        SELDOM.to_owned() + "automation.parallel = 2",
    );
    wait("settings", || {
        with_slashes(&running.log()).contains("`conf/application.conf` has changed")
    });
    running.stop();
}

#[test]
#[cfg_attr(
    not(target_os = "linux"),
    ignore = "needs notifications of all changes, as on Linux"
)]
fn files_that_a_file_names_are_noticed_anywhere() {
    let site = FakeSite::start_in_thread();
    let home = Home::empty();
    home.write("elsewhere/secrets.conf", "s.account = nobody");
    let provider = "secret-manager { key = s, provider = file, configuration { file-path = elsewhere/secrets.conf } }\n";
    let asks = "secret_manager.enabled = true\nconnection.auth.value = ${secret_manager.account}\n";
    let stored = "tls.truststore.path = stores/a.pem\n";
    home.write("connections/qlik.conf", connection("qlik", &site) + asks);
    home.write("connections/tls.conf", connection("tls", &site) + stored);
    home.write("conf/application.conf", SELDOM.to_owned() + provider);
    let running = Running::start(&home);
    wait("a refusal", || scanned(&home, "qlik", "failed") == 1);
    home.write(
        "elsewhere/secrets.conf",
        "s.account = \"\"\"ACME\\scanner\"\"\"",
    );
    wait("a secret", || scanned(&home, "qlik", "complete") == 1);
    let says = |error: &str| {
        let state = state(&home, "tls.conf").unwrap();
        state["error"].as_str().unwrap().contains(error)
    };
    assert!(says("No such file"));
    home.write("stores/a.pem", "x");
    wait("a trust store", || says("is neither PKCS12"));
    running.stop();
}
