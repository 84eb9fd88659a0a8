//! Decryption of the parts of a PKCS12 file, and of private keys.

use aes::{Aes128, Aes192, Aes256};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, InnerIvInit, KeyIvInit};
use des::{Des, TdesEde2, TdesEde3};
use md5::Md5;
use rc2::Rc2;
use secrecy::zeroize::Zeroizing;
use sha1::Sha1;
use sha2::Digest;

use super::derivation::{Budget, Hash, Password, Purpose, pkcs5_key, pkcs12_key};
use super::{OBJECT_IDENTIFIER, OCTET_STRING, Pkcs12Error, Reader, SEQUENCE};

/// 1.2.840.113549.1.5.13
const PBES2: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0D];
/// 1.2.840.113549.1.5, with one more number: the schemes of PKCS5.
const PKCS5: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05];
/// 1.2.840.113549.1.12.1, with one more number: the older encryption schemes.
const PBE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x0C, 0x01];
/// 2.16.840.1.101.3.4.1, with one more number.
const AES: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01];
/// 1.2.840.113549.3.7
const TRIPLE_DES: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x03, 0x07];

#[derive(Debug, Clone, Copy)]
pub(crate) enum Cipher {
    Des,
    Aes128,
    Aes192,
    Aes256,
    TripleDes,
    TwoKeyTripleDes,
    /// The key has this many bytes.
    Rc2(usize),
}

/// Decrypts with an algorithm and its parameters.
pub(super) fn decrypt(
    algorithm: &[u8],
    encrypted: &[u8],
    password: &Password<'_>,
    budget: &mut Budget,
) -> Result<Vec<u8>, Pkcs12Error> {
    let mut algorithm = Reader::new(algorithm);
    let number = algorithm.take(OBJECT_IDENTIFIER)?.content;
    let parameters = algorithm.take_if(SEQUENCE)?;
    let parameters = parameters.map_or(&[][..], |parameters| parameters.content);
    if let Some(hash) = Pbkdf1Hash::from_number(number) {
        return decrypt_oldest(
            hash,
            &mut Reader::new(parameters),
            encrypted,
            password,
            budget,
        );
    }
    if number == PBES2 {
        return decrypt_newer(&mut Reader::new(parameters), encrypted, password, budget);
    }
    let cipher = match number.strip_prefix(PBE) {
        Some([1 | 2]) => return Err(Pkcs12Error::Unsupported("RC4".to_owned())),
        Some([3]) => Cipher::TripleDes,
        Some([4]) => Cipher::TwoKeyTripleDes,
        Some([5]) => Cipher::Rc2(16),
        Some([6]) => Cipher::Rc2(5),
        _ => return Err(unsupported()),
    };
    let mut parameters = Reader::new(parameters);
    let salt = parameters.take(OCTET_STRING)?.octets()?;
    let rounds = budget.spend_rounds(parameters.number()?)?;
    let derive =
        |purpose, length| pkcs12_key(Hash::Sha1, password, &salt, (purpose, rounds), length);
    let key = derive(Purpose::Key, cipher.key_length());
    cipher.decrypt(&key, &derive(Purpose::Iv, 8), encrypted)
}

/// PBES1 with DES: what openssl before 1.1.0 wrote for private keys.
fn decrypt_oldest(
    hash: Pbkdf1Hash,
    parameters: &mut Reader<'_>,
    encrypted: &[u8],
    password: &Password<'_>,
    budget: &mut Budget,
) -> Result<Vec<u8>, Pkcs12Error> {
    let salt = parameters.take(OCTET_STRING)?.octets()?;
    let rounds = budget.spend_rounds(parameters.number()?)?;
    let key = hash.derive(password, &salt, rounds);
    Cipher::Des.decrypt(&key[..8], &key[8..16], encrypted)
}

/// A hash of PBKDF1 (RFC 8018).
#[derive(Clone, Copy)]
enum Pbkdf1Hash {
    Md5,
    Sha1,
}

impl Pbkdf1Hash {
    /// The hash of the encryption scheme with this number, both with DES in CBC mode.
    fn from_number(number: &[u8]) -> Option<Self> {
        match number.strip_prefix(PKCS5)? {
            [3] => Some(Self::Md5),
            [10] => Some(Self::Sha1),
            _ => None,
        }
    }

    /// At least 16 bytes.
    fn derive(self, password: &Password<'_>, salt: &[u8], rounds: u32) -> Zeroizing<Vec<u8>> {
        let hashed = |bytes: &[u8]| match self {
            Self::Md5 => Md5::digest(bytes).to_vec(),
            Self::Sha1 => Sha1::digest(bytes).to_vec(),
        };
        let input = Zeroizing::new([password.as_bytes(), salt].concat());
        let mut key = Zeroizing::new(hashed(&input));
        for _ in 1..rounds {
            key = Zeroizing::new(hashed(&key));
        }
        key
    }
}

/// PBES2: a key derivation and a cipher, each with its own parameters.
fn decrypt_newer(
    parameters: &mut Reader<'_>,
    encrypted: &[u8],
    password: &Password<'_>,
    budget: &mut Budget,
) -> Result<Vec<u8>, Pkcs12Error> {
    let derivation = parameters.take(SEQUENCE)?;
    let mut scheme = Reader::new(parameters.take(SEQUENCE)?.content);
    let number = scheme.take(OBJECT_IDENTIFIER)?.content;
    let cipher = match number.strip_prefix(AES) {
        Some([2]) => Cipher::Aes128,
        Some([22]) => Cipher::Aes192,
        Some([42]) => Cipher::Aes256,
        _ if number == TRIPLE_DES => Cipher::TripleDes,
        _ => return Err(unsupported()),
    };
    let iv = scheme.take(OCTET_STRING)?.octets()?;
    let key = pkcs5_key(
        derivation.content,
        password,
        Some(cipher.key_length()),
        budget,
    )?;
    cipher.decrypt(&key, &iv, encrypted)
}

fn unsupported() -> Pkcs12Error {
    Pkcs12Error::Unsupported("an unknown cipher".to_owned())
}

impl Cipher {
    /// In bytes.
    pub(crate) fn key_length(self) -> usize {
        match self {
            Self::Des => 8,
            Self::Aes128 | Self::TwoKeyTripleDes => 16,
            Self::Aes192 | Self::TripleDes => 24,
            Self::Aes256 => 32,
            Self::Rc2(length) => length,
        }
    }

    pub(crate) fn decrypt(
        self,
        key: &[u8],
        iv: &[u8],
        encrypted: &[u8],
    ) -> Result<Vec<u8>, Pkcs12Error> {
        let mut buffer = Zeroizing::new(encrypted.to_vec());
        macro_rules! decrypt {
            ($cipher:ty) => {{
                let cipher = Decryptor::<$cipher>::new_from_slices(key, iv);
                let cipher = cipher.map_err(|_error| Pkcs12Error::Malformed)?;
                cipher
                    .decrypt_padded::<Pkcs7>(&mut buffer)
                    .map(<[u8]>::to_vec)
            }};
        }
        let decrypted = match self {
            Self::Des => decrypt!(Des),
            Self::Aes128 => decrypt!(Aes128),
            Self::Aes192 => decrypt!(Aes192),
            Self::Aes256 => decrypt!(Aes256),
            Self::TripleDes => decrypt!(TdesEde3),
            Self::TwoKeyTripleDes => decrypt!(TdesEde2),
            Self::Rc2(length) => {
                let cipher = Rc2::new_with_eff_key_len(key, length * 8);
                let cipher = Decryptor::inner_iv_slice_init(cipher, iv);
                let cipher = cipher.map_err(|_error| Pkcs12Error::Malformed)?;
                cipher
                    .decrypt_padded::<Pkcs7>(&mut buffer)
                    .map(<[u8]>::to_vec)
            }
        };
        decrypted.map_err(|_error| Pkcs12Error::Undecryptable)
    }
}
