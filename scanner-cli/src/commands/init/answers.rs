//! What `init` needs to know, and the settings files made of it.

use std::path::PathBuf;

use secrecy::SecretString;

/// What a person says about the site and the home.
pub(super) struct Answers {
    pub(super) name: String,
    pub(super) code: String,
    pub(super) url: String,
    pub(super) link_url: Option<String>,
    pub(super) header: String,
    pub(super) value: SecretString,
    pub(super) trust: Option<Trust>,
    pub(super) shows_catalog: bool,
}

/// A file with the certificates to trust.
pub(super) struct Trust {
    pub(super) path: PathBuf,
    pub(super) password: Option<SecretString>,
}

/// The address of the catalog in a browser.
pub(super) const CATALOG: &str = "127.0.0.1:9464";

impl Answers {
    /// The connection file. `value` and `password` are the texts of the secrets in it.
    pub(super) fn connection_file(&self, value: &str, password: Option<&str>) -> String {
        let Self {
            name,
            code,
            url,
            link_url,
            header,
            ..
        } = self;
        let [name, code_text, url, header, value] = [name, code, url, header, value].map(quoted);
        let links = match link_url {
            Some(link_url) => format!("  link_url = {}\n", quoted(link_url)),
            None => "  # link_url = \"https://qlik.example.com\"\n".to_owned(),
        };
        format!(
            "# A connection to a Qlik Sense site. `scanner-cli docs connection-file` describes all settings.\n\n\
             # The name in reports.\n\
             name = {name}\n\
             # The first part of the keys of all items: do not change it after the first scan.\n\
             code = {code_text}\n\
             connector_id = \"qlik-sense\"\n\n\
             connection {{\n  \
             # The site, with the prefix of the scanner's virtual proxy.\n  \
             url = {url}\n  \
             # Where people open sheets: not the scanner's virtual proxy.\n\
             {links}  \
             # The header that logs the scanner in, and its value. To replace the value, paste what this command prints:\n  \
             # scanner-cli encrypt --for {code} connection.auth.value\n  \
             auth.key = {header}\n  \
             auth.value = {value}\n  \
             # Read only what may have changed since the last scan.\n  \
             # incremental = true\n\
             }}\n\n\
             {trust}\n\
             # Which sheets become items: `scanner-cli docs filters`.\n\
             # filter = \"published = 'true'\"\n\n\
             # When the service scans this connection: `scanner-cli docs service`.\n\
             # schedule = \"0 0 2 * * ?\"\n",
            trust = self.trust_settings(password),
        )
    }

    fn trust_settings(&self, password: Option<&str>) -> String {
        let head = "# The file with the certificates to trust: `scanner-cli docs trust-stores`.\n";
        let Some(trust) = &self.trust else {
            return format!(
                "{head}# Without it, the certificates of the operating system are trusted.\n\
                 # tls.truststore.path = \"conf/company-ca.pem\"\n"
            );
        };
        let path = quoted(&trust.path.to_string_lossy());
        let password = password.map(|text| format!("tls.truststore.password = {}\n", quoted(text)));
        format!(
            "{head}tls.truststore.path = {path}\n{}",
            password.unwrap_or_default()
        )
    }

    /// `conf/application.conf`.
    pub(super) fn application_file(&self) -> String {
        let sign = if self.shows_catalog { "" } else { "# " };
        format!(
            "# The scanner's own settings. `scanner-cli docs application-conf` describes all settings.\n\n\
             # Who receives the changes of the catalog. This is the default: a file for each connection.\n\
             # followers = [ {{ kind = \"ndjson\", path = \"export\" }} ]\n\n\
             # When the service scans: by default every 24 hours.\n\
             # automation.synchronize = \"@daily\"\n\n\
             # The catalog in a browser, while the service runs: `scanner-cli docs catalog-page`.\n\
             {sign}http {{ listen = \"{CATALOG}\", catalog = true }}\n"
        )
    }
}

/// A text as HOCON and JSON write it.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_people_stay_in_their_quotes() {
        assert_eq!(quoted("ACME\\a \"b\"\n${x}"), r#""ACME\\a \"b\"\n${x}""#);
    }
}
