//! Whom to trust: which certificates a site may show. The provider of cryptography is passed along,
//! never installed for the process.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::error::Error;

/// Which certificates are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// What the operating system trusts.
    #[default]
    System,
    /// These certificates alone, in DER, as roots; the system's are left aside.
    Only(Vec<Vec<u8>>),
    /// Any certificate of anybody. Whoever can get between the client and the site can read and
    /// change everything, the credentials included: for trials only.
    AnyCertificate,
}

/// Whether anything is going to be spoken over TLS. The system's roots are loaded only if so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Needed,
    Unneeded,
}

pub(crate) fn client_config(trust: &Trust, tls: Use) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for TLS 1.2 and 1.3");
    let roots = match (trust, tls) {
        (Trust::Only(certificates), _) => given_roots(certificates)?,
        (Trust::System, Use::Needed) => system_roots()?,
        (Trust::System, Use::Unneeded) => RootCertStore::empty(),
        (Trust::AnyCertificate, _) => {
            let verifier = Arc::new(AnyCertificate(provider));
            let builder = builder
                .dangerous()
                .with_custom_certificate_verifier(verifier);
            return Ok(builder.with_no_client_auth());
        }
    };
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn system_roots() -> Result<RootCertStore, Error> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Systems carry certificates that no longer parse; the others do all the same.
    let (usable, _unusable) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        return Err(
            Error::configuration("this system has no certificates to trust")
                .with_hint("install the system's CA certificates, or name those to trust"),
        );
    }
    Ok(roots)
}

fn given_roots(certificates: &[Vec<u8>]) -> Result<RootCertStore, Error> {
    if certificates.is_empty() {
        return Err(Error::configuration("there is no certificate to trust"));
    }
    let mut roots = RootCertStore::empty();
    for (at, certificate) in certificates.iter().enumerate() {
        roots
            .add(CertificateDer::from_slice(certificate).into_owned())
            .map_err(|error| {
                let (number, count) = (at + 1, certificates.len());
                Error::configuration(format!(
                    "certificate {number} of {count} to trust can't be read: {error}"
                ))
            })?;
    }
    Ok(roots)
}

/// Accepts every certificate, but still checks that the site holds its key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

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
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_that_can_not_be_trusted_are_refused_before_any_connection() {
        for certificates in [vec![], vec![b"hello".to_vec()]] {
            let error = client_config(&Trust::Only(certificates), Use::Unneeded).unwrap_err();
            assert!(error.to_string().contains("to trust"), "{error}");
        }
    }

    #[test]
    fn the_systems_roots_are_not_needed_without_tls() {
        assert!(client_config(&Trust::System, Use::Unneeded).is_ok());
        assert!(client_config(&Trust::AnyCertificate, Use::Needed).is_ok());
    }
}
