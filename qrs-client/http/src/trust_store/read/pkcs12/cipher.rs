//! Decryption of the parts of a PKCS12 file.

use aes::{Aes128, Aes192, Aes256};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, InnerIvInit, KeyIvInit};
use des::{TdesEde2, TdesEde3};
use rc2::Rc2;

use super::derivation::{Budget, Hash, Password, Purpose, pkcs5_key, pkcs12_key};
use super::{OBJECT_IDENTIFIER, OCTET_STRING, Pkcs12Error, Reader, SEQUENCE};

/// 1.2.840.113549.1.5.13
const PBES2: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0D];
/// 1.2.840.113549.1.12.1, with one more number: the older encryption schemes.
const PBE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x0C, 0x01];
/// 2.16.840.1.101.3.4.1, with one more number.
const AES: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01];
/// 1.2.840.113549.3.7
const TRIPLE_DES: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x03, 0x07];

#[derive(Debug, Clone, Copy)]
enum Cipher {
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
    fn key_length(self) -> usize {
        match self {
            Self::Aes128 | Self::TwoKeyTripleDes => 16,
            Self::Aes192 | Self::TripleDes => 24,
            Self::Aes256 => 32,
            Self::Rc2(length) => length,
        }
    }

    fn decrypt(self, key: &[u8], iv: &[u8], encrypted: &[u8]) -> Result<Vec<u8>, Pkcs12Error> {
        let mut buffer = encrypted.to_vec();
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
