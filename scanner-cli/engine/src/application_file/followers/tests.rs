//! Secrets of followers: a kind of follower that shows its secrets in all of its texts.

mod hidden;
mod kind;
mod reload;

use std::{
    collections::BTreeMap,
    fs,
    sync::{Arc, Mutex},
};

use catalog_followers::{REMOTE, TIME_LIMITS, TLS_AND_PROXY};
use catalog_model::settings::Declaration;
use catalog_model::{FollowerRegistry, Severity};
use catalog_store::scratch::Scratch;
use secrecy::SecretString;

use self::kind::{Received, WebKind};
use crate::{
    application_file::Application,
    encryption::{Binding, Key, KeyFile, Owner, read_or_create},
    hocon::Colors,
    home::Home,
    installation::Installation,
    problem::Problem,
};

const PROVIDER: &str =
    "secret-manager { key = s, provider = file, configuration { file-path = secrets.conf } }";
/// The settings of a follower but its secrets.
const GLUE: &str = "kind = web, name = glue";

/// A home whose followers may be of the kind `web`.
struct TestHome {
    scratch: Scratch,
    installation: Installation,
    received: Arc<Mutex<Vec<Received>>>,
}

impl TestHome {
    fn new() -> Self {
        let scratch = Scratch::new();
        let home = Home::new(scratch.folder.path().to_path_buf());
        let received = Arc::default();
        let kind = WebKind {
            received: Arc::clone(&received),
        };
        let followers = catalog_followers::registry(&home.path("")).with(Box::new(kind));
        Self {
            scratch,
            received,
            installation: installation(home, followers),
        }
    }

    /// A home with these settings of the scanner.
    fn with(settings: &str) -> Self {
        let home = Self::new();
        home.write("conf/application.conf", settings);
        home
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.installation.home.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The key of the home.
    fn key(&self) -> Key {
        match read_or_create(&self.installation.home.key()).unwrap() {
            KeyFile::Found(key) | KeyFile::Created(key) => key,
            KeyFile::Damaged => panic!("the key is damaged"),
        }
    }

    /// `"ENC[…]"`, bound to a setting of this owner.
    fn encrypted(&self, owner: Owner<'_>, setting: &str, secret: &str) -> String {
        let binding = Binding { owner, setting };
        let text = self.key().encrypt(&secret.into(), Some(binding)).unwrap();
        format!("\"{text}\"")
    }

    fn read(&self) -> Result<Application, Vec<Problem>> {
        let read = self.installation.application();
        read.map_err(|error| error.problems)
    }

    /// Checks that the settings are refused with each of these texts, and without a secret.
    fn check_refused(&self, texts: &[&str]) {
        let problems = self.read().err().expect("the settings are refused");
        let shown = self.without_folder(&render(&problems));
        for text in texts {
            assert!(shown.contains(text), "no {text:?} in:\n{shown}");
        }
        check_hidden(&shown);
        // The check of all files reports the same.
        let check = self.installation.check_offline(&[]).unwrap();
        assert!(check.problems.iter().any(Problem::is_error));
        let stages = check.others.iter().flat_map(|one| &one.stages);
        check_hidden(&format!("{stages:?}", stages = stages.collect::<Vec<_>>()));
        check_hidden(&render(&check.problems));
    }

    /// The text with paths that start at the home, and with slashes.
    fn without_folder(&self, text: &str) -> String {
        let folder = self.installation.home.path("").display().to_string();
        let text = text.replace(&folder, "");
        let text = match cfg!(windows) {
            true => text.replace('\\', "/"),
            false => text,
        };
        text.replace("`/", "`").replace(" /conf", " conf")
    }

    /// What the only follower of the kind `web` received.
    fn received(&self) -> Received {
        let application = self.read();
        let application = application.unwrap_or_else(|problems| panic!("{}", render(&problems)));
        assert_eq!(application.followers.len(), 1);
        self.received.lock().unwrap().pop().unwrap()
    }
}

fn installation(home: Home, followers: FollowerRegistry) -> Installation {
    Installation {
        home,
        variables: Arc::new(BTreeMap::from([(
            "TOKEN".to_owned(),
            "s3cr3t-env".to_owned(),
        )])),
        connectors: Arc::default(),
        followers: Arc::new(followers),
        clock: || jiff::Timestamp::UNIX_EPOCH,
    }
}

fn render(problems: &[Problem]) -> String {
    let texts = problems.iter().map(|one| one.render(Colors::None));
    texts.collect::<Vec<_>>().join("\n")
}

fn check_hidden(text: &str) {
    assert!(!text.to_lowercase().contains("s3cr3t"), "{text}");
}

fn follower(rest: &str) -> String {
    format!("{PROVIDER}\nfollowers = [\n  {{ {GLUE}, {rest} }} ]\n")
}

#[test]
fn a_secret_reaches_the_follower_however_it_is_written() {
    let home = TestHome::new();
    let glue = Owner::Follower("glue");
    let in_section = home.encrypted(Owner::Connection("s"), "secret_manager.b", "s3cr3t-b");
    let in_setting = home.encrypted(glue, "token", "s3cr3t-c");
    let limited = "{ value = \"s3cr3t-d\", codes = [ qlik ] }";
    home.write(
        "secrets.conf",
        &format!("s {{ a = s3cr3t-a, b = {in_section}, c = {in_setting}, d = {limited} }}"),
    );
    let encrypted = home.encrypted(glue, "token", "s3cr3t-enc");
    let check = |written: &str, expected: &str| {
        home.write(
            "conf/application.conf",
            &follower(&format!("token = {written}")),
        );
        assert_eq!(home.received().token, expected, "{written}");
    };
    check("s3cr3t-plain", "s3cr3t-plain");
    check("${TOKEN}", "s3cr3t-env");
    check(&encrypted, "s3cr3t-enc");
    check("${secret_manager.a}", "s3cr3t-a");
    check("\"Bearer \"${secret_manager.a}", "Bearer s3cr3t-a");
    check("${secret_manager.b}", "s3cr3t-b");
    check("${secret_manager.c}", "s3cr3t-c");
    // Codes restrict connections only.
    check("${secret_manager.d}", "s3cr3t-d");
    check("x\n token = ${?secret_manager.none}", "x");
}

#[test]
fn a_trust_store_is_read_with_its_decrypted_path_and_password() {
    let home = TestHome::new();
    let owner = Owner::Follower("glue");
    let password = home.encrypted(owner, "tls.truststore.password", "s3cr3t-password");
    home.write("secrets.conf", "s.store = s3cr3t-store.jks");
    home.write("s3cr3t-store.jks", "certificates");
    let store = "tls.truststore { path = ${secret_manager.store}, password = ";
    let settings = follower(&format!("token = x, {store}{password} }}"));
    home.write("conf/application.conf", &settings);
    let received = home.received();
    assert_eq!(received.store.as_deref(), Some(&b"certificates"[..]));
    assert_eq!(received.password, "s3cr3t-password");
    fs::remove_file(home.installation.home.path("s3cr3t-store.jks")).unwrap();
    home.check_refused(&["conf/application.conf:3:65", "the file `********`"]);
}

#[test]
fn a_secret_that_cannot_be_read_is_reported_with_its_place() {
    let home = TestHome::new();
    let check = |written: &str, texts: &[&str]| {
        home.write(
            "conf/application.conf",
            &follower(&format!("token = {written}")),
        );
        home.check_refused(&[&["conf/application.conf:3:38"], texts].concat());
    };
    let value = |owner, setting| home.encrypted(owner, setting, "s3cr3t");
    let own = value(Owner::Follower("glue"), "token");
    let again = "encrypt the secret again: `scanner-cli encrypt --for follower:glue token`";
    let other = "it was encrypted for a connection, or for a follower other than `glue`";
    check(&value(Owner::Connection("glue"), "token"), &[other, again]);
    check(&value(Owner::Follower("other"), "token"), &[other, again]);
    let setting = "it was encrypted for a setting other than `token`";
    check(&value(Owner::Follower("glue"), "url"), &[setting, again]);
    check("\"ENC[x!]\"", &["it is truncated or was changed"]);
    let missing = "there is no file `secrets.conf`";
    check("${secret_manager.a}", &["secrets cannot be read", missing]);
    home.write("secrets.conf", "s.b = x");
    let missing = "there is no secret `a` in the section `s` of `secrets.conf`";
    check("${secret_manager.a}", &[missing]);
    fs::remove_file(home.installation.home.key()).unwrap();
    check(&own, &["there is no key file `conf/encryption.key`"]);
    home.key();
    check(
        &own,
        &["with a key other than the one in `conf/encryption.key`"],
    );
    home.write("conf/encryption.key", "damaged");
    check(&own, &["the key file `conf/encryption.key` is damaged"]);
    let text = format!("followers = [ {{ {GLUE}, token = ${{secret_manager.a}} }} ]");
    home.write("conf/application.conf", &text);
    home.check_refused(&[
        "`conf/application.conf` does not set where secrets are",
        "conf/application.conf:1:50",
    ]);
}

#[test]
fn all_problems_of_a_follower_are_reported_but_none_that_follow_from_its_secrets() {
    let bad = "token = \"ENC[x]\", tls.truststore.password = \"ENC[x]\"";
    let home = TestHome::with(&follower(&format!(
        "{bad}, tls.truststore.path = none, urll = x"
    )));
    let problems = home.read().err().unwrap();
    let texts: Vec<_> = problems.iter().map(Problem::message).collect();
    assert_eq!(texts.len(), 3, "{texts:?}");
    let undecrypted = |text: &&&str| text.starts_with("this value cannot be decrypted");
    assert_eq!(texts.iter().filter(undecrypted).count(), 2, "{texts:?}");
    home.check_refused(&[
        "follower `glue`: `urll` is not a setting of followers of the kind `web`",
    ]);
}

#[test]
fn names_of_followers_cannot_be_secrets() {
    let home = TestHome::new();
    let owner = Owner::Follower("glue");
    home.write("secrets.conf", "s.a = s3cr3t-a");
    let check = |block: &str, texts: &[&str]| {
        home.write(
            "conf/application.conf",
            &format!("{PROVIDER}\nfollowers = [ {block} ]"),
        );
        home.check_refused(&[&["conf/application.conf:2:"], texts].concat());
    };
    let shown = "cannot be a secret: reports, metrics and logs show it";
    let name = home.encrypted(owner, "name", "s3cr3t");
    check(
        &format!("{{ kind = web, token = x, name = {name} }}"),
        &[shown],
    );
    let managed = "${secret_manager.a}";
    check(&format!("{{ kind = {managed}, token = x }}"), &[shown]);
    check(
        &format!("{{ {GLUE}, token = x, connections = [ a, {managed} ] }}"),
        &[shown],
    );
    // The default name of this kind contains the path.
    let default = [
        "its default name would contain a secret",
        "add `name = \"…\"`",
    ];
    check(&format!("{{ kind = ndjson, path = {managed} }}"), &default);
    let path = home.encrypted(Owner::Follower("ndjson:x"), "path", "s3cr3t");
    let bound = "it was encrypted for a connection, or for a follower other than";
    check(&format!("{{ kind = ndjson, path = {path} }}"), &[bound]);
    let named =
        format!("{PROVIDER}\nfollowers = [ {{ kind = ndjson, name = n, path = {managed} }} ]");
    home.write("conf/application.conf", &named);
    assert_eq!(home.read().ok().unwrap().followers.len(), 1);
}

#[test]
fn only_followers_use_the_secret_manager_in_this_file() {
    let home = TestHome::new();
    home.write("secrets.conf", "s.a = s3cr3t-a, s.path = conf/other.key");
    let message = "cannot be a secret of the secret manager: in this file, only followers, the login of `http.auth` and the passwords in `store` can use them";
    for settings in [
        "store.max_size = ${secret_manager.a}",
        "encryption.key-file = ${secret_manager.path}",
        "anything { else = [ 1, x${?secret_manager.a} ] }",
        "token = ${secret_manager.a}, followers = [ { kind = web, token = ${token} } ]",
    ] {
        home.write("conf/application.conf", &format!("{PROVIDER}\n{settings}"));
        home.check_refused(&["conf/application.conf:2:", message]);
        let restrictions = home.installation.restrictions();
        assert!(
            restrictions.is_err(),
            "connection files are not read, either"
        );
    }
}

#[test]
fn connection_files_are_read_beside_followers_that_use_secrets() {
    let home = TestHome::with(&follower("token = ${secret_manager.a}"));
    home.write("secrets.conf", "s.a = s3cr3t-a");
    let connection =
        "name = ${secret_manager.a}, code = a, enabled = false, secret_manager.enabled = true";
    home.write("connections/a.conf", connection);
    let connections = home.installation.connections().unwrap();
    let selected = connections.select(&[]).unwrap();
    // The secret was found: only its use is refused.
    let shown = render(&selected.invalid[0].problems);
    assert!(shown.contains("`name` cannot be a secret"), "{shown}");
}

#[test]
fn the_secrets_of_a_follower_that_is_not_enabled_are_not_needed() {
    let home = TestHome::with(&follower("enabled = false, token = \"ENC[x]\""));
    assert!(home.read().ok().unwrap().followers.is_empty());
}

#[test]
fn other_settings_are_read_without_the_secrets_of_followers() {
    let settings = "encryption.key-file = my.key\n";
    let home = TestHome::with(&(settings.to_owned() + &follower("token = \"ENC[x]\"")));
    home.check_refused(&["there is no key file `my.key`"]);
    let application = home.installation.application_without_followers().unwrap();
    assert_eq!(application.key_file, home.installation.home.path("my.key"));
}

#[test]
fn more_secrets_than_can_be_redacted_are_refused() {
    let headers: Vec<_> = (0..=1_000)
        .map(|number| format!("{{ token = \"long-token-{number}\" }}"))
        .collect();
    let rest = format!("token = x, headers = [ {} ]", headers.join(", "));
    TestHome::with(&follower(&rest)).check_refused(&["has more than 1000 secrets"]);
}

#[test]
fn an_unbound_value_works_with_a_warning() {
    let home = TestHome::new();
    let unbound = home
        .key()
        .encrypt(&SecretString::from("s3cr3t"), None)
        .unwrap();
    let settings = follower(&format!("token = \"{unbound}\"")) + "config.restrict = true\n";
    home.write("conf/application.conf", &settings);
    let application = home.read().ok().unwrap();
    let warnings = render(&application.warnings);
    assert!(
        warnings.contains("is not bound to a follower and a setting"),
        "{warnings}"
    );
    assert!(
        warnings.contains("encrypt --for follower:glue token"),
        "{warnings}"
    );
    let is_warning = |one: &Problem| match one {
        Problem::InFile(one) => one.severity == Severity::Warning,
        // Wine cannot make the key private, so there is a warning about it.
        Problem::General(_) => cfg!(windows),
    };
    assert!(application.warnings.iter().all(is_warning));
}

#[test]
fn a_setting_that_only_other_kinds_need_is_a_warning() {
    let home = TestHome::with(
        "followers = [ { kind = csv, path = export, parallel = 2, proxy { port = 3, prt = 4 } } ]",
    );
    home.check_refused(&["`proxy.prt` is not a setting of followers of the kind `csv`"]);
    let of_servers = [REMOTE, TLS_AND_PROXY, TIME_LIMITS].into_iter().flatten();
    for Declaration { name: setting, .. } in of_servers {
        let (path, value) = ("path = export", "1");
        let settings = format!("followers = [ {{ kind = csv, {path}, {setting} = {value} }} ]");
        let read = TestHome::with(&settings).read();
        let application = read.unwrap_or_else(|problems| panic!("{}", render(&problems)));
        let warnings = render(&application.warnings);
        let message =
            format!("follower `csv`: `{setting}` has no effect on followers of the kind `csv`");
        assert!(warnings.contains(&message), "{warnings}");
    }
}
