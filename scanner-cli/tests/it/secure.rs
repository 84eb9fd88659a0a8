//! Sites with TLS, and trust stores. The files are those of the tests of qrs-client, created by
//! `cargo xtask fixtures`.

use std::{fs, path::Path};

use qrs_client::fake_site::FakeSite;

use crate::scanner::{Home, connection};

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../qrs-client/tests/fixtures");
    fs::read(folder.join(name)).unwrap()
}

fn text(name: &str) -> String {
    String::from_utf8(fixture(name)).unwrap()
}

/// A site whose certificate is issued by its own CA.
pub(crate) fn secure() -> FakeSite {
    FakeSite::builder()
        .tls(&text("site-chain.pem"), &text("site.key"))
        .start_in_thread()
}

/// A home with a connection to `site` that trusts the store `name`, kept as `conf/NAME`.
pub(crate) fn with_store(site: &FakeSite, name: &str, more: &str) -> Home {
    with_store_as(site, name, name, more)
}

fn with_store_as(site: &FakeSite, fixture_name: &str, name: &str, more: &str) -> Home {
    let store = format!("tls.truststore.path = \"conf/{name}\"\n");
    let home = Home::with(&(connection("qlik", site) + &store + more));
    home.write(&format!("conf/{name}"), fixture(fixture_name));
    home
}

const PASSWORD: &str = "tls.truststore.password = changeit\n";

#[test]
fn every_format_of_trust_store_works() {
    let site = secure();
    for (fixture, name, more) in [
        ("root.pem", "root.pem", String::new()),
        ("root.cer", "root.crt", String::new()),
        ("issuing.pem", "issuing.cer", String::new()),
        ("openssl.p12", "trust.p12", PASSWORD.to_owned()),
        ("keytool.p12", "trust.pfx", PASSWORD.to_owned()),
        (
            "keytool-legacy.p12",
            "trust",
            format!("{PASSWORD}tls.truststore.type = pkcs12\n"),
        ),
        ("authorities.jks", "trust.jks", PASSWORD.to_owned()),
        (
            "authorities.jks",
            "trust.bin",
            format!("{PASSWORD}tls.truststore.type = \"JKS\"\n"),
        ),
    ] {
        with_store_as(&site, fixture, name, &more)
            .run(&["scan"])
            .check(0, &["qlik (Test site): complete"]);
        site.expire_sessions();
    }
}

/// A file, its name in the home, more settings; the warning and the kind that it names.
const OTHER_KINDS: &[(&str, &str, &str, &str, &str)] = &[
    (
        "keytool.p12",
        "trust.jks",
        PASSWORD,
        "expected to be JKS, but is PKCS12",
        "PKCS12",
    ),
    (
        "authorities.jks",
        "trust.p12",
        PASSWORD,
        "expected to be PKCS12, but is JKS",
        "JKS",
    ),
    (
        "root.pem",
        "trust.jks",
        PASSWORD,
        "expected to be JKS, but is PEM",
        "PEM",
    ),
    (
        "openssl.p12",
        "trust.p12",
        "tls.truststore.password = changeit\ntls.truststore.type = JKS\n",
        "expected to be JKS, but is PKCS12",
        "PKCS12",
    ),
    (
        "bundle.p7b",
        "trust.cer",
        "",
        "expected to be PEM, but is PKCS7",
        "PKCS7",
    ),
    (
        "root.pem",
        "trust.store",
        "",
        "does not name a kind of trust store; it was read as PEM",
        "PEM",
    ),
    (
        "keytool.p12",
        "cacerts",
        PASSWORD,
        "does not name a kind of trust store; it was read as PKCS12",
        "PKCS12",
    ),
];

#[test]
fn a_store_of_another_kind_than_declared_is_read_with_a_warning() {
    let site = secure();
    let set_type = |kind: &str| format!("set `tls.truststore.type = {kind}`");
    for (fixture, name, more, expected, kind) in OTHER_KINDS {
        let home = with_store_as(&site, fixture, name, more);
        let path = format!("the trust store `conf/{name}`");
        home.run(&["scan"]).check(
            0,
            &[
                "qlik (Test site): complete",
                &path,
                expected,
                &set_type(kind),
            ],
        );
        assert!(checked(&home).contains(expected), "{}", checked(&home));
        site.expire_sessions();
    }
}

/// What `check` prints, in one line.
fn checked(home: &Home) -> String {
    let output = home.run(&["check"]).output;
    output.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn weak_certificates_cause_a_warning_in_each_report() {
    let site = FakeSite::builder()
        .tls(&text("java/sha1.pem"), &text("java/sha1.key"))
        .start_in_thread();
    let home = with_store_as(&site, "java/rsa-root.pem", "root.pem", "");
    let weak = "the certificate `CN=site` is signed with SHA-1";
    for _ in 0..2 {
        home.run(&["scan"]).check(0, &[weak]);
    }
    assert!(checked(&home).contains(weak), "{}", checked(&home));
}

#[test]
fn unusable_trust_stores_have_their_own_messages() {
    let site = secure();
    for (fixture, name, more, expected) in [
        (
            "openssl.p12",
            "trust.p12",
            "tls.truststore.password = s3cr3t\n",
            "password",
        ),
        (
            "authorities.jks",
            "trust.jks",
            "tls.truststore.password = s3cr3t\n",
            "password",
        ),
        ("authorities.jceks", "trust.jks", PASSWORD, "JCEKS"),
        (
            "keytool.p12",
            "trust.p12",
            "tls.truststore.password = \"changeit \"\n",
            "note that the password ends with white space",
        ),
        ("empty.jks", "trust.jks", PASSWORD, "no certificate"),
        ("empty.p12", "trust.p12", PASSWORD, "no certificate"),
        (
            "root.pem",
            "trust.pem",
            "tls.truststore.type = BKS\n",
            "must be `PKCS12`, `JKS`, `PEM` or `PKCS7`",
        ),
    ] {
        let run = with_store_as(&site, fixture, name, more).run(&["scan"]);
        run.check(3, &["connections/qlik.conf:", expected]);
        assert!(!run.errors.contains("s3cr3t"), "{}", run.errors);
    }
    let cut = with_store(&site, "openssl.p12", PASSWORD);
    let whole = fixture("openssl.p12");
    cut.write("conf/openssl.p12", &whole[..whole.len() / 2]);
    cut.run(&["scan"]).check(3, &["connections/qlik.conf:9:"]);
    cut.write("conf/openssl.p12", "");
    cut.run(&["scan"]).check(3, &["empty"]);
    let missing =
        Home::with(&(connection("qlik", &site) + "tls.truststore.path = \"conf/none.jks\"\n"));
    missing.run(&["scan"]).check(
        3,
        &["`conf/none.jks` of `tls.truststore.path` cannot be read"],
    );
    let half = Home::with(&(connection("qlik", &site) + PASSWORD));
    half.run(&["scan"])
        .check(3, &["`tls.truststore.path` is missing"]);
}

#[test]
fn a_refused_certificate_is_explained() {
    let site = secure();
    with_store(&site, "other.pem", "").run(&["scan"]).check(
        4,
        &[
            "CN=Acme Issuing CA",
            "is not in the trust store `conf/other.pem`, which contains",
            "try: ",
        ],
    );
    Home::with_site(&site)
        .run(&["scan"])
        .check(4, &["CN=Acme Issuing CA", "try: "]);
}

#[test]
fn unchecked_certificates_cause_a_warning_each_time() {
    let site = secure();
    let home =
        Home::with(&(connection("qlik", &site) + "tls.bypass_certificate_validation = true\n"));
    for _ in 0..2 {
        home.run(&["scan"])
            .check(0, &["certificates are not checked", "complete"]);
    }
}
