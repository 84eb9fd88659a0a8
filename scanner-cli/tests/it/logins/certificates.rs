//! Client certificates at the repository's port, in the forms in which the QMC exports them.

use std::process::Command;

use qrs_client::fake_site::{Authority, FakeSite, Issued};

use super::{body, check_fails, check_refuses, check_scan, file};
use crate::scanner::Home;

const PASSWORD: &str = "s3cret of the key";

const PEM: &str =
    "certificate = conf/client.pem\nkey = conf/client_key.pem\nuser = \"ACME\\\\scanner\"";

fn site(authority: &Authority) -> FakeSite {
    FakeSite::builder().repository(authority).start_in_thread()
}

/// A home with these settings of `connection.auth`, and an exported certificate.
fn home(site: &FakeSite, authority: &Authority, issued: &Issued, auth: &str) -> Home {
    let trust = "tls.truststore.path = conf/root.pem\n";
    let home = Home::with(&(file(&site.repository_url(), auth) + trust));
    home.write("conf/root.pem", authority.pem());
    write(&home, issued);
    home
}

fn write(home: &Home, issued: &Issued) {
    home.write("conf/client.pem", &issued.certificate);
    home.write_secret("conf/client_key.pem", &issued.key);
}

fn openssl(home: &Home, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .env("PASSWORD", PASSWORD)
        .current_dir(home.path("conf"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {errors}");
}

#[test]
fn a_scan_by_certificate() {
    let authority = Authority::new();
    let (site, client) = (site(&authority), authority.client());
    let home = home(&site, &authority, &client, PEM);
    let text = check_scan(&home, &site, &body(&client.key));
    assert!(text.contains("accepts `CN=QlikClient`"), "{text}");
    assert!(text.contains("by client certificate, without a session"));
}

/// Each form of a key, and PKCS12, with and without a password, with old and new encryption.
#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs openssl")]
fn a_scan_with_each_form_of_an_export() {
    let authority = Authority::new();
    let (site, client) = (site(&authority), authority.client());
    let keys = [
        ("pkcs8 -topk8 -nocrypt", false),
        ("ec", false),
        ("ec -des3 -passout env:PASSWORD", true),
        ("ec -aes256 -passout env:PASSWORD", true),
        ("pkcs8 -topk8 -v2 aes-256-cbc -passout env:PASSWORD", true),
        ("pkcs8 -topk8 -v2 des3 -passout env:PASSWORD", true),
        ("pkcs8 -topk8 -v1 PBE-SHA1-3DES -passout env:PASSWORD", true),
    ];
    for (command, has_password) in keys {
        let home = home(&site, &authority, &client, PEM);
        let files = "-in client_key.pem -out other_key.pem";
        openssl(&home, &format!("{command} {files}"));
        let auth = PEM.replace("client_key", "other_key");
        check_form(&home, &site, &auth, has_password);
    }
    let stores = [
        ("-passout env:PASSWORD", true),
        ("-passout pass:", false),
        ("-passout env:PASSWORD -legacy", true),
    ];
    for (options, has_password) in stores {
        let home = home(&site, &authority, &client, PEM);
        let files = "-in client.pem -inkey client_key.pem -out client.pfx";
        openssl(&home, &format!("pkcs12 -export {files} {options}"));
        let auth = "certificate = conf/client.pfx\nuser = \"ACME\\\\scanner\"";
        check_form(&home, &site, auth, has_password);
    }
}

fn check_form(home: &Home, site: &FakeSite, auth: &str, has_password: bool) {
    let write = |password: &str| {
        let trust = "tls.truststore.path = conf/root.pem\n";
        let text = file(&site.repository_url(), &format!("{auth}\n{password}"));
        home.write("connections/qlik.conf", text + trust);
    };
    if !has_password {
        write("");
        check_scan(home, site, &[]);
        return;
    }
    write(&format!("password = \"{PASSWORD}\""));
    check_scan(home, site, &[PASSWORD]);
    write("password = hunter2");
    let wrong = [
        "password of the private key is wrong",
        "`connection.auth.password`",
    ];
    check_refuses(home, &wrong, &["hunter2"]);
    write("");
    check_refuses(home, &["password", "`connection.auth.password`"], &[]);
}

#[test]
fn a_certificate_that_the_site_does_not_accept_is_named() {
    let authority = Authority::new();
    let site = site(&authority);
    let cases = [
        (
            Authority::named("Other CA").client(),
            "does not trust the authority that issued it",
        ),
        (authority.expired_client(), "not valid at the server's time"),
        (
            authority.client_for_servers(),
            "purpose is not that of a client",
        ),
    ];
    for (issued, expected) in cases {
        let home = home(&site, &authority, &issued, PEM);
        let texts = ["`CN=QlikClient`", expected, "`connection.auth.certificate`"];
        check_fails(&home, &texts, &body(&issued.key));
    }
}

#[test]
fn a_site_of_another_authority_is_not_trusted() {
    let authority = Authority::new();
    let (site, other) = (site(&authority), Authority::named("Other CA"));
    let home = home(&site, &other, &authority.client(), PEM);
    let texts = [
        "`CN=QlikServer1-CA`",
        "is not in the trust store `conf/root.pem`",
    ];
    check_fails(&home, &texts, &[]);
    assert_eq!(site.requests().len(), 0);
}

#[test]
fn a_key_of_another_certificate_is_an_error_of_the_file() {
    let authority = Authority::new();
    let (site, client, other) = (site(&authority), authority.client(), authority.client());
    let home = home(&site, &authority, &client, PEM);
    home.write("conf/client_key.pem", &other.key);
    check_refuses(
        &home,
        &[
            "does not belong to the client certificate",
            "`connection.auth.certificate`",
        ],
        &body(&other.key),
    );
    assert_eq!(site.connections(), 0);
}

#[test]
fn a_user_that_the_repository_does_not_know_sees_nothing() {
    let authority = Authority::new();
    let (site, client) = (site(&authority), authority.client());
    let auth = PEM.replace("scanner", "nobody");
    let home = home(&site, &authority, &client, &auth);
    let run = home.run(&["check"]);
    let text = run.output.clone() + &run.errors;
    assert!(text.contains("0 apps, 0 sheets"), "{text}");
    assert!(text.contains("`connection.auth.user`"), "{text}");
}
