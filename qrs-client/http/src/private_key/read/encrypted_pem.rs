//! Private keys with `Proc-Type: 4,ENCRYPTED` (RFC 1421), as openssl and `BouncyCastle` write PKCS1 and SEC1 keys: the key of
//! the cipher is derived by MD5.

use md5::{Digest, Md5};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::trust_store::read::pkcs12::Pkcs12Error;
use crate::trust_store::read::pkcs12::cipher::Cipher;

/// Length of the salt, which is the beginning of the initialization vector, in bytes.
const SALT_LENGTH: usize = 8;

/// Decrypts a key. `info` is the value of the header `DEK-Info`: a cipher, and its initialization vector in hexadecimal.
pub(super) fn decrypted(
    info: &str,
    encrypted: &[u8],
    password: &SecretString,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    let (name, vector) = info.split_once(',').ok_or(Pkcs12Error::Malformed)?;
    let name = name.trim().to_ascii_uppercase();
    let (cipher, block) = match name.as_str() {
        "DES-CBC" => (Cipher::Des, 8),
        "DES-EDE3-CBC" => (Cipher::TripleDes, 8),
        "AES-128-CBC" => (Cipher::Aes128, 16),
        "AES-192-CBC" => (Cipher::Aes192, 16),
        "AES-256-CBC" => (Cipher::Aes256, 16),
        _ => return Err(Pkcs12Error::Unsupported("an unknown cipher".to_owned())),
    };
    let vector = bytes(vector.trim()).ok_or(Pkcs12Error::Malformed)?;
    if vector.len() != block {
        return Err(Pkcs12Error::Malformed);
    }
    let key = derive(password, &vector[..SALT_LENGTH], cipher.key_length());
    cipher.decrypt(&key, &vector, encrypted).map(Zeroizing::new)
}

/// The key derivation of openssl (`EVP_BytesToKey` with MD5 and one round).
fn derive(password: &SecretString, salt: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::new());
    let mut last = Zeroizing::new(Vec::new());
    while key.len() < length {
        let mut hash = Md5::new();
        hash.update(&*last);
        hash.update(password.expose_secret());
        hash.update(salt);
        last = Zeroizing::new(hash.finalize().to_vec());
        key.extend_from_slice(&last);
    }
    key.truncate(length);
    key
}

/// The bytes that pairs of hexadecimal digits stand for.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(byte).collect()
}
