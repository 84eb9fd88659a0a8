//! Invalid settings of addresses.

use super::*;

#[test]
fn errors_in_the_address_of_a_proxy() {
    for (host, texts) in [
        (
            "http://proxy.example.com",
            &[
                "begins with `http://`",
                "give only the host, `proxy.example.com`",
            ][..],
        ),
        (
            "https://proxy.example.com:3128/",
            &["the port `3128`", "`proxy.example.com`"],
        ),
        (
            "proxy.example.com:3128",
            &["contains the port `3128`", "`proxy.example.com`"],
        ),
    ] {
        for rest in ["", "proxy { scheme = http, port = 3128 }\n"] {
            let settings = format!("proxy.hostname = \"{host}\"\n{rest}");
            let file = connection_to("qlik", "https://qlik.example.com/header") + &settings;
            let run = Home::with(&file).run(&["scan"]);
            run.check(3, texts).check(3, &["proxy.hostname"]);
        }
    }
}

#[test]
fn a_prefix_that_cannot_exist_is_refused_with_the_file() {
    for (url, why) in [
        ("https://qlik.example.com/Scanner", "capital letters"),
        ("https://qlik.example.com/Header Auth/", "a space"),
        ("https://qlik.example.com/prüfung", "other than"),
    ] {
        for setting in ["url", "link_url"] {
            let file = connection_to("qlik", "https://qlik.example.com/header");
            let file = format!("{file}connection.{setting} = \"{url}\"\n");
            let run = Home::with(&file).run(&["scan"]);
            run.check(
                3,
                &[&format!("`connection.{setting}`"), why, "column Prefix"],
            );
        }
    }
}

#[test]
fn links_through_the_scanners_own_virtual_proxy_cause_one_warning() {
    let site = FakeSite::start_in_thread();
    let url = site.url();
    let root = url.trim_end_matches("/header");
    let file = |url: &str, more: &str| {
        connection_to("qlik", url).replace(&format!(", connection.link_url = \"{url}\""), "") + more
    };
    let count = |home: &Home, command: &str| {
        let run = home.run(&[command]);
        assert_eq!(run.exit, 0, "{}{}", run.output, run.errors);
        (run.output + &run.errors)
            .matches("`connection.link_url` is not set")
            .count()
    };
    let home = Home::with(&file(&url, ""));
    for command in ["check", "scan", "check", "scan"] {
        assert_eq!(count(&home, command), 1, "{command}");
    }
    let hint = format!("such as `connection.link_url = \"{root}\"`");
    home.run(&["scan"])
        .check(0, &["the scanner's own virtual proxy `header`", &hint]);
    for more in [
        format!("connection.link_url = \"{root}\"\n"),
        format!("connection.link_url = \"{url}\"\n"),
    ] {
        let home = Home::with(&file(&url, &more));
        assert_eq!(count(&home, "check"), 0, "{more}");
        assert_eq!(count(&home, "scan"), 0, "{more}");
    }
    // The default virtual proxy is the one that people use.
    let home = Home::with(&file("http://127.0.0.1:1/", ""));
    assert!(!home.run(&["check"]).errors.contains("link_url"));
    let home = Home::with(&file(&url, "enabled = false\n"));
    assert!(!home.run(&["scan"]).errors.contains("link_url"));
}
