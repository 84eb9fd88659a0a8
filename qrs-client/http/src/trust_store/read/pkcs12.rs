//! PKCS12, as keytool, openssl, Windows, `BouncyCastle` and EJBCA write it: RFC 7292 and, for PBMAC1, RFC 9579. Private keys
//! are decrypted only for a client's identity.

pub(crate) mod cipher;
pub(crate) mod derivation;
mod mac;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::ber::{
    self, BerError, CONTEXT_0, Element, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE,
};
use super::{Found, damaged, wrong_password};
use crate::error::Error;
use crate::fact::Fact;
use crate::trust_store::StoreWarning;
use derivation::{Budget, Password};

/// 1.2.840.113549.1.7, with one more number: kinds of content.
const DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];
const ENCRYPTED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x06];
const ENVELOPED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x03];

/// 1.2.840.113549.1.12.10.1, with one more number: kinds of bags.
const BAG: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x0C, 0x0A, 0x01];
const KEY_BAG: u8 = 1;
const SHROUDED_KEY_BAG: u8 = 2;
const CERTIFICATE_BAG: u8 = 3;
const NESTED_BAG: u8 = 6;

/// 1.2.840.113549.1.9.22.1
const X509_CERTIFICATE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x16, 0x01];

/// Maximum depth of nested bags. In practice, bags are not nested.
const MAX_DEPTH: usize = 8;

/// Why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pkcs12Error {
    Malformed,
    /// This kind of encryption or authentication is not supported.
    Unsupported(String),
    /// Deriving the keys would take too much time or memory.
    Excessive,
    /// The decrypted data has no valid padding, usually because the password is wrong.
    Undecryptable,
    WrongMac,
}

impl From<BerError> for Pkcs12Error {
    fn from(_: BerError) -> Self {
        Self::Malformed
    }
}

/// What the private keys in a file are read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keys {
    Ignored,
    Decrypted,
}

/// The certificates and private keys of a file. The keys are in PKCS8.
pub(crate) struct Identities {
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) keys: Vec<Zeroizing<Vec<u8>>>,
}

/// Reads certificates and private keys. If this fails, it also returns whether the password is known to be right.
pub(crate) fn read_identities(
    bytes: &[u8],
    password: Option<&SecretString>,
) -> Result<Identities, (Pkcs12Error, bool)> {
    let given = password.map_or("", |password| password.expose_secret());
    let mut reading = Reading::new(given, Keys::Decrypted);
    match reading.file(bytes) {
        Ok(()) => Ok(Identities {
            certificates: reading.found.certificates,
            keys: reading.keys,
        }),
        Err(error) => Err((error, reading.is_mac_right)),
    }
}

pub(super) fn read(bytes: &[u8], password: Option<&SecretString>) -> Result<Found<Vec<u8>>, Error> {
    let given = password.map_or("", |password| password.expose_secret());
    let mut reading = Reading::new(given, Keys::Ignored);
    match reading.file(bytes) {
        Ok(()) => Ok(reading.found),
        Err(error) => Err(reading.explain(&error, password)),
    }
}

struct Reading<'a> {
    password: Password<'a>,
    budget: Budget,
    found: Found<Vec<u8>>,
    wanted: Keys,
    /// The private keys, if they are wanted.
    keys: Vec<Zeroizing<Vec<u8>>>,
    has_mac: bool,
    is_mac_right: bool,
}

impl<'a> Reading<'a> {
    fn new(password: &'a str, wanted: Keys) -> Self {
        Self {
            password: Password::new(password),
            budget: Budget::default(),
            found: Found::default(),
            wanted,
            keys: Vec::new(),
            has_mac: false,
            is_mac_right: false,
        }
    }

    fn file(&mut self, bytes: &[u8]) -> Result<(), Pkcs12Error> {
        let mut outer = Reader::new(Reader::new(bytes).take(SEQUENCE)?.content);
        outer.take(INTEGER)?;
        let mut content = Reader::new(outer.take(SEQUENCE)?.content);
        let kind = content.take(OBJECT_IDENTIFIER)?.content;
        if kind != DATA {
            return Err(Pkcs12Error::Unsupported(
                "a signature instead of a password".to_owned(),
            ));
        }
        let content = octets_within(&mut content)?;
        match outer.take_if(SEQUENCE)? {
            Some(mac) => {
                self.has_mac = true;
                self.password.choose_empty_form(|password| {
                    mac::verify(mac.content, &content, password, &mut self.budget)
                })?;
                self.is_mac_right = true;
            }
            None => self.found.warnings.push(StoreWarning::NoMac),
        }
        self.parts(&content)
    }

    /// The parts of the file. Each may be encrypted.
    fn parts(&mut self, content: &[u8]) -> Result<(), Pkcs12Error> {
        let parts = Reader::new(content).take(SEQUENCE)?;
        for part in ber::elements(parts.content) {
            let mut part = Reader::new(part?.content);
            match part.take(OBJECT_IDENTIFIER)?.content {
                DATA => {
                    let bags = octets_within(&mut part)?;
                    self.bags(&bags, 0)?;
                }
                ENCRYPTED_DATA => {
                    let bags = self.decrypted(&mut part)?;
                    // With a wrong password and without a MAC, the decrypted data is garbage.
                    self.bags(&bags, 0).map_err(|error| match error {
                        Pkcs12Error::Malformed if !self.has_mac => Pkcs12Error::Undecryptable,
                        error => error,
                    })?;
                }
                ENVELOPED_DATA => {
                    return Err(Pkcs12Error::Unsupported("a public key".to_owned()));
                }
                _ => return Err(Pkcs12Error::Malformed),
            }
        }
        Ok(())
    }

    fn decrypted(&mut self, part: &mut Reader<'_>) -> Result<Vec<u8>, Pkcs12Error> {
        let inner = part.take(CONTEXT_0)?.content;
        let mut encrypted = Reader::new(Reader::new(inner).take(SEQUENCE)?.content);
        encrypted.take(INTEGER)?;
        let mut encrypted = Reader::new(encrypted.take(SEQUENCE)?.content);
        encrypted.take(OBJECT_IDENTIFIER)?;
        let algorithm = encrypted.take(SEQUENCE)?;
        let octets = encrypted.take(CONTEXT_0 & !0x20)?.octets()?;
        self.password.choose_empty_form(|password| {
            cipher::decrypt(algorithm.content, &octets, password, &mut self.budget)
        })
    }

    fn bags(&mut self, content: &[u8], depth: usize) -> Result<(), Pkcs12Error> {
        if depth > MAX_DEPTH {
            return Err(Pkcs12Error::Malformed);
        }
        let bags = Reader::new(content).take(SEQUENCE)?;
        for bag in ber::elements(bags.content) {
            let mut bag = Reader::new(bag?.content);
            let kind = bag.take(OBJECT_IDENTIFIER)?.content;
            let value = bag.take(CONTEXT_0)?;
            match kind.strip_prefix(BAG) {
                Some([KEY_BAG | SHROUDED_KEY_BAG]) if self.wanted == Keys::Ignored => {
                    self.found.holds_key = true;
                }
                Some([KEY_BAG]) => self.keys.push(Zeroizing::new(value.content.to_vec())),
                Some([SHROUDED_KEY_BAG]) => self.shrouded_key(value.content)?,
                Some([CERTIFICATE_BAG]) => self.certificate(&value)?,
                Some([NESTED_BAG]) => self.bags(value.content, depth + 1)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn shrouded_key(&mut self, bag: &[u8]) -> Result<(), Pkcs12Error> {
        let key = self
            .password
            .choose_empty_form(|password| encrypted_key(bag, password, &mut self.budget))?;
        self.keys.push(key);
        Ok(())
    }

    fn certificate(&mut self, bag: &Element<'_>) -> Result<(), Pkcs12Error> {
        let mut bag = Reader::new(Reader::new(bag.content).take(SEQUENCE)?.content);
        if bag.take(OBJECT_IDENTIFIER)?.content == X509_CERTIFICATE {
            self.found.certificates.push(octets_within(&mut bag)?);
        }
        Ok(())
    }

    fn explain(&self, error: &Pkcs12Error, password: Option<&SecretString>) -> Error {
        const CONVERT: &str = "convert it: `keytool -importkeystore -srckeystore OLD -destkeystore NEW -deststoretype \
                               PKCS12`, or `openssl pkcs12 -in OLD -nokeys -out NEW.pem` and use the PEM file";
        match error {
            Pkcs12Error::WrongMac if password.is_none() => {
                Error::configuration("the trust store needs a password")
                    .with_fact(Fact::FilePassword)
                    .with_hint("give the password that the store was made with")
            }
            Pkcs12Error::WrongMac => wrong_password(password),
            Pkcs12Error::Undecryptable if self.is_mac_right => {
                damaged("a part of it cannot be decrypted, though the password is right")
            }
            Pkcs12Error::Undecryptable => super::undecryptable(password),
            Pkcs12Error::Unsupported(what) => Error::configuration(format!(
                "the trust store is protected by {what}, which is not supported"
            ))
            .with_hint(CONVERT),
            Pkcs12Error::Excessive => Error::configuration(
                "the trust store takes too much work to decrypt: its parts ask for too many rounds, or too much memory",
            )
            .with_hint(CONVERT),
            Pkcs12Error::Malformed => damaged("its structure is not that of PKCS12"),
        }
    }
}

/// Decrypts a private key (`EncryptedPrivateKeyInfo`, RFC 5208), as PKCS12 and PEM files contain it.
pub(crate) fn encrypted_key(
    der: &[u8],
    password: &Password<'_>,
    budget: &mut Budget,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    let mut key = Reader::new(Reader::new(der).take(SEQUENCE)?.content);
    let algorithm = key.take(SEQUENCE)?;
    let octets = key.take(OCTET_STRING)?.octets()?;
    cipher::decrypt(algorithm.content, &octets, password, budget).map(Zeroizing::new)
}

/// The octet string in a context-specific element.
fn octets_within(reader: &mut Reader<'_>) -> Result<Vec<u8>, Pkcs12Error> {
    let context = reader.take(CONTEXT_0)?;
    let octets = Reader::new(context.content).take(OCTET_STRING)?;
    Ok(octets.octets()?.into_owned())
}
