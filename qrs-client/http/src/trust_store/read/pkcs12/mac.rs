//! The MAC of a PKCS12 file. It shows that the file was not changed and that the password is right.

use hmac::{Hmac, KeyInit, Mac};

use super::derivation::{Budget, Hash, Password, Purpose, pkcs5_key, pkcs12_key, with_hash};
use super::{OBJECT_IDENTIFIER, OCTET_STRING, Pkcs12Error, Reader, SEQUENCE};

/// 1.2.840.113549.1.5.14
const PBMAC1: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0E];

/// Checks the MAC of `content`.
pub(super) fn verify(
    mac: &[u8],
    content: &[u8],
    password: &Password<'_>,
    budget: &mut Budget,
) -> Result<(), Pkcs12Error> {
    let mut mac = Reader::new(mac);
    let mut digest = Reader::new(mac.take(SEQUENCE)?.content);
    let algorithm = digest.take(SEQUENCE)?;
    let expected = digest.take(OCTET_STRING)?.octets()?;
    let salt = mac.take(OCTET_STRING)?.octets()?;
    let rounds = match mac.rest {
        [] => 1,
        _ => mac.number()?,
    };
    let mut algorithm = Reader::new(algorithm.content);
    let number = algorithm.take(OBJECT_IDENTIFIER)?.content;
    let (hash, key) = if number == PBMAC1 {
        let mut parameters = Reader::new(algorithm.take(SEQUENCE)?.content);
        let derivation = parameters.take(SEQUENCE)?;
        let scheme = Reader::new(parameters.take(SEQUENCE)?.content).take(OBJECT_IDENTIFIER)?;
        let hash = Hash::from_hmac_number(scheme.content).ok_or_else(unsupported)?;
        (hash, pkcs5_key(derivation.content, password, None, budget)?)
    } else {
        let hash = Hash::from_number(number).ok_or_else(unsupported)?;
        let rounds = budget.spend_rounds(rounds)?;
        let length = hash.digest(&[]).len();
        (
            hash,
            pkcs12_key(hash, password, &salt, (Purpose::Mac, rounds), length),
        )
    };
    let is_right = with_hash!(hash, H => {
        let mac = <Hmac<H> as KeyInit>::new_from_slice(&key);
        let mac = mac.expect("HMAC takes keys of any length");
        mac.chain_update(content).verify_slice(&expected).is_ok()
    });
    is_right.then_some(()).ok_or(Pkcs12Error::WrongMac)
}

fn unsupported() -> Pkcs12Error {
    Pkcs12Error::Unsupported("a MAC with an unknown hash".to_owned())
}
