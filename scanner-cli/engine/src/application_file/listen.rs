//! The address that the service listens on.

use std::net::{Ipv6Addr, SocketAddr};

use catalog_model::Settings;

pub(super) const LISTEN: &str = "http.listen";

/// Reads the address to listen on. Problems are recorded in `settings`.
pub(super) fn listen_address(settings: &mut Settings) -> Option<SocketAddr> {
    let text = settings.text(LISTEN)?.value;
    let address = socket_address(text.trim());
    if address.is_none() {
        let message = format!("`{LISTEN}` must be an IP address and a port, not `{text}`");
        let hint = format!("write `{LISTEN} = \"127.0.0.1:9464\"`, or `\"[::1]:9464\"`");
        settings.refuse(LISTEN, message, hint);
    }
    address
}

/// Reads an address and a port. An IPv6 address may be written without brackets: the port follows the last colon.
#[must_use]
pub fn socket_address(text: &str) -> Option<SocketAddr> {
    let without_brackets = || {
        let (address, port) = text.rsplit_once(':')?;
        let address: Ipv6Addr = address.parse().ok()?;
        Some((address, port.parse().ok()?).into())
    };
    text.parse().ok().or_else(without_brackets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_may_be_written_without_brackets() {
        for (text, expected) in [
            ("[::1]:9464", Some("[::1]:9464")),
            ("::1:9464", Some("[::1]:9464")),
            (":::9464", Some("[::]:9464")),
            ("127.0.0.1:9464", Some("127.0.0.1:9464")),
            ("::1", None),
            ("127.0.0.1", None),
            ("[::1]", None),
            ("localhost:9464", None),
        ] {
            let address = socket_address(text).map(|address| address.to_string());
            assert_eq!(address.as_deref(), expected, "{text}");
        }
    }
}
