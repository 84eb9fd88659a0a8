//! Settings that do not fit together, and sites of another kind: what people get wrong.

use std::process::Command;

use qrs_client::fake_site::{Authority, FakeSite, Issued, JwtLogin, WindowsLogin};

use super::{check_fails, check_refuses, file};
use crate::scanner::Home;

/// The settings of each way, valid by themselves. Keys are in `conf`.
const WAYS: [(&str, &str); 7] = [
    ("value", "key = X-User\nvalue = s3cret"),
    (
        "certificate",
        "certificate = conf/client.pem\nkey = conf/client_key.pem\nuser = \"ACME\\\\scanner\"",
    ),
    ("token", "token = e30.e30.c2ln"),
    (
        "jwt",
        "jwt { key = conf/client_key.pem, user_id = scanner, user_directory = ACME, algorithm = ES256 }",
    ),
    (
        "windows",
        "windows { domain = ACME, user = scanner, password = s3cret }",
    ),
    ("ticket", "ticket { command = [fetch] }"),
    ("session", "session = s3cret"),
];

fn home(url: &str, auth: &str, issued: &Issued) -> Home {
    let home = Home::with(&file(url, auth));
    home.write("conf/client.pem", &issued.certificate);
    home.write_secret("conf/client_key.pem", &issued.key);
    home
}

#[test]
fn any_two_ways_are_an_error_with_both_lines() {
    let issued = Authority::new().client();
    for (index, (one, auth)) in WAYS.iter().enumerate() {
        for (other, more) in &WAYS[index + 1..] {
            let both = format!("{auth}\n{more}");
            let home = home("https://qlik.example.com", &both, &issued);
            let (one, other) = (
                format!("`connection.auth.{one}` (line "),
                format!("`connection.auth.{other}` (line "),
            );
            let texts = [&one, &other, "are two ways to log in"];
            check_refuses(&home, &texts, &["s3cret"]);
        }
    }
}

#[test]
fn a_url_that_does_not_fit_the_way_is_an_error_of_the_file() {
    let issued = Authority::new().client();
    let certificate = WAYS[1].1;
    for (url, auth, texts) in [
        (
            "https://qlik.example.com:4242/scanner",
            certificate,
            &["without a prefix", "`scanner`", "`connection.url`"][..],
        ),
        (
            "http://qlik.example.com:4242",
            certificate,
            &["needs a URL with `https`", "4242"],
        ),
        (
            "https://qlik.example.com",
            "certificate = conf/client.pem\nkey = conf/client_key.pem\nuser = scanner",
            &["`connection.auth.user`", "backslash"],
        ),
        (
            "https://qlik.example.com/vp",
            "windows { user = scanner, password = s3cret }",
            &["`connection.auth.windows.domain`", "ACME"],
        ),
    ] {
        let home = home(url, auth, &issued);
        check_refuses(&home, texts, &["s3cret"]);
    }
}

/// The port of the repository with credentials of a virtual proxy.
#[test]
fn the_repository_s_port_without_a_certificate_names_it() {
    let authority = Authority::new();
    let site = FakeSite::builder().repository(&authority).start_in_thread();
    let issued = authority.client();
    for (way, auth) in [WAYS[0], WAYS[3], WAYS[4], WAYS[6]] {
        let url = site.repository_url();
        for url in [url.clone(), format!("{url}/scanner")] {
            let home = home(&url, auth, &issued);
            let trust =
                home.read("connections/qlik.conf") + "tls.truststore.path = conf/root.pem\n";
            home.write("connections/qlik.conf", trust);
            home.write("conf/root.pem", authority.pem());
            let text = check_fails(&home, &["client certificate"], &["s3cret"]);
            assert!(
                text.contains("connection.auth.certificate"),
                "{way}: {text}"
            );
        }
    }
}

/// The proxy's port with a client certificate.
#[test]
fn the_proxy_s_port_with_a_certificate_names_the_repository_s() {
    let authority = Authority::new();
    let (server, issued) = (authority.server(), authority.client());
    let site = FakeSite::builder()
        .virtual_proxy("")
        .tls(&server.certificate, &server.key)
        .start_in_thread();
    let home = home(&site.url_by("localhost"), WAYS[1].1, &issued);
    let text = home.read("connections/qlik.conf");
    home.write(
        "connections/qlik.conf",
        text + "tls.truststore.path = conf/root.pem\n",
    );
    home.write("conf/root.pem", authority.pem());
    check_fails(&home, &["port of the repository, usually 4242"], &[]);
}

/// Each way at a virtual proxy that authenticates in another one.
#[test]
fn a_virtual_proxy_of_another_kind_is_recognized() {
    let issued = Authority::new().client();
    let form = FakeSite::start_in_thread();
    let windows = FakeSite::builder()
        .windows(WindowsLogin::new("ACME", "scanner", "other"))
        .start_in_thread();
    let jwt = FakeSite::builder()
        .jwt(JwtLogin::new(&Authority::new().client().certificate))
        .start_in_thread();
    for (way, auth) in WAYS {
        if matches!(way, "certificate" | "ticket") {
            continue;
        }
        for site in [&form, &windows, &jwt] {
            if way == "windows" && std::ptr::eq(site, &raw const windows) {
                continue;
            }
            let home = home(&site.url(), auth, &issued);
            let text = check_fails(&home, &["try"], &["s3cret"]);
            assert!(
                text.contains("prefix") || text.contains("session"),
                "{way}: {text}"
            );
            // Advice about another way would lead astray.
            let others = WAYS.iter().filter(|(other, _)| *other != way);
            for (other, _) in others {
                let setting = format!("`connection.auth.{other}`");
                assert!(!text.contains(&setting), "{way}: {setting} in {text}");
            }
        }
    }
}

#[test]
fn secrets_without_encryption_cause_a_warning_for_each_way() {
    let issued = Authority::new().client();
    let site = FakeSite::start_in_thread();
    for (way, auth) in WAYS {
        if way == "certificate" {
            continue;
        }
        let run = home(&site.url(), auth, &issued).run(&["check"]);
        assert!(
            run.output
                .contains("the connection is not encrypted (http)"),
            "{way}: {}",
            run.output
        );
        let is_header = way == "value";
        assert_eq!(
            run.output.contains("the authentication header can be read"),
            is_header,
            "{way}: {}",
            run.output
        );
    }
}

/// Keys that are not supported, with the way to convert them.
#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs openssl")]
fn a_key_that_is_not_supported_is_explained() {
    let issued = Authority::new().client();
    let home = home(
        "https://qlik.example.com:4242",
        &(WAYS[1].1.to_owned() + "\npassword = s3cret"),
        &issued,
    );
    for (arguments, texts) in [
        (
            "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024",
            &["private key"][..],
        ),
        ("ecparam -name secp521r1 -genkey -noout", &["private key"]),
        ("genpkey -algorithm X25519", &["private key"]),
        (
            "pkey -in client_key.pem -pubout",
            &["contains no private key", "PUBLIC KEY"],
        ),
    ] {
        let output = Command::new("openssl")
            .args(arguments.split(' '))
            .args(["-out", "other_key.pem"])
            .current_dir(home.path("conf"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments}");
        let text = home.read("connections/qlik.conf");
        home.write(
            "connections/qlik.conf",
            text.replace("client_key.pem", "other_key.pem"),
        );
        let texts = [texts, &["`connection.auth.key`"]].concat();
        check_refuses(&home, &texts, &["s3cret"]);
    }
}
