//! The targets of redirects during a login. Nothing here touches the network.

use outbound_http::RequestContext;
use url::Url;

use super::refusal;
use crate::error::Error;
use crate::site::SiteUrl;

/// The page at a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// Asks for Windows authentication.
    Windows,
    /// Asks for user and password in a form.
    Form,
    Other,
}

/// The login page of Qlik Sense that a URL leads to. Older versions have `windows_authentication` at a port of its own.
pub(super) fn page(url: &Url) -> Page {
    let names = url.path().split('/').map(str::to_ascii_lowercase);
    let mut pages = names.filter(|name| name.ends_with("_authentication"));
    match pages.next() {
        Some(name) if name.contains("windows") => Page::Windows,
        Some(_) => Page::Form,
        None => Page::Other,
    }
}

/// Refuses a target outside of the site, or one that is less secure than it.
pub(super) fn check_target(
    site: &SiteUrl,
    target: &Url,
    context: &RequestContext,
) -> Result<(), Error> {
    let host = target.host_str().unwrap_or_default();
    let is_web = matches!(target.scheme(), "http" | "https");
    if !is_web || !is_same_host(site.host(), host) {
        return Err(refusal::another_host(target, context));
    }
    if site.as_url().scheme() == "https" && target.scheme() != "https" {
        return Err(refusal::not_encrypted(target, context));
    }
    Ok(())
}

/// Whether two hosts are the same, or one is the short name of the other.
fn is_same_host(a: &str, b: &str) -> bool {
    let is_short = |short: &str, full: &str| {
        !short.is_empty() && !short.contains(['.', ':']) && full.starts_with(&format!("{short}."))
    };
    a == b || is_short(a, b) || is_short(b, a)
}

#[cfg(test)]
mod tests {
    use outbound_http::Redactor;

    use super::*;

    fn check(site: &str, target: &str) -> Result<(), String> {
        let site = SiteUrl::parse(site).unwrap();
        let target = Url::parse(target).unwrap();
        let url = site.as_url();
        let context = RequestContext::new("the site", url, url, Redactor::default());
        check_target(&site, &target, &context).map_err(|error| error.to_string())
    }

    #[test]
    fn a_login_stays_on_the_site_by_any_of_its_names_and_ports() {
        let site = "https://qlik.acme.example/vp";
        for target in [
            "https://qlik.acme.example/vp/internal_windows_authentication/?targetId=1",
            "https://QLIK.acme.example:4244/windows_authentication/?targetId=1",
            "https://qlik/vp/",
        ] {
            assert_eq!(check(site, target), Ok(()), "{target}");
        }
        let full_name = "https://qlik.acme.example/vp";
        assert_eq!(check("http://qlik/vp", full_name), Ok(()));
        for (target, expected) in [
            ("http://qlik.acme.example/vp/", "not encrypted"),
            (
                "https://evil.example/vp/?t=s3cret",
                "another host, `https://evil.example/vp/`",
            ),
            ("https://qlik.acme.example.evil.example/", "another host"),
            ("https://acme.example/", "another host"),
            ("ftp://qlik.acme.example/", "another host"),
        ] {
            let message = check(site, target).unwrap_err();
            assert!(message.contains(expected), "{message}");
            assert!(!message.contains("s3cret"), "{message}");
        }
        assert!(check("https://10.0.0.1/", "https://10.0.0.10/").is_err());
    }

    #[test]
    fn login_pages_of_qlik_sense_are_recognized() {
        for (path, expected) in [
            ("/vp/internal_windows_authentication/", Page::Windows),
            ("/windows_authentication", Page::Windows),
            ("/vp/internal_forms_authentication/?targetId=1", Page::Form),
            ("/vp/qrs/about", Page::Other),
        ] {
            let url = Url::parse(&format!("https://qlik.example{path}")).unwrap();
            assert_eq!(page(&url), expected, "{path}");
        }
    }
}
