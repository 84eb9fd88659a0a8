mod unusable;

use proptest::prelude::*;
use qrs_client::{Error, ErrorKind, StoreKind, StoreWarning, TrustStore};
use secrecy::SecretString;

use crate::fixtures::{ODD_PASSWORD, PASSWORD, bytes, certificate};
use StoreKind::{Jks, Pem, Pkcs7, Pkcs12};

fn read(name: &str, kind: StoreKind, password: Option<&str>) -> Result<TrustStore, Error> {
    let password = password.map(SecretString::from);
    Ok(TrustStore::read(&bytes(name), kind, password.as_ref())?)
}

/// Reads a store that has to hold the certificates of these PEM files, in any order.
#[track_caller]
fn check(
    name: &str,
    kind: StoreKind,
    password: Option<&str>,
    expected: &[&str],
    warnings: &[StoreWarning],
) {
    let store = read(name, kind, password).unwrap();
    let held = store.certificates();
    assert_eq!(held.len(), expected.len(), "{name}: {held:?}");
    for file in expected {
        assert!(
            held.contains(&certificate(&format!("{file}.pem"))),
            "{name} lacks {file}"
        );
    }
    assert_eq!(store.warnings(), warnings, "{name}");
}

const TWO: &[&str] = &["root", "issuing"];
const THREE: &[&str] = &["root", "issuing", "other"];

#[test]
fn stores_of_keytool_are_read() {
    check("authorities.jks", Jks, Some(PASSWORD), THREE, &[]);
    check("odd-password.jks", Jks, Some(ODD_PASSWORD), THREE, &[]);
    check("keytool.p12", Pkcs12, Some(PASSWORD), THREE, &[]);
    check("keytool-legacy.p12", Pkcs12, Some(PASSWORD), THREE, &[]);
}

#[test]
fn stores_of_openssl_are_read() {
    for name in ["openssl.p12", "openssl-rc2.p12", "openssl-3des.p12"] {
        check(name, Pkcs12, Some(PASSWORD), TWO, &[]);
    }
    let odd = Some(ODD_PASSWORD.trim_end_matches('🔑'));
    check("openssl-odd-password.p12", Pkcs12, odd, TWO, &[]);
    check("openssl-empty-password.p12", Pkcs12, Some(""), TWO, &[]);
    check("openssl-empty-password.p12", Pkcs12, None, TWO, &[]);
}

#[test]
fn stores_of_other_programs_are_read() {
    check("ber.p12", Pkcs12, Some(PASSWORD), TWO, &[]);
    check("pbmac1.p12", Pkcs12, Some(PASSWORD), TWO, &[]);
    check("openssl-emoji.p12", Pkcs12, Some("🔑 key"), &["root"], &[]);
    check("root.p7b", Pkcs7, None, &["root"], &[]);
    check("bundle.p7b", Pkcs7, Some("ignored"), TWO, &[]);
    check("bundle-pem.p7b", Pkcs7, None, TWO, &[]);
    check("bundle-pem.p7b", Pem, None, TWO, &[]);
    for name in [
        "x509.pem",
        "indented.pem",
        "trusted.pem",
        "utf16.pem",
        "utf16-be.pem",
        "utf16-unmarked.pem",
    ] {
        check(name, Pem, None, &["root"], &[]);
    }
    let rejected = read("rejected.pem", Pem, None).unwrap_err();
    assert!(
        rejected.to_string().contains("for other purposes"),
        "{rejected}"
    );
}

#[test]
fn a_mac_whose_key_could_be_guessed_is_refused() {
    let mut store = bytes("pbmac1.p12");
    // The length of the key, 32, and the hash that it is derived with.
    let parameters = [2, 1, 32, 0x30, 0x0C, 6];
    let mut windows = store.windows(parameters.len());
    let at = windows.position(|bytes| bytes == parameters).unwrap();
    store[at + 2] = 19;
    let error = TrustStore::read(&store, Pkcs12, Some(&PASSWORD.into())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the trust store is protected by a MAC with a key that is too short, which is not supported"
    );
}

#[test]
fn the_content_decides_how_a_store_is_read() {
    let kinds = [
        ("authorities.jks", Jks, Some(PASSWORD), THREE),
        ("keytool.p12", Pkcs12, Some(PASSWORD), THREE),
        ("ber.p12", Pkcs12, Some(PASSWORD), TWO),
        ("bundle.pem", Pem, None, TWO),
        ("root.cer", Pem, None, &["root"][..]),
        ("bundle.p7b", Pkcs7, None, TWO),
    ];
    for (name, found, password, expected) in kinds {
        assert_eq!(StoreKind::detect(&bytes(name)), Some(found), "{name}");
        for declared in [Jks, Pkcs12, Pem, Pkcs7] {
            let other = StoreWarning::OtherKind { declared, found };
            let is_pem_bundle = (declared, found) == (Pkcs7, Pem);
            let warnings = if declared == found || is_pem_bundle {
                &[][..]
            } else {
                &[other]
            };
            check(name, declared, password, expected, warnings);
        }
        let password = password.map(SecretString::from);
        let store = TrustStore::detect(&bytes(name), password.as_ref()).unwrap();
        assert_eq!(store.warnings(), []);
    }
    let warning = StoreWarning::OtherKind {
        declared: Jks,
        found: Pkcs12,
    };
    assert_eq!(
        warning.to_string(),
        "it was expected to be JKS, but is PKCS12; it was read as PKCS12"
    );
}

#[test]
fn invisible_differences_in_a_wrong_password_are_reported() {
    let cases = [
        ("changeit ", "ends with white space"),
        (" changeit", "begins with white space"),
        ("changeit\n", "ends with a line break"),
        ("changeit\u{A0}", "ends with white space"),
        ("\u{FEFF}changeit", "begins with a byte order mark"),
        (
            "\"changeit\"",
            "begins with a quotation mark and ends with a quotation mark",
        ),
        ("'changeit", "begins with a quotation mark"),
        ("changeit”", "ends with a quotation mark"),
    ];
    let files = [
        ("keytool.p12", Pkcs12),
        ("authorities.jks", Jks),
        ("ber.p12", Pkcs12),
        ("pbmac1.p12", Pkcs12),
        ("openssl-no-mac-encrypted.p12", Pkcs12),
    ];
    for (name, kind) in files {
        for (password, expected) in cases {
            let error = read(name, kind, Some(password)).unwrap_err().to_string();
            assert!(error.contains(expected), "{name}: {error}");
            assert!(!error.contains("changeit"), "{error}");
        }
        let error = read(name, kind, Some("wrong")).unwrap_err().to_string();
        assert!(!error.contains("note"), "{error}");
    }
}

#[test]
fn pem_and_der_are_read() {
    check("bundle.pem", Pem, None, TWO, &[]);
    check("bundle.pem", Pem, Some("ignored"), TWO, &[]);
    check("root.cer", Pem, None, &["root"], &[]);
    let marked = ["\u{FEFF}".as_bytes(), &bytes("bundle.pem")].concat();
    let store = TrustStore::read(&marked, Pem, None).unwrap();
    assert_eq!(store.certificates().len(), 2);
}

#[test]
fn the_chain_of_a_private_key_is_used_and_the_key_causes_a_warning() {
    let key = [StoreWarning::PrivateKey];
    check("key.jks", Jks, Some(PASSWORD), &["site", "issuing"], &key);
    check(
        "openssl-key.p12",
        Pkcs12,
        Some(PASSWORD),
        &["site", "issuing"],
        &key,
    );
    let both = [bytes("site.key"), bytes("site.pem")].concat();
    let store = TrustStore::read(&both, Pem, None).unwrap();
    assert_eq!(store.warnings(), key);
}

#[test]
fn a_store_without_a_mac_causes_a_warning() {
    check(
        "openssl-no-mac.p12",
        Pkcs12,
        Some(PASSWORD),
        TWO,
        &[StoreWarning::NoMac],
    );
    check(
        "openssl-no-mac-encrypted.p12",
        Pkcs12,
        Some(PASSWORD),
        TWO,
        &[StoreWarning::NoMac],
    );
    check(
        "authorities.jks",
        Jks,
        None,
        THREE,
        &[StoreWarning::NoPassword],
    );
}

#[test]
fn certificates_are_counted_once_and_unreadable_ones_cause_a_warning() {
    let rubbish = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    let root = bytes("root.pem");
    let pem = [rubbish.as_bytes(), &root, &root].concat();
    let store = TrustStore::read(&pem, Pem, None).unwrap();
    assert_eq!(store.certificates(), [certificate("root.pem")]);
    assert_eq!(store.warnings(), [StoreWarning::Unusable { number: 1 }]);
}
