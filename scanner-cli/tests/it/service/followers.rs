//! Followers of the service: their metrics, and what the log says of their settings.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use qrs_client::fake_site::FakeSite;

use super::{
    BRIEF, Running,
    endpoints::{LISTEN, address, ask},
    scanned, wait,
};
use crate::{
    receiver::Receiver,
    scanner::{Home, connection, with_slashes},
};

/// The gauge of a follower.
fn behind(page: &str, follower: &str) -> Option<u64> {
    let start = format!("scanner_follower_changes_behind{{follower=\"{follower}\"}} ");
    let value = page.lines().find_map(|line| line.strip_prefix(&start))?;
    Some(value.parse().unwrap())
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn metrics_show_how_far_a_failing_follower_is_behind() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let followers =
        "followers = [ { kind = ndjson, path = out }, { kind = ndjson, path = export } ]\n";
    home.write(
        "conf/application.conf",
        BRIEF.to_owned() + LISTEN + followers,
    );
    home.write("out", "a file where the folder belongs");
    let running = Running::start(&home);
    let address = address(&running);
    let page = || ask(&address, "GET", "/metrics").1;
    wait("both followers", || {
        let page = page();
        behind(&page, "ndjson:out").is_some_and(|changes| changes >= 53)
            && behind(&page, "ndjson:export") == Some(0)
    });
    let help = "# TYPE scanner_follower_changes_behind gauge";
    assert!(page().contains(help));
    std::fs::remove_file(home.path("out")).unwrap();
    home.write(
        "conf/application.conf",
        BRIEF.to_owned() + LISTEN + followers + "# repaired\n",
    );
    wait("the delivery", || behind(&page(), "ndjson:out") == Some(0));
    home.write("conf/application.conf", BRIEF.to_owned() + LISTEN);
    wait("one follower", || behind(&page(), "ndjson:out").is_none());
    assert_eq!(behind(&page(), "ndjson:export"), Some(0));
    running.stop();
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_follower_of_an_unknown_connection_is_logged_once() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let followers = "followers = [ { kind = ndjson, path = export, connections = [qlick] } ]\n";
    home.write("conf/application.conf", BRIEF.to_owned() + followers);
    let running = Running::start(&home);
    let warning = "follower `ndjson:export`: no connection has the code `qlick`";
    wait("the warning", || running.log().contains(warning));
    assert!(running.log().contains("did you mean `qlik`?"));
    home.write("connections/b.conf", connection("b", &site));
    wait("another file", || scanned(&home, "b", "complete") == 1);
    assert_eq!(running.log().matches(warning).count(), 1);
    home.write("connections/c.conf", connection("qlick", &site));
    wait("its file", || running.log().contains("connection=qlick"));
    std::fs::remove_file(home.path("connections/c.conf")).unwrap();
    wait("the warning again", || {
        running.log().matches(warning).count() == 2
    });
    running.stop();
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_file_that_is_no_longer_maintained_is_logged_once() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write("connections/b.conf", connection("b", &site));
    home.run(&["scan"]).check(0, &[]);
    let followers = "followers = [ { kind = ndjson, path = export, connections = [b] } ]\n";
    home.write("conf/application.conf", BRIEF.to_owned() + followers);
    let running = Running::start(&home);
    let line = "`export/qlik.visualization.ndjson` is no longer maintained";
    wait("the line", || running.log().contains(line));
    assert!(home.has("export/qlik.visualization.ndjson"));
    let narrower = followers.replace("export,", "export, enabled = on,");
    home.write("conf/application.conf", BRIEF.to_owned() + &narrower);
    wait("a delivery", || {
        with_slashes(&running.log()).contains("`conf/application.conf` has changed")
    });
    assert_eq!(running.log().matches(line).count(), 1);
    running.stop();
}

/// The value of a metric of the follower `glue`.
fn of_glue(page: &str, metric: &str) -> Option<f64> {
    let start = format!("scanner_follower_{metric}{{follower=\"glue\"}} ");
    let value = page.lines().find_map(|line| line.strip_prefix(&start))?;
    Some(value.parse().unwrap())
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn metrics_show_what_a_webhook_has_received_and_no_secret() {
    let is_down = Arc::new(AtomicBool::new(true));
    let down = Arc::clone(&is_down);
    let receiver = Receiver::start(move |request| {
        let (path, body) = (&request.path, &request.body);
        match down.load(Ordering::Relaxed) {
            true => (404, format!("{{\"message\":\"no hook {path}\"}}")),
            false if body.contains("\"name\":\"Regions\"") => (422, "{}".to_owned()),
            false => (204, String::new()),
        }
    });
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let url = &receiver.url;
    let followers = format!(
        "followers = [ {{ kind = webhook, name = glue, url = \"{url}/T0S3CR3T/s3cr3t-key?sig=s3cr3t\", \
         token = \"t0ken-of-glue\", secret = \"s3cret-of-glue\" }} ]\n"
    );
    let settings = BRIEF.to_owned() + LISTEN + &followers;
    home.write("conf/application.conf", &settings);
    let running = Running::start(&home);
    let address = address(&running);
    let page = || ask(&address, "GET", "/metrics").1;
    wait("the lag", || {
        of_glue(&page(), "lag_seconds").is_some_and(|lag| lag > 0.0)
    });
    wait("the failure", || running.log().contains("status 404"));
    let while_down = page();
    assert_eq!(of_glue(&while_down, "items_sent_total"), Some(0.0));
    is_down.store(false, Ordering::Relaxed);
    home.write("conf/application.conf", settings + "# repaired\n");
    wait("the delivery", || {
        of_glue(&page(), "changes_behind") == Some(0.0)
    });
    let delivered = page();
    let refused = of_glue(&delivered, "items_refused").unwrap();
    assert!(refused >= 1.0, "{delivered}");
    assert_eq!(
        of_glue(&delivered, "items_sent_total"),
        Some(53.0 - refused)
    );
    assert_eq!(of_glue(&delivered, "lag_seconds"), Some(0.0));
    let log = running.stop();
    for text in [while_down, delivered, log] {
        for secret in ["S3CR3T", "s3cr3t", "t0ken", "s3cret"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}
