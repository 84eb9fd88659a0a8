use super::*;

const NOW: &str = "Mon, 01 Jul 2024 00:00:00 GMT";

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// A jar with these cookies, each set by a further response.
fn jar(site: &Url, at: Instant, headers: &[&str]) -> Jar {
    let mut jar = Jar::default();
    for (number, header) in headers.iter().enumerate() {
        jar.keep(header, response(site, at, number == 0));
    }
    jar
}

fn response(site: &Url, at: Instant, is_first: bool) -> CookieResponse<'_> {
    let time = outbound_http::http_date(NOW).unwrap();
    CookieResponse {
        site,
        at,
        time,
        is_first,
    }
}

fn after(at: Instant, seconds: u64) -> Instant {
    at + Duration::from_secs(seconds)
}

#[test]
fn a_cookie_expires_at_the_time_that_the_site_set() {
    let (site, at) = (url("https://qlik.example/vp/"), Instant::now());
    let cases = [
        ("s=2", None),
        ("s=2; Max-Age=60", Some(60)),
        (
            "s=2; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            Some(60),
        ),
        ("s=2; Expires=Mon, 01 Jul 2024 00:01:00 GMT", Some(60)),
        (
            "s=2; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
            Some(MAX_AGE.unsigned_abs()),
        ),
        ("s=2; Max-Age=9999999999999", Some(MAX_AGE.unsigned_abs())),
        ("s=2; Expires=some day", None),
    ];
    for (header, seconds) in cases {
        let jar = jar(&site, at, &[header]);
        assert!(jar.line(&site, at).is_some(), "{header}");
        let end = seconds.unwrap_or(10 * MAX_AGE.unsigned_abs());
        assert!(jar.line(&site, after(at, end - 1)).is_some(), "{header}");
        let ended = jar.line(&site, after(at, end)).is_none();
        assert_eq!(ended, seconds.is_some(), "{header}");
    }
}

#[test]
fn a_cookie_is_dropped_when_the_site_removes_it() {
    let (site, at) = (url("https://qlik.example/vp/"), Instant::now());
    for header in [
        "s=2; max-age=0",
        "s=2; Max-Age=-1; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
        "s=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "s=2; expires=Thu, 01-Jan-1970 00:00:00 GMT",
        "s=2; Expires=Mon, 01 Jan 2024 00:00:00 GMT",
        "s=",
        "s=\"\"",
    ] {
        let jar = jar(&site, at, &["s=1", header]);
        assert_eq!(jar.line(&site, at), None, "{header}");
    }
    for header in ["s", "=2", "t=\"\"", "t=\u{e4}", ""] {
        let jar = jar(&site, at, &["s=1", header]);
        assert_eq!(jar.line(&site, at).as_deref(), Some("s=1"), "{header}");
    }
}

#[test]
fn a_value_is_sent_as_it_was_set() {
    let (site, at) = (url("https://qlik.example/vp/"), Instant::now());
    for cookie in ["s=\"a=b==\"", "s=\"a b\"", "s=a b,c", "s='1'"] {
        let jar = jar(&site, at, &[&format!("{cookie} ; Path=/")]);
        assert_eq!(jar.line(&site, at).as_deref(), Some(cookie));
    }
}

#[test]
fn a_cookie_is_identified_by_its_name_path_and_domain() {
    let (site, at) = (url("https://qlik.acme.example/vp/"), Instant::now());
    let cases: [(&[&str], &str); 5] = [
        (&["s=1; Path=/vp", "s=2; Path=/; Max-Age=0"], "s=1"),
        (&["s=1; Path=/", "s=2; Path=/vp/"], "s=2; s=1"),
        (&["s=1; Path=/vp/", "s=2"], "s=2"),
        (
            &["s=1; Domain=acme.example", "s=2; Domain=.ACME.example"],
            "s=2",
        ),
        (&["s=1; Domain=acme.example", "s=; Max-Age=0"], "s=1"),
    ];
    for (headers, expected) in cases {
        let jar = jar(&site, at, headers);
        assert_eq!(
            jar.line(&site, at).as_deref(),
            Some(expected),
            "{headers:?}"
        );
    }
}

#[test]
fn a_cookie_is_sent_to_its_path_and_domain() {
    let at = Instant::now();
    let cases = [
        ("s=1; Path=/", true),
        ("s=1; Path=/vp", true),
        ("s=1; Path=/vp/", true),
        ("s=1; Path=/vp/qrs", true),
        ("s=1; Path=relative", true),
        ("s=1; Path=/v", false),
        ("s=1; Path=/hub", false),
        ("s=1; Path=/vp/hub", false),
        ("s=1; Domain=qlik.acme.example", true),
        ("s=1; Domain=acme.example", true),
        ("s=1; Domain=cme.example", false),
        ("s=1; Domain=example", false),
        ("s=1; Domain=other.example", false),
        ("s=1; Domain=sub.qlik.acme.example", false),
    ];
    for (header, expected) in cases {
        let site = url("https://qlik.acme.example/vp/");
        let jar = jar(&site, at, &[header]);
        let about = site.join("qrs/about").unwrap();
        assert_eq!(jar.line(&about, at).is_some(), expected, "{header}");
    }
    let site = url("https://10.0.0.7/");
    assert!(
        jar(&site, at, &["s=1; Domain=0.0.7"])
            .line(&site, at)
            .is_none()
    );
    assert!(
        jar(&site, at, &["s=1; Domain=10.0.0.7"])
            .line(&site, at)
            .is_some()
    );
}

#[test]
fn other_cookies_never_replace_the_session() {
    let (site, at) = (url("https://qlik.example/"), Instant::now());
    for session in ["X-Qlik-Session-vp=1", "name-that-is-free=1"] {
        let mut jar = jar(&site, at, &[session]);
        for number in 0..1000 {
            let junk = format!("gateway-{number}={}", "x".repeat(number));
            jar.keep(&junk, response(&site, at, false));
            let line = jar.line(&site, at).unwrap();
            assert!(line.contains(session), "{line}");
            assert!(line.len() <= MAX_BYTES && line.split("; ").count() <= MAX_COOKIES);
        }
        jar.keep("more=than 8 KB", response(&site, at, false));
        let long = format!("long={}", "x".repeat(MAX_BYTES));
        jar.keep(&long, response(&site, at, false));
        assert!(!jar.line(&site, at).unwrap().contains("long"));
        assert!(jar.cookies().len() > 5);
    }
}

#[test]
fn the_oldest_cookies_are_dropped_first() {
    let (site, at) = (url("https://qlik.example/"), Instant::now());
    let names: Vec<_> = (0..60).map(|number| format!("c{number:02}=1")).collect();
    let headers: Vec<_> = names.iter().map(String::as_str).collect();
    let line = jar(&site, at, &headers).line(&site, at).unwrap();
    assert!(line.starts_with("c00=1; c11=1; c12=1"), "{line}");
    assert!(line.ends_with("c59=1"), "{line}");
}
