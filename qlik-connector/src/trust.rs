//! What a connection trusts: its own store's certificates, the system's roots, or, if a person insists, anything.

use std::path::Path;

use catalog_model::{Settings, Warning, settings::SettingFile};
use qrs_client::{StoreKind, Trust, TrustStore};

use crate::connector::accepted;

const PATH: &str = "tls.truststore.path";
const KIND: &str = "tls.truststore.type";
const PASSWORD: &str = "tls.truststore.password";
const BYPASS: &str = "tls.bypass_certificate_validation";

/// What a connection trusts, and what is to be said of it at each scan.
#[derive(Clone, Debug)]
pub(crate) struct Trusted {
    trust: Trust,
    warnings: Vec<Warning>,
}

impl Trusted {
    /// Reads what the settings say.
    pub(crate) fn read(settings: &mut Settings) -> Self {
        let store = trust_store(settings);
        if settings.flag(BYPASS, false) {
            return Self {
                trust: Trust::AnyCertificate,
                warnings: vec![not_checked()],
            };
        }
        let Some(store) = store else {
            return Self {
                trust: Trust::System,
                warnings: Vec::new(),
            };
        };
        let warnings = store.warnings().iter().map(|warning| Warning {
            message: format!("the trust store `{}`: {warning}", store.name()),
            hint: None,
        });
        Self {
            warnings: warnings.collect(),
            trust: Trust::Only(store),
        }
    }

    pub(crate) fn trust(&self) -> Trust {
        self.trust.clone()
    }

    pub(crate) fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// One line for people.
    pub(crate) fn describe(&self) -> String {
        match &self.trust {
            Trust::Only(store) => {
                let held: Vec<_> = store
                    .certificates()
                    .iter()
                    .map(|held| format!("`{}`", held.subject()))
                    .collect();
                format!("`{}` holds {}", store.name(), held.join(", "))
            }
            Trust::AnyCertificate => "any certificate is accepted".to_owned(),
            _ => "none is set: the system's authorities count".to_owned(),
        }
    }
}

fn trust_store(settings: &mut Settings) -> Option<TrustStore> {
    let file = settings.file_of(PATH);
    let password = settings.secret(PASSWORD);
    let kinds = [
        ("PKCS12", StoreKind::Pkcs12),
        ("JKS", StoreKind::Jks),
        ("PEM", StoreKind::Pem),
    ];
    let kind = settings.choice(KIND, &kinds);
    if file.is_none() && (password.is_some() || kind.is_some()) {
        let message =
            format!("`{PATH}` is missing while other settings of the trust store are there");
        settings.refuse(
            PATH,
            message,
            "name the file, or take all `tls.truststore` settings out".to_owned(),
        );
    }
    let SettingFile { path, bytes, .. } = file?;
    let kind = kind.map(|kind| kind.value).or_else(|| of_extension(&path));
    let Some(kind) = kind else {
        let message = format!("the name of `{path}` does not tell what kind of trust store it is");
        settings.refuse(
            KIND,
            message,
            format!("say it: `{KIND} = PKCS12`, `JKS` or `PEM`"),
        );
        return None;
    };
    let password = password.map(|password| password.value);
    let store = TrustStore::read(&bytes, kind, password.as_ref());
    Some(accepted(settings, PATH, store)?.named(path))
}

/// What the extension of a file says, as the reference reads it, and PEM beyond.
fn of_extension(path: &str) -> Option<StoreKind> {
    let extension = Path::new(path).extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "jks" => Some(StoreKind::Jks),
        "p12" | "pfx" => Some(StoreKind::Pkcs12),
        "pem" | "crt" | "cer" => Some(StoreKind::Pem),
        _ => None,
    }
}

fn not_checked() -> Warning {
    Warning {
        message: "certificates are not checked: anybody on the way can read the account's header and pose as the site"
            .to_owned(),
        hint: Some(format!("take `{BYPASS}` out again")),
    }
}
