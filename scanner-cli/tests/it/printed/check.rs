//! `check`: tests each stage of the connection to a site.

use std::net::TcpListener;

use qrs_client::fake_site::{Account, Entity, FakeProxy, FakeSite, Fault, Gateway, ReservedPort};

use super::{Page, check, demo, demo_with};
use crate::{
    scanner::{Home, connection_to, url_at},
    secure::{secure, with_store},
};

#[test]
fn stages_that_succeed() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    let mut page = Page::new();
    page.run(&home, &["check", "demo"]);
    page.run(&home, &["check", "demo"]);
    page.run(&home, &["check", "--format", "json"]);
    page.run(&home, &["check", "dmeo"]);
    page.check("check");
    let secure = secure();
    let home = with_store(&secure, "root.pem", "");
    check("check_tls", &home, &["check"]);
}

#[test]
fn stages_that_fail() {
    let site = FakeSite::start_in_thread();
    let mut page = Page::new();
    let mut to = |note: &str, url: &str, more: &str| {
        let home = Home::empty();
        home.write("connections/demo.conf", connection_to("demo", url) + more);
        page.note(note);
        page.run(&home, &["check"]);
    };
    to("connection file", "qlik.example.com/scanner", "");
    to(
        "trust store",
        &site.url(),
        "tls.truststore.path = conf/none.p12\n",
    );
    to("name resolution", "http://no-such-host.invalid/header", "");
    let closed = ReservedPort::new();
    to("tcp", &url_at(&closed), "");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let limits = "connection.time_limits { connect = 2 s, first_byte = 1 s }\n";
    to("tls", &format!("https://{address}/header"), limits);
    to("virtual proxy", &format!("http://{address}/header"), limits);
    to(
        "tls with a site of plain http",
        &site.url().replace("http:", "https:"),
        "",
    );
    let secure = secure();
    to("tls with an unknown authority", &secure.url(), "");
    to(
        "http with a site of tls",
        &secure.url().replace("https:", "http:"),
        "",
    );
    to(
        "virtual proxy of another prefix",
        &site.url().replace("/header", "/other"),
        "",
    );
    page.check("check_failed");
}

#[test]
fn accounts_that_are_refused() {
    let mut page = Page::new();
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    for (note, fault) in [
        ("a login page", Fault::login_page()),
        ("Windows authentication", Fault::ntlm_challenge()),
        ("status 403", Fault::status(403)),
        ("status 404", Fault::status(404)),
        ("status 500", Fault::status(500)),
        ("status 503", Fault::status(503)),
        ("an answer that is not JSON", Fault::body("garbage")),
        ("an answer that is cut", Fault::body("{\"buildVersion\":")),
        ("a connection that ends", Fault::close()),
        ("a connection that is reset", Fault::reset()),
    ] {
        site.fail(fault);
        page.note(note);
        page.run(&home, &["check"]);
        site.heal();
    }
    let account = || Account::new(&site.header_value());
    site.expire_sessions();
    site.set_account(account().inactive());
    page.note("an inactive account");
    page.run(&demo(&site), &["check"]);
    site.set_account(account().without_rights());
    page.note("an account without rights");
    page.run(&demo(&site), &["check"]);
    site.set_account(account().forbidden(Entity::User));
    page.note("an account that may not read users");
    page.run(&demo(&site), &["check"]);
    page.check("check_account");
}

#[test]
fn proxies() {
    let mut page = Page::new();
    let site = FakeSite::start_in_thread();
    let proxy = FakeProxy::builder().start_in_thread();
    let port = proxy.address().port();
    let settings = format!("proxy {{ scheme = http, hostname = \"127.0.0.1\", port = {port} }}\n");
    page.note("a proxy");
    page.run(&demo_with(&site, &settings), &["check"]);
    let settings = format!("proxy {{ hostname = \"127.0.0.1\", port = {port} }}\n");
    page.note("half a proxy");
    page.run(&demo_with(&site, &settings), &["check"]);
    let port = ReservedPort::new();
    let settings = format!(
        "proxy {{ scheme = http, hostname = \"127.0.0.1\", port = {} }}\n",
        port.number()
    );
    page.note("no proxy there");
    page.run(&demo_with(&site, &settings), &["check"]);
    page.check("check_proxy");
}

#[test]
fn gateways() {
    let mut page = Page::new();
    for (note, gateway) in [
        ("a gateway that drops the cookie", Gateway::StripsSetCookie),
        (
            "a gateway that strips cookies from requests",
            Gateway::StripsCookie,
        ),
    ] {
        let site = FakeSite::builder().gateway(gateway).start_in_thread();
        page.note(note);
        page.run(&demo(&site), &["check"]);
    }
    page.check("check_gateway");
}
