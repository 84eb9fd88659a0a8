//! From the bytes of a file to the certificates in it. Pure, and safe to give anything: nothing
//! panics or allocates beyond a file's size.

mod der;
mod derivation;
mod format;
mod jks;
mod pem;
mod pkcs12;

use std::fmt;

use secrecy::SecretString;

use super::{StoreWarning, TrustStore};
use crate::error::Error;
use format::Format;

/// How the file of a trust store is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreKind {
    /// PKCS12: `.p12`, `.pfx`, and what `keytool` writes today.
    Pkcs12,
    /// Java's older key store: `.jks`.
    Jks,
    /// PEM: `.pem`, `.crt`, `.cer`; a bare certificate in DER, which often bears the same
    /// extensions, is taken as well.
    Pem,
}

/// What a file holds, before its certificates are looked at.
struct Found<D> {
    certificates: Vec<D>,
    holds_key: bool,
    warnings: Vec<StoreWarning>,
}

impl<D> Default for Found<D> {
    fn default() -> Self {
        Self {
            certificates: Vec::new(),
            holds_key: false,
            warnings: Vec::new(),
        }
    }
}

impl TrustStore {
    /// Reads the bytes of a trust store's file. PEM has no password; one given is ignored.
    ///
    /// A JKS file without a password is read unchecked, as Java does it, with a
    /// [warning](Self::warnings). Old encryption of PKCS12 (3DES, RC2) is read, too.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the file is of another
    /// kind, the password is wrong, the file is truncated or damaged, or it holds no certificate.
    /// The message says which, and does not repeat the password.
    pub fn read(
        bytes: &[u8],
        kind: StoreKind,
        password: Option<&SecretString>,
    ) -> Result<Self, Error> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let format = Format::of(bytes);
        match (format, kind) {
            (Format::Jks, StoreKind::Jks) => Self::found(jks::read(bytes, password)?),
            (Format::Pkcs12, StoreKind::Pkcs12) => Self::found(pkcs12::read(bytes, password)?),
            (Format::Pem, StoreKind::Pem) => Self::found(pem::read(bytes)?),
            (Format::DerCertificate, StoreKind::Pem) => Self::of([bytes]),
            (Format::Empty, _) => Err(Error::configuration("the trust store is an empty file")),
            (Format::TruncatedDer(length), StoreKind::Pkcs12 | StoreKind::Pem) => {
                let here = bytes.len();
                Err(Error::configuration(format!(
                    "the trust store is truncated: {here} of its {length} bytes are there"
                )))
            }
            (format, kind) => Err(other_format(format, kind)),
        }
    }

    fn found<D: AsRef<[u8]>>(found: Found<D>) -> Result<Self, Error> {
        if found.certificates.is_empty() {
            let key = found.holds_key.then(|| "a private key".to_owned());
            return Err(without_certificate(key.as_slice()));
        }
        let mut store = Self::of(found.certificates)?;
        store.warnings.extend(found.warnings);
        if found.holds_key {
            store.warnings.push(StoreWarning::PrivateKey);
        }
        Ok(store)
    }
}

fn other_format(format: Format, kind: StoreKind) -> Error {
    let error = Error::configuration(format!(
        "the trust store is to be {kind}, but it is {}",
        format.name()
    ));
    error.with_hint(match format {
        Format::Jks => "declare its type as JKS",
        Format::Pkcs12 => "declare its type as PKCS12",
        Format::Pem | Format::DerCertificate => "declare its type as PEM",
        Format::Jceks => {
            "make a PKCS12 store of it: keytool -importkeystore -srckeystore OLD -destkeystore NEW \
             -deststoretype PKCS12"
        }
        Format::Pkcs7 => {
            "make a PEM file of it: openssl pkcs7 -print_certs -inform DER -in OLD -out NEW"
        }
        Format::Ber => "write it anew with `keytool -importkeystore` or `openssl pkcs12`",
        Format::DerPrivateKey => "name a file with the certificates; a key is not needed",
        Format::Empty | Format::TruncatedDer(_) | Format::Unknown => {
            "name a PKCS12, JKS or PEM file with the certificates to trust"
        }
    })
}

fn truncated() -> Error {
    Error::configuration("the trust store is truncated: it ends in the middle")
}

fn damaged(how: &str) -> Error {
    Error::configuration(format!("the trust store is damaged: {how}"))
}

fn wrong_password() -> Error {
    Error::configuration("the trust store's password is wrong, or the file was changed")
        .with_hint("try it with `keytool -list -keystore` and the file's name")
}

fn without_certificate(but: &[String]) -> Error {
    let message = "the trust store holds no certificate";
    let hint = "put the certificate of the authority that signed the site's into it";
    if but.is_empty() {
        return Error::configuration(message).with_hint(hint);
    }
    Error::configuration(format!("{message}, but `{}`", but.join("`, `"))).with_hint(hint)
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pkcs12 => "PKCS12",
            Self::Jks => "JKS",
            Self::Pem => "PEM",
        })
    }
}
