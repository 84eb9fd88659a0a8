//! The sources of e-mail addresses: a user's attributes, then a mapping, then a template, then a user id that is an
//! address.

use crate::records::{Owner, UserAttribute};
use catalog_model::{Settings, documentation};

use crate::{
    people::{
        account::{is_address, is_internal},
        mapping::Mapping,
        template::Template,
    },
    schema::properties::ADDRESS_FROM_ID,
};

/// The default names of the attribute that contains the address. The name depends on the directory of the site (Qlik
/// help, "User directory connectors").
const EMAIL_ATTRIBUTES: [&str; 2] = ["email", "mail"];

const ATTRIBUTES: &str = "connection.contacts.email_attributes";

/// The sources of addresses of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    /// The first of these attributes that contains an address is used. Case is ignored.
    attributes: Vec<String>,
    mapping: Mapping,
    template: Option<Template>,
}

/// Whether the list of users is read for addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserList {
    Wanted,
    /// No attributes are read for addresses.
    Unwanted,
}

/// A person without an address in any attribute.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    pub(crate) email: Option<String>,
    /// The first revision of contacts in which this address is found.
    pub(crate) since: u32,
    /// The name of the person in a mapping.
    pub(crate) name: Option<String>,
}

impl Default for Addresses {
    fn default() -> Self {
        Self {
            attributes: EMAIL_ATTRIBUTES.map(str::to_owned).into(),
            mapping: Mapping::default(),
            template: None,
        }
    }
}

impl Addresses {
    /// Reads the settings for addresses. Records errors as problems of the settings.
    pub(crate) fn read(settings: &mut Settings) -> Self {
        let attributes = settings.texts(ATTRIBUTES).map(|names| names.value);
        Self {
            attributes: attributes.unwrap_or_else(|| Self::default().attributes),
            mapping: Mapping::read(settings),
            template: Template::read(settings),
        }
    }

    /// A text that differs if the settings differ.
    pub(crate) fn signature(&self) -> String {
        let Self {
            attributes,
            mapping,
            template,
        } = self;
        format!("{attributes:?} {} {template:?}", mapping.signature())
    }

    pub(crate) fn user_list(&self) -> UserList {
        if self.attributes.is_empty() {
            UserList::Unwanted
        } else {
            UserList::Wanted
        }
    }

    /// Returns what to do if users are not visible to the account.
    pub(crate) fn hint_for_hidden_users(&self) -> String {
        let rule = concat!(
            "allow the account to read `User_*`: see the rule in ",
            documentation!("qlik-setup#4-the-read-rule")
        );
        if self.mapping.is_empty() && self.template.is_none() {
            return rule.to_owned();
        }
        format!("{rule}\nor set `{ATTRIBUTES} = []` to use other sources of addresses only")
    }

    /// Returns the address in the attributes of a user.
    pub(crate) fn of_attributes(&self, attributes: &[UserAttribute]) -> Option<Box<str>> {
        self.attributes.iter().find_map(|name| {
            attributes
                .iter()
                .filter(|attribute| attribute.attribute_type.eq_ignore_ascii_case(name))
                .map(|attribute| attribute.attribute_value.trim())
                .find(|value| is_address(value))
                .map(Into::into)
        })
    }

    /// Finds the address of an owner whose attributes contain none.
    pub(crate) fn of_account(&self, owner: &Owner<'_>) -> Reached {
        if let Some(person) = self.mapping.get(owner) {
            return Reached {
                email: Some(person.email.to_string()),
                since: 1,
                name: person.name.as_deref().map(str::to_owned),
            };
        }
        let made = self.template.as_ref().and_then(|found| found.fill(owner));
        let id = address_in_id(owner);
        // The template `{userId}` results in the same address as the id itself.
        let since = match &id {
            Some(id) if made.as_ref().is_none_or(|made| made == id) => ADDRESS_FROM_ID,
            _ => 1,
        };
        Reached {
            email: made.or(id),
            since,
            name: None,
        }
    }

    /// Whether this attribute is read for addresses.
    pub(crate) fn asks_for(&self, attribute_type: &str) -> bool {
        let mut asked = self.attributes.iter();
        asked.any(|name| name.eq_ignore_ascii_case(attribute_type))
    }
}

/// Returns the id of a user if it is an address. SAML and JWT sites often use the address as the user id.
fn address_in_id(owner: &Owner<'_>) -> Option<String> {
    let id = owner.user_id.trim();
    (!is_internal(owner) && is_address(id)).then(|| id.to_owned())
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
    fn the_address_is_found_regardless_of_the_case_of_its_attribute() {
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
                &[("email", "n/a"), ("mail", "second@example.com")],
                Some("second@example.com"),
            ),
            (&[("email", "")], None),
            (&[("e-mail", "x@example.com")], None),
            (&[], None),
        ] {
            let found = Addresses::default().of_attributes(&attributes(pairs));
            assert_eq!(found.as_deref(), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_user_id_that_is_an_address_is_used_last_and_never_for_the_products_own_accounts() {
        let addresses = Addresses::default();
        for (directory, user, expected) in [
            ("SAML", " ann@example.com ", Some("ann@example.com")),
            ("SAML", "ann", None),
            ("SAML", "ACME\\ann@example.com", None),
            ("", "ann@example.com", Some("ann@example.com")),
            ("internal ", "sa@example.com", None),
        ] {
            let owner = Owner {
                user_id: user.into(),
                user_directory: directory.into(),
                ..Owner::default()
            };
            let reached = addresses.of_account(&owner);
            let since = if expected.is_some() { 2 } else { 1 };
            assert_eq!(reached.email.as_deref(), expected, "{directory}\\{user}");
            assert_eq!(reached.since, since, "{directory}\\{user}");
        }
    }
}
