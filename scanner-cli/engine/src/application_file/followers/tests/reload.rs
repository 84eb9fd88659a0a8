//! The service reads followers again when a file changes that their settings or secrets come from.

use std::collections::BTreeSet;

use super::*;
use crate::service::FileWatcher;

/// Polls twice, as the service does before it uses a change. Returns the settings, if they have changed.
fn poll(watcher: &mut FileWatcher) -> Option<Result<Application, Vec<Problem>>> {
    let first = watcher.poll(&BTreeSet::new());
    assert!(first.application.is_none());
    watcher.poll(&BTreeSet::new()).application
}

#[test]
fn a_changed_secret_key_trust_store_or_setting_is_read_again() {
    let home = TestHome::new();
    let owner = Owner::Follower("glue");
    let password = home.encrypted(owner, "tls.truststore.password", "first");
    let store = "tls.truststore { path = store.jks, password = ";
    let settings = follower(&format!(
        "token = ${{secret_manager.a}}, {store}{password} }}"
    ));
    home.write("conf/application.conf", &settings);
    home.write("secrets.conf", "s.a = one");
    home.write("store.jks", "old");
    let mut watcher = FileWatcher::new(home.installation.clone());
    watcher.begin().ok().unwrap();
    assert!(poll(&mut watcher).is_none());
    let received = |read: Option<Result<Application, Vec<Problem>>>| {
        assert_eq!(read.unwrap().ok().unwrap().followers.len(), 1);
        home.received.lock().unwrap().pop().unwrap()
    };
    home.write("store.jks", "new");
    assert_eq!(
        received(poll(&mut watcher)).store.as_deref(),
        Some(&b"new"[..])
    );
    home.write("secrets.conf", "s.a = two");
    assert_eq!(received(poll(&mut watcher)).token, "two");
    let key = fs::read_to_string(home.installation.home.key()).unwrap();
    home.write("conf/encryption.key", "damaged");
    let problems = poll(&mut watcher).unwrap().err().unwrap();
    assert!(render(&problems).contains("conf/application.conf:3:"));
    assert!(poll(&mut watcher).is_none(), "it is reported once");
    home.write("conf/encryption.key", &key);
    assert_eq!(received(poll(&mut watcher)).password, "first");
    home.write(
        "conf/application.conf",
        &settings.replace(&password, "other"),
    );
    assert_eq!(received(poll(&mut watcher)).password, "other");
    fs::remove_file(home.installation.home.path("secrets.conf")).unwrap();
    assert!(poll(&mut watcher).unwrap().is_err());
}
