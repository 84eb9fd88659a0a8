//! Derives keys from passwords, within limits: each part of a file has its own parameters, and a hundred parts of a million rounds
//! would take half a minute.

use secrecy::zeroize::Zeroizing;
use sha2::Digest;

use super::Pkcs12Error;
use crate::trust_store::read::ber::{OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE};

/// Maximum number of rounds of all parts together. Usual files have 2,048 to 600,000 in each of three parts. The fuzz target allows
/// few, so that uncounted rounds are noticed by the time they take.
const MAX_ROUNDS: u64 = if cfg!(fuzzing) { 50_000 } else { 3_000_000 };

/// Maximum memory of scrypt, in bytes. `openssl` uses 16 MiB.
const MAX_SCRYPT_MEMORY: u64 = 64 << 20;

/// Maximum amount of work of scrypt in all parts together, as N · r · p: about four times that of one part by `openssl`.
const MAX_SCRYPT_WORK: u64 = if cfg!(fuzzing) { 1 << 16 } else { 1 << 20 };

/// Maximum length of a derived key, in bytes. The longest cipher key has 32, the longest HMAC key 64.
const MAX_KEY_LENGTH: u64 = 64;

/// Minimum length of a MAC key, in bytes (RFC 9579). A shorter key could be guessed.
const MIN_MAC_KEY_LENGTH: usize = 20;

/// 1.2.840.113549.1.5.12
const PBKDF2: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0C];
/// 1.3.6.1.4.1.11591.4.11
const SCRYPT: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x04, 0x0B];
/// 1.2.840.113549.2, with one more number: HMAC with a hash.
const HMAC: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x02];

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// Runs code in which `$hash` is the type of a hash function.
macro_rules! with_hash {
    ($value:expr, $hash:ident => $code:expr) => {
        match $value {
            $crate::trust_store::read::pkcs12::derivation::Hash::Sha1 => {
                type $hash = sha1::Sha1;
                $code
            }
            $crate::trust_store::read::pkcs12::derivation::Hash::Sha224 => {
                type $hash = sha2::Sha224;
                $code
            }
            $crate::trust_store::read::pkcs12::derivation::Hash::Sha256 => {
                type $hash = sha2::Sha256;
                $code
            }
            $crate::trust_store::read::pkcs12::derivation::Hash::Sha384 => {
                type $hash = sha2::Sha384;
                $code
            }
            $crate::trust_store::read::pkcs12::derivation::Hash::Sha512 => {
                type $hash = sha2::Sha512;
                $code
            }
        }
    };
}
pub(super) use with_hash;

impl Hash {
    /// The hash function with this number.
    pub(super) fn from_number(number: &[u8]) -> Option<Self> {
        /// 2.16.840.1.101.3.4.2, with one more number.
        const SHA2: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];
        match number.strip_prefix(SHA2) {
            Some([1]) => Some(Self::Sha256),
            Some([2]) => Some(Self::Sha384),
            Some([3]) => Some(Self::Sha512),
            Some([4]) => Some(Self::Sha224),
            _ if number == [0x2B, 0x0E, 0x03, 0x02, 0x1A] => Some(Self::Sha1),
            _ => None,
        }
    }

    /// The hash function of the HMAC with this number.
    pub(super) fn from_hmac_number(number: &[u8]) -> Option<Self> {
        match number.strip_prefix(HMAC)? {
            [7] => Some(Self::Sha1),
            [8] => Some(Self::Sha224),
            [9] => Some(Self::Sha256),
            [10] => Some(Self::Sha384),
            [11] => Some(Self::Sha512),
            _ => None,
        }
    }

    pub(super) fn digest(self, pieces: &[&[u8]]) -> Vec<u8> {
        with_hash!(self, H => {
            let mut hash = H::new();
            pieces.iter().for_each(|piece| hash.update(piece));
            hash.finalize().to_vec()
        })
    }

    /// Length of its input blocks, in bytes.
    fn block(self) -> usize {
        match self {
            Self::Sha1 | Self::Sha224 | Self::Sha256 => 64,
            Self::Sha384 | Self::Sha512 => 128,
        }
    }
}

/// A password in the encodings of PKCS12.
pub(crate) struct Password<'a> {
    /// UTF-8, for the newer encryption schemes.
    text: &'a str,
    /// UTF-16 with a zero at the end, for the older schemes.
    wide: Zeroizing<Vec<u8>>,
}

impl<'a> Password<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let units = text.encode_utf16().chain([0]);
        Self {
            text,
            wide: Zeroizing::new(units.flat_map(u16::to_be_bytes).collect()),
        }
    }

    /// Runs an operation with the password. An empty password has two encodings, a zero and nothing: if the first is wrong, the
    /// second is tried and kept.
    pub(crate) fn choose_empty_form<T>(
        &mut self,
        mut work: impl FnMut(&Self) -> Result<T, Pkcs12Error>,
    ) -> Result<T, Pkcs12Error> {
        let first = work(self);
        match &first {
            Err(Pkcs12Error::WrongMac | Pkcs12Error::Undecryptable)
                if self.text.is_empty() && !self.wide.is_empty() =>
            {
                let wide = std::mem::take(&mut self.wide);
                let second = work(self);
                if second.is_err() {
                    self.wide = wide;
                    return first;
                }
                second
            }
            _ => first,
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

/// The remaining work.
pub(crate) struct Budget {
    rounds: u64,
    scrypt: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            rounds: MAX_ROUNDS,
            scrypt: MAX_SCRYPT_WORK,
        }
    }
}

impl Budget {
    /// Subtracts rounds from the budget.
    pub(super) fn spend_rounds(&mut self, rounds: u64) -> Result<u32, Pkcs12Error> {
        self.rounds = self
            .rounds
            .checked_sub(rounds.max(1))
            .ok_or(Pkcs12Error::Excessive)?;
        u32::try_from(rounds.max(1)).map_err(|_error| Pkcs12Error::Excessive)
    }

    fn spend_scrypt(&mut self, n: u64, r: u64, p: u64) -> Result<(), Pkcs12Error> {
        let memory = n.checked_mul(r).and_then(|work| work.checked_mul(128));
        let memory = memory.ok_or(Pkcs12Error::Excessive)?;
        let work = (memory / 128)
            .checked_mul(p)
            .ok_or(Pkcs12Error::Excessive)?;
        if memory > MAX_SCRYPT_MEMORY || r.saturating_mul(p) > 1 << 16 {
            return Err(Pkcs12Error::Excessive);
        }
        self.scrypt = self
            .scrypt
            .checked_sub(work)
            .ok_or(Pkcs12Error::Excessive)?;
        Ok(())
    }
}

/// The purpose of a derived key in PKCS12.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// The older derivation: appendix B of RFC 7292.
pub(super) fn pkcs12_key(
    hash: Hash,
    password: &Password<'_>,
    salt: &[u8],
    (purpose, rounds): (Purpose, u32),
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let block = hash.block();
    let filled = |bytes: &[u8]| -> Vec<u8> {
        let length = bytes.len().next_multiple_of(block);
        bytes.iter().copied().cycle().take(length).collect()
    };
    let diversifier = vec![purpose as u8; block];
    let mut input = Zeroizing::new([filled(salt), filled(&password.wide)].concat());
    let mut key = Zeroizing::new(Vec::new());
    while key.len() < length {
        let mut piece = hash.digest(&[&diversifier, &input]);
        for _ in 1..rounds {
            piece = hash.digest(&[&piece]);
        }
        key.extend_from_slice(&piece);
        let added: Vec<u8> = piece.iter().copied().cycle().take(block).collect();
        for chunk in input.chunks_mut(block) {
            add(chunk, &added);
        }
    }
    key.truncate(length);
    key
}

/// Adds a number and one to another number of the same length, without the last carry.
fn add(number: &mut [u8], added: &[u8]) {
    let mut carry = 1_u16;
    for (byte, added) in number.iter_mut().zip(added).rev() {
        carry += u16::from(*byte) + u16::from(*added);
        [_, *byte] = carry.to_be_bytes();
        carry >>= 8;
    }
}

/// The newer derivations of PKCS5: PBKDF2 or scrypt. `length` is the length of the key, unless the parameters contain it.
pub(super) fn pkcs5_key(
    algorithm: &[u8],
    password: &Password<'_>,
    length: Option<usize>,
    budget: &mut Budget,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    let mut algorithm = Reader::new(algorithm);
    let kind = algorithm.take(OBJECT_IDENTIFIER)?.content;
    let mut parameters = Reader::new(algorithm.take(SEQUENCE)?.content);
    match kind {
        PBKDF2 => pbkdf2(&mut parameters, password, length, budget),
        SCRYPT => scrypt(&mut parameters, password, length, budget),
        _ => Err(Pkcs12Error::Unsupported(
            "an unknown key derivation".to_owned(),
        )),
    }
}

fn pbkdf2(
    parameters: &mut Reader<'_>,
    password: &Password<'_>,
    length: Option<usize>,
    budget: &mut Budget,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    let salt = parameters.take(OCTET_STRING)?.octets()?;
    let rounds = budget.spend_rounds(parameters.number()?)?;
    let mut key = key_of_length(parameters, length)?;
    let hash = match parameters.take_if(SEQUENCE)? {
        None => Hash::Sha1,
        Some(hmac) => {
            let number = Reader::new(hmac.content).take(OBJECT_IDENTIFIER)?.content;
            Hash::from_hmac_number(number)
                .ok_or_else(|| Pkcs12Error::Unsupported("PBKDF2 with an unknown hash".to_owned()))?
        }
    };
    let password = password.as_bytes();
    with_hash!(hash, H => pbkdf2::pbkdf2_hmac::<H>(password, &salt, rounds, &mut key));
    Ok(key)
}

fn scrypt(
    parameters: &mut Reader<'_>,
    password: &Password<'_>,
    length: Option<usize>,
    budget: &mut Budget,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    let salt = parameters.take(OCTET_STRING)?.octets()?;
    let (n, r, p) = (
        parameters.number()?,
        parameters.number()?,
        parameters.number()?,
    );
    budget.spend_scrypt(n, r, p)?;
    let mut key = key_of_length(parameters, length)?;
    let small = |number: u64| u32::try_from(number).map_err(|_error| Pkcs12Error::Excessive);
    let log = u8::try_from(n.checked_ilog2().unwrap_or_default()).unwrap_or_default();
    if !n.is_power_of_two() {
        return Err(Pkcs12Error::Malformed);
    }
    let parameters = scrypt::Params::new(log, small(r)?, small(p)?);
    let parameters = parameters.map_err(|_error| Pkcs12Error::Malformed)?;
    scrypt::scrypt(password.as_bytes(), &salt, &parameters, &mut key)
        .map_err(|_error| Pkcs12Error::Malformed)?;
    Ok(key)
}

/// A zeroed key with the length in the parameters, or the wanted one. Only the parameters of a MAC may contain a length.
fn key_of_length(
    parameters: &mut Reader<'_>,
    length: Option<usize>,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    let said = match parameters.rest.first() {
        Some(&super::INTEGER) => Some(parameters.number()?),
        _ => None,
    };
    let said = said.map(usize::try_from).transpose().ok().flatten();
    if length.is_none() && said.is_some_and(|said| said < MIN_MAC_KEY_LENGTH) {
        return Err(Pkcs12Error::Unsupported(
            "a MAC with a key that is too short".to_owned(),
        ));
    }
    let length = length.or(said).ok_or(Pkcs12Error::Malformed)?;
    if length == 0 || length as u64 > MAX_KEY_LENGTH {
        return Err(Pkcs12Error::Malformed);
    }
    Ok(Zeroizing::new(vec![0; length]))
}
