//! JSON web tokens: fixed ones, and those that the scanner signs.

use std::process::Command;

use qrs_client::fake_site::{Authority, FakeSite, Issued, JwtLogin};

use super::{body, check_fails, check_refuses, check_scan, file};
use crate::{causes::answers, scanner::Home};

const SIGNED: &str =
    "jwt { key = conf/jwt.pem, user_id = scanner, user_directory = ACME, algorithm = ES256 }";

fn site(issued: &Issued) -> FakeSite {
    let login = JwtLogin::new(&issued.certificate);
    FakeSite::builder().jwt(login).start_in_thread()
}

fn home(site: &FakeSite, auth: &str, key: &str) -> Home {
    let home = Home::with(&file(&site.url(), auth));
    home.write_secret("conf/jwt.pem", key);
    home
}

fn home_with_token(site: &FakeSite, token: &str) -> Home {
    Home::with(&file(&site.url(), &format!("token = \"{token}\"")))
}

/// A token's claims and signature: what no text may contain.
fn secrets(token: &str) -> Vec<&str> {
    token.split('.').skip(1).chain([token]).collect()
}

#[test]
fn a_scan_with_tokens_that_it_signs() {
    let issued = Authority::new().client();
    let site = site(&issued);
    let home = home(&site, SIGNED, &issued.key);
    check_scan(&home, &site, &body(&issued.key));
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs openssl")]
fn a_scan_with_tokens_of_an_rsa_key_with_a_password() {
    let home = Home::empty();
    let openssl = |arguments: &str| {
        let mut command = Command::new("openssl");
        let command = command
            .args(arguments.split(' '))
            .current_dir(home.path("conf"));
        assert!(command.output().unwrap().status.success(), "{arguments}");
    };
    home.write("conf/none", "");
    openssl(
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -aes256 -pass pass:pw -out jwt.pem",
    );
    openssl("pkey -in jwt.pem -passin pass:pw -pubout -out public.pem");
    let login = JwtLogin::new(&home.read("conf/public.pem"));
    let site = FakeSite::builder().jwt(login).start_in_thread();
    for algorithm in ["RS256", "RS384", "RS512"] {
        let auth = format!(
            "jwt {{ key = conf/jwt.pem, password = pw, user_id = scanner, user_directory = ACME, algorithm = {algorithm} }}"
        );
        home.write("connections/qlik.conf", file(&site.url(), &auth));
        site.expire_sessions();
        check_scan(&home, &site, &[]);
    }
}

#[test]
fn a_scan_with_a_fixed_token() {
    let issued = Authority::new().client();
    let site = site(&issued);
    // One without an end, and one that ends in the year 2100.
    for end in ["", ",\"exp\":4102444800"] {
        let claims = format!(r#"{{"userId":"scanner","userDirectory":"ACME"{end}}}"#);
        let token = issued.token(&claims);
        let home = home_with_token(&site, &token);
        check_scan(&home, &site, &secrets(&token));
    }
}

#[test]
fn a_fixed_token_that_has_ended_is_named_with_its_date() {
    let issued = Authority::new().client();
    let site = site(&issued);
    let token = issued.token(r#"{"userId":"scanner","userDirectory":"ACME","exp":1700000000}"#);
    let home = home_with_token(&site, &token);
    let texts = [
        "ended on 2023-11-14 22:13:20 UTC",
        "`connection.auth.token`",
    ];
    check_fails(&home, &texts, &secrets(&token));
    let early = issued.token(r#"{"userId":"scanner","userDirectory":"ACME","nbf":4102444800}"#);
    let home = home_with_token(&site, &early);
    check_fails(
        &home,
        &["not valid before 2100-01-01", "clock"],
        &secrets(&early),
    );
    assert_eq!(site.requests().len(), 0);
}

/// Real sites redirect to the login page, whatever is wrong with a token.
#[test]
fn a_token_that_the_site_does_not_accept_is_explained() {
    let (issued, other) = (Authority::new().client(), Authority::new().client());
    let site = site(&issued);
    for token in [
        other.token(r#"{"userId":"scanner","userDirectory":"ACME"}"#),
        issued.token(r#"{"userId":"nobody","userDirectory":"ACME"}"#),
        issued.token(r#"{"sub":"scanner","directory":"ACME"}"#),
    ] {
        let home = home_with_token(&site, &token);
        let texts = [
            "redirects to its login page",
            "its certificate belongs to the key that signs the token",
            "the names of the claims",
        ];
        check_fails(&home, &texts, &secrets(&token));
    }
    let home = home(&site, SIGNED, &other.key);
    check_fails(
        &home,
        &["redirects to its login page", "`connection.auth.jwt`"],
        &body(&other.key),
    );
}

#[test]
fn a_clock_that_differs_from_the_sites_is_named() {
    let issued = Authority::new().client();
    let head = "302 Found\r\nDate: Fri, 01 Jan 2100 00:00:00 GMT\r\n\
                Location: /vp/internal_forms_authentication/?targetId=1";
    let address = answers(head, b"");
    let home = Home::with(&file(&format!("http://{address}/vp"), SIGNED));
    home.write_secret("conf/jwt.pem", &issued.key);
    check_fails(
        &home,
        &["this machine's clock is", "behind the site's"],
        &[],
    );
}

#[test]
fn a_key_that_cannot_sign_is_an_error_of_the_file() {
    let issued = Authority::new().client();
    let site = site(&issued);
    let rs256 = SIGNED.replace("ES256", "RS256");
    let cases = [
        (
            rs256.as_str(),
            issued.key.as_str(),
            &["the private key is not one for", "connection.auth.jwt"][..],
        ),
        (
            SIGNED,
            &issued.certificate,
            &["contains no private key", "CERTIFICATE"],
        ),
        (SIGNED, "", &["is empty", "connection.auth.jwt.key"]),
        (
            "jwt { key = conf/none.pem, user_id = scanner, user_directory = ACME }",
            "",
            &["`conf/none.pem` of `connection.auth.jwt.key` cannot be read"],
        ),
    ];
    for (auth, key, texts) in cases {
        let home = home(&site, auth, key);
        check_refuses(&home, texts, &body(&issued.key));
    }
    let home = home_with_token(&site, "hunter2.hunter2");
    check_refuses(
        &home,
        &["three parts", "`connection.auth.token`"],
        &["hunter2"],
    );
    assert_eq!(site.connections(), 0);
}
