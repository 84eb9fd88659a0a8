//! PKCS7 bundles (`.p7b`), the format in which Windows exports a chain. Their signatures, if there are any, are ignored.

use super::ber::{BerError, CONTEXT_0, Element, INTEGER, OBJECT_IDENTIFIER, Reader, SEQUENCE, SET};
use super::{Found, damaged, other_content};
use crate::error::Error;

/// 1.2.840.113549.1.7.2
const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];

pub(super) fn read(bytes: &[u8]) -> Result<Found<Vec<u8>>, Error> {
    let outer = parts(bytes).map_err(|_error| damaged("its structure is not that of PKCS7"))?;
    let Some(certificates) = outer else {
        return Err(other_content(
            "a PKCS7 file that is encrypted or holds data",
        ));
    };
    Ok(Found {
        certificates,
        ..Found::default()
    })
}

/// The certificates, if the bundle contains any.
fn parts(bytes: &[u8]) -> Result<Option<Vec<Vec<u8>>>, BerError> {
    let mut outer = Reader::new(Reader::new(bytes).take(SEQUENCE)?.content);
    if outer.take(OBJECT_IDENTIFIER)?.content != SIGNED_DATA {
        return Ok(None);
    }
    let content = outer.take(CONTEXT_0)?.content;
    let mut signed = Reader::new(Reader::new(content).take(SEQUENCE)?.content);
    signed.take(INTEGER)?;
    signed.take(SET)?;
    signed.take(SEQUENCE)?;
    let certificates = signed.take_if(CONTEXT_0)?;
    let certificates = certificates.map_or(&[][..], |found| found.content);
    let mut found = Vec::new();
    for certificate in super::ber::elements(certificates) {
        let certificate: Element<'_> = certificate?;
        // Other kinds, with context-specific tags, are obsolete.
        if certificate.tag == SEQUENCE {
            found.push(certificate.whole.to_vec());
        }
    }
    Ok(Some(found))
}
