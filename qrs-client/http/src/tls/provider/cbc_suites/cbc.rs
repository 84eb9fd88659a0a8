//! AES in CBC mode with an HMAC inside the encryption, as in TLS 1.2 (RFC 5246, 6.2.3.2).
//!
//! rustls splits the key block for suites without a MAC key: into two keys, then two initialization vectors. Here these
//! are the two MAC keys and the two encryption keys, which are in the same order.
//!
//! The time of decryption must not reveal whether the padding or the MAC was wrong ("Lucky Thirteen"): the padding is
//! compared without branches, a MAC is always computed, and the number of hashed blocks is always the same.

use std::hint::black_box;

use aes::{Aes128, Aes256};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use cbc::{Decryptor, Encryptor};
use hmac::{Hmac, KeyInit, Mac as _};
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, KeyBlockShape, MessageDecrypter,
    MessageEncrypter, OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload,
    Tls12AeadAlgorithm, UnsupportedOperationError, make_tls12_aad,
};
use rustls::crypto::ring;
use rustls::{ConnectionTrafficSecrets, ContentType, Error, ProtocolVersion};
use sha1::{Digest, Sha1};
use sha2::Sha256;

const BLOCK: usize = 16;

/// Length of the data that a MAC covers besides the content: number, type, version and length of the record.
const HEADER: usize = 13;

/// Length of a block of SHA-1 and SHA-256.
const HASH_BLOCK: usize = 64;

/// Maximum length of a record's content, in bytes.
const MAX_CONTENT: usize = 16_384;

#[derive(Debug, Clone, Copy)]
pub(super) enum Key {
    Aes128,
    Aes256,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Mac {
    Sha1,
    Sha256,
}

/// A cipher of TLS 1.2.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cbc {
    pub(super) key: Key,
    pub(super) mac: Mac,
}

/// One direction of a connection.
struct Direction {
    cipher: Cbc,
    key: Vec<u8>,
    mac_key: Vec<u8>,
}

impl Tls12AeadAlgorithm for Cbc {
    fn encrypter(&self, mac_key: AeadKey, key: &[u8], _: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(self.direction(&mac_key, key))
    }

    fn decrypter(&self, mac_key: AeadKey, key: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(self.direction(&mac_key, key))
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape {
            enc_key_len: self.mac.length(),
            fixed_iv_len: match self.key {
                Key::Aes128 => 16,
                Key::Aes256 => 32,
            },
            explicit_nonce_len: 0,
        }
    }

    fn extract_keys(
        &self,
        _: AeadKey,
        _: &[u8],
        _: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

impl Cbc {
    fn direction(self, mac_key: &AeadKey, key: &[u8]) -> Direction {
        Direction {
            cipher: self,
            key: key.to_vec(),
            // The buffer of a key is as long as the longest key.
            mac_key: mac_key.as_ref()[..self.mac.length()].to_vec(),
        }
    }
}

impl Mac {
    fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    fn compute(self, key: &[u8], header: &[u8], content: &[u8]) -> Vec<u8> {
        macro_rules! compute {
            ($hash:ty) => {{
                let mac = <Hmac<$hash> as KeyInit>::new_from_slice(key);
                let mut mac = mac.expect("HMAC accepts keys of any length");
                mac.update(header);
                mac.update(content);
                mac.finalize().into_bytes().to_vec()
            }};
        }
        match self {
            Self::Sha1 => compute!(Sha1),
            Self::Sha256 => compute!(Sha256),
        }
    }

    /// Hashes this many empty blocks.
    fn idle(self, blocks: usize) {
        for _ in 0..blocks {
            let block = black_box([0; HASH_BLOCK]);
            match self {
                Self::Sha1 => {
                    black_box(Sha1::new().chain_update(block));
                }
                Self::Sha256 => {
                    black_box(Sha256::new().chain_update(block));
                }
            }
        }
    }
}

impl MessageEncrypter for Direction {
    fn encrypt(
        &mut self,
        message: OutboundPlainMessage<'_>,
        number: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        let mut iv = [0; BLOCK];
        ring::default_provider().secure_random.fill(&mut iv)?;
        let length = self.encrypted_payload_len(message.payload.len());
        let mut payload = PrefixedPayload::with_capacity(length);
        payload.extend_from_slice(&iv);
        payload.extend_from_chunks(&message.payload);
        let header = make_tls12_aad(number, message.typ, message.version, message.payload.len());
        let content = &payload.as_ref()[BLOCK..];
        let mac = self.cipher.mac.compute(&self.mac_key, &header, content);
        payload.extend_from_slice(&mac);
        let padding = length - payload.as_ref().len();
        let byte = u8::try_from(padding - 1).map_err(|_error| Error::EncryptError)?;
        payload.extend_from_slice(&vec![byte; padding]);
        self.encrypt_blocks(&iv, &mut payload.as_mut()[BLOCK..])?;
        Ok(OutboundOpaqueMessage::new(
            message.typ,
            message.version,
            payload,
        ))
    }

    fn encrypted_payload_len(&self, content: usize) -> usize {
        BLOCK + (content + self.cipher.mac.length() + 1).next_multiple_of(BLOCK)
    }
}

impl MessageDecrypter for Direction {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        number: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let (kind, version) = (message.typ, message.version);
        let mac_length = self.cipher.mac.length();
        let encrypted = message.payload.len().saturating_sub(BLOCK);
        if !encrypted.is_multiple_of(BLOCK) || encrypted < mac_length + 1 {
            return Err(Error::DecryptError);
        }
        let (iv, blocks) = message.payload.split_at_mut(BLOCK);
        self.decrypt_blocks(iv, blocks)?;
        let length = self.content_length(blocks, number, kind, version)?;
        if length > MAX_CONTENT {
            return Err(Error::PeerSentOversizedRecord);
        }
        Ok(message.into_plain_message_range(BLOCK..BLOCK + length))
    }
}

impl Direction {
    fn encrypt_blocks(&self, iv: &[u8], blocks: &mut [u8]) -> Result<(), Error> {
        macro_rules! encrypt {
            ($cipher:ty) => {{
                let length = blocks.len();
                let cipher = Encryptor::<$cipher>::new_from_slices(&self.key, iv);
                let cipher = cipher.map_err(|_error| Error::EncryptError)?;
                let done = cipher.encrypt_padded::<NoPadding>(blocks, length);
                done.map(drop).map_err(|_error| Error::EncryptError)
            }};
        }
        match self.cipher.key {
            Key::Aes128 => encrypt!(Aes128),
            Key::Aes256 => encrypt!(Aes256),
        }
    }

    fn decrypt_blocks(&self, iv: &[u8], blocks: &mut [u8]) -> Result<(), Error> {
        macro_rules! decrypt {
            ($cipher:ty) => {{
                let cipher = Decryptor::<$cipher>::new_from_slices(&self.key, iv);
                let cipher = cipher.map_err(|_error| Error::DecryptError)?;
                let done = cipher.decrypt_padded::<NoPadding>(blocks);
                done.map(drop).map_err(|_error| Error::DecryptError)
            }};
        }
        match self.cipher.key {
            Key::Aes128 => decrypt!(Aes128),
            Key::Aes256 => decrypt!(Aes256),
        }
    }

    /// Checks padding and MAC, and returns the length of the content.
    fn content_length(
        &self,
        plain: &[u8],
        number: u64,
        kind: ContentType,
        version: ProtocolVersion,
    ) -> Result<usize, Error> {
        let mac = self.cipher.mac;
        let longest = plain.len() - mac.length() - 1;
        let (padding, is_padded) = padding(plain, longest);
        let length = longest - padding;
        let header = make_tls12_aad(number, kind, version, length);
        let computed = mac.compute(&self.mac_key, &header, &plain[..length]);
        mac.idle(hashed_blocks(longest) - hashed_blocks(length));
        let received = &plain[length..length + mac.length()];
        let is_authentic = difference(&computed, received) == 0;
        // Both results are known here. Which one is false must not be visible.
        if black_box(is_padded) & black_box(is_authentic) {
            return Ok(length);
        }
        Err(Error::DecryptError)
    }
}

/// The length of the padding without its last byte, 0 if it is wrong, and whether it is right. Always reads the same number of
/// bytes.
fn padding(plain: &[u8], longest: usize) -> (usize, bool) {
    let last = plain.last().copied().unwrap_or_default();
    let mut wrong = u8::from(usize::from(last) > longest);
    for (at, byte) in plain.iter().rev().enumerate().take(256) {
        let is_padding = u8::from(at <= usize::from(last)).wrapping_neg();
        wrong |= black_box(is_padding & (byte ^ last));
    }
    let is_right = black_box(wrong) == 0;
    let mask = u8::from(is_right).wrapping_neg();
    (usize::from(last & mask), is_right)
}

/// Number of blocks that are hashed for the MAC of a content, without those that are always hashed.
fn hashed_blocks(content: usize) -> usize {
    (HEADER + content + 9).div_ceil(HASH_BLOCK)
}

fn difference(left: &[u8], right: &[u8]) -> u8 {
    let bytes = left.iter().zip(right);
    black_box(bytes.fold(0, |all, (left, right)| all | (left ^ right)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CIPHERS: [(Key, Mac); 4] = [
        (Key::Aes128, Mac::Sha1),
        (Key::Aes128, Mac::Sha256),
        (Key::Aes256, Mac::Sha1),
        (Key::Aes256, Mac::Sha256),
    ];

    fn direction(key: Key, mac: Mac) -> Direction {
        let length = match key {
            Key::Aes128 => 16,
            Key::Aes256 => 32,
        };
        Direction {
            cipher: Cbc { key, mac },
            key: vec![7; length],
            mac_key: vec![9; mac.length()],
        }
    }

    fn encrypted(direction: &mut Direction, content: &[u8]) -> Vec<u8> {
        let message = OutboundPlainMessage {
            typ: ContentType::ApplicationData,
            version: ProtocolVersion::TLSv1_2,
            payload: content.into(),
        };
        direction
            .encrypt(message, 3)
            .unwrap()
            .payload
            .as_ref()
            .to_vec()
    }

    fn decrypted(direction: &mut Direction, record: &mut [u8], number: u64) -> Option<Vec<u8>> {
        let kind = ContentType::ApplicationData;
        let message = InboundOpaqueMessage::new(kind, ProtocolVersion::TLSv1_2, record);
        let plain = direction.decrypt(message, number).ok()?;
        Some(plain.payload.to_vec())
    }

    #[test]
    fn records_of_any_length_are_encrypted_and_decrypted() {
        for (key, mac) in CIPHERS {
            let mut direction = direction(key, mac);
            for length in (0..100).chain([MAX_CONTENT]) {
                let content = vec![b'x'; length];
                let mut record = encrypted(&mut direction, &content);
                assert_eq!(record.len(), direction.encrypted_payload_len(length));
                assert_eq!(decrypted(&mut direction, &mut record, 3), Some(content));
            }
        }
    }

    #[test]
    fn a_change_of_any_byte_of_a_record_is_detected() {
        for (key, mac) in CIPHERS {
            let mut direction = direction(key, mac);
            let record = encrypted(&mut direction, b"GET /api/about");
            for at in 0..record.len() {
                let mut changed = record.clone();
                changed[at] ^= 1;
                assert_eq!(decrypted(&mut direction, &mut changed, 3), None, "{at}");
            }
            assert_eq!(decrypted(&mut direction, &mut record.clone(), 4), None);
            for length in 0..record.len() {
                let mut cut = record[..length].to_vec();
                assert_eq!(decrypted(&mut direction, &mut cut, 3), None, "{length}");
            }
        }
    }
}
