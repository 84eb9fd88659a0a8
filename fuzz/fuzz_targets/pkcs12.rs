//! Any bytes as a PKCS12 trust store: neither a panic nor memory beyond the file's size, and an end in time, whatever
//! work the file asks for.

#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use qrs_client::{StoreKind, TrustStore};
use secrecy::SecretString;

/// Maximum time for one file. The rounds that the reader allows while it is fuzzed take less than a tenth of it.
const MAX_TIME: Duration = Duration::from_secs(2);

fuzz_target!(|bytes: &[u8]| {
    let password = SecretString::from("changeit");
    for password in [None, Some(&password)] {
        let start = Instant::now();
        if let Ok(store) = TrustStore::read(bytes, StoreKind::Pkcs12, password) {
            assert!(!store.certificates().is_empty());
            let _ = format!("{store:?}");
        }
        let time = start.elapsed();
        assert!(time < MAX_TIME, "work that was not counted took {time:?}");
    }
});
