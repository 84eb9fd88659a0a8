//! PEM files, and the bare DER certificates that are named like them.

use rustls::pki_types::pem::{Error as PemError, PemObject, SectionKind};

use super::{Found, damaged, without_certificate};
use crate::error::Error;

pub(super) fn read(bytes: &[u8]) -> Result<Found<Vec<u8>>, Error> {
    let mut found = Found::default();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(bytes) {
        match section.map_err(|error| flaw(&error))? {
            (SectionKind::Certificate, der) => found.certificates.push(der),
            (
                SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey,
                _,
            ) => found.holds_key = true,
            _ => {}
        }
    }
    if found.certificates.is_empty() {
        return Err(without_certificate(&labels(bytes)));
    }
    Ok(found)
}

fn flaw(error: &PemError) -> Error {
    match error {
        PemError::MissingSectionEnd { .. } => Error::configuration(
            "the trust store is truncated: its last `-----BEGIN …-----` has no `-----END …-----`",
        ),
        PemError::IllegalSectionStart { .. } => {
            damaged("a line that begins with `-----BEGIN` does not end in `-----`")
        }
        _ => damaged("what stands between `-----BEGIN` and `-----END` is no base64"),
    }
}

/// What the sections of the file are called, each once.
fn labels(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut labels: Vec<String> = Vec::new();
    for line in text.lines() {
        let label = line.trim().strip_prefix("-----BEGIN ");
        let label = label.and_then(|label| label.strip_suffix("-----"));
        match label {
            Some(label) if labels.len() < 5 && !labels.iter().any(|known| known == label) => {
                labels.push(crate::excerpt::one_line(label));
            }
            _ => {}
        }
    }
    labels
}
