//! The key, and the encryption of secrets with it: XChaCha20-Poly1305 with random nonces. Encrypted secrets and keys
//! are texts of one line.
//!
//! - An encrypted value is `ENC[…]`: the base64 (for URLs, without padding) of a head, 24 bytes of nonce, and the
//!   secret, encrypted, with its tag. The head is authenticated, too. It consists of the form byte and the four bytes
//!   of the key's mark; in form 2, the four bytes of the owner's mark and of the setting's mark follow.
//! - A value of form 2 is bound to its owner, which is a connection, a follower or the scanner itself, and to the
//!   name of a setting. Both are authenticated. A value of form 1, from earlier versions, is not bound.
//! - A key file is `scanner-key-1:…`: the base64 of the 32 bytes of the key and of its mark.
//! - A mark is the first four bytes of a SHA-256 hash. It distinguishes a value for another key, owner or setting from
//!   a changed value, and reveals nothing about the key.

use std::{fmt, io};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use catalog_model::encoding;
use chacha20poly1305::{
    Key as CipherKey, XChaCha20Poly1305, XNonce,
    aead::{Aead, Generate, KeyInit, Payload},
};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::{Digest, Sha256};

use super::{CLOSING, OPENING};

/// The form byte of encrypted values that are not bound.
const UNBOUND_FORM: u8 = 1;
/// The form byte of encrypted values that are bound.
const BOUND_FORM: u8 = 2;
/// The start of a key file. It includes the version of the format.
const KEY_PREFIX: &str = "scanner-key-1:";
/// The prefix that is hashed before a key, so that its mark differs from all other hashes of the key.
const MARK_DOMAIN: &[u8] = b"scanner-cli encryption key mark 1";
/// The same for the code, or the name of a follower, and for the setting that a value is bound to.
const CODE_DOMAIN: &[u8] = b"scanner-cli encryption code mark 1";
const FOLLOWER_DOMAIN: &[u8] = b"scanner-cli encryption follower mark 1";
const SCANNER_DOMAIN: &[u8] = b"scanner-cli encryption scanner mark 1";
const SETTING_DOMAIN: &[u8] = b"scanner-cli encryption setting mark 1";

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// The first bytes of a hash.
type Mark = [u8; 4];

/// The owner and the setting that an encrypted value is bound to. It is decrypted only for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding<'a> {
    /// The owner of the value.
    pub owner: Owner<'a>,
    /// The dotted name of the setting.
    pub setting: &'a str,
}

/// The owner of an encrypted value: only the owner can use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner<'a> {
    /// The connection with this code. For a value in the secret manager's file, the name of its section.
    Connection(&'a str),
    /// The follower with this name.
    Follower(&'a str),
    /// The scanner itself: its settings in `conf/application.conf`.
    Scanner,
}

/// A decrypted secret.
#[derive(Debug)]
pub struct Decrypted {
    pub secret: SecretString,
    /// Whether it was bound to the setting that contains it.
    pub is_bound: bool,
}

/// A key that encrypts and decrypts secrets.
#[derive(Debug)]
pub struct Key {
    bytes: SecretBox<[u8; KEY_BYTES]>,
    mark: Mark,
}

/// Why a value could not be decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecryptionError {
    /// The value was truncated or changed.
    Damaged,
    /// The form of the value is unknown.
    UnknownForm,
    /// The value was encrypted with a different key.
    OtherKey,
    /// It is bound to another owner.
    OtherOwner,
    /// It is bound to another setting of its owner.
    OtherSetting,
}

/// The prefix of the name of a follower, where the code of a connection is also possible.
const FOLLOWER_PREFIX: &str = "follower:";
/// The name of the scanner itself, which no code can be.
const SCANNER: &str = "scanner:";

impl<'a> Owner<'a> {
    /// The owner that `encrypt --for` names: `follower:NAME`, `scanner:`, or else the code of a connection.
    pub fn parse(text: &'a str) -> Self {
        if text == SCANNER {
            return Self::Scanner;
        }
        match text.strip_prefix(FOLLOWER_PREFIX) {
            Some(name) => Self::Follower(name.trim()),
            None => Self::Connection(text),
        }
    }
}

impl fmt::Display for Owner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(code) => f.write_str(code),
            Self::Follower(name) => write!(f, "{FOLLOWER_PREFIX}{name}"),
            Self::Scanner => f.write_str(SCANNER),
        }
    }
}

impl Key {
    /// Creates a key from random bytes of the system.
    ///
    /// # Errors
    /// If the system has no random bytes.
    pub fn generate() -> io::Result<Self> {
        let key = CipherKey::try_generate().map_err(io::Error::other)?;
        Ok(Self::from_bytes(key.into()))
    }

    /// Reads the content of a key file. Returns `None` if it is not a complete key.
    pub fn from_file_content(content: &[u8]) -> Option<Self> {
        let text = encoding::text(content).ok()?.trim();
        let bytes = URL_SAFE_NO_PAD
            .decode(text.strip_prefix(KEY_PREFIX)?)
            .ok()?;
        let (key, mark) = bytes.split_first_chunk::<KEY_BYTES>()?;
        let key = Self::from_bytes(*key);
        (mark == key.mark).then_some(key)
    }

    /// The key in the format of a key file.
    pub fn to_text(&self) -> SecretString {
        let bytes = [self.bytes.expose_secret().as_slice(), &self.mark].concat();
        format!("{KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)).into()
    }

    /// Encrypts a secret as `ENC[…]`, bound to its owner and setting if there is a binding. Each call returns a
    /// different text.
    ///
    /// # Errors
    /// If the system has no random bytes.
    pub fn encrypt(
        &self,
        secret: &SecretString,
        binding: Option<Binding<'_>>,
    ) -> io::Result<String> {
        let nonce = XNonce::try_generate().map_err(io::Error::other)?;
        let head = match binding {
            None => self.head(UNBOUND_FORM).to_vec(),
            Some(binding) => {
                let [owner, setting] = binding.marks();
                [&self.head(BOUND_FORM)[..], &owner, &setting].concat()
            }
        };
        let payload = Payload {
            msg: secret.expose_secret().as_bytes(),
            aad: &authenticated(&head, binding),
        };
        let sealed = self.cipher().encrypt(&nonce, payload);
        let sealed = sealed.map_err(|_long| io::Error::other("the secret is too long"))?;
        let bytes = [head.as_slice(), &nonce, &sealed].concat();
        Ok(format!(
            "{OPENING}{}{CLOSING}",
            URL_SAFE_NO_PAD.encode(bytes)
        ))
    }

    /// Decrypts a value for the setting that contains it.
    ///
    /// # Errors
    /// If the text was not encrypted with this key, or is bound to another setting.
    pub fn decrypt(&self, text: &str, place: Binding<'_>) -> Result<Decrypted, DecryptionError> {
        let damaged = DecryptionError::Damaged;
        let text = text.trim().strip_prefix(OPENING).ok_or(damaged)?;
        let text = text.strip_suffix(CLOSING).ok_or(damaged)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_bad| damaged)?;
        let (form, rest) = bytes.split_first().ok_or(damaged)?;
        let is_bound = match *form {
            UNBOUND_FORM => false,
            BOUND_FORM => true,
            _ => return Err(DecryptionError::UnknownForm),
        };
        let (mark, mut rest) = rest.split_first_chunk::<4>().ok_or(damaged)?;
        let mut bound_to = [[0; 4]; 2];
        if is_bound {
            for bound_mark in &mut bound_to {
                let (mark, behind) = rest.split_first_chunk::<4>().ok_or(damaged)?;
                (*bound_mark, rest) = (*mark, behind);
            }
        }
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(damaged)?;
        if sealed.len() < TAG_BYTES {
            return Err(damaged);
        }
        if *mark != self.mark {
            return Err(DecryptionError::OtherKey);
        }
        if is_bound {
            let [owner, setting] = place.marks();
            match bound_to {
                [other, _] if other != owner => return Err(DecryptionError::OtherOwner),
                [_, other] if other != setting => return Err(DecryptionError::OtherSetting),
                _ => {}
            }
        }
        let head = &bytes[..bytes.len() - sealed.len() - NONCE_BYTES];
        let payload = Payload {
            msg: sealed,
            aad: &authenticated(head, is_bound.then_some(place)),
        };
        let secret = self.cipher().decrypt(&XNonce::from(*nonce), payload);
        let secret = secret.map_err(|_altered| damaged)?;
        let secret = String::from_utf8(secret).map_err(|_no_text| damaged)?;
        let secret = secret.into();
        Ok(Decrypted { secret, is_bound })
    }

    fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self {
            bytes: SecretBox::new(Box::new(bytes)),
            mark: mark(MARK_DOMAIN, &bytes),
        }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&CipherKey::from(*self.bytes.expose_secret()))
    }

    /// The start of every encrypted value.
    fn head(&self, form: u8) -> [u8; 5] {
        let [a, b, c, d] = self.mark;
        [form, a, b, c, d]
    }
}

impl Binding<'_> {
    fn marks(self) -> [Mark; 2] {
        let owner = match self.owner {
            Owner::Connection(code) => mark(CODE_DOMAIN, code.as_bytes()),
            Owner::Follower(name) => mark(FOLLOWER_DOMAIN, name.as_bytes()),
            Owner::Scanner => mark(SCANNER_DOMAIN, b""),
        };
        [owner, mark(SETTING_DOMAIN, self.setting.as_bytes())]
    }
}

fn mark(domain: &[u8], bytes: &[u8]) -> Mark {
    let hash = Sha256::new_with_prefix(domain).chain_update(bytes);
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
    [a, b, c, d]
}

/// The data that is authenticated besides the secret: the head, the owner and the setting. The length of the owner's
/// name separates it from the setting. For a follower and for the scanner, it is preceded by a length that no code has.
fn authenticated(head: &[u8], binding: Option<Binding<'_>>) -> Vec<u8> {
    let Some(Binding { owner, setting }) = binding else {
        return head.to_vec();
    };
    let (kind, name) = match owner {
        Owner::Connection(code) => (&[][..], code),
        Owner::Follower(name) => (&[u8::MAX; 8][..], name),
        Owner::Scanner => (&[u8::MAX - 1; 8][..], ""),
    };
    let length = (name.len() as u64).to_le_bytes();
    [head, kind, &length, name.as_bytes(), setting.as_bytes()].concat()
}

#[cfg(test)]
mod tests;
