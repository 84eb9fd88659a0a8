//! Who owns what, and at which address they are reached.

use std::collections::HashMap;

use catalog_model::{Contact, Contacts};
use qrs_client::{Owner, UserId};

use crate::{
    addresses::{Addresses, Reached},
    apps::Unread,
    records::User,
};

/// What the owner of a sheet is to it.
const OWNER: &str = "owner";
/// What the owner of its application is to it.
const APPLICATION_OWNER: &str = "application owner";

/// The addresses of users, as far as the account may see them. Takes some 150 bytes a user.
#[derive(Debug)]
pub(crate) struct Owners<'a> {
    addresses: &'a Addresses,
    users: Users,
}

/// The list of users, of which only addresses are remembered.
#[derive(Debug)]
enum Users {
    /// The users that the account may see, each with the address of its attributes.
    Read(HashMap<UserId, Option<Box<str>>>),
    Unreadable,
    /// Nobody's attributes are asked for an address.
    Unwanted,
}

impl<'a> Owners<'a> {
    /// No user yet.
    pub(crate) fn new(addresses: &'a Addresses) -> Self {
        Self {
            addresses,
            users: Users::Read(HashMap::new()),
        }
    }

    /// The users could not be read.
    pub(crate) fn unreadable(addresses: &'a Addresses) -> Self {
        Self {
            addresses,
            users: Users::Unreadable,
        }
    }

    /// The users are not asked.
    pub(crate) fn unwanted(addresses: &'a Addresses) -> Self {
        Self {
            addresses,
            users: Users::Unwanted,
        }
    }

    pub(crate) fn add(&mut self, user: User) {
        let email = self.addresses.of_attributes(&user.attributes);
        if let Users::Read(users) = &mut self.users {
            users.insert(user.id, email);
        }
    }

    /// Whether they are as well known as they are to be.
    pub(crate) fn are_read(&self) -> bool {
        !matches!(self.users, Users::Unreadable)
    }

    /// What to do where some are hidden.
    pub(crate) fn hint_for_hidden(&self) -> String {
        self.addresses.hint_for_hidden_users()
    }

    /// The contacts of a sheet: its owner, and where they are wanted the application's. One that the account may not see
    /// is unknown, not without an address; then all are, so that a catalog keeps what it has. Who has no owner in QRS has
    /// none for certain.
    pub(crate) fn contacts(&self, owner: Option<&Owner>, of_app: AppOwner<'_>) -> Contacts {
        let of_app = match of_app {
            AppOwner::Unread(_) => return Contacts::Unknown,
            AppOwner::Unwanted => None,
            AppOwner::Wanted(of_app) => of_app,
        };
        let owners = [(OWNER, owner), (APPLICATION_OWNER, of_app)];
        let mut contacts = Vec::with_capacity(1 + usize::from(of_app.is_some()));
        for (role, owner) in owners {
            let Some(owner) = owner else { continue };
            match self.contact(role, owner) {
                Some(contact) => contacts.push(contact),
                None => return Contacts::Unknown,
            }
        }
        Contacts::Known(contacts)
    }

    /// The owner as a contact; nobody where attributes that may have a better address than mapping and template could
    /// not be seen.
    fn contact(&self, role: &'static str, owner: &Owner) -> Option<Contact> {
        let told = match &self.users {
            Users::Read(users) => users.get(&owner.id)?.as_deref(),
            Users::Unreadable => return None,
            Users::Unwanted => None,
        };
        let reached = match told {
            Some(email) => Reached {
                email: Some(email.to_owned()),
                name: None,
            },
            None => self.addresses.of_account(owner),
        };
        let names = [&owner.name, &owner.user_id];
        let name = names.into_iter().find(|name| !name.is_empty());
        Some(Contact {
            role,
            email: reached.email,
            name: reached.name.or_else(|| name.cloned()),
            account: account(owner),
        })
    }
}

/// Whether the owner of an application is wanted, too.
#[derive(Clone, Copy)]
pub(crate) enum AppOwner<'a> {
    /// No.
    Unwanted,
    /// Yes, and this is who it is, if it has one.
    Wanted(Option<&'a Owner>),
    /// Yes, and the application could not be read.
    Unread(Unread),
}

/// `DIRECTORY\user`, or the user alone where no directory is named.
pub(crate) fn account(owner: &Owner) -> Option<String> {
    match (owner.user_directory.as_str(), owner.user_id.as_str()) {
        (_, "") => None,
        ("", user) => Some(user.to_owned()),
        (directory, user) => Some(format!("{directory}\\{user}")),
    }
}
