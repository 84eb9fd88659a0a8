//! The settings of the block `http`.

use std::{collections::BTreeMap, fs, sync::Arc};

use catalog_web::server::Auth;
use secrecy::ExposeSecret;

use super::HttpSettings;
use crate::{
    application_file::ServeAt,
    encryption::{Binding, KeyFile, Owner, read_or_create},
    hocon::Colors,
    home::Home,
    installation::Installation,
    problem::Problem,
};

const MANAGER: &str =
    "secret-manager { key = s, provider = file, configuration { file-path = secrets.conf } }\n";

struct TestHome {
    _folder: tempfile::TempDir,
    installation: Installation,
}

impl TestHome {
    fn with(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_path_buf());
        fs::create_dir(home.path("conf")).unwrap();
        fs::write(home.settings(), settings).unwrap();
        let followers = catalog_followers::registry(&home.path(""));
        Self {
            _folder: folder,
            installation: Installation {
                home,
                variables: Arc::new(BTreeMap::new()),
                connectors: Arc::default(),
                followers: Arc::new(followers),
                clock: || jiff::Timestamp::UNIX_EPOCH,
            },
        }
    }

    fn read(&self) -> Result<Option<HttpSettings>, String> {
        let read = self.installation.application();
        let read = read.map(|application| application.http);
        read.map_err(|error| render(&error.problems))
    }
}

fn render(problems: &[Problem]) -> String {
    let texts = problems.iter().map(|one| one.render(Colors::None));
    texts.collect::<Vec<_>>().join("\n")
}

fn read(settings: &str) -> Result<Option<HttpSettings>, String> {
    TestHome::with(settings).read()
}

#[test]
fn the_catalog_is_off_by_default() {
    let http = read("http.listen = \"0.0.0.0:9464\"").unwrap().unwrap();
    assert!(!http.has_catalog && http.server.auth.is_none());
    assert!(read("").unwrap().is_none());
}

#[test]
fn settings_that_protect_the_catalog_are_accepted() {
    for settings in [
        "listen = \"127.0.0.1:1\", catalog = true",
        "listen = \"[::1]:1\", catalog = true, base_path = \"/catalog/\", hosts = [Catalog.example.com]",
        "listen = \"127.0.0.1:1\", catalog = true, auth { kind = token, token = s3cret }",
        "listen = \"0.0.0.0:1\", catalog = true, plain = true, auth { kind = token, token = s3cret, metrics = true }",
        "listen = \"0.0.0.0:1\", catalog = true, plain = true, auth { kind = basic, user = ada, password = \"p w\" }",
        "listen = \"0.0.0.0:1\", catalog = true, plain = true, auth { kind = proxy_header, header = X-User, trusted = [\"10.0.0.0/8\", \"::1\"] }",
        "listen = \"0.0.0.0:1\"",
    ] {
        let read = read(&format!("http {{ {settings} }}"));
        assert!(read.is_ok_and(|http| http.is_some()), "{settings}");
    }
}

/// Settings with the texts of their errors. `OPEN` and `LOCAL` are settings of an address with the catalog.
const REFUSED: &[(&str, &[&str])] = &[
    (
        "OPEN",
        &[
            "application.conf:1:40",
            "everyone who can connect to `0.0.0.0:1`",
            "http.auth",
        ],
    ),
    (
        "listen = \"[::]:1\", catalog = true",
        &["everyone who can connect"],
    ),
    ("OPEN, plain = true", &["everyone who can connect"]),
    (
        "OPEN, auth { kind = token, token = s3cret }",
        &["unencrypted", "http.plain = true"],
    ),
    (
        "listen = \"10.0.0.1:1\", auth { kind = token, token = s3cret }",
        &["unencrypted"],
    ),
    (
        "LOCAL, auth { kind = token }",
        &["`http.auth.token` is mandatory"],
    ),
    (
        "LOCAL, auth { token = s3cret }",
        &["`http.auth.kind` is mandatory"],
    ),
    (
        "LOCAL, auth { kind = tokn, token = s3cret }",
        &["http.auth.kind", "tokn"],
    ),
    (
        "LOCAL, auth { kind = token, tokn = s3cret }",
        &["did you mean `http.auth.token`"],
    ),
    (
        "LOCAL, auht { kind = token, token = s3cret }",
        &["`http.auht.token` is not a setting", "did you mean"],
    ),
    (
        "LOCAL, auth { kind = token, token = \"s3 cret\" }",
        &["visible ASCII"],
    ),
    (
        "LOCAL, auth { kind = token, token = s3cret, user = ada }",
        &["`http.auth.user` has no effect"],
    ),
    (
        "LOCAL, auth { kind = basic, user = ada }",
        &["`http.auth.password` is mandatory"],
    ),
    (
        "LOCAL, auth { kind = basic, user = \"a:b\", password = s3cret }",
        &["colon"],
    ),
    (
        "LOCAL, auth { kind = proxy_header, header = X-User }",
        &["`http.auth.trusted` is mandatory"],
    ),
    (
        "LOCAL, auth { kind = proxy_header, header = X-User, trusted = [] }",
        &["`http.auth.trusted` is mandatory"],
    ),
    (
        "LOCAL, auth { kind = proxy_header, header = X-User, trusted = [proxy] }",
        &["not `proxy`"],
    ),
    (
        "LOCAL, auth { kind = proxy_header, header = Cookie, trusted = [\"::1\"] }",
        &["name of a header"],
    ),
    (
        "LOCAL, tls { certificate = a.pem }",
        &["`http.tls.certificate` needs `http.tls.key`"],
    ),
    (
        "LOCAL, tls { certificate = a.pem, key = b.pem }",
        &["the file `a.pem` of `http.tls.certificate` cannot be read"],
    ),
    ("LOCAL, base_path = catalog", &["begins with a slash"]),
    (
        "LOCAL, base_path = \"/items/a\"",
        &["must not begin with `/items`"],
    ),
    (
        "LOCAL, hosts = [\"https://a.example\"]",
        &["without scheme"],
    ),
    ("LOCAL, catalog = ja", &["true or false"]),
    (
        "catalog = true",
        &["`http.catalog = true` needs an address"],
    ),
];

#[test]
fn settings_that_do_not_protect_the_catalog_are_refused_with_their_place() {
    let open = "listen = \"0.0.0.0:1\", catalog = true";
    let local = "listen = \"127.0.0.1:1\", catalog = true";
    for &(settings, texts) in REFUSED {
        let settings = settings.replace("OPEN", open).replace("LOCAL", local);
        let problems = read(&format!("http {{ {settings} }}"))
            .err()
            .unwrap_or_default();
        for text in texts {
            assert!(
                problems.contains(text),
                "no {text:?} for {settings}:\n{problems}"
            );
        }
        assert!(problems.contains("application.conf:1:"), "{problems}");
        assert!(
            !problems.contains("s3cret") && !problems.contains("s3 cret"),
            "{problems}"
        );
    }
}

#[test]
fn the_login_may_come_from_the_secret_manager_or_be_encrypted() {
    let token = |home: &TestHome| {
        let http = home
            .read()
            .unwrap_or_else(|problems| panic!("{problems}"))
            .unwrap();
        match http.server.auth {
            Some(Auth::Token(token)) => token.expose_secret().to_owned(),
            other => panic!("{other:?}"),
        }
    };
    let managed =
        "http { listen = \"127.0.0.1:1\", auth { kind = token, token = ${secret_manager.t} } }";
    let home = TestHome::with(&format!("{MANAGER}{managed}"));
    let missing = home.read().err().unwrap();
    assert!(missing.contains("secrets.conf"), "{missing}");
    fs::write(home.installation.home.path("secrets.conf"), "s.t = s3cret").unwrap();
    assert_eq!(token(&home), "s3cret");

    let KeyFile::Created(key) = read_or_create(&home.installation.home.key()).unwrap() else {
        panic!("there is a key");
    };
    let binding = Binding {
        owner: Owner::Scanner,
        setting: "http.auth.token",
    };
    let encrypted = key.encrypt(&"s3cret-2".into(), Some(binding)).unwrap();
    let with = |value: &str| {
        let settings = format!(
            "http {{ listen = \"127.0.0.1:1\", auth {{ kind = token, token = \"{value}\" }} }}"
        );
        fs::write(home.installation.home.settings(), settings).unwrap();
    };
    with(&encrypted);
    assert_eq!(token(&home), "s3cret-2");
    let binding = Binding {
        owner: Owner::Follower("a"),
        setting: "http.auth.token",
    };
    with(&key.encrypt(&"s3cret-3".into(), Some(binding)).unwrap());
    let problems = home.read().err().unwrap();
    assert!(
        problems.contains("encrypt --for scanner: http.auth.token"),
        "{problems}"
    );
    assert!(!problems.contains("s3cret"), "{problems}");
    // Without followers, secrets are not read: they may have to be encrypted first.
    assert!(home.installation.application_without_followers().is_ok());
}

#[test]
fn serve_shows_the_catalog_at_its_own_address_under_the_same_rules() {
    let at = |settings: &str, listen: Option<&str>| {
        let listen = listen.map(|listen| listen.parse().unwrap());
        let read = TestHome::with(settings)
            .installation
            .serving(ServeAt(listen));
        let read = read.map(|application| application.http.unwrap());
        read.map_err(|error| render(&error.problems))
    };
    let http = at("", None).ok().unwrap();
    assert!(http.has_catalog && http.listen.to_string() == "127.0.0.1:9464");
    let http = at("http.listen = \"127.0.0.1:7\"", None).ok().unwrap();
    assert_eq!(http.listen.port(), 7);
    let refused = at("", Some("0.0.0.0:8")).err().unwrap();
    assert!(
        refused.contains("everyone who can connect to `0.0.0.0:8`"),
        "{refused}"
    );
    let auth = "http { plain = true, auth { kind = token, token = s3cret } }";
    assert!(at(auth, Some("0.0.0.0:8")).is_ok());
}
