//! Checks the `Host` of requests: a foreign name may be resolved to this machine by the owner of the name (DNS
//! rebinding), and the pages would then belong to the foreign site.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::http::{Request, header, uri::Authority};

/// Whether the request names this server: by an IP address, `localhost`, or one of `hosts`.
pub(super) fn is_accepted<B>(request: &Request<B>, hosts: &[String]) -> bool {
    let mut headers = request.headers().get_all(header::HOST).iter();
    let header = headers.next().and_then(|value| value.to_str().ok());
    let (Some(header), None) = (header, headers.next()) else {
        return false;
    };
    let in_uri = request.uri().authority().map(Authority::as_str);
    in_uri
        .into_iter()
        .chain([header])
        .all(|one| is_own(one, hosts))
}

fn is_own(authority: &str, hosts: &[String]) -> bool {
    let Some(name) = name(authority) else {
        return false;
    };
    if let Some(address) = name.strip_prefix('[') {
        let address = address.strip_suffix(']');
        return address.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
    }
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.parse::<Ipv4Addr>().is_ok() || hosts.contains(&name)
}

/// The name without its port. `None` if it is not a name with an optional port.
fn name(authority: &str) -> Option<&str> {
    let end = match authority.starts_with('[') {
        true => authority.find(']')? + 1,
        false => authority.find(':').unwrap_or(authority.len()),
    };
    let (name, port) = authority.split_at(end);
    let is_port = |port: &str| port.chars().all(|char| char.is_ascii_digit());
    let is_valid = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    (is_valid && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_localhost_and_configured_names_are_accepted() {
        let hosts = ["catalog.example.com".to_owned()];
        for (host, expected) in [
            ("127.0.0.1", true),
            ("127.0.0.1:9464", true),
            ("10.1.2.3", true),
            ("[::1]:9464", true),
            ("[fe80::1]", true),
            ("localhost", true),
            ("LOCALHOST:1", true),
            ("localhost.", true),
            ("catalog.example.com", true),
            ("Catalog.Example.COM:443", true),
            ("evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example", false),
            ("evil.example:localhost", false),
            ("user@localhost", false),
            ("sub.catalog.example.com", false),
            ("[::1", false),
            ("[evil]", false),
            ("::1", false),
            ("", false),
            (":80", false),
        ] {
            let request = Request::builder().header(header::HOST, host).body(());
            assert_eq!(is_accepted(&request.unwrap(), &hosts), expected, "{host}");
        }
        let without = Request::builder().body(()).unwrap();
        assert!(!is_accepted(&without, &hosts));
        let two = Request::builder()
            .header("host", "localhost")
            .header("host", "evil.example");
        assert!(!is_accepted(&two.body(()).unwrap(), &hosts));
        let absolute = Request::builder()
            .uri("http://evil.example/")
            .header("host", "localhost");
        assert!(!is_accepted(&absolute.body(()).unwrap(), &hosts));
    }
}
