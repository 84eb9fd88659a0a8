//! The settings, and the messages about invalid ones.

use std::{io, sync::Arc, time::Duration};

use catalog_model::{
    Place, Settings,
    settings::{Entry, FileSource, Node, Object, Value},
};
use outbound_http::{Client, Url};
use outbound_settings::{Names, OutboundSettings};

/// Two trust stores, one of them under a name that says nothing.
struct TrustStores;

impl FileSource for TrustStores {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let store = include_bytes!("../../../../qrs-client/tests/fixtures/authorities.jks");
        match path {
            "conf/trust.jks" | "conf/trust" => Ok(store.to_vec()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// The names of connections to a site.
const OF_A_SITE: Names = Names {
    server: "the site",
    time_limits: "connection.time_limits",
    total: "list",
};

type Lines<'a> = &'a [(&'a str, &'a str)];

/// Settings as a file has them, one in each line: `proxy.port`, `3128`.
pub(crate) fn settings(lines: &[(&str, &str)]) -> Settings {
    let mut root = Object::default();
    for ((key, value), line) in lines.iter().zip(1..) {
        let place = Place::new("a.conf", line, 1);
        let names: Vec<_> = key.split('.').collect();
        insert(&mut root, &names, value, &place);
    }
    Settings::new("a.conf", root, Arc::new(TrustStores))
}

fn insert(block: &mut Object, names: &[&str], text: &str, place: &Place) {
    let [name, rest @ ..] = names else { return };
    let value = if rest.is_empty() {
        Value::String(text.to_owned())
    } else {
        let known = block.setting(name).map(|node| node.value.clone());
        let mut inner = match known {
            Some(Value::Object(inner)) => inner,
            _ => Object::default(),
        };
        insert(&mut inner, rest, text, place);
        Value::Object(inner)
    };
    let entry = Entry {
        key: (*name).to_owned(),
        key_place: place.clone(),
        value: Node::new(value, place.clone()),
    };
    block.put(entry, |new, _old| new);
}

fn read(lines: &[(&str, &str)]) -> OutboundSettings {
    let mut settings = settings(lines);
    let outbound = OutboundSettings::read(&mut settings, &Names::default());
    assert_eq!(settings.problems(), []);
    assert_eq!(settings.unknown(), []);
    outbound
}

#[test]
fn each_invalid_setting_is_reported_with_its_line() {
    let proxy = ("proxy.hostname", "proxy");
    let user = ("proxy.username", "u");
    #[rustfmt::skip]
    let cases: [(Lines, &[&str]); 8] = [
        (&[("tls.truststore.password", "x")], &["a.conf:1:1: `tls.truststore.path` is missing, but other `tls.truststore` settings are set"]),
        (&[("tls.truststore.type", "zip"), ("tls.truststore.path", "conf/trust.jks")], &["a.conf:1:1: `tls.truststore.type` must be `PKCS12`"]),
        (&[("tls.truststore.path", "conf/lost.jks")], &["conf/lost.jks"]),
        (&[("tls.truststore.path", "conf/trust.jks"), ("tls.truststore.password", "hunter2")], &["a.conf:1:1: `tls.truststore.path`: "]),
        (&[("tls.bypass_certificate_validation", "maybe")], &["must be true or false"]),
        (&[proxy, user], &["`proxy.scheme` is missing", "`proxy.port` is missing", "`proxy.password` is missing"]),
        (&[("proxy.hostname", "http://proxy")], &["`proxy.hostname`: ", "`proxy.scheme` is missing", "`proxy.port` is missing"]),
        (&[("time_limits.total", "long")], &["`time_limits.total` must be a duration"]),
    ];
    for (lines, expected) in cases {
        let mut settings = settings(lines);
        let _ = OutboundSettings::read(&mut settings, &Names::default());
        let problems: Vec<_> = (settings.problems().iter())
            .map(ToString::to_string)
            .collect();
        assert_eq!(problems.len(), expected.len(), "{lines:?}: {problems:?}");
        for text in expected {
            let found = problems.iter().any(|problem| problem.contains(text));
            assert!(found, "{text:?} in {problems:?}");
        }
        assert!(!problems.concat().contains("hunter2"), "{problems:?}");
    }
}

#[test]
fn what_is_not_set_has_the_defaults_of_the_client() {
    let outbound = read(&[("proxy.scheme", ""), ("proxy.hostname", "")]);
    assert!(outbound.proxy.is_none());
    assert!(outbound.trust.warnings().is_empty());
    assert_eq!(
        outbound.trust.describe(),
        "not set; using the operating system's CA certificates"
    );
    assert_eq!(
        outbound.time_limits.limits(),
        outbound_http::TimeLimits::default()
    );
}

#[test]
fn a_client_gets_all_that_is_set() {
    let outbound = read(&[
        ("tls.truststore.path", "conf/trust.jks"),
        ("tls.truststore.password", "changeit"),
        ("proxy.scheme", "http"),
        ("proxy.hostname", "proxy.example.com"),
        ("proxy.port", "3128"),
        ("time_limits.connect", "5 s"),
        ("time_limits.total", "2 h"),
        ("time_limits.retry", "3 minutes"),
    ]);
    let builder = outbound.apply(Client::builder(url()));
    let shown = format!("{builder:?}");
    assert!(shown.contains("proxy.example.com"), "{shown}");
    assert!(shown.contains("Only"), "{shown}");
    assert!(!shown.contains("changeit"), "{shown}");
    let client = builder.build().unwrap();
    let limits = client.time_limits();
    assert_eq!(limits.connect, Duration::from_secs(5));
    assert_eq!(limits.total, Duration::from_secs(7200));
    assert_eq!(limits.first_byte, Duration::from_secs(120));
    assert_eq!(client.retry_policy().window, Duration::from_secs(180));
}

fn url() -> Url {
    Url::parse("https://catalog.example.com").unwrap()
}

#[test]
fn a_trust_store_whose_name_says_nothing_is_read_with_a_warning() {
    let outbound = read(&[
        ("tls.truststore.path", "conf/trust"),
        ("tls.truststore.password", "changeit"),
    ]);
    let [warning] = outbound.trust.warnings() else {
        panic!("{:?}", outbound.trust.warnings());
    };
    assert_eq!(
        warning.hint.as_deref(),
        Some("set `tls.truststore.type = JKS`")
    );
    assert!(
        outbound
            .trust
            .describe()
            .starts_with("`conf/trust` contains")
    );
}

#[test]
fn a_connection_has_its_own_names_of_time_limits_and_of_its_server() {
    let mut settings = settings(&[
        ("connection.time_limits.list", "2 h"),
        ("time_limits.total", "1 h"),
        ("tls.bypass_certificate_validation", "true"),
    ]);
    let outbound = OutboundSettings::read(&mut settings, &OF_A_SITE);
    assert_eq!(outbound.time_limits.total, Some(Duration::from_secs(7200)));
    let warning = &outbound.trust.warnings()[0].message;
    assert!(
        warning.ends_with("the site can be impersonated"),
        "{warning}"
    );
    let unknown = settings.unknown();
    assert_eq!(unknown.len(), 1);
    assert_eq!(unknown[0].key, "time_limits.total");
}

#[test]
fn a_misspelt_setting_is_near_to_the_right_one() {
    for (misspelt, meant) in [
        ("tls.trustore.path", "tls.truststore.path"),
        ("tls.truststore.pasword", "tls.truststore.password"),
        ("proxi.hostname", "proxy.hostname"),
        ("time_limits.conect", "time_limits.connect"),
        ("truststore.path", "tls.truststore.path"),
    ] {
        let mut settings = settings(&[(misspelt, "x")]);
        let _ = OutboundSettings::read(&mut settings, &Names::default());
        let unknown = settings.unknown();
        assert_eq!(unknown.len(), 1, "{misspelt}");
        assert_eq!(unknown[0].near.as_deref(), Some(meant), "{misspelt}");
    }
}
