use proptest::prelude::*;

use super::read_text;
use crate::{Colors, MASK, Masking, is_secret, render_path, settings, to_json};

/// Files that contain `qzxvjk`. No key or message contains three consecutive letters of it.
const FILES: [&str; 11] = [
    "connection.url = \"https://h/vp\"\nconnection.auth.value = \"qzxvjk\\\\qzxvjk\"\nb = 2\n",
    "connection { auth { key = \"a\", value = \"qzxvjkqzxvjk\" } }\n",
    "a = 1\npassword = qzxvjkqzxvjk\nb = 2\n",
    "\"connection.auth.value\" : qzxvjk qzxvjk, b = 2\n",
    "a = 1\nclient_secret = \"\"\"qzxvjk\nqzxvjk\n\"\"\"\nb = 2\n",
    "apiToken = [\n  \"qzxvjk\",\n  \"qzxvjk\"\n]\n",
    "tls { truststore { path = \"x\"\n PassPhrase = \"qzxvjkqzxvjk\" } }\n",
    "db.password += qzxvjk\ndb.password += qzxvjk\n",
    "auth {\n value =\n  \"qzxvjkqzxvjk\"\n}\nc = 3\n",
    "followers = [ { kind = webhook, url = \"https://h/qzxvjk/qzxvjk?qzxvjk\" } ]\n",
    "followers = [\n { kind = webhook\n  url = \"https://h?qzxvjkqzxvjk\"\n x = 1 } ]\n",
];

/// Fails if a diagnostic contains three consecutive letters of the secret.
fn check(text: &str) {
    let diagnostics = match read_text(text) {
        Ok(document) => document.warnings,
        Err(errors) => errors,
    };
    for diagnostic in &diagnostics {
        let all = [diagnostic.render(Colors::None), format!("{diagnostic:?}")].concat();
        for letters in ["qzx", "zxv", "xvj", "vjk", "jkq", "kqz"] {
            assert!(!all.contains(letters), "{text}\n---\n{all}");
        }
    }
}

fn path(text: &str) -> Vec<String> {
    text.split('.').map(str::to_owned).collect()
}

#[test]
fn secrets_are_recognized_by_name() {
    for secret in [
        "password",
        "proxy.Password",
        "a.client_secret",
        "token",
        "x.apiToken",
        "keyPassphrase",
        "auth.value",
    ] {
        assert!(is_secret(&path(secret)), "{secret}");
    }
    assert!(is_secret(&["connection.auth.value".to_owned()]));
    for open in ["auth.key", "token.name", "value", "passwords", "url"] {
        assert!(!is_secret(&path(open)), "{open}");
    }
}

#[test]
fn the_path_of_a_webhook_is_not_shown() {
    for text in [
        "followers = [ { kind = webhook, url = https://h/qzxvjk/qzxvjk?qzxvjk } ]",
        "followers = [ { kind = webhook, url = 'https://h/qzxvjk/qzxvjk' } ]",
        "followers = [ { kind = webhook, url = “https://h/qzxvjk/qzxvjk” } ]",
        "followers = [ { kind = webhook, url = \"https://h/qzxvjk/qzxvjk } ]",
        "followers = [ { kind = webhook, url = \"https://h\\qzxvjk/qzxvjk\" } ]",
        "followers = [ { kind = webhook, url = \"https://h/qzxvjk\", url: : 1 } ]",
    ] {
        check(text);
    }
}

#[test]
fn the_line_of_an_error_is_shown_without_the_secret() {
    let shown = |text: &str| {
        read_text(text).expect_err(text)[0]
            .line
            .clone()
            .unwrap_or_default()
    };
    assert_eq!(
        shown(r#"auth.value = "DOM\user""#),
        r#"auth.value = "***\****""#
    );
    assert_eq!(
        shown(r#"auth { key = "a\q", value = "qzxvjk" }"#),
        r#"auth { key = "a\q", value = "******"**"#
    );
    assert_eq!(shown("password = abc$def"), "password = *******");
    for (line, expected) in [
        ("kind = tokens, token = ab$", "kind = tokens, token = ***"),
        ("kind = tokens3cret, a = $", "kind = token*****************"),
        (
            "kind = token s3cret, a = $",
            "kind = token *****************",
        ),
        ("mykind = token, a = $", "mykind = token**********"),
    ] {
        let shown = shown(line);
        assert_eq!(shown.replace('*', ""), expected.replace('*', ""), "{line}");
        assert!(!shown.contains("ab$"), "{line}");
    }
    assert_eq!(shown("token = [\n  \"a\",\n  \"b\\q\"\n]"), "  \"*\\*\"");
    assert_eq!(
        shown("auth.key = \"DOM\\user\""),
        "auth.key = \"DOM\\user\""
    );
}

#[test]
fn a_name_in_a_secret_is_shown_only_if_it_is_the_whole_value() {
    let message = |text: &str| read_text(text).expect_err(text)[0].message.clone();
    assert!(message("password = ${QLIK_PASSWORD}").starts_with("`${QLIK_PASSWORD}`"));
    check("password = ab${qzxvjkqzxvjk}cd");
    check("password = { qzxvjk =\n }");
}

#[test]
fn json_hides_secrets_unless_they_are_revealed() {
    let document = read_text(FILES[5]).expect("the file is valid");
    let masked = to_json(&document.root, Masking::Mask);
    assert_eq!(masked["apiToken"], MASK);
    assert_eq!(
        to_json(&document.root, Masking::Reveal)["apiToken"][0],
        "qzxvjk"
    );
}

#[test]
fn settings_are_listed_in_the_order_of_the_file() {
    let document =
        read_text("b.c = 1\na = [1, 2]\nb { \"x.y\" = {}, d = 2 }").expect("the file is valid");
    let listed: Vec<String> = settings(&document.root)
        .iter()
        .map(|setting| format!("{} at {}", render_path(&setting.path), setting.key_place))
        .collect();
    let expected = [
        "b.c at site.conf:1:1",
        "a at site.conf:2:1",
        "b.\"x.y\" at site.conf:3:5",
        "b.d at site.conf:3:17",
    ];
    assert_eq!(listed, expected);
}

proptest! {
    #[test]
    fn no_diagnostic_contains_a_secret_wherever_a_file_is_malformed(
        file in prop::sample::select(FILES.to_vec()),
        at in any::<prop::sample::Index>(),
        piece in prop::sample::select(vec![
            "\"", "\\", "\\q", "$", "${", "${x}", "{", "}", "[", "]", ",", ":", "=", "+", "@", "\t", "\n", "\"\"\"", "#",
            "//", " ", ".", "..", "= =", " x ", "\u{1}", "\"x\"", "null", "[1]", "{a=1}",
        ]),
        removed in 0..2_usize,
    ) {
        let at = at.index(file.len());
        let broken = [&file[..at], piece, file.get(at + removed..).unwrap_or_default()].concat();
        check(&broken);
    }
}
