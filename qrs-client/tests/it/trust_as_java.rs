//! Chains that Java 17 accepts or refuses, as `openssl` makes them. Each was shown to a client in Java as well.

use qrs_client::fake_site::FakeSite;
use qrs_client::{Error, QrsClient, Trust, Weakness};

use crate::fixtures::{store, text};
use crate::secrets::causes;
use crate::trust::{builder, site};

/// Asks a site that shows the chain `NAME`, and gives back the client.
async fn ask(name: &str, host: &str, trusted: &str) -> (QrsClient, Result<(), Error>) {
    let site = site(&format!("java/{name}.pem"), &format!("java/{name}.key")).await;
    let trust = Trust::Only(store(&format!("java/{trusted}.pem")));
    let client = builder(&site, host, trust).build().unwrap();
    let asked = client.about().await.map(drop);
    (client, asked)
}

fn sha1() -> Vec<Weakness> {
    let subject = "CN=site".to_owned();
    vec![Weakness::Sha1 { subject }]
}

#[tokio::test]
async fn chains_that_java_accepts_are_accepted() {
    let short = Weakness::ShortKey {
        subject: "O=Acme, CN=Short Root".to_owned(),
        bits: 1024,
    };
    let cases = [
        ("p521-above", "localhost", "p521-root", vec![]),
        ("rsa", "localhost", "root", vec![]),
        ("sha512", "localhost", "root", vec![]),
        ("salt", "localhost", "rsa-root", vec![]),
        ("salt-0", "localhost", "rsa-root", vec![]),
        ("mask", "localhost", "rsa-root", vec![]),
        ("pss-above", "localhost", "pss-root", vec![]),
        ("sha224", "localhost", "rsa-root", vec![]),
        ("ecdsa-sha224", "localhost", "root", vec![]),
        ("sha1", "localhost", "rsa-root", sha1()),
        ("ecdsa-sha1", "localhost", "p521-root", sha1()),
        ("short-above", "localhost", "short-root", vec![short]),
        ("policy", "localhost", "root", vec![]),
        ("policy", "localhost", "policy-ca", vec![]),
        ("directory", "localhost", "root", vec![]),
        ("directory", "127.0.0.1", "directory-ca", vec![]),
        ("any-purpose", "localhost", "root", vec![]),
        ("common-name", "localhost", "root", vec![]),
        ("client-above", "localhost", "root", vec![]),
        ("authority", "localhost", "root", vec![]),
    ];
    for (name, host, trusted, weaknesses) in cases {
        let (client, asked) = ask(name, host, trusted).await;
        assert!(asked.is_ok(), "{name} {host} {trusted}: {asked:?}");
        assert_eq!(client.weaknesses(), weaknesses, "{name}");
    }
}

/// What the site shows, what it is called, what is trusted; message, and whether it helps to trust the site's own
/// certificate.
const REFUSED: &[(&str, &str, &str, &str, bool)] = &[
    (
        "not-signing",
        "localhost",
        "root",
        "`O=Acme, CN=No Signing CA` must not sign certificates: its key usage lacks `keyCertSign`",
        true,
    ),
    (
        "not-signing",
        "localhost",
        "no-sign-ca",
        "lacks `keyCertSign`",
        true,
    ),
    (
        "not-signing-root",
        "localhost",
        "no-sign-root",
        "`O=Acme, CN=No Signing Root` must not sign",
        true,
    ),
    (
        "no-policy",
        "localhost",
        "root",
        "asks for a certificate policy",
        true,
    ),
    (
        "other-policy",
        "localhost",
        "root",
        "asks for a certificate policy",
        true,
    ),
    (
        "other-directory",
        "localhost",
        "root",
        "`O=Acme, CN=Directory CA` must not sign for `O=Other, CN=site`",
        true,
    ),
    (
        "other-directory",
        "localhost",
        "directory-ca",
        "must not sign for `O=Other, CN=site`",
        true,
    ),
    (
        "other-domain",
        "localhost",
        "root",
        "`O=Acme, CN=Domain CA` must not sign for `localhost`",
        true,
    ),
    (
        "client-purpose",
        "localhost",
        "root",
        "`CN=site` is not for TLS servers",
        true,
    ),
    (
        "too-long",
        "localhost",
        "root",
        "`O=Acme, CN=Last CA` allows fewer authorities below it",
        true,
    ),
    (
        "unknown-extension",
        "localhost",
        "root",
        "a critical extension that is not supported: 1.2.3.4.5",
        true,
    ),
    (
        "authority-usage",
        "localhost",
        "root",
        "`CN=site` is not for TLS servers (key usage)",
        true,
    ),
    (
        "netscape-client",
        "localhost",
        "root",
        "`CN=site` is not for TLS servers (Netscape certificate type)",
        true,
    ),
    (
        "issuer-names",
        "localhost",
        "root",
        "a critical extension that is not supported: 2.5.29.18",
        true,
    ),
    (
        "odd-domain",
        "localhost",
        "root",
        "`O=Acme, CN=Odd Domain CA` must not sign for `CN=localhost`",
        true,
    ),
    (
        "common-name",
        "127.0.0.1",
        "root",
        "`CN=localhost` is not for `127.0.0.1`, but for `10.0.0.7`",
        false,
    ),
    (
        "address-as-name",
        "127.0.0.1",
        "root",
        "has `127.0.0.1` as a DNS name, but an address must be an IP address in it",
        false,
    ),
    (
        "sha1",
        "localhost",
        "root",
        "issuer `O=Acme, CN=RSA Root` of its certificate `CN=site` is not in the trust store",
        true,
    ),
];

#[tokio::test]
async fn chains_that_java_refuses_are_refused_with_their_own_message() {
    for (name, host, trusted, message, pin_helps) in REFUSED {
        let (_, asked) = ask(name, host, trusted).await;
        let error = asked.unwrap_err();
        assert!(error.to_string().contains(message), "{name}: {error}");
        let hint = error.hint().unwrap();
        assert_eq!(
            hint.contains("put this certificate itself"),
            *pin_helps,
            "{name}: {hint}"
        );
        let text = format!("{error} {hint} {}", causes(&error));
        for debug in [
            "Other(",
            "CertificateError",
            "webpki",
            "[48",
            "Error::",
            "Unknown",
        ] {
            assert!(!text.contains(debug), "{text}");
        }
        if *pin_helps {
            let site = site(&format!("java/{name}.pem"), &format!("java/{name}.key")).await;
            let trust = Trust::Only(store(&format!("java/{name}.pem")));
            let client = builder(&site, host, trust).build().unwrap();
            client.about().await.unwrap();
        }
    }
}

/// The first certificate of a PEM file with another signature.
fn with_other_signature(chain: &str) -> String {
    let end = chain.find("\n-----END").unwrap();
    let last_line = chain[..end].rfind('\n').unwrap() + 1;
    let other = if chain[last_line..].starts_with('A') {
        "B"
    } else {
        "A"
    };
    [&chain[..last_line], other, &chain[last_line + 1..]].concat()
}

#[tokio::test]
async fn a_signature_of_another_issuer_is_reported() {
    let cases = [
        (
            "directory",
            "certificate `O=ACME, CN=site` is not signed by the `O=Acme, CN=Directory CA` that was presented with it",
        ),
        (
            "rsa",
            "certificate `CN=site` is not signed by the `O=Acme, CN=Root`",
        ),
    ];
    for (name, message) in cases {
        let chain = with_other_signature(&text(&format!("java/{name}.pem")));
        let site = FakeSite::builder()
            .tls(&chain, &text(&format!("java/{name}.key")))
            .start()
            .await;
        let trust = Trust::Only(store("java/root.pem"));
        let client = builder(&site, "localhost", trust).build().unwrap();
        let error = client.about().await.unwrap_err();
        assert!(error.to_string().contains(message), "{name}: {error}");
    }
}
