//! PKCS12, by the crate `p12-keystore`: its archive view, as the key-store view lists none of the
//! certificates that openssl writes.

use p12_keystore::{Pkcs12Archive, error::Error as P12Error};
use secrecy::{ExposeSecret, SecretString};

use super::{Found, damaged, der, derivation, wrong_password};
use crate::error::Error;
use crate::trust_store::StoreWarning;

/// Whether the file can prove that it was not changed, and that the password is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mac {
    Present,
    Absent,
}

pub(super) fn read(bytes: &[u8], password: Option<&SecretString>) -> Result<Found<Vec<u8>>, Error> {
    let outer = der::element(bytes).map_err(|_flaw| damaged("it is no PKCS12"))?;
    let whole = &bytes[..bytes.len() - outer.rest.len()];
    let mac = mac(outer.content);
    let given = password.map_or("", |password| password.expose_secret());
    if given.chars().any(|character| character > '\u{FFFF}') {
        return Err(Error::configuration(
            "the trust store's password has a character beyond U+FFFF, with which PKCS12 is not read",
        )
        .with_hint("give the store another password, with `keytool -storepasswd` or anew"));
    }
    if derivation::is_excessive(whole) {
        return Err(Error::configuration(
            "the trust store takes too much work to decrypt: its parts ask for too many rounds, or too much memory",
        )
        .with_hint("write it anew with `keytool -importkeystore` or `openssl pkcs12`"));
    }
    let archive =
        Pkcs12Archive::from_pkcs12(whole, given).map_err(|error| flaw(&error, mac, password))?;
    let certificates = archive.certs.into_iter();
    Ok(Found {
        certificates: certificates.map(|bag| bag.cert.as_der().to_vec()).collect(),
        holds_key: !archive.keys.is_empty(),
        warnings: match mac {
            Mac::Present => Vec::new(),
            Mac::Absent => vec![StoreWarning::NoMac],
        },
    })
}

/// The MAC is what comes third, after the version and the content.
fn mac(outer: &[u8]) -> Mac {
    let after = |bytes| der::element(bytes).map(|element| element.rest);
    match after(outer).and_then(after) {
        Ok([_, ..]) => Mac::Present,
        _ => Mac::Absent,
    }
}

fn flaw(error: &P12Error, mac: Mac, password: Option<&SecretString>) -> Error {
    let asks_for_password = || {
        Error::configuration("the trust store needs a password")
            .with_hint("give the password that the store was made with")
    };
    match (error, mac) {
        (P12Error::MacError(_), _) if password.is_none() => asks_for_password(),
        (P12Error::MacError(_), _) => wrong_password(),
        (P12Error::UnsupportedEncryptionScheme | P12Error::UnsupportedMacAlgorithm, _) => {
            Error::configuration("the trust store is encrypted in a way that is not supported")
                .with_hint("write it anew with `keytool -importkeystore` or `openssl pkcs12`")
        }
        (P12Error::InvalidParameters, _) => {
            damaged("its encryption has parameters that are missing or out of all proportion")
        }
        // What was decrypted with a wrong password is rubbish of any kind.
        (P12Error::UnpadError | P12Error::Pkcs5Error(_) | P12Error::DerError(_), Mac::Absent) => {
            Error::configuration(
                "the trust store can't be decrypted: the password is wrong, or it is damaged",
            )
            .with_hint("try the password with `openssl pkcs12 -info -in` and the file's name")
        }
        _ => damaged("its structure is not that of PKCS12"),
    }
}
