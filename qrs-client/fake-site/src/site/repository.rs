//! The port of the repository (4242 on a real site): no virtual proxy, no sessions. A client certificate lets in, and a header
//! says as whom.

use super::Site;
use super::authentication::Guest;
use crate::account::Account;
use crate::answer::Answer;
use crate::request::Request;

/// Users that every site has, with all rights.
const SYSTEM_USERS: [&str; 2] = [r"INTERNAL\sa_repository", r"INTERNAL\sa_api"];

impl Site {
    /// The user that a request to the repository names. With a certificate, one may be any user: those without an account see
    /// nothing.
    pub(super) fn named_user(&self, request: &Request) -> Result<Guest, Answer> {
        const TEXT: &str = "The X-Qlik-User header is missing or malformed. \
            It must have the form UserDirectory=<directory>; UserId=<user>";
        let header = request.header("X-Qlik-User").and_then(user);
        let user = header.ok_or_else(|| Answer::text(400, TEXT))?;
        let live = self.live();
        let mut accounts = live.accounts.iter();
        let known = accounts.find(|account| is_same(&account.header_value, &user));
        let account = match known {
            Some(account) => account.clone(),
            None if SYSTEM_USERS.iter().any(|known| is_same(known, &user)) => Account::new(&user),
            None => Account::new(&user).without_rights(),
        };
        Ok(Guest {
            account,
            new_cookie: None,
        })
    }
}

/// `DIRECTORY\user` of a header `UserDirectory=DIRECTORY; UserId=user`, percent-encoded UTF-8.
fn user(header: &str) -> Option<String> {
    if !header.is_ascii() {
        return None;
    }
    let (directory, id) = header.split_once(';')?;
    let directory = directory.trim().strip_prefix("UserDirectory=")?;
    let id = id.trim().strip_prefix("UserId=")?;
    let decode = |text: &str| {
        let text = text.replace('+', "%2B");
        let mut pairs = url::form_urlencoded::parse(text.as_bytes());
        match (pairs.next(), pairs.next()) {
            (Some((text, _)), None) if !text.is_empty() => Some(text.into_owned()),
            _ => None,
        }
    };
    Some(format!(r"{}\{}", decode(directory)?, decode(id)?))
}

fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_a_directory_and_a_percent_encoded_id() {
        let cases = [
            (r"UserDirectory=ACME; UserId=scanner", Some(r"ACME\scanner")),
            (
                "UserDirectory=ACME;UserId=a%20b%C3%BC+",
                Some("ACME\\a bü+"),
            ),
            ("UserId=scanner; UserDirectory=ACME", None),
            ("UserDirectory=ACME", None),
            ("UserDirectory=; UserId=scanner", None),
            (r"ACME\scanner", None),
        ];
        for (header, expected) in cases {
            assert_eq!(user(header).as_deref(), expected, "{header}");
        }
    }
}
