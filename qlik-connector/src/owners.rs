//! Who owns what, and at which address they are reached.

use std::collections::HashMap;

use catalog_model::{Contact, Contacts};
use qrs_client::{Owner, UserId};

use crate::{addresses::Addresses, records::User};

/// What the owner of a sheet is to it.
const OWNER: &str = "owner";
/// What the owner of its application is to it.
const APPLICATION_OWNER: &str = "application owner";

/// The addresses of users, as far as the account may see them. Takes some 150 bytes a user.
#[derive(Debug)]
pub(crate) struct Owners<'a> {
    addresses: &'a Addresses,
    /// The users that the account may see, each with the address of its attributes; none if they could not be read.
    users: Option<HashMap<UserId, Option<Box<str>>>>,
}

impl<'a> Owners<'a> {
    /// No user yet.
    pub(crate) fn new(addresses: &'a Addresses) -> Self {
        Self {
            addresses,
            users: Some(HashMap::new()),
        }
    }

    /// The users could not be read.
    pub(crate) fn unreadable(addresses: &'a Addresses) -> Self {
        Self {
            addresses,
            users: None,
        }
    }

    pub(crate) fn add(&mut self, user: User) {
        let email = self.addresses.of(&user.attributes);
        if let Some(users) = &mut self.users {
            users.insert(user.id, email);
        }
    }

    pub(crate) fn are_read(&self) -> bool {
        self.users.is_some()
    }

    /// The contacts of a sheet: its owner, and where they are wanted the application's, whom `of_app` names. One that
    /// the account may not see is unknown, not without an address; then all are, so that a catalog keeps what it has.
    pub(crate) fn contacts(&self, owner: Option<&Owner>, of_app: AppOwner<'_>) -> Contacts {
        let owner = self.contact(OWNER, owner);
        let contacts = match of_app {
            AppOwner::Unwanted => owner.map(|owner| vec![owner]),
            AppOwner::Wanted(of_app) => owner
                .zip(self.contact(APPLICATION_OWNER, of_app))
                .map(|(owner, of_app)| vec![owner, of_app]),
        };
        contacts.map_or(Contacts::Unknown, Contacts::Known)
    }

    fn contact(&self, role: &'static str, owner: Option<&Owner>) -> Option<Contact> {
        let owner = owner?;
        let told = self.users.as_ref()?.get(&owner.id)?;
        let email = told.as_deref().map(str::to_owned);
        let name = if owner.name.is_empty() {
            &owner.user_id
        } else {
            &owner.name
        };
        Some(Contact {
            role,
            email: email.or_else(|| self.addresses.made_for(owner)),
            name: (!name.is_empty()).then(|| name.clone()),
        })
    }
}

/// Whether the owner of an application is wanted, too.
#[derive(Clone, Copy)]
pub(crate) enum AppOwner<'a> {
    /// No.
    Unwanted,
    /// Yes; nobody where the application could not be read.
    Wanted(Option<&'a Owner>),
}

/// `DIRECTORY\user`, or the user alone where no directory is named.
pub(crate) fn account(owner: &Owner) -> Option<String> {
    match (owner.user_directory.as_str(), owner.user_id.as_str()) {
        (_, "") => None,
        ("", user) => Some(user.to_owned()),
        (directory, user) => Some(format!("{directory}\\{user}")),
    }
}
