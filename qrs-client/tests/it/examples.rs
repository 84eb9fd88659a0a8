//! The examples compile, and do what they say against the fake site.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use qrs_client::fake_site::{Authority, FakeSite, JwtLogin};

use crate::fixtures::{bytes, text};

/// Builds the examples once, with the features of this test, and returns their folder.
fn build() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    // What cargo sets for tests would make build scripts run again, and their crates be built again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(name);
        }
    }
    let built = cargo
        .args(["build", "--quiet", "--all-features", "--examples"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(built.unwrap().success());
    program.parent().unwrap().parent().unwrap().join("examples")
}

/// Runs an example that logs in with a header.
fn run(folder: &Path, name: &str, site: &FakeSite, more: &[&str]) -> Output {
    let url = site.url_by("localhost");
    let arguments = [&[&url, site.header_name()], more].concat();
    run_with(folder, name, &arguments, &site.header_value())
}

fn run_with(folder: &Path, name: &str, arguments: &[&str], input: &str) -> Output {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let mut child = Command::new(folder.join(name))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Not every example reads it.
    let _ = writeln!(stdin, "{input}");
    drop(stdin);
    child.wait_with_output().unwrap()
}

#[track_caller]
fn lines(output: &Output) -> Vec<String> {
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn each_example_runs() {
    let folder = build();
    let site = FakeSite::start_in_thread();
    let sheets = site.content().sheets().count();

    let listed = lines(&run(&folder, "list_sheets", &site, &[]));
    assert!(listed.len() >= sheets);
    let table = lines(&run(&folder, "table", &site, &[]));
    assert_eq!(table.len(), sheets);
    let counts = lines(&run(&folder, "count_by_stream", &site, &[]));
    assert_eq!(counts.len(), site.content().streams.len());

    let files = tempfile::tempdir().unwrap();
    let file = files.path().join("sales.qvf");
    let arguments = ["Sales Overview", file.to_str().unwrap()];
    lines(&run(&folder, "export_app", &site, &arguments));
    let app = site
        .content()
        .app_named("Sales Overview")
        .unwrap()
        .to_owned();
    let expected = site.content().app_file(&app, false);
    assert_eq!(std::fs::read(file).ok(), expected);

    let tested = lines(&run(&folder, "test_with_fake_site", &site, &[]));
    assert_eq!(tested, ["1 sheet, after one retry, in one session"]);
}

#[test]
fn the_example_with_a_trust_store_trusts_it_alone() {
    let folder = build();
    let (authority, other) = (Authority::named("Root"), Authority::named("Other"));
    let server = authority.server();
    let site = FakeSite::builder()
        .tls(&server.certificate, &server.key)
        .start_in_thread();
    let files = tempfile::tempdir().unwrap();
    let file = |authority: &Authority| {
        let path = files.path().join("trust.pem");
        std::fs::write(&path, authority.pem()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let trusted = run(&folder, "trust_store", &site, &[&file(&authority), ""]);
    assert!(lines(&trusted).contains(&"version 14.20.5.0".to_owned()));
    let refused = run(&folder, "trust_store", &site, &[&file(&other), ""]);
    assert!(!refused.status.success());
}

/// Files for an example, which are deleted with this.
struct Files(tempfile::TempDir);

impl Files {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }
}

#[test]
fn the_example_with_a_client_certificate_logs_in_at_the_repository() {
    let folder = build();
    let (authority, other) = (Authority::new(), Authority::new());
    let site = FakeSite::builder().repository(&authority).start_in_thread();
    let (issued, strange) = (authority.client(), other.client());
    let files = Files::new(&[
        ("client.pem", issued.certificate.as_bytes()),
        ("client_key.pem", issued.key.as_bytes()),
        ("root.pem", authority.pem().as_bytes()),
        ("other.pem", strange.certificate.as_bytes()),
        ("other_key.pem", strange.key.as_bytes()),
    ]);
    let run = |certificate: &str, key: &str, user: &str| {
        let arguments = [
            &site.repository_url(),
            &files.path(certificate),
            &files.path(key),
            &files.path("root.pem"),
            user,
        ];
        run_with(&folder, "client_certificate", &arguments, "")
    };
    let sheets = format!("{} sheets", site.content().sheets().count());
    let known = run("client.pem", "client_key.pem", r"INTERNAL\sa_repository");
    assert_eq!(lines(&known), [sheets]);
    let unknown = run("other.pem", "other_key.pem", r"INTERNAL\sa_repository");
    assert!(!unknown.status.success());
    assert!(
        !run("client.pem", "client_key.pem", "scanner")
            .status
            .success()
    );
}

#[test]
fn the_example_with_json_web_tokens_signs_them() {
    let folder = build();
    let site = FakeSite::builder()
        .virtual_proxy("jwt")
        .jwt(JwtLogin::new(&text("site.pem")))
        .start_in_thread();
    let files = Files::new(&[("key.pem", &bytes("site.key"))]);
    let key = files.path("key.pem");
    let run = |user: &str| {
        let arguments = [&site.url_by("localhost"), &key, user];
        run_with(&folder, "jwt", &arguments, "")
    };
    let sheets = format!("{} sheets", site.content().sheets().count());
    assert_eq!(lines(&run(r"ACME\scanner")), [sheets]);
    assert!(!run(r"ACME\nobody").status.success());
}

#[test]
fn each_example_is_named_in_the_readme() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let mut examples = 0;
    for entry in std::fs::read_dir(folder.join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "rs") {
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(readme.contains(&format!("| `{name}` |")), "{name}");
            examples += 1;
        }
    }
    assert!(examples >= 9);
}

/// What the example `fake_site` prints for each way to log in is what the example `log_in` needs.
#[cfg(feature = "windows-login")]
#[test]
fn each_way_to_log_in_works_as_the_fake_site_prints_it() {
    let folder = build();
    for kind in [
        "header",
        "certificate",
        "jwt",
        "token",
        "windows",
        "ticket",
        "session",
    ] {
        let home = tempfile::tempdir().unwrap();
        let program = folder.join(format!("fake_site{}", std::env::consts::EXE_SUFFIX));
        // It ends when its standard input is closed.
        let mut site = Command::new(program)
            .args(["--login", kind, "--home"])
            .arg(home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut printed = BufReader::new(site.stdout.take().unwrap()).lines();
        let mut next = |begin: &str| {
            let mut found = printed.by_ref().map(Result::unwrap);
            let line = found.find(|line| line.starts_with(begin));
            line.unwrap_or_else(|| panic!("{kind}: no line begins with {begin}"))
        };
        let command = next("cargo run -q -p qrs-client --all-features --example log_in -- ");
        next("// Cargo.toml: qrs-client = ");
        next("use qrs_client::");
        next("pub(crate) fn client(");
        next("}");
        let (_, arguments) = command.split_once(" -- ").unwrap();
        let program = folder.join(format!("log_in{}", std::env::consts::EXE_SUFFIX));
        for _ in 0..2 {
            let listed = Command::new(&program).args(arguments.split(' ')).output();
            let sheets = lines(&listed.unwrap());
            assert!(sheets.contains(&"Regions".to_owned()), "{kind}: {sheets:?}");
        }
        drop(site.stdin.take());
        next("stopped: standard input was closed");
        assert!(site.wait().unwrap().success());
    }
}

#[cfg(feature = "windows-login")]
#[test]
fn the_example_log_in_names_the_ways_and_missing_files() {
    let folder = build();
    let home = tempfile::tempdir().unwrap();
    let home = home.path().to_str().unwrap();
    let ways = "header, certificate, jwt, token, windows, ticket, session";
    for (arguments, expected) in [
        (vec![], ways),
        (vec!["saml", "http://localhost", home], ways),
        (vec!["jwt", "http://localhost", home], "jwt_key.pem"),
        (vec!["certificate", "http://localhost", home], home),
    ] {
        let output = run_with(&folder, "log_in", &arguments, "");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && text.contains(expected),
            "{text}"
        );
    }
}

#[test]
fn the_fake_site_ignores_standard_input_if_it_has_a_time() {
    let output = run_with(&build(), "fake_site", &["--seconds", "0"], "");
    let printed = lines(&output);
    assert_eq!(printed.len(), 3, "{printed:?}");
}
