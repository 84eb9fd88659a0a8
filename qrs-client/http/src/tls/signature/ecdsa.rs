//! ECDSA on the NIST curves that Java supports.

#[cfg(feature = "java-tls")]
mod any_hash;
#[cfg(any(test, not(feature = "java-tls")))]
mod of_ring;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tls) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(super) fn from_number(number: &str) -> Option<Self> {
        match number {
            "1.2.840.10045.3.1.7" => Some(Self::P256),
            "1.3.132.0.34" => Some(Self::P384),
            "1.3.132.0.35" => Some(Self::P521),
            _ => None,
        }
    }
}

/// The name of a key on an unsupported curve.
pub(super) fn name_of_unsupported(number: &str) -> String {
    match number {
        "1.3.132.0.33" => "a key on the curve P-224".to_owned(),
        "1.3.132.0.10" => "a key on the curve secp256k1".to_owned(),
        number if number.starts_with("1.3.36.3.3.2.8.1.1.") => {
            "a key on a Brainpool curve".to_owned()
        }
        "" => "an elliptic-curve key without the name of its curve".to_owned(),
        number => format!("a key on the curve {number}"),
    }
}
