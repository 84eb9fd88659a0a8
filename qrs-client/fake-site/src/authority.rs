//! Certificates for tests, made anew: a site's own authority, its server and its clients.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, date_time_ymd,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;

/// A certificate authority with a new key, as every Qlik Sense site has one of its own.
///
/// ```
/// # use qrs_fake_site::{Authority, FakeSite};
/// let authority = Authority::new();
/// let site = FakeSite::builder().repository(&authority).start_in_thread();
/// let client = authority.client();
/// assert!(client.certificate.starts_with("-----BEGIN CERTIFICATE-----"));
/// assert!(site.repository_url().starts_with("https://localhost:"));
/// ```
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, both in PEM; the key is in PKCS8.
#[derive(Clone)]
pub struct Issued {
    /// As in the file `client.pem` of an export.
    pub certificate: String,
    /// As in the file `client_key.pem` of an export without a password.
    pub key: String,
}

impl Issued {
    /// A JSON web token with these claims, signed by the key with ES256.
    ///
    /// ```
    /// # use qrs_fake_site::Authority;
    /// let token = Authority::new().client().token(r#"{"userId":"scanner","userDirectory":"ACME"}"#);
    /// assert!(token.starts_with("eyJ"));
    /// ```
    ///
    /// # Panics
    /// If the key was replaced by one that is not of the curve P-256 in PKCS8.
    pub fn token(&self, claims: &str) -> String {
        let parts = [r#"{"alg":"ES256","typ":"JWT"}"#, claims];
        let message = parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let der = PrivatePkcs8KeyDer::from_pem_slice(self.key.as_bytes());
        let der = der.expect("the key is PEM");
        let random = SystemRandom::new();
        let der = der.secret_pkcs8_der();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random);
        let signed = key.expect(SUPPORTED).sign(&random, message.as_bytes());
        let signature = signed.expect("the system has random numbers");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// An elliptic curve P-256 is always supported.
const SUPPORTED: &str = "the curve P-256 is supported";

impl Authority {
    /// Creates an authority with the name `QlikServer1-CA`. Two of them have the same name but different keys.
    ///
    /// # Panics
    /// If the operating system supplies no random numbers.
    pub fn new() -> Self {
        Self::named("QlikServer1-CA")
    }

    /// Creates an authority with this common name.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub fn named(common_name: &str) -> Self {
        let mut params = params(common_name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect(SUPPORTED);
        Self(CertifiedIssuer::self_signed(params, key).expect(SUPPORTED))
    }

    /// The authority's own certificate in PEM, as in the file `root.pem` of an export.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate of a server on this machine: `localhost`, `127.0.0.1` and `::1`.
    pub fn server(&self) -> Issued {
        let mut params = params("QlikServer1", &["localhost", "127.0.0.1", "::1"]);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(&params)
    }

    /// A certificate of a client.
    pub fn client(&self) -> Issued {
        self.issue(&client())
    }

    /// A certificate of a client that has expired.
    pub fn expired_client(&self) -> Issued {
        let mut params = client();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        self.issue(&params)
    }

    /// A certificate that is only for servers.
    pub fn client_for_servers(&self) -> Issued {
        let mut params = client();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(&params)
    }

    fn issue(&self, params: &CertificateParams) -> Issued {
        let key = KeyPair::generate().expect(SUPPORTED);
        let certificate = params.signed_by(&key, &self.0).expect(SUPPORTED);
        Issued {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

fn client() -> CertificateParams {
    let mut params = params("QlikClient", &[]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

fn params(common_name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("the names are ASCII");
    params.distinguished_name.remove(DnType::CommonName);
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2099, 12, 31);
    params
}
