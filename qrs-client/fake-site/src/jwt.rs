//! JWT authentication of the fake site: a virtual proxy that verifies JSON web tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use rustls::server::ParsedCertificate;
use serde_json::Value;

/// How a virtual proxy with JWT authentication verifies tokens; see [`FakeSiteBuilder::jwt`](super::FakeSiteBuilder::jwt).
///
/// It accepts RS256, RS384, RS512 and ES256, and checks the signature, `exp`, `nbf`, and the claims that name the user.
///
/// ```
/// # use qrs_fake_site::{Authority, FakeSite, JwtLogin};
/// let issued = Authority::new().client();
/// let login = JwtLogin::new(&issued.certificate).claim_names("sub", "directory");
/// let site = FakeSite::builder().jwt(login).start_in_thread();
/// ```
#[derive(Clone)]
pub struct JwtLogin {
    /// The public key without its algorithm.
    key: Vec<u8>,
    user_id: String,
    user_directory: String,
}

impl JwtLogin {
    /// Verifies tokens with the public key of this certificate, or with this public key, in PEM. The claims are `userId` and
    /// `userDirectory`.
    ///
    /// # Panics
    /// If the text is neither.
    pub fn new(pem: &str) -> Self {
        let key = match CertificateDer::from_pem_slice(pem.as_bytes()) {
            Ok(der) => {
                let certificate = ParsedCertificate::try_from(&der).expect("it is a certificate");
                certificate.subject_public_key_info()
            }
            Err(_) => {
                let key = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes());
                key.expect("it is a certificate or a public key in PEM")
            }
        };
        Self {
            key: bits(&key).expect("it is a public key").to_vec(),
            user_id: "userId".to_owned(),
            user_directory: "userDirectory".to_owned(),
        }
    }

    /// Sets the names of the claims for the user's id and directory.
    pub fn claim_names(mut self, user_id: &str, user_directory: &str) -> Self {
        user_id.clone_into(&mut self.user_id);
        user_directory.clone_into(&mut self.user_directory);
        self
    }

    /// The user that a header `Authorization` proves at a time in seconds since 1970: `ACME\scanner`.
    pub(super) fn user(&self, authorization: &str, now: f64) -> Option<String> {
        let token = authorization.strip_prefix("Bearer ")?;
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let algorithm = algorithm(object(header)?["alg"].as_str()?)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let key = UnparsedPublicKey::new(algorithm, &self.key);
        key.verify(message.as_bytes(), &signature).ok()?;
        let claims = object(claims)?;
        let has_ended = claims["exp"].as_f64().is_some_and(|end| now >= end);
        let has_begun = claims["nbf"].as_f64().is_none_or(|begin| now >= begin);
        if has_ended || !has_begun {
            return None;
        }
        let (directory, id) = (&claims[&self.user_directory], &claims[&self.user_id]);
        Some(format!(r"{}\{}", directory.as_str()?, id.as_str()?))
    }
}

fn algorithm(name: &str) -> Option<&'static dyn VerificationAlgorithm> {
    match name {
        "RS256" => Some(&RSA_PKCS1_2048_8192_SHA256),
        "RS384" => Some(&RSA_PKCS1_2048_8192_SHA384),
        "RS512" => Some(&RSA_PKCS1_2048_8192_SHA512),
        "ES256" => Some(&ECDSA_P256_SHA256_FIXED),
        _ => None,
    }
}

fn object(part: &str) -> Option<Value> {
    let json = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&json).ok()
}

/// The key within a `SubjectPublicKeyInfo` (RFC 5280): a sequence of the algorithm and a bit string.
fn bits(info: &[u8]) -> Option<&[u8]> {
    let (info, _) = content(info)?;
    let (_, rest) = content(info)?;
    let (bits, _) = content(rest)?;
    // The number of unused bits comes first.
    bits.strip_prefix(&[0])
}

/// The content of the first element in DER, and what follows it.
fn content(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match der.get(1..)? {
        [0x82, one, two, rest @ ..] => (usize::from(u16::from_be_bytes([*one, *two])), rest),
        [0x81, length, rest @ ..] => (usize::from(*length), rest),
        [length @ 0..=0x7F, rest @ ..] => (usize::from(*length), rest),
        _ => return None,
    };
    rest.split_at_checked(length)
}
