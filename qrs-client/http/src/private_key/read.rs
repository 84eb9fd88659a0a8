//! Reads private keys from the bytes of files.

mod encrypted_pem;

use rustls::pki_types::PrivateKeyDer;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::{PrivateKey, unreadable};
use crate::error::Error;
use crate::fact::Fact;
use crate::page_text::one_line;
use crate::trust_store::read::format::{Format, as_utf8};
use crate::trust_store::read::pem::{PemError, Section, sections};
use crate::trust_store::read::pkcs12::derivation::{Budget, Password};
use crate::trust_store::read::pkcs12::{Pkcs12Error, encrypted_key};
use crate::trust_store::read::suspicious_ends;

impl PrivateKey {
    /// Reads the bytes of a key's file: PKCS8, PKCS1 or SEC1, in PEM or DER, plain or encrypted (`ENCRYPTED PRIVATE KEY`, or
    /// `Proc-Type: 4,ENCRYPTED` with AES or 3DES). In a PEM file, other sections are ignored, and so is a password that is not
    /// needed.
    ///
    /// ```
    /// use outbound_http::{Error, PrivateKey, SignatureAlgorithm};
    ///
    /// fn sign(key_file: &[u8], message: &[u8]) -> Result<Vec<u8>, Error> {
    ///     PrivateKey::read(key_file, None)?.sign(SignatureAlgorithm::RsaSha256, message)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the file is not of these formats, is truncated or
    /// damaged, its password is missing or wrong, or the key has a kind that is not supported. The message says which, and
    /// does not repeat the password.
    pub fn read(bytes: &[u8], password: Option<&SecretString>) -> Result<Self, Error> {
        let bytes = &*as_utf8(bytes);
        match Format::from_content(bytes) {
            Format::Pem => {
                let text = String::from_utf8_lossy(bytes);
                let found = sections(&text).map_err(|error| pem_error(error, "private key"))?;
                first_key(&found, password)?.ok_or_else(|| without_key(&found))
            }
            Format::DerPrivateKey => match PrivateKeyDer::try_from(bytes) {
                Ok(key) => Self::from_rustls(key.clone_key()),
                Err(_) => decrypted(bytes, password),
            },
            Format::Empty => Err(Error::configuration("the file of the private key is empty")),
            Format::TruncatedDer(_) => Err(truncated("private key")),
            _ => Err(unreadable()),
        }
    }
}

/// The first private key among the sections of a PEM file.
pub(crate) fn first_key(
    sections: &[Section<'_>],
    password: Option<&SecretString>,
) -> Result<Option<PrivateKey>, Error> {
    let mut keys = sections.iter();
    let Some(section) = keys.find(|section| section.label.ends_with("PRIVATE KEY")) else {
        return Ok(None);
    };
    let der = section.decoded();
    let mut der = Zeroizing::new(der.map_err(|error| pem_error(error, "private key"))?);
    if section.label == "ENCRYPTED PRIVATE KEY" {
        return decrypted(&der, password).map(Some);
    }
    if let Some(cipher) = section.header("DEK-Info") {
        let given = needed(password)?;
        let plain = encrypted_pem::decrypted(cipher, &der, given);
        der = plain.map_err(|error| decryption_error(&error, Some(given)))?;
        // With a wrong password, the padding is right once in 256 times.
        if !super::is_sequence(&der) {
            return Err(decryption_error(&Pkcs12Error::Undecryptable, Some(given)));
        }
    }
    let der = der.to_vec();
    let key = match section.label {
        "PRIVATE KEY" => PrivateKeyDer::Pkcs8(der.into()),
        "RSA PRIVATE KEY" => PrivateKeyDer::Pkcs1(der.into()),
        "EC PRIVATE KEY" => PrivateKeyDer::Sec1(der.into()),
        label => return Err(unknown_label(label)),
    };
    PrivateKey::from_rustls(key).map(Some)
}

/// Decrypts a private key in PKCS8.
fn decrypted(der: &[u8], password: Option<&SecretString>) -> Result<PrivateKey, Error> {
    let given = needed(password)?;
    let password = Password::new(given.expose_secret());
    let key = encrypted_key(der, &password, &mut Budget::default());
    let key = key.map_err(|error| decryption_error(&error, Some(given)))?;
    // With a wrong password, the padding is right once in 256 times.
    let key = PrivateKeyDer::try_from(key.as_slice());
    let key = key.map_err(|_error| decryption_error(&Pkcs12Error::Undecryptable, Some(given)))?;
    PrivateKey::from_rustls(key.clone_key())
}

fn needed(password: Option<&SecretString>) -> Result<&SecretString, Error> {
    password.ok_or_else(|| {
        Error::configuration("the private key is encrypted, and no password is set")
            .with_fact(Fact::FilePassword)
            .with_hint("give the password that was chosen when the key was made or exported")
    })
}

fn without_key(found: &[Section<'_>]) -> Error {
    let labels: Vec<_> = found
        .iter()
        .map(|section| one_line(section.label))
        .collect();
    Error::configuration(format!(
        "the file of the private key contains no private key, but `{}`",
        labels.join("`, `")
    ))
    .with_hint("use the file of the key, with a line such as `-----BEGIN PRIVATE KEY-----`")
}

fn unknown_label(label: &str) -> Error {
    let label = one_line(label);
    Error::configuration(format!(
        "the private key has the label `{label}`, which is not supported"
    ))
    .with_hint("convert it: openssl pkey -in OLD -out NEW")
}

pub(crate) fn truncated(what: &str) -> Error {
    Error::configuration(format!(
        "the file of the {what} is truncated: it ends in the middle"
    ))
    .with_hint("copy or export the file again")
}

pub(crate) fn pem_error(error: PemError, what: &str) -> Error {
    match error {
        PemError::Truncated => truncated(what),
        PemError::Damaged(how) => {
            Error::configuration(format!("the file of the {what} is damaged: {how}"))
                .with_hint("copy or export the file again")
        }
    }
}

/// The error of a key, or of a PKCS12 file, that cannot be decrypted.
pub(crate) fn decryption_error(error: &Pkcs12Error, password: Option<&SecretString>) -> Error {
    const ANOTHER: &str = "export it again with another encryption, such as AES";
    match error {
        Pkcs12Error::WrongMac | Pkcs12Error::Undecryptable => {
            let note = suspicious_ends(password);
            Error::configuration(format!(
                "the password of the private key is wrong, or its file is damaged{note}"
            ))
            .with_fact(Fact::FilePassword)
            .with_hint("use the password that was chosen when the key was made or exported")
        }
        Pkcs12Error::Unsupported(what) => Error::configuration(format!(
            "the private key is protected by {what}, which is not supported"
        ))
        .with_hint(ANOTHER),
        Pkcs12Error::Excessive => Error::configuration(
            "the private key takes too much work to decrypt: its file asks for too many rounds, or too much memory",
        )
        .with_hint(ANOTHER),
        Pkcs12Error::Malformed => Error::configuration(
            "the file of the private key is damaged: its structure is not that of PKCS12 or PKCS8",
        )
        .with_hint("copy or export the file again"),
    }
}
