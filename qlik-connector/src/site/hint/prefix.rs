//! Advice about the two parts of a URL that select the virtual proxy: its prefix and its host name.

use std::net::IpAddr;

use qrs_client::SiteUrl;

/// Advice if the virtual proxy does not authenticate by header.
pub(super) fn other_prefix(site: &SiteUrl) -> String {
    match site.prefix() {
        Some(prefix) => format!(
            "check in the QMC that the virtual proxy with the prefix `{prefix}` has the authentication method \
             header authentication; if not, end `connection.url` with the prefix of the one that has it"
        ),
        None => format!(
            "add the prefix of the virtual proxy with header authentication to `connection.url`, such as `{site}header`: \
             without a prefix, the site's default virtual proxy answers"
        ),
    }
}

/// Advice about the prefix.
pub(super) fn header_prefix(site: &SiteUrl) -> String {
    match site.prefix() {
        Some(prefix) => format!(
            "check that `{prefix}`, the end of `connection.url`, is the prefix of the virtual proxy with header \
             authentication"
        ),
        None => format!(
            "add the prefix of the virtual proxy with header authentication to `connection.url`, such as `{site}header`: \
             without a prefix, the site's default virtual proxy answers"
        ),
    }
}

/// Advice about the host name.
pub(super) fn host_name(site: &SiteUrl) -> String {
    let host = site.host();
    let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    if is_address {
        return format!(
            "write the full host name of the site in `connection.url` instead of the address `{host}`: a site may accept \
             only that\nor add the address to the host allow list of the virtual proxy"
        );
    }
    if !host.contains('.') {
        return format!(
            "write the full host name of the site in `connection.url` instead of the short name `{host}`, such as \
             `{host}.example.com`: a site may accept only that"
        );
    }
    format!(
        "use the full host name under which people open the site\nor add `{host}` to the host allow list of the virtual \
         proxy"
    )
}
