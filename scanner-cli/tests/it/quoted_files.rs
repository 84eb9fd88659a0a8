//! Messages quote only connection files, whatever setting names other files.

use qrs_client::fake_site::FakeSite;

use crate::scanner::{Home, connection, with_slashes};

/// The text that must not be in any message.
const SECRETS: [&str; 3] = ["s3cr3t", "hunter2", "x9f7"];

/// The output of all commands that read connection files.
fn all_output(home: &Home) -> String {
    let mut printed = String::new();
    for arguments in [
        &["scan"][..],
        &["check"],
        &["check", "--format", "json"],
        &["inventory"],
        &["status"],
        &["config", "show", "qlik"],
        &["filter", "test", "qlik", "--offline"],
    ] {
        let run = home.run(arguments);
        printed += &format!("{arguments:?}\n{}{}", run.output, run.errors);
    }
    printed
}

fn check(home: &Home, expected: &str) {
    let printed = all_output(home);
    assert!(printed.contains(expected), "no {expected:?} in {printed}");
    for secret in SECRETS {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}

/// Texts that are not HOCON, or unusual HOCON.
const TEXTS: [&str; 12] = [
    "root:x9f7:0:0:hunter2:/root:/bin/s3cr3t\n",
    "s3cr3t\n",
    "s3cr3t hunter2 = ",
    "a = \"s3cr3t\\hunter2\"\n",
    "a = s3cr3t:hunter2//x9f7\n",
    "s3cr3t.hunter2 =\nx9f7 =\n",
    "a { s3cr3t = [ hunter2 x9f7\n",
    "}} s3cr3t = hunter2\n",
    "a = ${?s3cr3t\n",
    "-----BEGIN PRIVATE KEY-----\ns3cr3t+hunter2/x9f7==\n-----END PRIVATE KEY-----\n",
    "{\"s3cr3t\": \"hunter2\", \"x\": x9f7 @}",
    "include s3cr3t(hunter2)\n",
];

#[test]
fn an_included_file_that_is_not_hocon_is_not_quoted() {
    let site = FakeSite::start_in_thread();
    let outside = Home::empty();
    let home = Home::empty();
    for text in TEXTS
        .map(str::as_bytes)
        .into_iter()
        .chain([&b"a = s3cr3t \xff hunter2"[..]])
    {
        outside.write("x.conf", text);
        home.write("other/x.conf", text);
        let outside = with_slashes(&outside.path("x.conf").display().to_string());
        for target in [outside.as_str(), "../other/x"] {
            let include = format!("include \"{target}\"\n");
            home.write(
                "connections/qlik.conf",
                connection("qlik", &site) + &include,
            );
            check(&home, "its text is not shown");
        }
    }
    // Errors in files of the folder `connections` are quoted.
    home.write("connections/shared/x.conf", "proxy.port = \n");
    let include = "include \"shared/x.conf\"\n";
    home.write("connections/qlik.conf", connection("qlik", &site) + include);
    check(&home, "`proxy.port` has no value");
}

#[test]
#[cfg(unix)]
fn a_linked_file_that_is_not_hocon_is_not_quoted() {
    let outside = Home::empty();
    let home = Home::empty();
    home.write("connections/x/y", "");
    std::os::unix::fs::symlink(outside.path("x"), home.path("connections/qlik.conf")).unwrap();
    for text in TEXTS {
        outside.write("x", text);
        check(&home, "its text is not shown");
    }
    // The file is HOCON.
    outside.write(
        "x",
        "{\"db\": {\"user\": \"s3cr3t\", \"pw\": \"hunter2\"}, \"enabled\": \"on\"}\n",
    );
    let printed = home.run(&["scan"]).errors;
    assert!(
        printed.contains("`code` is mandatory and missing"),
        "{printed}"
    );
    assert!(
        !printed.contains("s3cr3t") && !printed.contains("hunter2"),
        "{printed}"
    );
}

#[test]
fn a_filter_outside_of_the_home_or_of_secrets_is_not_quoted() {
    let site = FakeSite::start_in_thread();
    let outside = Home::empty();
    let provider =
        "secret-manager { key = s, provider = file, configuration { file-path = secrets.txt } }\n";
    let home = Home::with_site(&site);
    home.write("conf/application.conf", provider);
    for text in [
        "s3cr3t hunter2",
        "scanner-key-1:s3cr3t",
        "stream = s3cr3t",
        "stream = 's3cr3t' hunter2 x9f7",
        "s3cr3t = 'hunter2'",
        "stream ~ /s3cr3t(/",
        "'hunter2",
    ] {
        outside.write("x.txt", text);
        let outside = with_slashes(&outside.path("x.txt").display().to_string());
        for path in [
            outside.as_str(),
            "secrets.txt",
            "conf/other.key",
            "hooks/other.conf",
            "data/x",
        ] {
            if path != outside {
                home.write(path, text);
            }
            let filter = format!("filter = \"file:{path}\"\n");
            home.write("connections/qlik.conf", connection("qlik", &site) + &filter);
            let errors = home.run(&["scan", "qlik"]).errors;
            assert!(
                errors.contains("the file is not a valid filter"),
                "{path}: {errors}"
            );
            for secret in SECRETS {
                assert!(!errors.contains(secret), "{path}: {errors}");
            }
        }
    }
    home.write("conf/rules.txt", "stream = 'a' nonsense");
    let filter = "filter = \"file:conf/rules.txt\"\n";
    home.write("connections/qlik.conf", connection("qlik", &site) + filter);
    home.run(&["scan"])
        .check(3, &["nonsense", "conf/rules.txt:1:14"]);
}

#[test]
fn another_csv_file_named_as_a_mapping_is_not_quoted() {
    let site = FakeSite::start_in_thread();
    let (outside, home) = (Home::empty(), Home::empty());
    for (name, text) in [
        ("x.csv", "s3cr3t,hunter2,x9f7\nACME\\hunter2,s3cr3t\n"),
        (
            "x.csv",
            "iban;hunter2\nACME\\ok;ok@example.com\nACME\\s3cr3t;x9f7\n",
        ),
        (
            "x.csv",
            "ACME\\s3cr3t,a@example.com\nACME\\s3cr3t,b@example.com\n",
        ),
        ("x.csv", "\"s3cr3t\n"),
        ("x.conf", "s3cr3t = hunter2\n"),
        ("x.conf", "s3cr3t hunter2"),
        ("x.json", "{\"s3cr3t\": hunter2 x9f7"),
    ] {
        outside.write(name, text);
        let path = with_slashes(&outside.path(name).display().to_string());
        let mapping = format!("connection.contacts.mapping = \"{path}\"\n");
        home.write(
            "connections/qlik.conf",
            connection("qlik", &site) + &mapping,
        );
        let run = home.run(&["check"]);
        let printed = run.output + &run.errors;
        assert!(
            printed.contains("x.c") || printed.contains("x.json"),
            "{printed}"
        );
        for secret in SECRETS {
            assert!(!printed.contains(secret), "{text}: {printed}");
        }
    }
    home.write("people.csv", "nonsense,a@example.com\n");
    let mapping = "connection.contacts.mapping = people.csv\n";
    home.write("connections/qlik.conf", connection("qlik", &site) + mapping);
    home.run(&["scan"])
        .check(3, &["`nonsense` is not a valid account"]);
}
