//! How the server protects the catalog. The values are checked where they are created.

use std::{fmt, net::IpAddr, sync::Arc};

use axum::http::HeaderName;
use secrecy::SecretString;

use super::tls::Tls;

/// The settings of the server apart from its address.
#[derive(Clone, Default)]
pub struct ServerSettings {
    /// Who may see the catalog. Without it, everyone who can connect.
    pub auth: Option<Auth>,
    /// Whether `/metrics` needs a login, too.
    pub metrics_need_login: bool,
    /// The certificate. Without it, connections are not encrypted.
    pub tls: Option<Tls>,
    /// The base path: empty, or such as `/catalog`.
    pub base_path: String,
    /// Names in `Host` headers that are accepted besides IP addresses and `localhost`, in lower case.
    pub hosts: Vec<String>,
}

/// Who may see the catalog.
#[derive(Clone)]
pub enum Auth {
    /// Anyone who has the token.
    Token(SecretString),
    /// One user with a password.
    Basic {
        /// The name of the user.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// Users whom a reverse proxy names.
    ProxyHeader {
        /// The header with the name of the user.
        header: HeaderName,
        /// The addresses of the proxies.
        trusted: Arc<[Network]>,
    },
}

/// A range of IP addresses: `10.0.0.0/8`, or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// Reads an address, or an address and the length of a prefix.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(bits);
        (prefix <= bits).then_some(Self { address, prefix })
    }

    /// Whether an address is in the range. An IPv4 address may be written as an IPv6 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32_u32.saturating_sub(self.prefix);
                let differing = network.to_bits() ^ address.to_bits();
                differing.checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128_u32.saturating_sub(self.prefix);
                let differing = network.to_bits() ^ address.to_bits();
                differing.checked_shr(shift).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// Without secrets.
impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token",
            Self::Basic { .. } => "Basic",
            Self::ProxyHeader { .. } => "ProxyHeader",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_the_addresses_with_its_prefix() {
        for (network, address, expected) in [
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.0.0.0/8", "11.1.2.3", false),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "::ffff:10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false),
            ("fd00::/8", "fd12::1", true),
            ("::1", "::1", true),
            ("::/0", "fe80::1", true),
        ] {
            let network = Network::parse(network).unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), expected);
        }
        for text in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0",
            "proxy",
            "10.0.0.0/-1",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
