//! Keys that other users can read, and programs that they can change.
#![cfg(unix)]

use std::{fs, os::unix::fs::PermissionsExt};

use qrs_client::fake_site::{Authority, FakeSite, JwtLogin};

use super::{check_texts, file, printed};
use crate::scanner::Home;

fn set_mode(home: &Home, name: &str, mode: u32) {
    fs::set_permissions(home.path(name), fs::Permissions::from_mode(mode)).unwrap();
}

/// Checks and scans a home whose login works, and compares the warnings of both commands.
fn check(home: &Home, name: &str, modes: &[(u32, &str)]) {
    for (mode, expected) in modes {
        set_mode(home, name, *mode);
        for arguments in [&["check"][..], &["check", "--offline"], &["scan"]] {
            let run = home.run(arguments);
            let text = printed(&run);
            assert_eq!(run.exit, 0, "{mode:o}: {text}");
            match *expected {
                "" => assert!(!text.contains("every user of"), "{mode:o}: {text}"),
                expected => check_texts(&text, &[expected, name, "chmod"]),
            }
        }
    }
}

#[test]
fn a_key_that_every_user_can_read_causes_a_warning() {
    let authority = Authority::new();
    let issued = authority.client();
    let site = FakeSite::builder()
        .repository(&authority)
        .jwt(JwtLogin::new(&issued.certificate))
        .start_in_thread();
    let certificate = "certificate = conf/client.pem\nuser = \"ACME\\\\scanner\"";
    let with_key = certificate.to_owned() + "\nkey = conf/client_key.pem";
    let jwt = "jwt { key = conf/client_key.pem, user_id = scanner, user_directory = ACME, algorithm = ES256 }";
    let both = issued.certificate.clone() + &issued.key;
    for (url, auth, file_of_key, key) in [
        (
            site.repository_url(),
            with_key.as_str(),
            "conf/client_key.pem",
            "key",
        ),
        (
            site.repository_url(),
            certificate,
            "conf/client.pem",
            "certificate",
        ),
        (site.url(), jwt, "conf/client_key.pem", "jwt.key"),
    ] {
        let trust = "tls.truststore.path = conf/root.pem\n";
        let home = Home::with(&(file(&url, auth) + trust));
        let pem = match key {
            "certificate" => &both,
            _ => &issued.certificate,
        };
        home.write("conf/client.pem", pem);
        home.write("conf/client_key.pem", &issued.key);
        home.write("conf/root.pem", authority.pem());
        let expected = format!(
            "`connection.auth.{key}`: every user of this machine can read the private key in `{file_of_key}`"
        );
        check(
            &home,
            file_of_key,
            &[(0o644, &expected), (0o640, ""), (0o600, "")],
        );
    }
}

#[test]
fn a_program_that_others_can_change_causes_a_warning() {
    let site = FakeSite::builder().tickets().start_in_thread();
    let auth = "ticket { command = [sh, conf/fetch.sh] }";
    let home = Home::with(&file(&site.url(), auth));
    home.write("conf/fetch.sh", "cat conf/ticket");
    home.write("conf/ticket", site.issue_ticket(r"ACME\scanner"));
    let everybody =
        "`connection.auth.ticket.command`: every user of this machine can change the program";
    let group = "`connection.auth.ticket.command`: its group can change the program";
    check(
        &home,
        "conf/fetch.sh",
        &[(0o777, everybody), (0o770, group), (0o755, ""), (0o700, "")],
    );
}
