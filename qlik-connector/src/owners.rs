//! Who owns what, and at which address they are reached.

use std::collections::HashMap;

use catalog_model::{Contact, Contacts};
use qrs_client::{Owner, UserAttribute, UserId};

use crate::records::User;

/// The names of the attribute that holds the e-mail address; the first that has one counts. Which name a site uses is
/// up to its directory (Qlik help, "User directory connectors").
const EMAIL_ATTRIBUTES: [&str; 2] = ["email", "mail"];

/// The addresses of users, as far as the account may see them. Takes some 150 bytes a user.
#[derive(Debug)]
pub(crate) enum Owners {
    /// The users that the account may see, each with an address if there is one.
    Read(HashMap<UserId, Option<Box<str>>>),
    /// The users could not be read.
    Unreadable,
}

impl Owners {
    pub(crate) fn add(&mut self, user: User) {
        if let Self::Read(users) = self {
            users.insert(user.id, email(&user.attributes));
        }
    }

    pub(crate) fn are_read(&self) -> bool {
        matches!(self, Self::Read(_))
    }

    /// The contacts of what `owner` owns. An owner that the account may not see is unknown, not without an address.
    pub(crate) fn contacts(&self, owner: Option<&Owner>) -> Contacts {
        let (Self::Read(users), Some(owner)) = (self, owner) else {
            return Contacts::Unknown;
        };
        let Some(email) = users.get(&owner.id) else {
            return Contacts::Unknown;
        };
        let name = if owner.name.is_empty() {
            &owner.user_id
        } else {
            &owner.name
        };
        Contacts::Known(vec![Contact {
            role: "owner",
            email: email.as_deref().map(str::to_owned),
            name: (!name.is_empty()).then(|| name.clone()),
        }])
    }
}

/// `DIRECTORY\user`, or the user alone where no directory is named.
pub(crate) fn account(owner: &Owner) -> Option<String> {
    match (owner.user_directory.as_str(), owner.user_id.as_str()) {
        (_, "") => None,
        ("", user) => Some(user.to_owned()),
        (directory, user) => Some(format!("{directory}\\{user}")),
    }
}

fn email(attributes: &[UserAttribute]) -> Option<Box<str>> {
    EMAIL_ATTRIBUTES.iter().find_map(|name| {
        attributes
            .iter()
            .filter(|attribute| attribute.attribute_type.eq_ignore_ascii_case(name))
            .map(|attribute| attribute.attribute_value.trim())
            .find(|value| !value.is_empty())
            .map(Into::into)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(pairs: &[(&str, &str)]) -> Vec<UserAttribute> {
        let pairs: Vec<_> = pairs
            .iter()
            .map(
                |(name, value)| serde_json::json!({"attributeType": name, "attributeValue": value}),
            )
            .collect();
        serde_json::from_value(serde_json::Value::Array(pairs)).unwrap()
    }

    #[test]
    fn the_address_is_found_whatever_the_case_of_its_name() {
        for (pairs, expected) in [
            (&[("Email", "ann@example.com")][..], Some("ann@example.com")),
            (
                &[("group", "staff"), ("MAIL", " bob@example.com ")],
                Some("bob@example.com"),
            ),
            (
                &[
                    ("mail", "second@example.com"),
                    ("email", "first@example.com"),
                ],
                Some("first@example.com"),
            ),
            (
                &[("email", " "), ("mail", "second@example.com")],
                Some("second@example.com"),
            ),
            (&[("email", "")], None),
            (&[("e-mail", "x@example.com")], None),
            (&[], None),
        ] {
            assert_eq!(email(&attributes(pairs)).as_deref(), expected, "{pairs:?}");
        }
    }
}
