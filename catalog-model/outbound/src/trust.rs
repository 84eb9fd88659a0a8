//! What is trusted: the certificates of a trust store, the system's roots, or, if a person insists, anything.

use std::path::Path;

use catalog_model::{Diagnostic, Settings, settings::SettingFile};
use outbound_http::{Error, StoreKind, StoreWarning, Trust, TrustStore, Weakness};

use crate::Names;

const PATH: &str = "tls.truststore.path";
const KIND: &str = "tls.truststore.type";
const PASSWORD: &str = "tls.truststore.password";
const BYPASS: &str = "tls.bypass_certificate_validation";

/// Which certificates are trusted, and the warnings about it in each report.
#[derive(Clone, Debug)]
pub struct TrustSettings {
    trust: Trust,
    warnings: Vec<Diagnostic>,
}

impl TrustSettings {
    pub(crate) fn read(settings: &mut Settings, names: &Names) -> Self {
        let store = trust_store(settings);
        if settings.flag(BYPASS, false) {
            return Self {
                trust: Trust::AnyCertificate,
                warnings: vec![not_checked(names.server)],
            };
        }
        let Some((store, warnings)) = store else {
            return Self {
                trust: Trust::System,
                warnings: Vec::new(),
            };
        };
        Self {
            warnings,
            trust: Trust::Only(store),
        }
    }

    /// The same, as a client takes it.
    #[must_use]
    pub fn trust(&self) -> Trust {
        self.trust.clone()
    }

    /// The warnings: about the trust store, or that no certificate is checked.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// One line for people.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.trust {
            Trust::Only(store) => {
                let held: Vec<_> = store
                    .certificates()
                    .iter()
                    .map(|held| format!("`{}`", held.subject()))
                    .collect();
                format!("`{}` contains {}", store.name(), held.join(", "))
            }
            Trust::AnyCertificate => "any certificate is accepted".to_owned(),
            _ => "not set; using the operating system's CA certificates".to_owned(),
        }
    }
}

/// The store, and the warnings about it.
fn trust_store(settings: &mut Settings) -> Option<(TrustStore, Vec<Diagnostic>)> {
    let file = settings.file_of(PATH);
    let password = settings.secret(PASSWORD);
    let kinds = [
        ("PKCS12", StoreKind::Pkcs12),
        ("JKS", StoreKind::Jks),
        ("PEM", StoreKind::Pem),
        ("PKCS7", StoreKind::Pkcs7),
    ];
    let kind = settings.choice(KIND, &kinds);
    if file.is_none() && (password.is_some() || kind.is_some()) {
        let message = format!("`{PATH}` is missing, but other `tls.truststore` settings are set");
        settings.refuse(
            PATH,
            message,
            "name the file, or remove all `tls.truststore` settings".to_owned(),
        );
    }
    let SettingFile { path, bytes, .. } = file?;
    let declared = kind
        .map(|kind| kind.value)
        .or_else(|| kind_of_extension(&path));
    let password = password.map(|password| password.value);
    let store = match declared {
        Some(declared) => TrustStore::read(&bytes, declared, password.as_ref()),
        None => TrustStore::detect(&bytes, password.as_ref()),
    };
    let store = settings.accept(PATH, store, Error::hint)?.named(path);
    let mut warnings: Vec<_> = store
        .warnings()
        .iter()
        .map(|warning| about(&store, warning))
        .collect();
    if declared.is_none() {
        warnings.extend(StoreKind::detect(&bytes).map(|found| without_kind(&store, found)));
    }
    Some((store, warnings))
}

fn about(store: &TrustStore, warning: &StoreWarning) -> Diagnostic {
    Diagnostic::warning(
        format!("the trust store `{}`: {warning}", store.name()),
        match warning {
            StoreWarning::OtherKind { found, .. } => Some(set_kind(*found)),
            _ => None,
        },
    )
}

fn without_kind(store: &TrustStore, found: StoreKind) -> Diagnostic {
    Diagnostic::warning(
        format!(
            "the trust store `{}`: its extension does not name a kind of trust store; it was read as {found}",
            store.name()
        ),
        set_kind(found),
    )
}

fn set_kind(kind: StoreKind) -> String {
    format!("set `{KIND} = {kind}`")
}

/// The kind that the extension of a file names, as the Zeenea scanner reads it, and PEM and PKCS7 beyond.
fn kind_of_extension(path: &str) -> Option<StoreKind> {
    let extension = Path::new(path).extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "jks" => Some(StoreKind::Jks),
        "p12" | "pfx" => Some(StoreKind::Pkcs12),
        "pem" | "crt" | "cer" | "der" => Some(StoreKind::Pem),
        "p7b" | "p7c" => Some(StoreKind::Pkcs7),
        _ => None,
    }
}

/// A warning about a weakness of a certificate that was accepted.
#[must_use]
pub fn weak(weakness: &Weakness) -> Diagnostic {
    Diagnostic::warning(
        format!("{weakness}; it is accepted only because the connection has its own trust store"),
        "request a new certificate with RSA of 2048 bits or more and SHA-256".to_owned(),
    )
}

fn not_checked(server: &str) -> Diagnostic {
    let message = format!(
        "certificates are not checked: the authentication header can be read in transit, and {server} can be impersonated"
    );
    Diagnostic::warning(message, format!("remove `{BYPASS}`"))
}
