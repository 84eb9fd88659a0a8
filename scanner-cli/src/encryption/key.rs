//! The key, and what it makes of a secret: XChaCha20-Poly1305 with random nonces, as texts of one line.
//!
//! - An encrypted value is `ENC[…]`: the base64 (for URLs, without padding) of a byte that says its form, which is 1; the
//!   four bytes of the key's mark; 24 bytes of nonce; the secret, encrypted, with its tag. The first five are
//!   authenticated, too.
//! - A key file is `scanner-key-1:…`: the base64 of the 32 bytes of the key and of its mark.
//! - The mark is the beginning of a SHA-256 of the key. It tells a value of another key from one that was altered, and
//!   nothing of the key.

use std::io;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    Key as CipherKey, XChaCha20Poly1305, XNonce,
    aead::{Aead, Generate, KeyInit, Payload},
};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::{Digest, Sha256};

use super::{CLOSING, OPENING};

/// The form of encrypted values.
const FORM: u8 = 1;
/// How a key file begins: the form of the key is part of it.
const KEY_PREFIX: &str = "scanner-key-1:";
/// What is hashed before a key, so that its mark is no hash that is used for anything else.
const MARK_DOMAIN: &[u8] = b"scanner-cli encryption key mark 1";

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// The beginning of a hash of a key.
type Mark = [u8; 4];

/// A key that encrypts and decrypts secrets.
#[derive(Debug)]
pub(crate) struct Key {
    bytes: SecretBox<[u8; KEY_BYTES]>,
    mark: Mark,
}

/// Why a value could not be decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotDecrypted {
    /// It is not what it was: cut, or altered.
    Damaged,
    /// A form that is not known here.
    UnknownForm,
    /// It is of another key.
    OtherKey,
}

impl Key {
    /// A new one, of the system's random bytes.
    ///
    /// # Errors
    /// When the system has none.
    pub(crate) fn generate() -> io::Result<Self> {
        let key = CipherKey::try_generate().map_err(io::Error::other)?;
        Ok(Self::of(key.into()))
    }

    /// The key that a file with this content holds, if that is a whole one.
    pub(crate) fn of_file(content: &[u8]) -> Option<Self> {
        let text = str::from_utf8(content).ok()?.trim();
        let bytes = URL_SAFE_NO_PAD
            .decode(text.strip_prefix(KEY_PREFIX)?)
            .ok()?;
        let (key, mark) = bytes.split_first_chunk::<KEY_BYTES>()?;
        let key = Self::of(*key);
        (mark == key.mark).then_some(key)
    }

    /// The key as its file has it.
    pub(crate) fn to_text(&self) -> SecretString {
        let bytes = [self.bytes.expose_secret().as_slice(), &self.mark].concat();
        format!("{KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)).into()
    }

    /// The secret as `ENC[…]`: another text each time.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub(crate) fn encrypt(&self, secret: &SecretString) -> io::Result<String> {
        let nonce = XNonce::try_generate().map_err(io::Error::other)?;
        let head = self.head();
        let payload = Payload {
            msg: secret.expose_secret().as_bytes(),
            aad: &head,
        };
        let sealed = self.cipher().encrypt(&nonce, payload);
        let sealed = sealed.map_err(|_long| io::Error::other("the secret is too long"))?;
        let bytes = [head.as_slice(), &nonce, &sealed].concat();
        Ok(format!(
            "{OPENING}{}{CLOSING}",
            URL_SAFE_NO_PAD.encode(bytes)
        ))
    }

    /// The secret that was encrypted.
    ///
    /// # Errors
    /// When the text is not what this key made of a secret.
    pub(crate) fn decrypt(&self, text: &str) -> Result<SecretString, NotDecrypted> {
        let damaged = NotDecrypted::Damaged;
        let text = text.trim().strip_prefix(OPENING).ok_or(damaged)?;
        let text = text.strip_suffix(CLOSING).ok_or(damaged)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_bad| damaged)?;
        let (form, rest) = bytes.split_first().ok_or(damaged)?;
        if *form != FORM {
            return Err(NotDecrypted::UnknownForm);
        }
        let (mark, rest) = rest.split_first_chunk::<4>().ok_or(damaged)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(damaged)?;
        if sealed.len() < TAG_BYTES {
            return Err(damaged);
        }
        if *mark != self.mark {
            return Err(NotDecrypted::OtherKey);
        }
        let payload = Payload {
            msg: sealed,
            aad: &self.head(),
        };
        let secret = self.cipher().decrypt(&XNonce::from(*nonce), payload);
        let secret = secret.map_err(|_altered| damaged)?;
        let secret = String::from_utf8(secret).map_err(|_no_text| damaged)?;
        Ok(secret.into())
    }

    fn of(bytes: [u8; KEY_BYTES]) -> Self {
        let hash = Sha256::new_with_prefix(MARK_DOMAIN).chain_update(bytes);
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
        Self {
            bytes: SecretBox::new(Box::new(bytes)),
            mark: [a, b, c, d],
        }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&CipherKey::from(*self.bytes.expose_secret()))
    }

    /// What stands before the nonce.
    fn head(&self) -> [u8; 5] {
        let [a, b, c, d] = self.mark;
        [FORM, a, b, c, d]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key and a value as this form had them first: what is in people's files has to be read for ever.
    const KEY_TEXT: &str = "scanner-key-1:KKF9Az2yyB8PTixAhTB_s8LbeqV-VE4pGOsdypYM-8Bd6Mtz";
    const VALUE: &str =
        "ENC[AV3oy3PVMEr6BRzcr9iqI9xXinAxIsmY1JyYbXc5HparSc5tm760MSXhsUzUzc4yubqvAhX-bJ1ufus]";

    fn check(text: &str, expected: NotDecrypted) {
        let key = Key::of_file(KEY_TEXT.as_bytes()).unwrap();
        assert_eq!(key.decrypt(text).unwrap_err(), expected, "{text}");
    }

    #[test]
    fn a_value_of_the_first_form_is_read() {
        let key = Key::of_file(format!("{KEY_TEXT}\r\n").as_bytes()).unwrap();
        let secret = key.decrypt(VALUE).unwrap();
        assert_eq!(secret.expose_secret(), "ACME\\scänner\n");
    }

    #[test]
    fn a_secret_comes_back_and_is_another_text_each_time() {
        let key = Key::generate().unwrap();
        for secret in ["x", "two words", "ACME\\scanner", "ключ 🔑", "]\"\n"] {
            let secret = SecretString::from(secret);
            let (first, second) = (key.encrypt(&secret).unwrap(), key.encrypt(&secret).unwrap());
            assert_ne!(first, second);
            for text in [first, second] {
                let back = key.decrypt(&text).unwrap();
                assert_eq!(back.expose_secret(), secret.expose_secret());
            }
        }
    }

    #[test]
    fn whatever_character_is_altered_or_missing_nothing_comes_back() {
        let key = Key::of_file(KEY_TEXT.as_bytes()).unwrap();
        for at in 0..VALUE.len() {
            for other in ["A", "B", "_", "=", "", "]"] {
                let mut altered = VALUE.to_owned();
                altered.replace_range(at..=at, other);
                if altered != VALUE {
                    assert!(key.decrypt(&altered).is_err(), "{altered}");
                }
            }
            check(&VALUE[..at], NotDecrypted::Damaged);
        }
    }

    #[test]
    fn other_keys_and_forms_are_told_apart() {
        let other = Key::generate().unwrap();
        let text = other.encrypt(&SecretString::from("x")).unwrap();
        check(&text, NotDecrypted::OtherKey);
        check("ENC[]", NotDecrypted::Damaged);
        check("ENC[Ag]", NotDecrypted::UnknownForm);
        check("ENC[AQ]", NotDecrypted::Damaged);
        check("ENC[not base64]", NotDecrypted::Damaged);
    }

    #[test]
    fn a_key_that_lost_or_changed_a_character_is_none() {
        for at in 0..KEY_TEXT.len() {
            for other in ["A", "B", "", "!"] {
                let mut altered = KEY_TEXT.to_owned();
                altered.replace_range(at..=at, other);
                if altered != KEY_TEXT {
                    assert!(Key::of_file(altered.as_bytes()).is_none(), "{altered}");
                }
            }
        }
        assert!(Key::of_file(b"\xff").is_none());
    }

    #[test]
    fn the_key_is_not_in_its_debug_text() {
        let key = Key::of_file(KEY_TEXT.as_bytes()).unwrap();
        let debug = format!("{key:?} {:?}", key.to_text());
        let secret = KEY_TEXT.strip_prefix(KEY_PREFIX).unwrap();
        assert!(!debug.contains(secret), "{debug}");
    }
}
