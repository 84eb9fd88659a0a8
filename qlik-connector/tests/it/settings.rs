//! Settings of a connection file, and the messages about invalid ones.

use catalog_model::{Connector, Settings, settings::SettingProblem};
use qlik_connector::QlikSense;

use crate::site::{code, settings};

const GOOD: [(&str, &str); 3] = [
    ("connection.url", "https://qlik.example.com:8443/header"),
    ("connection.auth.key", "X-Qlik-Header-Auth"),
    ("connection.auth.value", "ACME\\scanner"),
];

/// Opens a connection with valid settings, some of them replaced or added, and returns the problems.
fn check(changes: &[(&str, &str)], problems: &[&str]) {
    let mut lines: Vec<_> = GOOD
        .into_iter()
        .filter(|(key, _)| !changes.iter().any(|(changed, _)| changed == key))
        .collect();
    lines.extend(changes);
    let mut settings = settings(&lines);
    let opened = QlikSense::default().open(code(), &mut settings);
    let found: Vec<_> = settings
        .problems()
        .into_iter()
        .map(|problem| problem.message)
        .collect();
    assert_eq!(found.len(), problems.len(), "{changes:?}: {found:?}");
    for problem in problems {
        assert!(
            found.iter().any(|found| found.contains(problem)),
            "{problem:?} in {found:?}"
        );
    }
    assert_eq!(opened.is_ok(), problems.is_empty());
    assert_eq!(settings.unknown(), []);
}

#[test]
fn the_settings_of_the_template_are_understood() {
    check(&[], &[]);
    check(
        &[("connection.url", "https://qlik.example.com/header/hub/")],
        &[],
    );
    check(&[("connection.link_url", "https://qlik.example.com")], &[]);
    check(&[("connection.verify_counts", "false")], &[]);
    check(&[("tls.bypass_certificate_validation", "true")], &[]);
    check(
        &[
            ("proxy.scheme", ""),
            ("proxy.hostname", ""),
            ("proxy.port", ""),
        ],
        &[],
    );
    check(
        &[
            ("proxy.scheme", "http"),
            ("proxy.hostname", "proxy"),
            ("proxy.port", "3128"),
        ],
        &[],
    );
}

#[test]
fn requests_at_once_are_a_number_from_1_to_16() {
    for number in ["1", "6", "16", " 2 "] {
        check(&[("connection.parallel", number)], &[]);
    }
    for number in ["0", "17", "-1", "1.5", "all", "99999999999999999999"] {
        let message =
            format!("`connection.parallel` must be a number from 1 to 16, not `{number}`");
        check(&[("connection.parallel", number)], &[&message]);
    }
}

#[test]
fn time_limits_can_be_set() {
    check(
        &[
            ("connection.time_limits.first_byte", "5 minutes"),
            ("connection.time_limits.list", "2 h"),
        ],
        &[],
    );
    check(
        &[("connection.time_limits.silence", "long")],
        &["`connection.time_limits.silence` must be a duration"],
    );
}

#[test]
fn all_errors_are_reported_together() {
    check(
        &[
            ("connection.url", ""),
            ("connection.auth.key", " "),
            ("connection.auth.value", ""),
        ],
        &[
            "`connection.url` is mandatory and empty",
            "`connection.auth.key` is mandatory and empty",
            "`connection.auth.value` is mandatory and empty",
        ],
    );
    check(
        &[("connection.url", "qlik.example.com")],
        &["`connection.url`"],
    );
    check(
        &[("connection.auth.key", "X-Qlik-User")],
        &["`connection.auth.key`"],
    );
    check(
        &[("connection.auth.value", "ACME\\jürgen")],
        &["`connection.auth.value`"],
    );
    check(
        &[("proxy.hostname", "proxy"), ("proxy.username", "u")],
        &[
            "`proxy.scheme` is missing",
            "`proxy.port` is missing",
            "`proxy.password` is missing",
        ],
    );
}

#[test]
fn an_empty_proxy_password_is_sent_and_a_colon_in_the_name_is_refused() {
    let proxy = |user, password| {
        [
            ("proxy.scheme", "http"),
            ("proxy.hostname", "proxy"),
            ("proxy.port", "3128"),
            ("proxy.username", user),
            ("proxy.password", password),
        ]
    };
    check(&proxy("u", ""), &[]);
    check(&proxy("", ""), &[]);
    check(&proxy("", "p"), &["`proxy.username` is missing"]);
    check(
        &proxy("ACME:u", "p"),
        &["`proxy.username`: the proxy's user name contains `:`"],
    );
}

#[test]
fn no_message_repeats_the_value_of_the_header() {
    let mut settings = settings(&[
        ("connection.url", "https://user:s3cret@qlik.example.com"),
        ("connection.auth.key", "X-Qlik-Header-Auth"),
        ("connection.auth.value", "ACME\\s3crét"),
    ]);
    assert!(QlikSense::default().open(code(), &mut settings).is_err());
    let shown = format!("{:?}", settings.problems());
    assert!(!shown.contains("s3cr"), "{shown}");
}

#[test]
fn the_sources_of_addresses_can_be_configured() {
    let contacts = |name: &str| format!("connection.contacts.{name}");
    let (attributes, template) = (contacts("email_attributes"), contacts("email_template"));
    check(&[(&attributes, "workMail")], &[]);
    check(&[(&template, "{userId}@example.com")], &[]);
    check(&[(&contacts("app_owner"), "true")], &[]);
    check(&[(&template, "{user}@example.com")], &["`{userId}`"]);
    check(&[(&template, "{userId}@{domain}")], &["`{domain}`"]);
    check(&[(&attributes, "[]")], &[]);
    check(&[(&contacts("mapping"), "ACME\\ann=ann@example.com")], &[]);
}

/// The problems and the warnings of a mapping with these entries.
fn mapped(entries: &str) -> (Vec<String>, Vec<String>) {
    let settings = with_mapping(entries);
    let printed = |problems: &[SettingProblem]| -> Vec<String> {
        problems.iter().map(ToString::to_string).collect()
    };
    (printed(&settings.problems()), printed(settings.warnings()))
}

fn with_mapping(entries: &str) -> Settings {
    let mut lines = GOOD.to_vec();
    // Without a prefix, there is no warning about links.
    lines[0].1 = "https://qlik.example.com:8443";
    lines.push(("connection.contacts.mapping", entries));
    let mut settings = settings(&lines);
    let opened = QlikSense::default().open(code(), &mut settings);
    assert_eq!(opened.is_ok(), settings.problems().is_empty());
    settings
}

#[test]
fn an_invalid_entry_is_ignored_and_reported_with_its_line() {
    for (entry, message) in [
        (
            "ann=ann@example.com",
            "`ann` is not a valid account (expected `DIRECTORY\\user`)",
        ),
        (
            "\\ann=ann@example.com",
            "`\\ann` is not a valid account (expected `DIRECTORY\\user`)",
        ),
        (
            "ACME\\=x@example.com",
            "`ACME\\` is not a valid account (expected `DIRECTORY\\user`)",
        ),
        (
            "ACME\\\\ann=x@example.com",
            "`ACME\\\\ann` is not a valid account (expected `DIRECTORY\\user`)",
        ),
        ("ACME\\ann", "`ACME\\ann` has no `email`"),
        ("ACME\\ann= =Ann", "`ACME\\ann` has no `email`"),
        (
            "ACME\\ann=none",
            "`none` of `ACME\\ann` is not a valid e-mail address",
        ),
        (
            "acme\\BOB=other@example.com",
            "`acme\\BOB` has another address at conf/contacts.csv:1:1, which is used",
        ),
    ] {
        let (wrong, odd) = mapped(&format!("ACME\\bob=bob@example.com;{entry}"));
        assert_eq!(wrong, Vec::<String>::new());
        assert_eq!(
            odd,
            [format!(
                "conf/contacts.csv:2:1: `connection.contacts.mapping`: this entry is ignored: {message}"
            )]
        );
    }
    let same = "ACME\\bob=bob@example.com;acme\\Bob=BOB@example.com=Bob";
    assert_eq!(mapped(same), (Vec::new(), Vec::new()));
}

#[test]
fn the_first_invalid_entries_are_reported_and_the_others_counted() {
    let (wrong, odd) = mapped("a;b;c;ACME\\bob=bob@example.com;d;e");
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(odd.len(), 4);
    assert!(odd[2].starts_with("conf/contacts.csv:3:1: "), "{odd:?}");
    assert!(odd[3].starts_with("connections/test.conf:4:1: "), "{odd:?}");
    assert!(odd[3].contains("2 more entries"), "{odd:?}");
}

#[test]
fn a_mapping_without_a_valid_entry_is_refused() {
    let (wrong, odd) = mapped("Login=Mail;Ann=ann@example.com");
    assert!(wrong[0].starts_with("conf/contacts.csv:1:1: "), "{wrong:?}");
    assert!(wrong[0].contains("can be used; first: `Login` is not a valid account"));
    let problems = with_mapping("Login=Mail").problems();
    let hint = problems[0].hint.as_deref().unwrap_or_default();
    assert!(hint.contains("the header of a table"), "{hint}");
    assert_eq!(odd, Vec::<String>::new());
    let (wrong, _) = mapped(";");
    assert!(
        wrong[0].starts_with("connections/test.conf:4:1: "),
        "{wrong:?}"
    );
    assert!(wrong[0].contains("has no entry"), "{wrong:?}");
}

#[test]
fn links_through_the_scanners_virtual_proxy_cause_a_warning() {
    let warnings = |lines: &[(&str, &str)]| {
        let mut settings = settings(lines);
        assert!(QlikSense::default().open(code(), &mut settings).is_ok());
        settings.warnings().to_vec()
    };
    let found = warnings(&GOOD);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].message.contains("virtual proxy `header`"),
        "{found:?}"
    );
    let hint = found[0].hint.as_deref().unwrap();
    assert!(
        hint.contains("`connection.link_url = \"https://qlik.example.com:8443\"`"),
        "{hint}"
    );
    let mut lines = GOOD.to_vec();
    lines.push(("connection.link_url", "https://qlik.example.com"));
    assert!(warnings(&lines).is_empty());
    let mut lines = GOOD.to_vec();
    lines[0].1 = "https://qlik.example.com/hub";
    assert!(warnings(&lines).is_empty());
}

#[test]
fn a_time_between_scans_of_everything_without_scans_for_changes_causes_a_warning() {
    let every = ("connection.full_every", "3 d");
    for (incremental, warns) in [(None, true), (Some("false"), true), (Some("true"), false)] {
        let mut lines = GOOD.to_vec();
        lines.push(("connection.link_url", "https://qlik.example.com"));
        lines.push(every);
        lines.extend(incremental.map(|value| ("connection.incremental", value)));
        let mut settings = settings(&lines);
        assert!(QlikSense::default().open(code(), &mut settings).is_ok());
        let found = settings.warnings();
        assert_eq!(
            found.len(),
            usize::from(warns),
            "{incremental:?}: {found:?}"
        );
        for warning in found {
            assert_eq!(warning.key, "connection.full_every");
            assert!(
                warning
                    .message
                    .contains("`connection.incremental` is not `true`")
            );
        }
    }
}
