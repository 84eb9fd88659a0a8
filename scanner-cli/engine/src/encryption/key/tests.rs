//! Tests of encryption with a key.

use super::*;

/// A key and a value of the first version. Values in existing files must always stay readable.
const KEY_TEXT: &str = "scanner-key-1:KKF9Az2yyB8PTixAhTB_s8LbeqV-VE4pGOsdypYM-8Bd6Mtz";
const VALUE: &str =
    "ENC[AV3oy3PVMEr6BRzcr9iqI9xXinAxIsmY1JyYbXc5HparSc5tm760MSXhsUzUzc4yubqvAhX-bJ1ufus]";

const PLACE: Binding<'_> = Binding {
    owner: Owner::Connection("qlik"),
    setting: "connection.auth.value",
};

fn check(text: &str, expected: DecryptionError) {
    let key = Key::from_file_content(KEY_TEXT.as_bytes()).unwrap();
    assert_eq!(key.decrypt(text, PLACE).unwrap_err(), expected, "{text}");
}

#[test]
fn a_value_of_the_first_form_is_read() {
    let key = Key::from_file_content(format!("\u{feff}{KEY_TEXT}\r\n").as_bytes()).unwrap();
    let Decrypted { secret, is_bound } = key.decrypt(VALUE, PLACE).unwrap();
    assert_eq!(secret.expose_secret(), "ACME\\scänner\n");
    assert!(!is_bound);
}

#[test]
fn a_bound_value_is_decrypted_only_for_its_own_setting() {
    let key = Key::from_file_content(KEY_TEXT.as_bytes()).unwrap();
    let text = key.encrypt(&"s3cret".into(), Some(PLACE)).unwrap();
    let decrypted = key.decrypt(&text, PLACE).unwrap();
    assert_eq!(decrypted.secret.expose_secret(), "s3cret");
    assert!(decrypted.is_bound);
    let at = |code, setting| {
        let owner = Owner::Connection(code);
        let place = Binding { owner, setting };
        key.decrypt(&text, place).unwrap_err()
    };
    for code in ["other", "Qlik", "qlik ", "", "qlikc"] {
        assert_eq!(
            at(code, PLACE.setting),
            DecryptionError::OtherOwner,
            "{code}"
        );
    }
    for setting in ["connection.auth.key", "auth.value", ""] {
        assert_eq!(
            at("qlik", setting),
            DecryptionError::OtherSetting,
            "{setting}"
        );
    }
}

#[test]
fn a_follower_and_a_connection_of_the_same_name_do_not_share_values() {
    let key = Key::from_file_content(KEY_TEXT.as_bytes()).unwrap();
    let binding = |owner| Binding {
        owner,
        setting: "token",
    };
    let owners = [
        Owner::Follower("qlik"),
        Owner::Follower("other"),
        Owner::Connection("qlik"),
        Owner::Connection("follower:qlik"),
    ];
    for owner in owners {
        let text = key.encrypt(&"s3cret".into(), Some(binding(owner))).unwrap();
        for other in owners {
            let decrypted = key.decrypt(&text, binding(other));
            match other == owner {
                true => assert!(decrypted.unwrap().is_bound),
                false => assert_eq!(decrypted.unwrap_err(), DecryptionError::OtherOwner),
            }
        }
    }
}

#[test]
fn encrypting_a_secret_twice_results_in_different_texts() {
    let key = Key::generate().unwrap();
    for secret in ["x", "two words", "ACME\\scanner", "ключ 🔑", "]\"\n"] {
        let secret = SecretString::from(secret);
        for binding in [None, Some(PLACE)] {
            let encrypt = || key.encrypt(&secret, binding).unwrap();
            let (first, second) = (encrypt(), encrypt());
            assert_ne!(first, second);
            for text in [first, second] {
                let back = key.decrypt(&text, PLACE).unwrap();
                assert_eq!(back.secret.expose_secret(), secret.expose_secret());
                assert_eq!(back.is_bound, binding.is_some());
            }
        }
    }
}

#[test]
fn a_value_with_a_changed_or_missing_character_is_not_decrypted() {
    let key = Key::from_file_content(KEY_TEXT.as_bytes()).unwrap();
    let bound = key.encrypt(&"s3cret".into(), Some(PLACE)).unwrap();
    for value in [VALUE, &bound] {
        for at in 0..value.len() {
            for other in ["A", "B", "_", "=", "", "]"] {
                let mut altered = value.to_owned();
                altered.replace_range(at..=at, other);
                if altered != value {
                    assert!(key.decrypt(&altered, PLACE).is_err(), "{altered}");
                }
            }
            check(&value[..at], DecryptionError::Damaged);
        }
    }
}

#[test]
fn other_keys_and_unknown_forms_are_different_errors() {
    let other = Key::generate().unwrap();
    let text = other.encrypt(&SecretString::from("x"), None).unwrap();
    check(&text, DecryptionError::OtherKey);
    check("ENC[]", DecryptionError::Damaged);
    check("ENC[Aw]", DecryptionError::UnknownForm);
    check("ENC[Ag]", DecryptionError::Damaged);
    check("ENC[AQ]", DecryptionError::Damaged);
    check("ENC[not base64]", DecryptionError::Damaged);
}

#[test]
fn a_key_with_a_changed_or_missing_character_is_invalid() {
    for at in 0..KEY_TEXT.len() {
        for other in ["A", "B", "", "!"] {
            let mut altered = KEY_TEXT.to_owned();
            altered.replace_range(at..=at, other);
            if altered != KEY_TEXT {
                assert!(
                    Key::from_file_content(altered.as_bytes()).is_none(),
                    "{altered}"
                );
            }
        }
    }
    assert!(Key::from_file_content(b"\xff").is_none());
}

#[test]
fn the_key_is_not_in_its_debug_text() {
    let key = Key::from_file_content(KEY_TEXT.as_bytes()).unwrap();
    let debug = format!("{key:?} {:?}", key.to_text());
    let secret = KEY_TEXT.strip_prefix(KEY_PREFIX).unwrap();
    assert!(!debug.contains(secret), "{debug}");
}
