//! Reads certificates from the bytes of a file. Any input is safe: nothing panics or allocates more than a file's size. Nothing
//! here touches a disk or the network.

pub(crate) mod ber;
pub(crate) mod format;
mod jks;
pub(crate) mod pem;
pub(crate) mod pkcs12;
mod pkcs7;

use secrecy::{ExposeSecret, SecretString};

use super::{StoreKind, StoreWarning, TrustStore};
use crate::error::Error;
use crate::fact::Fact;
use format::Format;

/// The content of a file, before its certificates are parsed.
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

impl StoreKind {
    /// The format of a file according to its content; `None` if it cannot be read as a trust store.
    #[must_use]
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        Format::from_content(&format::as_utf8(bytes)).kind()
    }
}

impl TrustStore {
    /// Reads the bytes of a trust store's file. Its content decides how it is read, as in Java; a `kind` that does not
    /// fit becomes a [warning](Self::warnings). PEM and PKCS7 have no password; it is ignored.
    ///
    /// Without a password, a JKS file is read without checking its digest, as in Java, with a warning. The old encryption of
    /// PKCS12 (3DES, RC2) is supported.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the file is not a trust store, the password is
    /// wrong, the file is truncated or damaged, or it contains no certificate. The message says which, and does not
    /// repeat the password.
    pub fn read(
        bytes: &[u8],
        kind: StoreKind,
        password: Option<&SecretString>,
    ) -> Result<Self, Error> {
        let mut store = Self::detect(bytes, password)?;
        let found = StoreKind::detect(bytes).unwrap_or(kind);
        // A PKCS7 bundle may be in PEM.
        let fits = found == kind || (kind, found) == (StoreKind::Pkcs7, StoreKind::Pem);
        if !fits {
            let declared = kind;
            store
                .warnings
                .push(StoreWarning::OtherKind { declared, found });
        }
        Ok(store)
    }

    /// Reads the bytes of a trust store's file of any format; see [`read`](Self::read).
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn detect(bytes: &[u8], password: Option<&SecretString>) -> Result<Self, Error> {
        let bytes = &*format::as_utf8(bytes);
        match Format::from_content(bytes) {
            Format::Jks => Self::from_found(jks::read(bytes, password)?),
            Format::Pkcs12 => Self::from_found(pkcs12::read(bytes, password)?),
            Format::Pkcs7 => Self::from_found(pkcs7::read(bytes)?),
            Format::Pem => Self::from_found(pem::read(bytes)?),
            Format::DerCertificate => Self::from_readable([bytes]),
            Format::Empty => Err(Error::configuration("the trust store is an empty file")),
            Format::TruncatedDer(Some(length)) => {
                let here = bytes.len();
                Err(Error::configuration(format!(
                    "the trust store is truncated: {here} of its {length} bytes are present"
                )))
            }
            Format::TruncatedDer(None) => Err(truncated()),
            Format::Jceks => Err(other_content("a JCEKS key store").with_hint(
                "convert it: keytool -importkeystore -srckeystore OLD -srcstoretype JCEKS -destkeystore NEW -deststoretype \
                 PKCS12",
            )),
            Format::DerPrivateKey => Err(other_content("a private key in DER")
                .with_hint("use a file with certificates; a key is not needed")),
            Format::Unknown => Err(other_content(
                "neither PKCS12, nor JKS, nor PEM, nor PKCS7, nor a certificate",
            )),
        }
    }

    fn from_found<D: AsRef<[u8]>>(found: Found<D>) -> Result<Self, Error> {
        if found.certificates.is_empty() {
            let key = found.holds_key.then(|| "a private key".to_owned());
            return Err(without_certificate(key.as_slice()));
        }
        let mut store = Self::from_readable(found.certificates)?;
        store.warnings.extend(found.warnings);
        if found.holds_key {
            store.warnings.push(StoreWarning::PrivateKey);
        }
        Ok(store)
    }
}

fn other_content(what: &str) -> Error {
    Error::configuration(format!("the trust store is {what}"))
        .with_hint("use a PKCS12, JKS, PEM or PKCS7 file with the certificates to trust")
}

fn truncated() -> Error {
    Error::configuration("the trust store is truncated: it ends in the middle")
}

fn damaged(how: &str) -> Error {
    Error::configuration(format!("the trust store is damaged: {how}"))
        .with_hint("copy or export the file again")
}

fn wrong_password(password: Option<&SecretString>) -> Error {
    let note = suspicious_ends(password);
    Error::configuration(format!(
        "the trust store's password is wrong, or the file was changed{note}"
    ))
    .with_fact(Fact::FilePassword)
    .with_hint("try it with `keytool -list -keystore` and the file's name")
}

/// The error of a file that cannot be decrypted and has no MAC that shows whether the password is right.
fn undecryptable(password: Option<&SecretString>) -> Error {
    let note = suspicious_ends(password);
    Error::configuration(format!(
        "the trust store cannot be decrypted: the password is wrong, or the file is damaged{note}"
    ))
    .with_fact(Fact::FilePassword)
    .with_hint("try the password with `openssl pkcs12 -info -in` and the file's name")
}

/// Characters at the ends of a wrong password that are easily overlooked.
pub(crate) fn suspicious_ends(password: Option<&SecretString>) -> String {
    let password = password.map_or("", |password| password.expose_secret());
    let (first, last) = (password.chars().next(), password.chars().next_back());
    let suspicious = |place, character: Option<char>| {
        let what = match character? {
            '\u{FEFF}' => "a byte order mark",
            '"' | '\'' | '`' | '\u{201C}'..='\u{201F}' | '\u{2018}'..='\u{201B}' | '«' | '»' => {
                "a quotation mark"
            }
            '\n' | '\r' => "a line break",
            '\u{200B}' => "an invisible space",
            character if character.is_whitespace() => "white space",
            _ => return None,
        };
        Some(format!("{place} with {what}"))
    };
    let found = [suspicious("begins", first), suspicious("ends", last)];
    let found: Vec<_> = found.into_iter().flatten().collect();
    if found.is_empty() {
        return String::new();
    }
    format!("; note that the password {}", found.join(" and "))
}

fn without_certificate(but: &[String]) -> Error {
    let message = "the trust store contains no certificate";
    let hint = "add the certificate of the authority that signed the server's certificate";
    if but.is_empty() {
        return Error::configuration(message).with_hint(hint);
    }
    Error::configuration(format!("{message}, but `{}`", but.join("`, `"))).with_hint(hint)
}
