//! Signatures by the scheme of Standard Webhooks, version 1: HMAC-SHA256 of `id.timestamp.body`, in base64.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use hmac::{Hmac, KeyInit, Mac};
use outbound_http::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Base64, whose padding may be missing in what is read.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The key of signatures.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// In base64.
    encoded: SecretString,
}

/// A secret that is not a key. Its text is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidKey {
    #[error("`secret` has the prefix of Standard Webhooks, but the rest is not base64")]
    NotBase64,
    #[error("`secret` has the prefix of Standard Webhooks, but the rest is empty")]
    Empty,
}

impl Key {
    /// What a secret begins with whose rest is base64.
    pub(super) const PREFIX: &str = "whsec_";

    /// Reads a secret: `whsec_` and the key in base64, or a text whose bytes are the key.
    pub(super) fn new(secret: &SecretString) -> Result<Self, InvalidKey> {
        let text = secret.expose_secret();
        let Some(rest) = text.trim().strip_prefix(Self::PREFIX) else {
            let encoded = SecretString::from(BASE64.encode(text));
            return Ok(Self { encoded });
        };
        match BASE64.decode(rest) {
            Ok(key) if key.is_empty() => Err(InvalidKey::Empty),
            Ok(_) => Ok(Self {
                encoded: SecretString::from(rest.to_owned()),
            }),
            Err(_) => Err(InvalidKey::NotBase64),
        }
    }

    /// The value of the header `webhook-signature` for a request with this id, time in seconds since 1970, and body.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let key = BASE64.decode(self.encoded.expose_secret());
        let key = key.unwrap_or_default();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length is valid");
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        let signature = BASE64.encode(mac.finalize().into_bytes());
        format!("v1,{signature}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> Result<Key, InvalidKey> {
        Key::new(&SecretString::from(secret.to_owned()))
    }

    #[test]
    fn requests_are_signed_as_the_specification_says() {
        // The first is the example of the specification; the others were computed with OpenSSL.
        for (secret, (id, timestamp, body), expected) in [
            (
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                (
                    "msg_p5jXN8AQM9LWM0D4loKWxJek",
                    1_614_265_330,
                    r#"{"test": 2432232314}"#,
                ),
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
            (
                "a plain secret",
                (
                    "msg_p5jXN8AQM9LWM0D4loKWxJek",
                    1_614_265_330,
                    r#"{"test": 2432232314}"#,
                ),
                "v1,ENqrYZJfEdejvH41MpDAd0s4SZwl35B0bx0LOnREaDY=",
            ),
            (
                "Schlüssel",
                ("msg_1", 0, "[]"),
                "v1,QULM7EiDeOUNmSiI9ocrn9e7tDQ2xYxPqx9Mc91eGOE=",
            ),
        ] {
            let signed = key(secret).unwrap().sign(id, timestamp, body.as_bytes());
            assert_eq!(signed, expected);
        }
    }

    #[test]
    fn a_secret_is_base64_after_its_prefix_or_any_text() {
        for (secret, expected) in [
            ("whsec_YWJj", Ok("YWJj")),
            (" whsec_YWJj\n", Ok("YWJj")),
            ("whsec_YWI", Ok("YWI")),
            ("abc", Ok("YWJj")),
            ("ab c ", Ok("YWIgYyA=")),
            ("WHSEC_YWJj", Ok("V0hTRUNfWVdKag==")),
            ("whsec_", Err(InvalidKey::Empty)),
            ("whsec_not base64", Err(InvalidKey::NotBase64)),
            ("whsec_YWJ", Err(InvalidKey::NotBase64)),
        ] {
            let read = key(secret);
            let encoded = read.as_ref().map(|key| key.encoded.expose_secret());
            assert_eq!(encoded.map_err(|error| *error), expected, "{secret}");
            assert!(!format!("{read:?}").contains("YWJj"));
        }
    }
}
