//! Checks chains from a server's certificate to a trusted one, by RFC 5280 as Java applies it. rustls has WebPKI for this, which
//! refuses much that Java accepts (policies, names of directories, any purpose) and accepts authorities that must not sign.
//! Nothing here touches the network.

mod constraints;
mod extensions;
mod policies;

use rustls::pki_types::ServerName;
use x509_parser::prelude::X509Certificate;

use super::chain_error::{AcceptedChain, ChainError, Weakness};
use super::signature::{Algorithm, Hash, MIN_STRONG_RSA_BITS, PublicKey, SignatureError};
use crate::certificate::{Certificate, CommonName, NamedBy, Validity};

/// Maximum number of authorities between a server and a trusted authority. Java has the same limit.
const MAX_AUTHORITIES: usize = 9;

/// Maximum number of signatures that are checked for one chain. Authorities that signed each other can be combined in
/// many ways.
const MAX_SIGNATURES: usize = 60;

/// The rules for a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// The operating system's: weak keys and signatures and common names are refused.
    System,
    /// Those of a trust store for this server: what Java accepts is accepted.
    OwnStore,
}

/// The input of a check.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checked<'a> {
    /// The server's own certificate comes first.
    pub(super) chain: &'a [Certificate],
    pub(super) called: &'a ServerName<'a>,
    /// Seconds since 1970.
    pub(super) now: i64,
    pub(super) rules: Rules,
}

/// A certificate and its parsed content.
struct Link<'a> {
    certificate: &'a Certificate,
    x509: X509Certificate<'a>,
}

/// Checks a chain and the name that the client connected to.
pub(super) fn verify(
    checked: Checked<'_>,
    trusted: &[Certificate],
) -> Result<AcceptedChain, ChainError> {
    let [own, others @ ..] = checked.chain else {
        return Err(ChainError::UnknownIssuer);
    };
    let named_by = named_by(own, checked);
    let weaknesses = if trusted.contains(own) {
        trusted_itself(&Link::new(own)?, checked)?
    } else {
        let mut search = Search::new(checked, others, trusted)?;
        let own = Link::new(own)?;
        search.run(&own, named_by)?
    };
    match (weaknesses.first(), checked.rules) {
        (Some(weakness), Rules::System) => Err(ChainError::Weak(weakness.clone())),
        _ => Ok(AcceptedChain {
            weaknesses,
            named_by: named_by.ok_or_else(|| other_name(own, checked))?,
        }),
    }
}

/// Checks a server's certificate that is in the store. Like Java, the client trusts it even after its dates if the store was made
/// for this server.
fn trusted_itself(own: &Link<'_>, checked: Checked<'_>) -> Result<Vec<Weakness>, ChainError> {
    if checked.rules == Rules::System {
        own.is_in_date(checked.now)?;
        extensions::check_server(own)?;
    }
    weaknesses(&[own], None)
}

fn named_by(own: &Certificate, checked: Checked<'_>) -> Option<NamedBy> {
    let common = match checked.rules {
        Rules::System => CommonName::IsIgnored,
        Rules::OwnStore => CommonName::Counts,
    };
    own.server_names().names(checked.called, common)
}

fn other_name(own: &Certificate, checked: Checked<'_>) -> ChainError {
    match own.server_names().names(checked.called, CommonName::Counts) {
        Some(_) => ChainError::CommonNameOnly,
        None => ChainError::OtherName,
    }
}

impl<'a> Link<'a> {
    fn new(certificate: &'a Certificate) -> Result<Self, ChainError> {
        let x509 = certificate.parsed();
        let x509 = x509.ok_or_else(|| {
            ChainError::DamagedExtension(Box::new(certificate.clone()), "content")
        })?;
        Ok(Self { certificate, x509 })
    }

    fn key(&self) -> Result<PublicKey<'_>, ChainError> {
        let key = PublicKey::from_info(self.x509.public_key());
        key.map_err(|error| self.unsupported(error))
    }

    fn algorithm(&self) -> Result<Algorithm, ChainError> {
        let algorithm = Algorithm::from_identifier(&self.x509.signature_algorithm);
        algorithm.map_err(|error| self.unsupported(error))
    }

    fn unsupported(&self, error: SignatureError) -> ChainError {
        let what = match error {
            SignatureError::UnsupportedAlgorithm(what) => format!("is signed by {what}"),
            SignatureError::UnsupportedKey(what) => format!("has {what}"),
            SignatureError::Wrong => "has a wrong signature".to_owned(),
        };
        ChainError::Unsupported(Box::new(self.certificate.clone()), what)
    }

    fn is_in_date(&self, now: i64) -> Result<(), ChainError> {
        match self.certificate.at(now) {
            Validity::Valid => Ok(()),
            _ => Err(ChainError::OutOfDate(Box::new(self.certificate.clone()))),
        }
    }

    /// Whether `issuer` has the name of this certificate's issuer.
    fn is_below(&self, issuer: &Certificate) -> bool {
        self.certificate.issuer_name() == issuer.subject_name()
    }

    /// Whether `issuer` signed this certificate.
    fn is_signed_by(&self, issuer: &Link<'_>) -> Result<bool, ChainError> {
        let algorithm = self.algorithm()?;
        let x509 = &self.x509;
        if x509.signature_algorithm != x509.tbs_certificate.signature {
            return Ok(false);
        }
        let signed = x509.tbs_certificate.as_ref();
        let key = issuer.key()?;
        Ok(key
            .verify(algorithm, signed, x509.signature_value.as_ref())
            .is_ok())
    }
}

/// A search for an acceptable path.
struct Search<'a> {
    checked: Checked<'a>,
    others: Vec<Link<'a>>,
    trusted: &'a [Certificate],
    signatures: usize,
    error: ChainError,
}

impl<'a> Search<'a> {
    fn new(
        checked: Checked<'a>,
        others: &'a [Certificate],
        trusted: &'a [Certificate],
    ) -> Result<Self, ChainError> {
        let others: Result<_, _> = others.iter().map(Link::new).collect();
        Ok(Self {
            checked,
            others: others?,
            trusted,
            signatures: 0,
            error: ChainError::UnknownIssuer,
        })
    }

    fn run(
        &mut self,
        own: &Link<'_>,
        named_by: Option<NamedBy>,
    ) -> Result<Vec<Weakness>, ChainError> {
        // The search changes `self` while it iterates over these certificates.
        let others = std::mem::take(&mut self.others);
        let mut path = vec![own];
        let found = self.extend(&mut path, &others, named_by);
        found.ok_or_else(|| self.error.clone())
    }

    /// Continues from the last certificate of a path. `None` if no path is acceptable.
    fn extend<'p>(
        &mut self,
        path: &mut Vec<&'p Link<'p>>,
        others: &'p [Link<'p>],
        named_by: Option<NamedBy>,
    ) -> Option<Vec<Weakness>> {
        let last = *path.last()?;
        let trusted = self.trusted;
        for anchor in trusted.iter().filter(|trusted| last.is_below(trusted)) {
            match self.ends_at(path, anchor, named_by) {
                Ok(weaknesses) => return Some(weaknesses),
                Err(error) => self.note(error),
            }
        }
        for next in others {
            let is_used = path.iter().any(|used| used.certificate == next.certificate);
            if is_used || !last.is_below(next.certificate) {
                continue;
            }
            if path.len() > MAX_AUTHORITIES {
                self.note(ChainError::TooLong(MAX_AUTHORITIES));
                return None;
            }
            match self.is_signed(last, next) {
                Ok(true) => {
                    path.push(next);
                    let found = self.extend(path, others, named_by);
                    path.pop();
                    if found.is_some() {
                        return found;
                    }
                }
                Ok(false) => self.note(ChainError::WrongSignature {
                    below: Box::new(last.certificate.clone()),
                    presented: Box::new(next.certificate.clone()),
                }),
                Err(error) => self.note(error),
            }
        }
        None
    }

    /// Checks a path whose last certificate was issued by a trusted one.
    fn ends_at(
        &mut self,
        path: &[&Link<'_>],
        anchor: &Certificate,
        named_by: Option<NamedBy>,
    ) -> Result<Vec<Weakness>, ChainError> {
        let last = path.last().ok_or(ChainError::UnknownIssuer)?;
        let anchor = Link::new(anchor)?;
        if !self.is_signed(last, &anchor)? {
            return Err(ChainError::OtherKey {
                below: Box::new(last.certificate.clone()),
                namesake: Box::new(anchor.certificate.clone()),
            });
        }
        if !anchor.certificate.is_authority() {
            return Err(ChainError::NotAuthority(Box::new(
                anchor.certificate.clone(),
            )));
        }
        for link in path {
            link.is_in_date(self.checked.now)?;
        }
        extensions::check(path, &anchor, self.checked.rules)?;
        policies::check(path)?;
        constraints::check(path, &anchor, named_by)?;
        weaknesses(path, Some(&anchor))
    }

    fn is_signed(&mut self, link: &Link<'_>, issuer: &Link<'_>) -> Result<bool, ChainError> {
        self.signatures += 1;
        if self.signatures > MAX_SIGNATURES {
            return Err(ChainError::TooComplex);
        }
        link.is_signed_by(issuer)
    }

    fn note(&mut self, error: ChainError) {
        if error.rank() > self.error.rank() {
            self.error = error;
        }
    }
}

/// The weaknesses of a path. Of a trusted certificate, the key matters but not the signature.
fn weaknesses(path: &[&Link<'_>], anchor: Option<&Link<'_>>) -> Result<Vec<Weakness>, ChainError> {
    let mut weaknesses = Vec::new();
    for link in path.iter().copied().chain(anchor) {
        let bits = link.key()?.rsa_bits();
        if let Some(bits) = bits.filter(|bits| *bits < MIN_STRONG_RSA_BITS) {
            weaknesses.push(Weakness::ShortKey {
                subject: link.certificate.subject().to_owned(),
                bits,
            });
        }
    }
    for link in path.iter().filter(|_| anchor.is_some()) {
        if link.algorithm()?.hash() == Some(Hash::Sha1) {
            weaknesses.push(Weakness::Sha1 {
                subject: link.certificate.subject().to_owned(),
            });
        }
    }
    Ok(weaknesses)
}
