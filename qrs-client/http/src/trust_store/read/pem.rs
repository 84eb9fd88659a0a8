//! PEM files: certificates between `-----BEGIN …-----` and `-----END …-----`, indented or not, with any text around them.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::ber::{self, CONTEXT_0, OBJECT_IDENTIFIER, Reader, SEQUENCE};
use super::format::Format;
use super::{Found, damaged, pkcs7, without_certificate};
use crate::error::Error;
use crate::trust_store::StoreWarning;

/// Base64 with or without padding: not every program writes it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Maximum number of labels that a message names.
const MAX_NAMED: usize = 5;

/// 1.3.6.1.5.5.7.3.1: TLS servers.
const SERVER_AUTHENTICATION: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
/// 2.5.29.37.0: any purpose.
const ANY_PURPOSE: &[u8] = &[0x55, 0x1D, 0x25, 0x00];

/// The content between a `BEGIN` and its `END`.
pub(crate) struct Section<'a> {
    pub(crate) label: &'a str,
    lines: Vec<&'a str>,
}

/// Why a file is not valid PEM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PemError {
    /// The last `BEGIN` has no `END`.
    Truncated,
    /// What is wrong, as a sentence.
    Damaged(&'static str),
}

impl From<PemError> for Error {
    fn from(error: PemError) -> Self {
        match error {
            PemError::Damaged(how) => damaged(how),
            PemError::Truncated => Self::configuration(
                "the trust store is truncated: its last `-----BEGIN …-----` has no `-----END …-----`",
            ),
        }
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<Found<Vec<u8>>, Error> {
    let text = String::from_utf8_lossy(bytes);
    let sections = sections(&text)?;
    let mut found = Found::default();
    for section in &sections {
        match section.label {
            "CERTIFICATE" | "X509 CERTIFICATE" | "PKCS7" | "CMS" => {
                let der = section.decoded()?;
                // Some programs write a bundle with the label of a certificate.
                if Format::from_content(&der) == Format::Pkcs7 {
                    found.certificates.extend(pkcs7::read(&der)?.certificates);
                } else {
                    found.certificates.push(der);
                }
            }
            "TRUSTED CERTIFICATE" => {
                let der = section.decoded()?;
                if is_for_servers(&der) {
                    found.certificates.push(der);
                } else {
                    found.warnings.push(StoreWarning::OtherPurpose);
                }
            }
            label if label.ends_with("PRIVATE KEY") => found.holds_key = true,
            _ => {}
        }
    }
    match (found.certificates.is_empty(), found.warnings.is_empty()) {
        (false, _) => Ok(found),
        (true, true) => Err(without_certificate(&labels(&sections))),
        (true, false) => Err(for_other_purposes()),
    }
}

/// The error of a file in which openssl marked all certificates as trusted for other purposes only.
fn for_other_purposes() -> Error {
    Error::configuration(
        "the trust store contains no certificate that is trusted for TLS servers: openssl marked them for other purposes",
    )
    .with_hint("write it without the marks: openssl x509 -in OLD -out NEW")
}

/// The sections of a file, in their order.
pub(crate) fn sections(text: &str) -> Result<Vec<Section<'_>>, PemError> {
    let mut sections = Vec::new();
    let mut open: Option<Section<'_>> = None;
    for line in text.split(['\n', '\r']).map(str::trim) {
        match (&mut open, line.strip_prefix("-----BEGIN ")) {
            (None, Some(label)) => {
                let label = label.strip_suffix("-----").ok_or(PemError::Damaged(
                    "a line that begins with `-----BEGIN` does not end in `-----`",
                ))?;
                let lines = Vec::new();
                open = Some(Section { label, lines });
            }
            (Some(section), None) if line.starts_with("-----END ") => {
                if line
                    .strip_prefix("-----END ")
                    .and_then(|end| end.strip_suffix("-----"))
                    != Some(section.label)
                {
                    return Err(PemError::Damaged(
                        "a `-----BEGIN …-----` and its `-----END …-----` differ",
                    ));
                }
                sections.extend(open.take());
            }
            (Some(_), Some(_)) => {
                return Err(PemError::Damaged(
                    "a `-----BEGIN …-----` has no `-----END …-----`",
                ));
            }
            (Some(section), None) => section.lines.push(line),
            (None, None) => {}
        }
    }
    if open.is_some() {
        return Err(PemError::Truncated);
    }
    Ok(sections)
}

impl Section<'_> {
    /// The value of a header above the base64, such as `DEK-Info`.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.lines.iter().filter_map(|line| line.split_once(':'));
        let (_, value) = headers.find(|(known, _)| known.trim().eq_ignore_ascii_case(name))?;
        Some(value.trim())
    }

    pub(crate) fn decoded(&self) -> Result<Vec<u8>, PemError> {
        // A line with a colon is a header.
        let lines = self.lines.iter().filter(|line| !line.contains(':'));
        let characters = lines.flat_map(|line| line.chars());
        let text: String = characters
            .filter(|character| !character.is_whitespace())
            .collect();
        let decoded = BASE64.decode(text);
        decoded.map_err(|_error| {
            PemError::Damaged("what stands between `-----BEGIN` and `-----END` is not valid base64")
        })
    }
}

/// Whether a `TRUSTED CERTIFICATE` is trusted for TLS servers: after the certificate, openssl writes the purposes that it is and
/// is not trusted for.
fn is_for_servers(der: &[u8]) -> bool {
    let Ok(certificate) = ber::element(der) else {
        // The certificate is reported as unreadable later.
        return true;
    };
    let Ok(Some(trust)) = Reader::new(certificate.rest).take_if(SEQUENCE) else {
        return true;
    };
    let mut trust = Reader::new(trust.content);
    let purposes = trust.take_if(SEQUENCE).ok().flatten();
    let rejected = trust.take_if(CONTEXT_0).ok().flatten();
    let names_servers = |purposes: &[u8]| {
        let mut purposes = ber::elements(purposes).filter_map(Result::ok);
        purposes.any(|purpose| {
            purpose.is(OBJECT_IDENTIFIER)
                && [SERVER_AUTHENTICATION, ANY_PURPOSE].contains(&purpose.content)
        })
    };
    purposes.is_none_or(|purposes| names_servers(purposes.content))
        && rejected.is_none_or(|rejected| !names_servers(rejected.content))
}

/// The labels of the file's sections, each once.
fn labels(sections: &[Section<'_>]) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for section in sections {
        let label = crate::page_text::one_line(section.label);
        if labels.len() < MAX_NAMED && !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}
