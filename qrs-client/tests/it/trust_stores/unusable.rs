//! Stores that cannot be used, and damaged ones.

use std::time::{Duration, UNIX_EPOCH};

use super::*;

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
        "cannot be decrypted",
    ),
    ("empty.jks", Jks, Some(PASSWORD), "contains no certificate"),
    (
        "empty.p12",
        Pkcs12,
        Some(PASSWORD),
        "contains no certificate",
    ),
    (
        "key-only.p12",
        Pkcs12,
        Some(PASSWORD),
        "contains no certificate, but `a private key`",
    ),
    (
        "site.key",
        Pem,
        None,
        "contains no certificate, but `PRIVATE KEY`",
    ),
    (
        "authorities.jceks",
        Jks,
        Some(PASSWORD),
        "is a JCEKS key store",
    ),
];

#[test]
fn each_unusable_store_has_its_own_message() {
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
fn every_truncated_store_is_reported_as_truncated() {
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
fn false_lengths_in_a_file_cost_no_memory() {
    let mut bytes = bytes("authorities.jks");
    for at in 4..bytes.len() - 4 {
        let before: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
        bytes[at..at + 4].copy_from_slice(&[0xFF; 4]);
        let _ = TrustStore::read(&bytes, Jks, None);
        bytes[at..at + 4].copy_from_slice(&before);
    }
}

#[test]
fn certificates_are_described() {
    let site = certificate("site.pem");
    assert_eq!(
        site.to_string(),
        "`CN=qlikserver1`, issued by `CN=Acme Issuing CA, O=Acme`, valid from 2020-01-01 to 2119-12-31, for \
         `localhost`, `qlik.example`, `127.0.0.1`"
    );
    let first_second_of_2020 = UNIX_EPOCH + Duration::from_secs(1_577_836_800);
    assert_eq!(site.not_before(), first_second_of_2020);
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
