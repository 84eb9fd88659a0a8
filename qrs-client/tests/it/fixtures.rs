//! The files that `cargo xtask fixtures` makes with openssl and keytool.

use std::path::Path;

use qrs_client::{Certificate, StoreKind, TrustStore};

pub(crate) const PASSWORD: &str = "changeit";
pub(crate) const ODD_PASSWORD: &str = "pä$$ wörd \"’ ключ 🔑";

pub(crate) fn bytes(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(folder.join(name)).unwrap()
}

pub(crate) fn text(name: &str) -> String {
    String::from_utf8(bytes(name)).unwrap()
}

/// A PEM file as a trust store.
pub(crate) fn store(name: &str) -> TrustStore {
    let store = TrustStore::read(&bytes(name), StoreKind::Pem, None).unwrap();
    store.named(format!("conf/{name}"))
}

pub(crate) fn certificate(name: &str) -> Certificate {
    store(name).certificates()[0].clone()
}
