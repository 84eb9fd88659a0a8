//! Java's own key store format, JKS. Lengths in a file never cause an allocation: certificates are slices of the file.

use secrecy::{ExposeSecret, SecretString};
use sha1::{Digest, Sha1};

use super::{Found, damaged, truncated, wrong_password};
use crate::error::Error;
use crate::trust_store::StoreWarning;

/// The text between password and data in the digest.
const SALT: &[u8] = b"Mighty Aphrodite";
const DIGEST_LENGTH: usize = 20;

const KEY_ENTRY: u32 = 1;
const CERTIFICATE_ENTRY: u32 = 2;

/// Reads the certificates of all entries, including the chains of keys. The structure is checked before the digest, so that a
/// truncated file is not reported as a wrong password.
pub(super) fn read<'a>(
    bytes: &'a [u8],
    password: Option<&SecretString>,
) -> Result<Found<&'a [u8]>, Error> {
    let mut found = Found::default();
    let end = entries(bytes, &mut found)?;
    let Some(password) = password else {
        found.warnings.push(StoreWarning::NoPassword);
        return Ok(found);
    };
    let (data, digest) = bytes.split_at(end);
    if digest_of(data, password) != digest {
        return Err(wrong_password(Some(password)));
    }
    Ok(found)
}

/// Reads all entries, and returns the position where they end and the digest begins.
fn entries<'a>(bytes: &'a [u8], found: &mut Found<&'a [u8]>) -> Result<usize, Error> {
    let mut reader = Reader {
        rest: bytes.get(4..).ok_or_else(truncated)?,
    };
    let version = reader.number()?;
    if !matches!(version, 1 | 2) {
        return Err(damaged(&format!("it has version {version} of JKS")));
    }
    let count = reader.number()?;
    for _ in 0..count {
        let tag = reader.number()?;
        reader.text()?;
        // The date of the entry.
        reader.take(8)?;
        let certificates = match tag {
            KEY_ENTRY => {
                found.holds_key = true;
                reader.long_bytes()?;
                reader.number()?
            }
            CERTIFICATE_ENTRY => 1,
            _ => return Err(damaged(&format!("it has an entry of the kind {tag}"))),
        };
        for _ in 0..certificates {
            if version == 2 && reader.text()? != b"X.509" {
                return Err(damaged("it has a certificate that is not X.509"));
            }
            found.certificates.push(reader.long_bytes()?);
        }
    }
    match reader.rest.len() {
        DIGEST_LENGTH => Ok(bytes.len() - DIGEST_LENGTH),
        0..DIGEST_LENGTH => Err(truncated()),
        _ => Err(damaged("something follows its last entry")),
    }
}

fn digest_of(data: &[u8], password: &SecretString) -> [u8; DIGEST_LENGTH] {
    let mut digest = Sha1::new();
    for unit in password.expose_secret().encode_utf16() {
        digest.update(unit.to_be_bytes());
    }
    digest.update(SALT);
    digest.update(data);
    digest.finalize().into()
}

/// Reads pieces from the front.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, Error> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or_else(truncated)?;
        self.rest = rest;
        Ok(u32::from_be_bytes(*bytes))
    }

    /// A text, such as an alias, whose length is in two bytes.
    fn text(&mut self) -> Result<&'a [u8], Error> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or_else(truncated)?;
        self.rest = rest;
        self.take(u16::from_be_bytes(*bytes).into())
    }

    fn long_bytes(&mut self) -> Result<&'a [u8], Error> {
        let length = self.number()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }
}
