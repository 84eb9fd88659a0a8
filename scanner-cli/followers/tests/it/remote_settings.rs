//! The settings of catalogs that are servers.

use catalog_followers::remote::{RemoteSettings, Token};

use crate::support::settings;

const URL: (&str, &str) = ("url", "https://catalog.example.com/api");

/// The problems of settings, as people read them.
fn problems(more: &[(&str, &str)], token: Token) -> Vec<String> {
    let mut settings = settings(more);
    let read = RemoteSettings::read(&mut settings, "the catalog", token);
    let problems: Vec<_> = settings
        .problems()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(read.is_none(), !problems.is_empty());
    problems
}

#[test]
fn each_invalid_setting_is_reported() {
    for (more, token, expected) in [
        (&[][..], Token::Optional, "`url` is mandatory and missing"),
        (
            &[("url", "catalog")],
            Token::Optional,
            "`url` is not an address",
        ),
        (
            &[("url", "http://catalog.example.com")],
            Token::Optional,
            "not encrypted",
        ),
        (
            &[("url", "https://ann:pw@h")],
            Token::Optional,
            "user name or password",
        ),
        (&[URL], Token::Required, "`token` is mandatory and missing"),
        (
            &[
                ("url", "http://localhost:8080"),
                ("proxy.scheme", "http"),
                ("proxy.hostname", "proxy.example.com"),
                ("proxy.port", "3128"),
            ],
            Token::Optional,
            "not encrypted",
        ),
        (
            &[URL, ("token", "two\nlines")],
            Token::Required,
            "`token` cannot be sent in a header",
        ),
        (
            &[URL, ("token", "schlüssel")],
            Token::Optional,
            "`token` cannot be sent in a header",
        ),
        (
            &[URL, ("parallel", "0")],
            Token::Optional,
            "a number from 1 to 16, not `0`",
        ),
        (&[URL, ("parallel", "many")], Token::Optional, "not `many`"),
        (
            &[URL, ("proxy.port", "x")],
            Token::Optional,
            "`proxy.port` must be a port",
        ),
    ] {
        let problems = problems(more, token);
        assert!(
            problems.concat().contains(expected),
            "{more:?}: {problems:?}"
        );
    }
}

#[test]
fn defaults_apply_and_secrets_are_not_printed() {
    let more = [
        URL,
        ("token", "a-secret-token"),
        ("proxy.scheme", "http"),
        ("proxy.hostname", "proxy.example.com"),
        ("proxy.port", "3128"),
        ("proxy.username", "scanner"),
        ("proxy.password", "a-secret-password"),
    ];
    let mut settings = settings(&more);
    let read = RemoteSettings::read(&mut settings, "the catalog", Token::Required).unwrap();
    assert_eq!(
        (read.parallel, read.url.as_str()),
        (4, "https://catalog.example.com/api/")
    );
    let printed = format!("{read:?}");
    assert!(!printed.contains("a-secret"), "{printed}");
    assert_eq!(settings.unknown(), []);
}
