//! Where e-mail addresses come from: a user's attributes, else a template.

use catalog_model::{Settings, settings::Located};
use qrs_client::{Owner, UserAttribute};

/// The names of the attribute that holds the address where nothing is set. Which name a site uses is up to its directory
/// (Qlik help, "User directory connectors").
const EMAIL_ATTRIBUTES: [&str; 2] = ["email", "mail"];
/// Accounts of the product itself, such as `INTERNAL\sa_repository`: nobody reads their mail.
const INTERNAL: &str = "INTERNAL";

const ATTRIBUTES: &str = "connection.contacts.email_attributes";
const TEMPLATE: &str = "connection.contacts.email_template";
const USER: &str = "{userId}";
const DIRECTORY: &str = "{userDirectory}";

/// How the address of a user is found.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    /// The first of these attributes that has a value counts; case does not matter.
    attributes: Vec<String>,
    template: Option<String>,
}

impl Default for Addresses {
    fn default() -> Self {
        Self {
            attributes: EMAIL_ATTRIBUTES.map(str::to_owned).into(),
            template: None,
        }
    }
}

impl Addresses {
    /// Reads how addresses are to be found; what is wrong is a problem of the settings.
    pub(crate) fn read(settings: &mut Settings) -> Self {
        let mut addresses = Self::default();
        if let Some(names) = settings.texts(ATTRIBUTES) {
            addresses.attributes = names.value;
        }
        if let Some(Located { value, .. }) = settings.text(TEMPLATE) {
            match checked(value.trim()) {
                Ok(()) => addresses.template = Some(value.trim().to_owned()),
                Err(why) => settings.refuse(
                    TEMPLATE,
                    format!("`{TEMPLATE}` {why}"),
                    format!("write it like `{TEMPLATE} = \"{USER}@example.com\"`"),
                ),
            }
        }
        addresses
    }

    /// The address that the attributes of a user tell.
    pub(crate) fn of(&self, attributes: &[UserAttribute]) -> Option<Box<str>> {
        self.attributes.iter().find_map(|name| {
            attributes
                .iter()
                .filter(|attribute| attribute.attribute_type.eq_ignore_ascii_case(name))
                .map(|attribute| attribute.attribute_value.trim())
                .find(|value| !value.is_empty())
                .map(Into::into)
        })
    }

    /// The address that the template gives an owner, if it is one.
    pub(crate) fn made_for(&self, owner: &Owner) -> Option<String> {
        let template = self.template.as_ref()?;
        if owner.user_directory.eq_ignore_ascii_case(INTERNAL) || owner.user_id.is_empty() {
            return None;
        }
        let made = template
            .replace(DIRECTORY, &owner.user_directory)
            .replace(USER, &owner.user_id);
        let odd = |char: char| char.is_whitespace() || char.is_control() || char == '\\';
        (made.matches('@').count() == 1 && !made.contains(odd)).then_some(made)
    }
}

/// Why a text is no template of an address.
fn checked(template: &str) -> Result<(), String> {
    if !template.contains(USER) {
        return Err(format!(
            "must have `{USER}` in it, else all had one address"
        ));
    }
    let rest = template.replace(USER, "u").replace(DIRECTORY, "d");
    if let Some(open) = rest.find('{') {
        let end = rest[open..]
            .find('}')
            .map_or(rest.len(), |end| open + end + 1);
        let name = &rest[open..end];
        return Err(format!(
            "has `{name}`, and only `{USER}` and `{DIRECTORY}` are known"
        ));
    }
    match rest.matches('@').count() {
        1 => Ok(()),
        _ => Err("is no address: it must have one `@`".to_owned()),
    }
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
            let found = Addresses::default().of(&attributes(pairs));
            assert_eq!(found.as_deref(), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_template_makes_addresses_of_accounts_and_of_nothing_else() {
        let made = |template: &str, directory: &str, user: &str| {
            let addresses = Addresses {
                template: Some(template.to_owned()),
                ..Addresses::default()
            };
            let mut owner = Owner::default();
            owner.user_id = user.to_owned();
            owner.user_directory = directory.to_owned();
            addresses.made_for(&owner)
        };
        let of_user = |user: &str| made("{userId}@example.com", "ACME", user);
        assert_eq!(of_user("ann"), Some("ann@example.com".to_owned()));
        assert_eq!(
            made("{userId}@{userDirectory}.example", "ACME", "ann"),
            Some("ann@ACME.example".to_owned())
        );
        for user in ["ann lee", "", "ann@elsewhere", "a\\b"] {
            assert_eq!(of_user(user), None, "{user}");
        }
        assert_eq!(made("{userId}@example.com", "internal", "sa_api"), None);
    }

    #[test]
    fn a_text_that_is_no_template_is_told_why() {
        for (template, expected) in [
            ("{userId}@example.com", None),
            ("info@example.com", Some("else all had one address")),
            ("{userId}.example.com", Some("one `@`")),
            ("{userId}@{domain}", Some("`{domain}`")),
            ("{userId}@{domain", Some("`{domain`")),
        ] {
            match (checked(template), expected) {
                (Ok(()), None) => {}
                (Err(why), Some(expected)) => assert!(why.contains(expected), "{why}"),
                (found, _) => panic!("{template}: {found:?}"),
            }
        }
    }
}
