//! Advice about the two parts of a URL that decide which virtual proxy answers: its prefix and its host name.

use std::net::IpAddr;

use qrs_client::SiteUrl;

/// The virtual proxy that answers does not authenticate by header.
pub(super) fn other_prefix(site: &SiteUrl) -> String {
    match site.prefix() {
        Some(prefix) => format!(
            "the virtual proxy with the prefix `{prefix}` does not take the header: check in the QMC that its \
             authentication method is header authentication, or end `connection.url` in the prefix of the virtual proxy \
             that has it"
        ),
        None => format!(
            "`connection.url` has no prefix, so the site's default virtual proxy answers: add the prefix of the virtual \
             proxy with header authentication, as in `{site}header`"
        ),
    }
}

/// Which prefix to give.
pub(super) fn header_prefix(site: &SiteUrl) -> String {
    match site.prefix() {
        Some(prefix) => format!(
            "check that `{prefix}`, in which `connection.url` ends, is the prefix of the virtual proxy with header \
             authentication"
        ),
        None => format!(
            "add the prefix of the virtual proxy with header authentication to `connection.url`, as in `{site}header`: \
             without one, the site's default virtual proxy answers"
        ),
    }
}

/// Which host name to give.
pub(super) fn host_name(site: &SiteUrl) -> String {
    let host = site.host();
    let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    if is_address {
        return format!(
            "write the full host name of the site in `connection.url` in place of the address `{host}`: a site may accept \
             only that; or add the address to the host allow list of the virtual proxy"
        );
    }
    if !host.contains('.') {
        return format!(
            "write the full host name of the site in `connection.url` in place of the short name `{host}`, such as \
             `{host}.example.com`: a site may accept only that"
        );
    }
    format!(
        "use the full host name under which people open the site, or add `{host}` to the host allow list of the virtual \
         proxy"
    )
}
