//! A secret to encrypt, and the setting that it is for.

use std::{
    ffi::OsString,
    io::{self, Read},
};

use catalog_model::{
    ConnectionCode, FollowerName,
    encoding::{self, NotText},
};
use secrecy::{SecretString, zeroize::Zeroizing};

use crate::{encryption::Owner, hocon};

/// Maximum length of a secret, in bytes. No setting is longer; a larger input is probably the wrong file.
const MAX_SECRET_BYTES: usize = 64 * 1024;

/// What may use a secret, and for which setting.
#[derive(Debug, PartialEq, Eq)]
pub struct BoundSetting<'a> {
    /// The connection, the follower, or the scanner itself.
    pub owner: Owner<'a>,
    /// The path of the setting.
    pub setting: String,
}

impl<'a> BoundSetting<'a> {
    /// Reads the arguments of `encrypt`: the text after `--for`, and the other words. `None` if there are none.
    ///
    /// # Errors
    /// If they are not an owner and a setting. The message does not repeat words: one of them may be the secret.
    pub fn from_arguments(
        owner: Option<&'a str>,
        words: &[OsString],
    ) -> Result<Option<Self>, String> {
        let is_secret = "`encrypt` does not accept a secret as an argument, because other users could see it in the list of processes: pass it on standard input";
        let Some(owner) = owner else {
            return match words.is_empty() {
                true => Ok(None),
                false => Err(is_secret.to_owned()),
            };
        };
        let owner = Owner::parse(owner);
        check_owner(owner)?;
        let [setting] = words else {
            return Err(match words.is_empty() {
                true => "the setting after `--for CODE` is missing: write `--for CODE connection.auth.value`",
                false => is_secret,
            }
            .to_owned());
        };
        let setting = setting.to_str().and_then(hocon::parse_path).ok_or(
            "the argument after `--for CODE` is not the name of a setting, such as `connection.auth.value`",
        )?;
        let first = setting.first().map(String::as_str).unwrap_or_default();
        if public_settings(owner).contains(&first) {
            return Err(format!(
                "`{first}` cannot be a secret: reports and messages show it"
            ));
        }
        let setting = setting.join(".");
        Ok(Some(Self { owner, setting }))
    }
}

/// Checks the code or the name of the owner.
fn check_owner(owner: Owner<'_>) -> Result<(), String> {
    let (valid, what) = match owner {
        Owner::Connection(code) => (
            ConnectionCode::new(code).map(drop),
            "the code after `--for`",
        ),
        Owner::Follower(name) => (
            FollowerName::new(name).map(drop),
            "the name after `--for follower:`",
        ),
        Owner::Scanner => (Ok(()), ""),
    };
    valid.map_err(|error| format!("{what} is not valid: {error}"))
}

/// The settings that cannot be secret, because reports and messages show them.
fn public_settings(owner: Owner<'_>) -> &'static [&'static str] {
    match owner {
        Owner::Connection(_) => &["code", "name", "connector_id", "filter", "filters"],
        Owner::Follower(_) => &["kind", "name", "connections"],
        Owner::Scanner => &[],
    }
}

/// Why a secret cannot be read.
#[derive(Debug)]
pub enum SecretInputError {
    /// The input is not a secret.
    Invalid(&'static str),
    /// The input cannot be read.
    Unreadable(io::Error),
}

/// Reads a secret until the end of the input.
///
/// A byte order mark at the start, which PowerShell writes, and one line break at the end, which `echo` and editors add, are
/// not part of the secret.
///
/// # Errors
/// If the input cannot be read, is too long, or is not text.
pub fn read_secret(input: &mut dyn Read) -> Result<SecretString, SecretInputError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_SECRET_BYTES + 1));
    let read = input
        .take(MAX_SECRET_BYTES as u64 + 1)
        .read_to_end(&mut bytes);
    read.map_err(SecretInputError::Unreadable)?;
    if bytes.len() > MAX_SECRET_BYTES {
        return Err(SecretInputError::Invalid(
            "the secret is longer than 64 KiB",
        ));
    }
    let text = encoding::text(&bytes).map_err(|not_text| {
        SecretInputError::Invalid(match not_text {
            NotText::Utf16 => "the secret is UTF-16: write it as UTF-8",
            NotText::OnlyNul | NotText::Nul(_) => "the secret has a NUL byte",
            NotText::NotUtf8(_) => "the secret is not UTF-8",
        })
    })?;
    Ok(encoding::without_line_break(text).into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn parse<'a>(
        owner: Option<&'a str>,
        words: &[&str],
    ) -> Result<Option<BoundSetting<'a>>, String> {
        let words: Vec<_> = words.iter().map(OsString::from).collect();
        BoundSetting::from_arguments(owner, &words)
    }

    #[test]
    fn a_secret_is_bound_to_its_owner_and_its_setting() {
        assert_eq!(parse(None, &[]), Ok(None));
        for (text, owner) in [
            ("qlik", Owner::Connection("qlik")),
            ("follower:datahub", Owner::Follower("datahub")),
            ("scanner:", Owner::Scanner),
        ] {
            let setting = "auth.value".to_owned();
            let bound = parse(Some(text), &["auth.value"]);
            assert_eq!(bound, Ok(Some(BoundSetting { owner, setting })));
        }
    }

    #[test]
    fn a_word_that_may_be_the_secret_is_refused_and_not_repeated() {
        for (owner, words) in [
            (None, &["hunter2"][..]),
            (Some("qlik"), &["connection.auth.value", "hunter2"]),
            (Some("qlik"), &["hunter2 = {"]),
            (Some("qlik"), &[]),
            (Some("qlik"), &["filters"]),
            (Some("follower:datahub"), &["kind"]),
        ] {
            let message = parse(owner, words).unwrap_err();
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn a_byte_order_mark_and_one_line_break_are_not_part_of_the_secret() {
        for (input, expected) in [
            (&b"s3cr3t"[..], "s3cr3t"),
            (b"s3cr3t\n", "s3cr3t"),
            (b"s3cr3t\r\n", "s3cr3t"),
            (b"s3cr3t\n\n", "s3cr3t\n"),
            (b"\xef\xbb\xbfs3cr3t", "s3cr3t"),
        ] {
            let secret = read_secret(&mut &*input).unwrap();
            assert_eq!(secret.expose_secret(), expected);
        }
    }

    #[test]
    fn an_input_that_is_too_long_or_not_text_is_refused() {
        let long = vec![b'x'; MAX_SECRET_BYTES + 1];
        for input in [&long[..], b"\xff\xfea\0b\0", b"a\0b", b"\xff"] {
            let error = read_secret(&mut &*input);
            assert!(matches!(error, Err(SecretInputError::Invalid(_))));
        }
    }
}
