//! What `check` and `scan` print if a site does not accept a login.

use qrs_client::fake_site::{Authority, FakeSite, JwtLogin, WindowsLogin};

use super::Page;
use crate::{logins::file, scanner::Home};

#[test]
fn refused_logins() {
    let mut page = Page::new();
    let mut add = |note: &str, home: &Home| {
        page.note(note);
        page.run(home, &["check", "qlik"]);
        page.run(home, &["scan"]);
    };

    let (authority, other) = (Authority::new(), Authority::named("OtherSite-CA"));
    let site = FakeSite::builder().repository(&authority).start_in_thread();
    let auth = "    certificate = conf/client.pem\n    key = conf/client_key.pem\n    user = \"ACME\\\\scanner\"";
    let trust = "tls.truststore.path = conf/root.pem\n";
    let home = Home::with(&(file(&site.repository_url(), auth) + trust));
    let client = other.client();
    home.write("conf/client.pem", client.certificate);
    home.write_secret("conf/client_key.pem", client.key);
    home.write("conf/root.pem", authority.pem());
    add("a client certificate of another site", &home);

    let issued = authority.client();
    let site = FakeSite::builder()
        .jwt(JwtLogin::new(&issued.certificate))
        .start_in_thread();
    let ended = issued.token(r#"{"userId":"scanner","userDirectory":"ACME","exp":1700000000}"#);
    let home = Home::with(&file(&site.url(), &format!("    token = \"{ended}\"")));
    add("a token that has ended", &home);

    let auth = "    jwt { key = conf/jwt.pem, user_id = scanner, user_directory = ACME, algorithm = ES256 }";
    let home = Home::with(&file(&site.url(), auth));
    home.write_secret("conf/jwt.pem", other.client().key);
    add("tokens that are signed by another key", &home);

    let windows = WindowsLogin::new("ACME", "scanner", "right").negotiate_and_ntlm();
    let site = FakeSite::builder().windows(windows).start_in_thread();
    let auth = "    windows { domain = ACME, user = scanner, password = wrong }";
    let home = Home::with(&file(&site.url(), auth));
    add("a wrong password of a Windows user", &home);

    let site = FakeSite::builder().tickets().start_in_thread();
    let auth = "    ticket.command = [\"echo\", \"used-before\"]";
    let home = Home::with(&file(&site.url(), auth));
    add("a ticket that was used before", &home);
    let auth = "    ticket.command = [\"false\"]";
    let home = Home::with(&file(&site.url(), auth));
    add("a program that fetches no ticket", &home);

    let site = FakeSite::start_in_thread();
    let cookie = site.open_session(r"ACME\scanner");
    site.expire_sessions();
    let home = Home::with(&file(&site.url(), &format!("    session = \"{cookie}\"")));
    add("a session that has ended", &home);
    page.check("logins_refused");
}
