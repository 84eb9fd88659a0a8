//! Any bytes as a PKCS12 trust store: neither a panic nor memory beyond the file's size.

#![no_main]

use libfuzzer_sys::fuzz_target;
use qrs_client::{StoreKind, TrustStore};
use secrecy::SecretString;

fuzz_target!(|bytes: &[u8]| {
    let password = SecretString::from("changeit");
    for password in [None, Some(&password)] {
        if let Ok(store) = TrustStore::read(bytes, StoreKind::Pkcs12, password) {
            assert!(!store.certificates().is_empty());
            let _ = format!("{store:?}");
        }
    }
});
