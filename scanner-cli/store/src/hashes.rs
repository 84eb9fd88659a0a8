//! Hashes of keys and content.

use sha2::{Digest, Sha256};

/// The first 64 bits of SHA-256. Different texts may have the same hash, so matches must be compared.
#[must_use]
pub fn hash(text: &str) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(text));
    i64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// The first 128 bits of SHA-256. Collisions do not occur by accident and cannot be constructed.
#[must_use]
pub fn fingerprint(parts: &[&str]) -> [u8; 16] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    let whole = <[u8; 32]>::from(digest.finalize());
    let mut half = [0; 16];
    half.copy_from_slice(&whole[..16]);
    half
}
