//! The checks of a handshake, as rustls calls them.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, PeerMisbehaved, SignatureScheme};

use super::Weaknesses;
use super::chain_error::{ChainError, Weakness};
use super::explain::{Presented, Store, VerificationError};
use super::path::{self, Checked, Rules};
use super::signature::{
    Handshake, Hash, PublicKey, SHA1_SCHEMES, STRONG_SCHEMES, SignatureError, scheme_algorithm,
};
use crate::certificate::Certificate;

/// Checks the certificates and signatures of a server or a proxy, and explains why it refuses them.
#[derive(Debug)]
pub(super) struct Verifier {
    trusted: Vec<Certificate>,
    rules: Rules,
    /// The name of the store.
    store: String,
    weaknesses: Weaknesses,
}

impl Verifier {
    pub(super) fn new(trusted: Vec<Certificate>, rules: Rules, weaknesses: Weaknesses) -> Self {
        Self {
            trusted,
            rules,
            store: String::new(),
            weaknesses,
        }
    }

    pub(super) fn with_store(mut self, name: &str) -> Self {
        name.clone_into(&mut self.store);
        self
    }

    fn store(&self) -> Store<'_> {
        match self.rules {
            Rules::System => Store::System,
            Rules::OwnStore => Store::Own {
                name: &self.store,
                certificates: &self.trusted,
            },
        }
    }

    fn verify_handshake(
        &self,
        handshake: Handshake,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // rustls does not check this itself.
        if !self.supported_verify_schemes().contains(&signed.scheme) {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        }
        verify_handshake(handshake, message, certificate, signed)
            .map_err(|error| Error::from(VerificationError::from_signature(error, certificate)))?;
        let algorithm = scheme_algorithm(signed.scheme);
        if algorithm.and_then(super::signature::Algorithm::hash) == Some(Hash::Sha1) {
            self.weaknesses.add([Weakness::Sha1Handshake]);
        }
        Ok(HandshakeSignatureValid::assertion())
    }
}

fn verify_handshake(
    handshake: Handshake,
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
) -> Result<(), SignatureError> {
    let certificate = Certificate::from_der(certificate).map_err(|_error| SignatureError::Wrong)?;
    let x509 = certificate.parsed().ok_or(SignatureError::Wrong)?;
    let key = PublicKey::from_info(x509.public_key())?;
    handshake.verify(signed.scheme, &key, message, signed.signature())
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let presented = Presented::new(end_entity, intermediates, name, now)
            .ok_or_else(|| Error::from(VerificationError::unreadable()))?;
        let checked = Checked {
            chain: &presented.chain,
            called: presented.name,
            now: presented.seconds(),
            rules: self.rules,
        };
        match path::verify(checked, &self.trusted) {
            Ok(passed) => {
                self.weaknesses.add(passed.weaknesses);
                Ok(ServerCertVerified::assertion())
            }
            Err(error) => {
                let pin = self.helpful_pin(&error, checked);
                Err(VerificationError::new(&error, presented, self.store(), pin).into())
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify_handshake(Handshake::Tls12, message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify_handshake(Handshake::Tls13, message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        match self.rules {
            Rules::System => STRONG_SCHEMES.to_vec(),
            Rules::OwnStore => [STRONG_SCHEMES, SHA1_SCHEMES].concat(),
        }
    }
}

impl Verifier {
    /// The server's own certificate, if adding it to a trust store would help.
    fn helpful_pin(&self, error: &ChainError, checked: Checked<'_>) -> Option<Certificate> {
        let own = checked.chain.first()?;
        let pinned = Checked {
            rules: Rules::OwnStore,
            ..checked
        };
        let helps = path::verify(pinned, std::slice::from_ref(own)).is_ok();
        // A wrong name cannot be helped by a trust store.
        (helps && *error != ChainError::OtherName).then(|| own.clone())
    }
}

/// Accepts every certificate, even one that cannot be read. The signature of the handshake proves nothing then, since an attacker
/// could present a certificate of their own.
#[derive(Debug)]
pub(super) struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    /// All schemes that can be checked, plus Ed448 and the Brainpool curves of TLS 1.3.
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let unchecked = [
            SignatureScheme::ED448,
            SignatureScheme::Unknown(0x081A),
            SignatureScheme::Unknown(0x081B),
            SignatureScheme::Unknown(0x081C),
        ];
        [STRONG_SCHEMES, SHA1_SCHEMES, &unchecked].concat()
    }
}

#[cfg(test)]
mod tests {
    use rustls::internal::msgs::codec::{Codec, Reader};
    use rustls::pki_types::pem::PemObject;

    use super::*;

    fn certificate(name: &str) -> CertificateDer<'static> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures");
        CertificateDer::from_pem_file(format!("{folder}/{name}.pem")).unwrap()
    }

    fn verifier(trusted: &str, rules: Rules) -> Verifier {
        let trusted = Certificate::from_der(&certificate(trusted)).unwrap();
        Verifier::new(vec![trusted], rules, Weaknesses::default())
    }

    #[test]
    fn a_server_certificate_that_the_system_trusts_is_accepted_within_its_dates() {
        let cases = [
            ("self-signed", true),
            ("self-signed-ca", true),
            ("self-signed-expired", false),
            ("java/client-purpose", false),
            ("java/authority-usage", false),
            ("java/short", false),
            ("java/unknown-extension", false),
        ];
        for (name, is_accepted) in cases {
            let host = ServerName::try_from("localhost").unwrap();
            let checked = verifier(name, Rules::System).verify_server_cert(
                &certificate(name),
                &[],
                &host,
                &[],
                UnixTime::now(),
            );
            assert_eq!(checked.is_ok(), is_accepted, "{name}: {checked:?}");
            let host = ServerName::try_from("other.example").unwrap();
            let checked = verifier(name, Rules::OwnStore).verify_server_cert(
                &certificate(name),
                &[],
                &host,
                &[],
                UnixTime::now(),
            );
            assert!(checked.is_err(), "{name}");
        }
    }

    #[test]
    fn a_certificate_with_bytes_after_it_is_refused() {
        let mut der = certificate("self-signed").to_vec();
        der.push(0);
        let host = ServerName::try_from("localhost").unwrap();
        let error = verifier("self-signed", Rules::OwnStore)
            .verify_server_cert(&der.into(), &[], &host, &[], UnixTime::now())
            .unwrap_err();
        assert!(format!("{error:?}").contains("cannot be read"), "{error:?}");
    }

    #[test]
    fn a_signature_scheme_that_was_not_offered_is_refused() {
        for (rules, scheme, was_offered) in [
            (Rules::System, SignatureScheme::RSA_PKCS1_SHA1, false),
            (Rules::System, SignatureScheme::ECDSA_SHA1_Legacy, false),
            (Rules::System, SignatureScheme::RSA_PKCS1_SHA256, true),
            (Rules::OwnStore, SignatureScheme::RSA_PKCS1_SHA1, true),
        ] {
            let mut signed = scheme.get_encoding();
            signed.extend([0, 2, 1, 2]);
            let signed = DigitallySignedStruct::read(&mut Reader::init(&signed)).unwrap();
            let error = verifier("self-signed", rules)
                .verify_tls12_signature(b"hello", &certificate("self-signed"), &signed)
                .unwrap_err();
            let not_offered = PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into();
            assert_eq!(error != not_offered, was_offered, "{scheme:?}: {error:?}");
        }
    }
}
