//! What all kinds have in common.

use catalog_model::contract::follower::check_kind;

use crate::support::settings;

/// Names and values of settings.
type Texts = &'static [(&'static str, &'static str)];

/// Valid settings of each kind, and the name of a follower with only these. Stores keep positions under these names, so
/// they must stay the same.
const KINDS: [(&str, Texts, &str); 8] = [
    ("ndjson", &[("path", "a/b")], "ndjson:a/b"),
    ("csv", &[("path", "a")], "csv"),
    ("zeenea-zdf", &[("path", "a")], "zeenea-zdf"),
    ("datahub-file", &[("path", "a")], "datahub-file"),
    ("datahub", &[("url", "https://a.example")], "datahub"),
    (
        "openmetadata",
        &[("url", "https://a.example/api"), ("token", "t")],
        "openmetadata",
    ),
    (
        "postgresql",
        &[("url", "postgresql://u@a.example/b")],
        "postgresql",
    ),
    ("webhook", &[("url", "https://a.example")], "webhook"),
];

#[test]
fn all_kinds_keep_the_contract_and_their_names() {
    let home = tempfile::tempdir().unwrap();
    let registry = catalog_followers::registry(home.path());
    assert_eq!(registry.ids().count(), KINDS.len());
    for (id, texts, name) in KINDS {
        let kind = registry.get(id).unwrap();
        check_kind(kind, || settings(texts)).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(kind.default_name(&mut settings(texts)), name);
        let with_kind: Vec<_> = texts.iter().copied().chain([("kind", id)]).collect();
        let opened = registry.open(&mut settings(&with_kind)).unwrap().unwrap();
        assert_eq!(opened.follower.name().as_str(), name);
    }
}
