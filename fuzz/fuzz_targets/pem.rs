//! Any bytes as a PEM trust store: neither a panic nor memory beyond the file's size.

#![no_main]

use libfuzzer_sys::fuzz_target;
use qrs_client::{StoreKind, TrustStore};
use secrecy::SecretString;

fuzz_target!(|bytes: &[u8]| {
    let password = SecretString::from("changeit");
    for password in [None, Some(&password)] {
        if let Ok(store) = TrustStore::read(bytes, StoreKind::Pem, password) {
            assert!(!store.certificates().is_empty());
            let _ = format!("{store:?}");
        }
    }
});
