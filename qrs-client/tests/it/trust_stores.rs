use proptest::prelude::*;
use qrs_client::{Error, ErrorKind, StoreKind, StoreWarning, TrustStore};
use secrecy::SecretString;

use crate::fixtures::{ODD_PASSWORD, PASSWORD, bytes, certificate};
use StoreKind::{Jks, Pem, Pkcs7, Pkcs12};

fn read(name: &str, kind: StoreKind, password: Option<&str>) -> Result<TrustStore, Error> {
    let password = password.map(SecretString::from);
    TrustStore::read(&bytes(name), kind, password.as_ref())
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
fn what_is_easily_overlooked_in_a_wrong_password_is_named() {
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
fn the_chain_of_a_private_key_counts_and_the_key_is_warned_of() {
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
fn a_store_that_can_not_be_checked_is_warned_of() {
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
fn a_certificate_is_counted_once_and_one_that_can_not_be_read_is_warned_of() {
    let rubbish = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    let root = bytes("root.pem");
    let pem = [rubbish.as_bytes(), &root, &root].concat();
    let store = TrustStore::read(&pem, Pem, None).unwrap();
    assert_eq!(store.certificates(), [certificate("root.pem")]);
    assert_eq!(store.warnings(), [StoreWarning::Unusable { number: 1 }]);
}

/// A file, what it is declared as, the password; the message.
const UNUSABLE: &[(&str, StoreKind, Option<&str>, &str)] = &[
    (
        "authorities.jks",
        Jks,
        Some("wrong"),
        "password is wrong, or the file was changed",
    ),
    (
        "authorities.jks",
        Jks,
        Some(""),
        "password is wrong, or the file was changed",
    ),
    (
        "keytool.p12",
        Pkcs12,
        Some("wrong"),
        "password is wrong, or the file was changed",
    ),
    ("keytool.p12", Pkcs12, None, "needs a password"),
    (
        "openssl-rc2.p12",
        Pkcs12,
        Some("wrong"),
        "password is wrong",
    ),
    (
        "openssl-no-mac-encrypted.p12",
        Pkcs12,
        Some("wrong"),
        "can't be decrypted",
    ),
    ("empty.jks", Jks, Some(PASSWORD), "holds no certificate"),
    ("empty.p12", Pkcs12, Some(PASSWORD), "holds no certificate"),
    (
        "key-only.p12",
        Pkcs12,
        Some(PASSWORD),
        "holds no certificate, but `a private key`",
    ),
    (
        "site.key",
        Pem,
        None,
        "holds no certificate, but `PRIVATE KEY`",
    ),
    (
        "authorities.jceks",
        Jks,
        Some(PASSWORD),
        "is a JCEKS key store",
    ),
];

#[test]
fn each_unusable_store_is_told_apart() {
    for (name, kind, password, expected) in UNUSABLE {
        let error = read(name, *kind, *password).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(expected), "{name}: {error}");
        assert!(error.hint().is_some(), "{name}: {error}");
        assert!(!format!("{error:?}").contains(PASSWORD), "{error:?}");
    }
    let empty = TrustStore::read(b"", Jks, None).unwrap_err();
    assert!(empty.to_string().contains("an empty file"), "{empty}");
    let text = TrustStore::read(b"hello", Pem, None).unwrap_err();
    assert!(
        text.to_string().contains("neither PKCS12, nor JKS"),
        "{text}"
    );
}

#[test]
fn every_truncated_store_is_called_truncated() {
    for (name, kind) in [
        ("authorities.jks", Jks),
        ("key.jks", Jks),
        ("keytool.p12", Pkcs12),
        ("root.cer", Pem),
        ("ber.p12", Pkcs12),
        ("bundle.p7b", Pkcs7),
    ] {
        let whole = bytes(name);
        let password = SecretString::from(PASSWORD);
        for length in (16..whole.len()).step_by(7) {
            let error = TrustStore::read(&whole[..length], kind, Some(&password)).unwrap_err();
            assert!(
                error.to_string().contains("truncated"),
                "{name} {length}: {error}"
            );
        }
    }
    let pem = bytes("root.pem");
    let error = TrustStore::read(&pem[..pem.len() - 40], Pem, None).unwrap_err();
    assert!(error.to_string().contains("truncated"), "{error}");
}

#[test]
fn lengths_that_a_file_makes_up_cost_no_memory() {
    let mut bytes = bytes("authorities.jks");
    for at in 4..bytes.len() - 4 {
        let before: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
        bytes[at..at + 4].copy_from_slice(&[0xFF; 4]);
        let _ = TrustStore::read(&bytes, Jks, None);
        bytes[at..at + 4].copy_from_slice(&before);
    }
}

#[test]
fn a_certificate_says_what_it_is() {
    let site = certificate("site.pem");
    assert_eq!(
        site.to_string(),
        "`CN=qlikserver1`, issued by `CN=Acme Issuing CA, O=Acme`, valid from 2020-01-01 to 2119-12-31, for \
         `localhost`, `qlik.example`, `127.0.0.1`"
    );
    assert_eq!(site.not_before().to_string(), "2020-01-01T00:00:00.000Z");
    assert_eq!(site.fingerprint().len(), 32 * 3 - 1);
    assert!(certificate("root.pem").is_self_issued());
    assert_eq!(certificate("common-name.pem").names(), ["localhost"]);
}

/// Real stores, cheap to decrypt.
const STORES: [(&str, StoreKind); 11] = [
    ("ber.p12", Pkcs12),
    ("pbmac1.p12", Pkcs12),
    ("bundle.p7b", Pkcs7),
    ("trusted.pem", Pem),
    ("authorities.jks", Jks),
    ("key.jks", Jks),
    ("openssl-no-mac.p12", Pkcs12),
    ("openssl-3des.p12", Pkcs12),
    ("bundle.pem", Pem),
    ("root.cer", Pem),
    ("site-chain.pem", Pem),
];

const BEGINNINGS: [&[u8]; 4] = [
    b"",
    b"\xFE\xED\xFE\xED\0\0\0\x02",
    b"\x30\x82",
    b"-----BEGIN CERTIFICATE-----\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_mutation_of_a_real_store_makes_the_reader_panic(
        store in prop::sample::select(&STORES[..]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (name, kind) = store;
        let mut mutated = bytes(name);
        for (at, byte) in changes {
            let at = at.index(mutated.len());
            mutated[at] = byte;
        }
        if let Some(cut) = cut {
            mutated.truncate(cut.index(mutated.len()));
        }
        for password in [None, Some(SecretString::from(PASSWORD))] {
            let _ = TrustStore::read(&mutated, kind, password.as_ref());
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(
        magic in prop::sample::select(&BEGINNINGS[..]),
        rest in any::<Vec<u8>>(),
    ) {
        let bytes = [magic, &rest].concat();
        for kind in [Jks, Pkcs12, Pem] {
            let _ = TrustStore::read(&bytes, kind, None);
        }
    }
}
