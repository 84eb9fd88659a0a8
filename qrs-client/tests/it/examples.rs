//! The examples compile, and do what they say against the fake site.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use qrs_client::fake_site::{Authority, FakeSite};

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

fn run(folder: &Path, name: &str, site: &FakeSite, more: &[&str]) -> Output {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let mut child = Command::new(folder.join(name))
        .args([&site.url_by("localhost"), site.header_name()])
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    // An example without a site does not read it.
    let _ = writeln!(input, "{}", site.header_value());
    drop(input);
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
