//! Accounts of users, and detection of e-mail addresses.

use crate::records::Owner;

/// Formats an account: `DIRECTORY\user`, or only the user if there is no directory.
pub(crate) fn account(owner: &Owner<'_>) -> Option<String> {
    match (&*owner.user_directory, &*owner.user_id) {
        (_, "") => None,
        ("", user) => Some(user.to_owned()),
        (directory, user) => Some(format!("{directory}\\{user}")),
    }
}

/// The directory of the product's own accounts, such as `INTERNAL\sa_repository`, which nobody uses for e-mail.
const INTERNAL: &str = "INTERNAL";

/// Whether an account is one of the product's own, which gets no address.
pub(crate) fn is_internal(owner: &Owner<'_>) -> bool {
    (owner.user_directory.trim()).eq_ignore_ascii_case(INTERNAL)
}

/// Maximum length of an address, in bytes (RFC 5321: 64 before the `@`, 255 after it).
const MAX_ADDRESS_BYTES: usize = 320;

/// Whether a text can be the e-mail address of one person.
pub(crate) fn is_address(text: &str) -> bool {
    let odd =
        |char: char| char.is_whitespace() || char.is_control() || "\\<>()[],;:\"".contains(char);
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let mut labels = domain.split('.');
    text.len() <= MAX_ADDRESS_BYTES
        && !local.is_empty()
        && !domain.contains('@')
        && !text.contains(odd)
        && labels.all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_address_of_one_person() {
        for text in [
            "ann@example.com",
            "o'neil+x@intranet",
            "jürgen@bücher.example",
        ] {
            assert!(is_address(text), "{text}");
        }
        for text in [
            "",
            "not an address",
            "ann",
            "@example.com",
            "ann@",
            "ann@.example.com",
            "ann@example..com",
            "ann@a@b",
            "ann@example.com; bob@example.com",
            "Ann <ann@example.com>",
            "mailto:ann@example.com",
            "A\\ann@example.com",
        ] {
            assert!(!is_address(text), "{text}");
        }
    }
}
