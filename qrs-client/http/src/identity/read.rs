//! Reads the certificate and the key of a client from the bytes of files.

use secrecy::SecretString;

use super::ClientIdentity;
use crate::error::Error;
use crate::fact::Fact;
use crate::page_text::one_line;
use crate::private_key::PrivateKey;
use crate::private_key::read::{decryption_error, first_key, pem_error, truncated};
use crate::trust_store::read::format::{Format, as_utf8};
use crate::trust_store::read::pem::{Section, sections};
use crate::trust_store::read::pkcs12::{Pkcs12Error, read_identities};

/// What messages call the file.
const CERTIFICATE: &str = "client certificate";

impl ClientIdentity {
    /// Reads the bytes of a certificate's file and of its key's file. The content decides how they are read:
    ///
    /// - PKCS12 (`.pfx`, `.p12`) with the certificate and its key, with or without a password, with new or old encryption
    ///   (AES, 3DES, RC2). No key file is needed then.
    /// - PEM with certificates in any order. The key is in the file `key`, or in the same file; see [`PrivateKey::read`].
    ///
    /// A password that is not needed is ignored.
    ///
    /// ```
    /// use outbound_http::{ClientIdentity, Error, SecretString};
    ///
    /// fn print(certificate: &[u8], key: &[u8], password: &SecretString) -> Result<(), Error> {
    ///     let identity = ClientIdentity::read(certificate, Some(key), Some(password))?;
    ///     println!("{}", identity.certificate());
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if a file is not of these formats, is truncated or
    /// damaged, its password is missing or wrong, there is no certificate or no key, the key has a kind that is not
    /// supported, or it does not belong to the certificate. The message says which, and does not repeat the password.
    pub fn read(
        certificate: &[u8],
        key: Option<&[u8]>,
        password: Option<&SecretString>,
    ) -> Result<Self, Error> {
        let certificate = &*as_utf8(certificate);
        match Format::from_content(certificate) {
            Format::Pkcs12 if key.is_some() => Err(Error::configuration(
                "the client certificate is a PKCS12 file, which contains its own key",
            )
            .with_hint("do not give a file with the key as well")),
            Format::Pkcs12 => from_pkcs12(certificate, password),
            Format::Pem => from_pem(certificate, key, password),
            Format::DerCertificate => {
                let key = key.ok_or_else(without_key)?;
                Self::from_der([certificate], &PrivateKey::read(key, password)?)
            }
            Format::Empty => Err(Error::configuration(
                "the file of the client certificate is empty",
            )),
            Format::TruncatedDer(_) => Err(truncated(CERTIFICATE)),
            _ => Err(Error::configuration(
                "the file of the client certificate is neither PEM nor PKCS12",
            )
            .with_hint("export the certificate and its key as PEM or PKCS12")),
        }
    }
}

/// A PKCS12 file may contain several keys: the first that belongs to a certificate counts.
fn from_pkcs12(bytes: &[u8], password: Option<&SecretString>) -> Result<ClientIdentity, Error> {
    let found = read_identities(bytes, password);
    let found = found.map_err(|(error, is_right)| pkcs12_error(&error, is_right, password))?;
    let keys = found.keys.iter();
    let identities = keys.map(|key| {
        let key = PrivateKey::from_der(key)?;
        ClientIdentity::from_der(&found.certificates, &key)
    });
    let first = identities.reduce(Result::or);
    first.unwrap_or_else(|| Err(without_key()))
}

fn from_pem(
    certificates: &[u8],
    key: Option<&[u8]>,
    password: Option<&SecretString>,
) -> Result<ClientIdentity, Error> {
    let text = String::from_utf8_lossy(certificates);
    let found = sections(&text).map_err(|error| pem_error(error, CERTIFICATE))?;
    let certificates = found.iter().filter(|section| is_certificate(section));
    let ders: Result<Vec<_>, _> = certificates.map(Section::decoded).collect();
    let ders = ders.map_err(|error| pem_error(error, CERTIFICATE))?;
    if ders.is_empty() {
        return Err(without_certificate(&found));
    }
    let key = match key {
        Some(key) => PrivateKey::read(key, password)?,
        None => first_key(&found, password)?.ok_or_else(without_key)?,
    };
    ClientIdentity::from_der(ders, &key)
}

fn is_certificate(section: &Section<'_>) -> bool {
    matches!(
        section.label,
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE"
    )
}

fn without_key() -> Error {
    Error::configuration(
        "there is no private key for the client certificate: its file contains none, and no other file is given",
    )
    .with_hint("give the file of the key as well")
}

fn without_certificate(found: &[Section<'_>]) -> Error {
    let labels: Vec<_> = found
        .iter()
        .map(|section| one_line(section.label))
        .collect();
    Error::configuration(format!(
        "the file of the client certificate contains no certificate, but `{}`",
        labels.join("`, `")
    ))
    .with_hint("use the file with the line `-----BEGIN CERTIFICATE-----`")
}

fn pkcs12_error(error: &Pkcs12Error, is_right: bool, password: Option<&SecretString>) -> Error {
    match error {
        Pkcs12Error::WrongMac | Pkcs12Error::Undecryptable if password.is_none() => {
            Error::configuration("the client certificate's PKCS12 file needs a password")
                .with_fact(Fact::FilePassword)
                .with_hint("give the password that was chosen at the export")
        }
        Pkcs12Error::Undecryptable if is_right => Error::configuration(
            "the client certificate's PKCS12 file is damaged: a part of it cannot be decrypted, though the password is right",
        )
        .with_hint("copy or export the file again"),
        error => decryption_error(error, password),
    }
}
