//! Owners: which id of a contact DataHub knows.

use catalog_model::{Contact, Contacts};

use super::urn;

/// The id under which DataHub's own import of users writes people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OwnerId {
    /// The e-mail address: `ann@corp.example`.
    #[default]
    Email,
    /// The e-mail address up to the `@`: `ann`.
    LocalPart,
    /// The user of the account: `ann` for `CORP\ann`.
    Login,
}

impl OwnerId {
    /// The words of the setting `owner_id`.
    pub const CHOICES: [(&'static str, Self); 3] = [
        ("email", Self::Email),
        ("local_part", Self::LocalPart),
        ("login", Self::Login),
    ];

    fn id_of(self, contact: &Contact) -> Option<&str> {
        let email = contact.email.as_deref();
        match self {
            Self::Email => email,
            Self::LocalPart => email.and_then(|email| Some(email.rsplit_once('@')?.0)),
            Self::Login => contact
                .account
                .as_deref()
                .map(|account| account.rsplit_once('\\').map_or(account, |(_, user)| user)),
        }
    }

    /// The urns of the owners, each once; `None` if it is not known who they are. A contact without this id is left
    /// out.
    pub fn owners(self, contacts: &Contacts) -> Option<Vec<String>> {
        let Contacts::Known(contacts) = contacts else {
            return None;
        };
        let mut owners = Vec::new();
        for contact in contacts {
            let owner = self.id_of(contact).and_then(urn::person);
            owners.extend(owner.filter(|owner| !owners.contains(owner)));
        }
        Some(owners)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(email: Option<&str>, account: Option<&str>) -> Contact {
        Contact {
            role: "owner".into(),
            email: email.map(str::to_owned),
            name: Some("Ann Lee".to_owned()),
            account: account.map(str::to_owned),
            status: None,
            email_since: 1,
        }
    }

    #[test]
    fn an_owner_is_named_by_the_chosen_id_or_not_at_all() {
        let ann = contact(Some("ann@corp.example"), Some("CORP\\ann"));
        let nobody = contact(None, None);
        let contacts = Contacts::Known(vec![ann.clone(), nobody, ann]);
        for (id, expected) in [
            (OwnerId::Email, "urn:li:corpuser:ann@corp.example"),
            (OwnerId::LocalPart, "urn:li:corpuser:ann"),
            (OwnerId::Login, "urn:li:corpuser:ann"),
        ] {
            assert_eq!(id.owners(&contacts), Some(vec![expected.to_owned()]));
        }
    }

    #[test]
    fn unknown_contacts_are_not_the_same_as_none() {
        assert_eq!(OwnerId::Email.owners(&Contacts::Unknown), None);
        let none = Contacts::Known(Vec::new());
        assert_eq!(OwnerId::Email.owners(&none), Some(Vec::new()));
    }
}
