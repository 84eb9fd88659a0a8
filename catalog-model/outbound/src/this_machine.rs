//! Whether what is sent without encryption leaves this machine.

use std::net::IpAddr;

use catalog_model::Settings;

/// Whether a connection to this host stays on this machine with the proxy of these settings.
pub fn stays_here(host: &str, settings: &mut Settings) -> bool {
    let proxy = settings.text("proxy.hostname");
    let is_proxy_here = proxy.is_none_or(|proxy| is_this_machine(proxy.value.trim()));
    is_this_machine(host) && is_proxy_here
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = |address: IpAddr| address.to_canonical().is_loopback();
    host.eq_ignore_ascii_case("localhost") || address.parse().is_ok_and(is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_this_machine() {
        for (host, expected) in [
            ("localhost", true),
            ("LOCALHOST", true),
            ("127.0.0.1", true),
            ("127.8.0.1", true),
            ("[::1]", true),
            ("[::ffff:127.0.0.1]", true),
            ("localhost.example.com", false),
            ("10.0.0.1", false),
            ("0.0.0.0", false),
            ("[2001:db8::1]", false),
        ] {
            assert_eq!(is_this_machine(host), expected, "{host}");
        }
    }
}
