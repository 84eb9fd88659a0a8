//! The block `http`: the address of the pages, and who may see the catalog.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use catalog_model::{Settings, settings::Named};
use catalog_web::server::{Auth, ServerSettings, Tls, TlsError};

mod auth;
mod paths;
#[cfg(test)]
mod tests;

use self::{
    auth::auth,
    paths::{base_path, hosts},
};
use super::{
    ServeAt,
    listen::{LISTEN, listen_address},
};
use crate::hocon::{LocatedProblem, ValueVisibility};

/// The settings of the pages.
#[derive(Clone)]
pub struct HttpSettings {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Whether the catalog is shown, and not only the monitoring pages.
    pub has_catalog: bool,
    /// How the server protects the catalog.
    pub server: ServerSettings,
}

impl HttpSettings {
    /// Where the catalog is, and who may see it: `http://127.0.0.1:9464/, no login`. `None` without a catalog.
    #[must_use]
    pub fn catalog(&self) -> Option<String> {
        let scheme = match self.server.tls {
            Some(_) => "https",
            None => "http",
        };
        let login = match &self.server.auth {
            None => "no login",
            Some(Auth::Token(_)) => "login with a token",
            Some(Auth::Basic { .. }) => "login with a user and a password",
            Some(Auth::ProxyHeader { .. }) => "login by a reverse proxy",
        };
        let (listen, base) = (self.listen, &self.server.base_path);
        (self.has_catalog).then(|| format!("{scheme}://{listen}{base}/, {login}"))
    }
}

/// The default address of `serve`.
const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);

const CATALOG: &str = "http.catalog";
const AUTH: &str = "http.auth";
const CERTIFICATE: &str = "http.tls.certificate";
const KEY: &str = "http.tls.key";
const PLAIN: &str = "http.plain";

/// Reads the block. Problems are recorded in `settings`. With `serves`, the catalog is shown.
pub(super) fn http(settings: &mut Settings, serves: Option<ServeAt>) -> Option<HttpSettings> {
    let listen = match (listen_address(settings), serves) {
        (listen, None) => listen,
        (listen, Some(ServeAt(wanted))) => wanted.or(listen).or(Some(DEFAULT)),
    };
    let has_catalog = settings.flag(CATALOG, false) || serves.is_some();
    let (auth, metrics_need_login) = auth(settings);
    let tls = tls(settings);
    let is_plain = settings.flag(PLAIN, false);
    let server = ServerSettings {
        auth,
        metrics_need_login,
        tls,
        base_path: base_path(settings),
        hosts: hosts(settings),
    };
    if has_catalog && listen.is_none() && settings.lacks(LISTEN) {
        let message = format!("`{CATALOG} = true` needs an address to listen on");
        let hint = format!("add `{LISTEN} = \"127.0.0.1:9464\"`");
        settings.refuse(CATALOG, message, hint);
    }
    let http = HttpSettings {
        listen: listen?,
        has_catalog,
        server,
    };
    if !is_loopback(&http.listen) {
        check_exposure(settings, &http, is_plain);
    }
    Some(http)
}

/// Whether only programs of this machine can connect.
fn is_loopback(address: &SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

/// Refuses settings that show the catalog, or a password, to the network.
fn check_exposure(settings: &mut Settings, http: &HttpSettings, is_plain: bool) {
    let has_auth = !settings.lacks(AUTH);
    if http.has_catalog && !has_auth {
        let message = format!(
            "the catalog, with names and addresses of people, would be shown to everyone who can connect to `{}`",
            http.listen
        );
        let hint = format!(
            "set `{AUTH}`, such as `{AUTH} {{ kind = token, token = \"…\" }}`, or listen on `127.0.0.1`"
        );
        settings.refuse(CATALOG, message, hint);
    }
    let has_tls = [CERTIFICATE, KEY].iter().any(|one| !settings.lacks(one));
    if has_auth && !has_tls && !is_plain {
        let message = format!(
            "`{AUTH}` without `http.tls` would send logins unencrypted on `{}`",
            http.listen
        );
        let hint = format!(
            "set `{CERTIFICATE}` and `{KEY}`; if a reverse proxy encrypts the connections, set `{PLAIN} = true`"
        );
        settings.refuse(AUTH, message, hint);
    }
}

fn tls(settings: &mut Settings) -> Option<Tls> {
    settings.know(CERTIFICATE);
    settings.know(KEY);
    let (has_certificate, has_key) = (!settings.lacks(CERTIFICATE), !settings.lacks(KEY));
    if has_certificate != has_key {
        let (found, missing) = match has_key {
            true => (KEY, CERTIFICATE),
            false => (CERTIFICATE, KEY),
        };
        let message = format!("`{found}` needs `{missing}`");
        settings.refuse(found, message, format!("add `{missing} = FILE.pem`"));
        return None;
    }
    let certificate = settings.file_of(CERTIFICATE);
    let key = settings.file_of(KEY);
    let (certificate, key) = (certificate?, key?);
    settings.warn_of_exposure(KEY, Named::Secret(&key.path));
    match Tls::from_pem(&certificate.bytes, &key.bytes) {
        Ok(tls) => Some(tls),
        Err(error) => {
            let (setting, file) = match error {
                TlsError::NoKey | TlsError::EncryptedKey | TlsError::Mismatch => (KEY, &key.path),
                _ => (CERTIFICATE, &certificate.path),
            };
            let message = format!("`{setting}`: `{file}` cannot be used: {error}");
            let hint = "both files must be PEM, the key without a password; the server's certificate comes first, intermediate certificates follow";
            settings.refuse(setting, message, hint.to_owned());
            None
        }
    }
}

/// The unknown settings of the block as errors: a misspelt `http.auth` would leave the catalog open.
pub(super) fn unknown(settings: &Settings) -> Vec<LocatedProblem> {
    let unknown = settings.unknown().into_iter();
    let ours = unknown.filter(|unknown| unknown.key.starts_with("http."));
    ours.map(|unknown| LocatedProblem {
        // It may be a misspelt password. The kind of a login is a word.
        value: match unknown.key.ends_with(".kind") {
            true => ValueVisibility::Shown,
            false => ValueVisibility::Hidden,
        },
        message: format!("`{}` is not a setting of the scanner", unknown.key),
        hint: unknown.near.map(|near| format!("did you mean `{near}`?")),
        place: unknown.place,
    })
    .collect()
}
