//! Clients of QRS that others wrote read the fake site: `qrs-interact` and `qlik-repo-api`. `cargo xtask full` installs and
//! runs them.

use std::path::Path;
use std::process::Command;

use qrs_client::Url;
use qrs_client::fake_site::{Authority, Entity, FakeSite};
use serde_json::{Value, json};

/// What the clients print about the site at this URL.
fn read(url: &str, authority: &Authority) -> Value {
    let files = tempfile::tempdir().unwrap();
    let identity = authority.client();
    let (certificate, key) = (
        files.path().join("client.pem"),
        files.path().join("client_key.pem"),
    );
    std::fs::write(&certificate, identity.certificate).unwrap();
    std::fs::write(&key, identity.key).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("node")
        .arg(folder.join("tests/foreign_clients.js"))
        .arg(Url::parse(url).unwrap().port().unwrap().to_string())
        .args([&certificate, &key])
        .env(
            "NODE_PATH",
            folder.join("../target/tools/qrs-clients/node_modules"),
        )
        .output()
        .expect("`cargo xtask full --only \"foreign QRS clients\"` installs the clients");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
#[ignore = "needs qrs-interact and qlik-repo-api, which `cargo xtask full` installs"]
fn foreign_clients_read_what_the_fake_site_has() {
    let authority = Authority::new();
    let site = FakeSite::builder().repository(&authority).start_in_thread();
    let content = site.content();
    let seen = read(&site.repository_url(), &authority);

    let interact = &seen["interact"];
    assert_eq!(interact["version"], "14.20.5.0");
    assert_eq!(interact["apps"], content.apps.len());
    assert_eq!(interact["count"], content.objects.len());
    assert_eq!(interact["updated"], "renamed");
    let stale = interact["stale"].as_str().unwrap();
    assert!(stale.contains("409"), "{stale}");
    assert_eq!(interact["deleted"], 204);
    assert_eq!(interact["rows"], 5);
    assert_eq!(interact["selected"], 3);
    assert_eq!(interact["owned"], true);
    assert_eq!(
        (&interact["edited"], &interact["removed"]),
        (&json!(204), &json!(204))
    );

    let repo_api = &seen["repoApi"];
    assert_eq!(repo_api["version"], "14.20.5.0");
    assert_eq!(repo_api["first"], content.apps[0]["name"]);
    let sales = content.apps.iter().map(|app| &app["name"]);
    let sales = sales.filter(|name| name.as_str().unwrap().starts_with("Sales"));
    let sales: Vec<_> = sales.collect();
    assert_eq!(repo_api["selected"], json!(sales));
    assert_eq!(repo_api["unselected"], 204);
    for client in [interact, repo_api] {
        assert_eq!(client["sales"], json!(sales));
    }
    for (name, entity) in [
        ("apps", Entity::App),
        ("streams", Entity::Stream),
        ("users", Entity::User),
        ("tags", Entity::Tag),
        ("extensions", Entity::Extension),
        ("libraries", Entity::ContentLibrary),
        ("nodes", Entity::Node),
        ("rules", Entity::SystemRule),
        ("connections", Entity::DataConnection),
        ("properties", Entity::CustomPropertyDefinition),
    ] {
        assert_eq!(repo_api[name], content.records(entity).len(), "{name}");
    }
}
