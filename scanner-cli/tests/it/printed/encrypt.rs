//! `encrypt`, and values that cannot be decrypted.

use std::{io::Write, process::Stdio};

use qrs_client::fake_site::FakeSite;

use super::{Page, demo, demo_text};
use crate::{
    encryption::{encrypted_for, set_mode},
    scanner::{Home, Run},
};

/// Runs `encrypt` with this standard input, which is not in the snapshot.
fn encrypt(page: &mut Page, home: &Home, arguments: &[&str], input: &[u8]) {
    let mut command = home.command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    // The command may refuse its arguments and close its input.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let run = Run {
        exit: output.status.code().unwrap(),
        output: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    };
    page.add(home, arguments, &run);
}

#[test]
fn secrets_are_encrypted() {
    let home = Home::empty();
    let mut page = Page::new();
    let bound = &["encrypt", "--for", "demo", "connection.auth.value"][..];
    encrypt(&mut page, &home, bound, b"ACME\\scanner\n");
    encrypt(&mut page, &home, &["encrypt"], b"ACME\\scanner\n");
    page.note("no secret");
    encrypt(&mut page, &home, bound, b"\n");
    page.note("no text");
    encrypt(&mut page, &home, bound, b"\xff\xfe");
    page.note("without a setting");
    encrypt(&mut page, &home, &["encrypt", "--for", "demo"], b"x");
    encrypt(
        &mut page,
        &home,
        &["encrypt", "connection.auth.value"],
        b"x",
    );
    encrypt(
        &mut page,
        &home,
        &["encrypt", "--for", "demo", "a secret"],
        b"x",
    );
    page.note("for a follower");
    let follower = &["encrypt", "--for", "follower:glue", "token"];
    encrypt(&mut page, &home, follower, b"x");
    page.note("for an unknown follower, and for a follower without `follower:`");
    let followers = "followers = [ { kind = datahub, url = \"https://datahub.example.com\", token = \"ENC[…]\" } ]";
    home.write("conf/application.conf", followers);
    let unknown = &["encrypt", "--for", "follower:datahb", "token"];
    encrypt(&mut page, &home, unknown, b"x");
    let code = &["encrypt", "--for", "datahub", "token"];
    encrypt(&mut page, &home, code, b"x");
    let known = &["encrypt", "--for", "follower:datahub", "token"];
    encrypt(&mut page, &home, known, b"x");
    home.write("conf/encryption.key", "no key");
    page.note("a damaged key file");
    encrypt(&mut page, &home, bound, b"x");
    page.check("encrypt");
}

#[test]
fn values_that_cannot_be_decrypted() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    let value = encrypted_for(&home, "other", "connection.auth.value", "ACME\\scanner");
    let with = |value: &str| {
        let file = demo_text(&site).replace("\"ACME\\\\scanner\"", value);
        home.write("connections/demo.conf", file);
    };
    let mut page = Page::new();
    page.note("of another connection");
    with(&value);
    page.run(&home, &["scan"]);
    page.note("cut");
    with(&value.replace("]\"", "x]\""));
    page.run(&home, &["scan"]);
    page.note("no key file");
    home.write(
        "conf/application.conf",
        "encryption.key-file = \"conf/none.key\"\n",
    );
    page.run(&home, &["scan"]);
    home.write("conf/application.conf", "");
    page.note("a key file with too many rights, a value that is not bound");
    set_mode(&home.path("conf/encryption.key"), 0o644);
    with(&crate::encryption::encrypted(&home, "ACME\\scanner"));
    page.run(&home, &["check", "--offline"]);
    page.check("encrypted_values");
}

#[test]
fn secrets_that_the_secret_manager_does_not_have() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    let mut page = Page::new();
    let file = demo_text(&site).replace("\"ACME\\\\scanner\"", "${secret_manager.demo.account}");
    home.write("connections/demo.conf", &file);
    page.run(&home, &["check", "--offline"]);
    home.write(
        "connections/demo.conf",
        file + "secret_manager.enabled = true\n",
    );
    page.run(&home, &["check", "--offline"]);
    let provider = "secret-manager { key = common, provider = \"file\", configuration { file-path = \"secrets.conf\" } }\n";
    home.write("conf/application.conf", provider);
    page.run(&home, &["check", "--offline"]);
    home.write("secrets.conf", "common { other = x }\n");
    page.run(&home, &["check", "--offline"]);
    home.write("secrets.conf", "common { other = \"x\n");
    page.run(&home, &["check", "--offline"]);
    home.write("conf/application.conf", provider.replace("\"file\"", "aws"));
    page.run(&home, &["check", "--offline"]);
    page.check("secret_manager");
}
