//! No text of a follower contains its secrets.

use catalog_model::{
    ConnectionCode, FollowError,
    follower::{ConfiguredFollower, FeedError},
    with_causes,
};
use catalog_store::FeedFollower;

use super::*;

/// A home with a follower that has a secret of each origin, and whose deliveries end in this way.
fn home(ending: &str) -> TestHome {
    let home = TestHome::new();
    home.write("secrets.conf", "s.token = s3cr3t-token");
    let owner = Owner::Follower("glue");
    let password = home.encrypted(owner, "tls.truststore.password", "s3cr3t-password");
    let settings = "token = ${secret_manager.token}, tls.truststore.password = ";
    let settings = follower(&format!("{settings}{password}, {ending}"));
    home.write("conf/application.conf", &settings);
    home
}

fn only(application: &Application) -> Arc<ConfiguredFollower> {
    Arc::clone(&application.followers[0])
}

const HIDDEN: &str = "token `********`, password ********";

#[tokio::test]
async fn a_check_shows_stars_for_secrets() {
    let home = home("ending = fails");
    let application = home.read().ok().unwrap();
    let follower = only(&application);
    assert_eq!(follower.follower.revision(), 7);
    let code = ConnectionCode::new("c").unwrap();
    assert_eq!(
        follower.follower.files_of(&code),
        [std::path::PathBuf::from("glue-c")]
    );
    let checked = home.installation.check_follower(&follower).await;
    assert_eq!(checked.stages[1].seen, HIDDEN);
    assert_eq!(checked.stages[1].hint.as_deref(), Some(HIDDEN));
    check_hidden(&format!("{:?}", application.followers));
}

#[test]
fn the_own_secrets_of_a_follower_are_redacted_as_well() {
    let home = home("ending = fails");
    let followers = home.read().ok().unwrap().followers;
    let text = "own-s3cr3t and s3cr3t-token".to_owned();
    assert_eq!(followers[0].follower.redact(text), "**** and ********");
}

#[tokio::test]
async fn a_failed_delivery_shows_stars_for_secrets() {
    let home = home("ending = fails");
    home.scratch.scan(0, &[("a", "A")]).await;
    let followers = home.read().ok().unwrap().followers;
    let runs = home.installation.deliverer().deliver(&followers).await;
    let error = runs[0].outcome.as_ref().unwrap_err();
    assert_eq!(error.hint(), Some(HIDDEN));
    assert!(with_causes(error).starts_with(&format!("{HIDDEN}: {HIDDEN}")));
    check_hidden(&with_causes(error));
    check_hidden(&format!("{runs:?} {error:?}"));
    let of = FeedFollower::new(&followers[0]);
    let kept = home.scratch.catalog().cursor(&of).unwrap().error.unwrap();
    assert_eq!(kept, with_causes(error));
}

#[tokio::test]
async fn refused_items_and_targets_show_stars_for_secrets() {
    let home = home("ending = refuses");
    home.scratch.scan(0, &[("a", "A")]).await;
    let followers = home.read().ok().unwrap().followers;
    let runs = home.installation.deliverer().deliver(&followers).await;
    let delivery = runs[0].outcome.as_ref().unwrap();
    assert_eq!(delivery.delivered[0].target, HIDDEN);
    assert_eq!(delivery.refused[0].message, HIDDEN);
    let of = FeedFollower::new(&followers[0]);
    check_hidden(&home.scratch.catalog().cursor(&of).unwrap().error.unwrap());
}

#[tokio::test]
async fn an_error_of_the_feed_is_passed_on() {
    let home = home("ending = stops");
    home.scratch.scan(0, &[("a", "A")]).await;
    let followers = home.read().ok().unwrap().followers;
    let runs = home.installation.deliverer().deliver(&followers).await;
    let error = runs[0].outcome.as_ref().unwrap_err();
    assert!(matches!(error, FollowError::Feed(FeedError::Store(_))));
}

#[test]
fn a_problem_of_the_settings_shows_stars_for_secrets() {
    home("invalid = true").check_refused(&[HIDDEN, "conf/application.conf:3:"]);
    // Plain secrets are recognized by the names of their settings.
    let plain = "token = s3cr3t-token, tls.truststore.password = s3cr3t-password, invalid = true";
    let home = TestHome::with(&follower(plain));
    home.check_refused(&[HIDDEN]);
    let masked = home
        .installation
        .read_masked(&home.installation.home.settings())
        .unwrap();
    let shown = crate::hocon::to_json(&masked.root, crate::hocon::Masking::Mask).to_string();
    assert!(shown.contains("\"token\":\"********\""), "{shown}");
    check_hidden(&shown);
}

#[test]
fn the_path_of_a_webhook_is_shown_nowhere() {
    let url = "url = \"https://hooks.example.com/services/s3cr3t?s=s3cr3t\"";
    let webhook = |settings: &str| format!("followers = [ {{ kind = webhook, {settings} }} ]");
    for settings in [
        &webhook(&url.replace("https", "http")),
        &webhook(&url.replace("https", "ftp")),
        &webhook(&url.replace("https://", "https://user:s3cr3t@")),
        &webhook(&url.replace("url", "ulr")),
        &webhook(&url.replace("hooks.", "hooks s3cr3t")),
        &webhook(&url.replace('"', "'")),
        &webhook(&url.replace('"', "")),
        &webhook(&format!("{url}, evnts = item")),
        &webhook(&format!("{url}, proxy.url = x")),
        &webhook(url).replace("webhook", "webhok"),
        &webhook(url).replace("kind = webhook", "knd = webhook"),
    ] {
        TestHome::with(settings).check_refused(&["conf/application.conf:1:"]);
    }
    for (kind, expected) in [
        ("webhook", "https://hooks.example.com/********"),
        ("webhok", "https://hooks.example.com/********"),
    ] {
        let home = TestHome::with(&webhook(url).replace("webhook", kind));
        let path = home.installation.home.settings();
        let masked = home.installation.read_masked(&path).unwrap();
        let shown = crate::hocon::to_json(&masked.root, crate::hocon::Masking::Mask).to_string();
        assert!(shown.contains(expected), "{shown}");
        check_hidden(&shown);
    }
}

#[test]
fn a_file_of_settings_is_shown_without_its_secrets() {
    let home = home("ending = fails");
    let path = home.installation.home.settings();
    let masked = home.installation.read_masked(&path).unwrap();
    check_hidden(&crate::hocon::to_json(&masked.root, crate::hocon::Masking::Mask).to_string());
}
