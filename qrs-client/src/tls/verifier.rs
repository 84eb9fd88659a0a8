//! Which certificates pass: those of a chain to a trusted one, as WebPKI has it, and those that
//! are trusted themselves, with the name that was called.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::explain::{Refusal, Shown};
use crate::certificate::Certificate;
use crate::trust_store::TrustStore;

/// Checks what a site or a proxy shows, and says what is wrong with it.
#[derive(Debug)]
pub(super) struct Verifier {
    roots: RootCertStore,
    /// What the roots are from; none if they are the system's.
    store: Option<TrustStore>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub(super) fn new(
        roots: RootCertStore,
        store: Option<TrustStore>,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Self {
        Self {
            roots,
            store,
            algorithms,
        }
    }

    fn verify(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        shown: &Shown<'_>,
    ) -> Result<(), rustls::Error> {
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let certificate = shown.certificate();
        // Whoever trusts this very certificate trusts it beyond its dates, too: so does Java.
        if !self.holds(certificate) {
            verify_server_cert_signed_by_trust_anchor(
                &parsed,
                &self.roots,
                intermediates,
                shown.now,
                self.algorithms.all,
            )?;
        }
        let by_alternative_name = verify_server_name(&parsed, shown.name);
        let all_read = shown.chain.len() == intermediates.len() + 1;
        if all_read && !self.is_constrained(shown) && certificate.is_commonly_named(shown.name) {
            return Ok(());
        }
        by_alternative_name
    }

    /// Whether an authority of the chain has name constraints. They are checked against alternative
    /// names only, so that no common name may slip by them.
    fn is_constrained(&self, shown: &Shown<'_>) -> bool {
        let trusted = self.store.iter().flat_map(TrustStore::certificates);
        let above = trusted.filter(|trusted| {
            let mut chain = shown.chain.iter();
            chain.any(|shown| shown.issuer() == trusted.subject())
        });
        let mut chain = shown.chain.iter().chain(above);
        chain.any(Certificate::has_name_constraints)
    }

    fn holds(&self, certificate: &Certificate) -> bool {
        let mut stores = self.store.iter();
        stores.any(|store| store.certificates().contains(certificate))
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = Shown::new(end_entity, intermediates, name, now)
            .ok_or(CertificateError::BadEncoding)?;
        match self.verify(end_entity, intermediates, &shown) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(error) => Err(Refusal::new(&error, shown, self.store.as_ref()).into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Accepts every certificate, but still checks that the site holds its key.
#[derive(Debug)]
pub(super) struct AnyCertificate(pub(super) WebPkiSupportedAlgorithms);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
