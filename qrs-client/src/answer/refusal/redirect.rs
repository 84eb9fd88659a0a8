//! The target of a redirect: a login page, the site's new address, or something else.

use url::Url;

use super::advice::{check_credentials, identity_provider_instead, windows_instead};
use super::{Head, Meaning, without_query};
use crate::error::ErrorKind;
use crate::fact::{Fact, LoginPage};
use crate::request_context::RequestContext;
use crate::site::SiteUrl;

/// Words in the address of an identity provider's login page.
const LOGIN_WORDS: [&str; 10] = [
    "saml", "oauth", "openid", "oidc", "adfs", "login", "logon", "signin", "sso", "auth",
];

impl Head {
    /// The meaning of a redirect.
    pub(super) fn redirect(&self, context: RequestContext<'_>) -> Meaning {
        let unexpected = ErrorKind::UnexpectedAnswer;
        let Some(location) = &self.location else {
            let message = "the site redirects, but its response has no target";
            return Meaning::new(unexpected, Fact::RedirectElsewhere, message);
        };
        let target = context.redactor().redact_line(&without_query(location));
        if let Some(page) = login_page(location) {
            let (what, hint) = match page {
                LoginPage::Windows => (
                    "its page for Windows authentication",
                    windows_instead(context.login),
                ),
                _ => ("its login page", check_credentials(context.login)),
            };
            let message = format!("the site redirects to {what} `{target}`");
            let fact = Fact::RedirectToLogin(page);
            return Meaning::new(ErrorKind::RedirectedToLogin, fact, message).with_hint(hint);
        }
        if let Some(site) = moved_to(location, context) {
            let message = format!("the site has a new address: it redirects to `{target}`");
            return Meaning::new(unexpected, Fact::SiteMoved(Box::new(site)), message)
                .with_hint("use this URL");
        }
        if is_identity_provider(location, context.site) {
            let message = format!(
                "the site redirects to `{target}`, the login of another system, such as SAML or OIDC"
            );
            return Meaning::new(unexpected, Fact::RedirectToIdentityProvider, message)
                .with_hint(identity_provider_instead(context.login));
        }
        Meaning::new(
            unexpected,
            Fact::RedirectElsewhere,
            format!("the site redirects to `{target}`"),
        )
        .with_hint("if the site has moved there, use this URL; otherwise, ask the owner of the gateway in front of the site")
    }
}

/// Qlik Sense's own login page, such as `internal_forms_authentication`, if the redirect leads to one.
fn login_page(location: &Url) -> Option<LoginPage> {
    let segments = location.path().split('/').map(str::to_ascii_lowercase);
    segments
        .filter(|segment| segment.starts_with("internal_") && segment.ends_with("_authentication"))
        .map(|segment| match segment.as_str() {
            "internal_forms_authentication" => LoginPage::Forms,
            "internal_windows_authentication" => LoginPage::Windows,
            _ => LoginPage::Other,
        })
        .next()
}

/// The site's new address, if the redirect leads to one: the same request at another address, the full name of the host, or
/// https instead of http.
fn moved_to(location: &Url, context: RequestContext<'_>) -> Option<SiteUrl> {
    let site = context.site;
    let is_request = location.path().split('/').any(|segment| segment == "qrs");
    let moved = if is_request {
        SiteUrl::parse(location.as_str()).ok()?
    } else if is_same_host(location, site) {
        let mut url = site.as_url().clone();
        url.set_host(location.host_str()).ok()?;
        url.set_scheme(location.scheme()).ok()?;
        url.set_port(location.port()).ok()?;
        SiteUrl::parse(url.as_str()).ok()?
    } else {
        return None;
    };
    let address = moved.as_url().as_str();
    let has_no_secret = context.redactor().redact_line(address) == address;
    (moved != *site && has_no_secret).then_some(moved)
}

/// Whether the host is the site's, or the full name of a site that was given by its short name.
fn is_same_host(location: &Url, site: &SiteUrl) -> bool {
    let host = location.host_str().unwrap_or_default();
    let short = site.host();
    host == short || (!short.contains('.') && host.starts_with(&format!("{short}.")))
}

fn is_identity_provider(location: &Url, site: &SiteUrl) -> bool {
    let address = location.as_str().to_ascii_lowercase();
    let is_elsewhere = location.host_str() != Some(site.host());
    is_elsewhere && LOGIN_WORDS.iter().any(|word| address.contains(word))
}
