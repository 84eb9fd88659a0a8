//! RSA signatures by RFC 8017. All numbers are public, so that the time of the computation reveals nothing.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};

use super::hash::Hash;
use super::{Pss, bits, without_zeros};

/// Maximum length of a public exponent, in bytes. Real ones are 3 or 65537; a long one would only cost time.
const MAX_EXPONENT_LENGTH: usize = 8;

/// RSASSA-PKCS1-v1_5. There is only one valid encoding, which is compared as a whole.
pub(super) fn verify_pkcs1(
    modulus: &[u8],
    exponent: &[u8],
    hash: Hash,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let digest = [hash.prefix(), &hash.digest(message)].concat();
    let Some(padding) = modulus.len().checked_sub(digest.len() + 3) else {
        return false;
    };
    if padding < 8 {
        return false;
    }
    let expected = [&[0, 1][..], &vec![0xFF; padding], &[0], &digest].concat();
    encoded(modulus, exponent, signature).is_some_and(|encoded| encoded == expected)
}

/// RSASSA-PSS.
pub(super) fn verify_pss(
    modulus: &[u8],
    exponent: &[u8],
    pss: Pss,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let Some(encoded) = encoded(modulus, exponent, signature) else {
        return false;
    };
    // The encoding is one bit shorter than the modulus, and therefore one byte shorter if that bit is alone in its byte.
    let encoded_bits = bits(modulus) - 1;
    let (above, encoded) = encoded.split_at(modulus.len() - encoded_bits.div_ceil(8));
    let digest_length = pss.hash.length();
    let Some(mask_length) = encoded.len().checked_sub(digest_length + 1) else {
        return false;
    };
    let (masked, rest) = encoded.split_at(mask_length);
    let (digest, trailer) = rest.split_at(digest_length);
    let unused = encoded.len() * 8 - encoded_bits;
    let unused_mask = !(0xFF_u8 >> unused);
    let head = masked.first().copied().unwrap_or(0xFF);
    if above.iter().any(|byte| *byte != 0) || trailer != [0xBC] || head & unused_mask != 0 {
        return false;
    }
    let mut block: Vec<u8> = (masked.iter())
        .zip(mask(pss.mask, digest, mask_length))
        .map(|(byte, mask)| byte ^ mask)
        .collect();
    block[0] &= !unused_mask;
    let Some(padding) = mask_length.checked_sub(pss.salt + 1) else {
        return false;
    };
    let (padding, salt) = block.split_at(padding + 1);
    let Some((1, zeros)) = padding.split_last().map(|(last, zeros)| (*last, zeros)) else {
        return false;
    };
    let signed = [&[0; 8][..], &pss.hash.digest(message), salt].concat();
    zeros.iter().all(|byte| *byte == 0) && pss.hash.digest(&signed) == digest
}

/// The mask generation function MGF1.
fn mask(hash: Hash, seed: &[u8], length: usize) -> Vec<u8> {
    let mut mask = Vec::new();
    for counter in 0_u32.. {
        if mask.len() >= length {
            break;
        }
        mask.extend(hash.digest(&[seed, &counter.to_be_bytes()].concat()));
    }
    mask.truncate(length);
    mask
}

/// The signature to the power of the exponent, as long as the modulus.
fn encoded(modulus: &[u8], exponent: &[u8], signature: &[u8]) -> Option<Vec<u8>> {
    let is_usable =
        exponent.len() <= MAX_EXPONENT_LENGTH && exponent.last()? & 1 == 1 && exponent != [1];
    if !is_usable || signature.len() != modulus.len() {
        return None;
    }
    let precision = u32::try_from(modulus.len() * 8).ok()?;
    let number = |bytes: &[u8]| BoxedUint::from_be_slice(bytes, precision).ok();
    let (modulus_number, signature) = (number(modulus)?, number(signature)?);
    if signature >= modulus_number {
        return None;
    }
    let modulus_number = Option::from(Odd::new(modulus_number))?;
    let parameters = BoxedMontyParams::new_vartime(modulus_number);
    let exponent = BoxedUint::from_be_slice(exponent, 64).ok()?;
    let power = BoxedMontyForm::new(signature, &parameters)
        .pow(&exponent)
        .retrieve();
    let power = power.to_be_bytes();
    let power = without_zeros(&power);
    Some([&vec![0; modulus.len().checked_sub(power.len())?][..], power].concat())
}
