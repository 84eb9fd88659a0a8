//! Owners: their addresses, and the status of their accounts.

use std::collections::HashMap;

use catalog_model::{AccountStatus, Contact, Contacts};
use qrs_client::UserId;

use crate::{
    people::{
        account::account,
        addresses::{Addresses, Reached},
        attribute_types::{AttributeTypes, TypeSet},
    },
    records::{Owner, User},
    site::digest::short_digest,
};

/// The role of the owner of a sheet.
const OWNER: &str = "owner";
/// The role of the owner of its application.
const APPLICATION_OWNER: &str = "application owner";

/// The addresses of users, as far as they are visible to the account. Uses about 150 bytes per user.
#[derive(Debug)]
pub(crate) struct Owners<'a> {
    addresses: &'a Addresses,
    users: Users,
    types: AttributeTypes,
}

/// The list of users. Only addresses and statuses are kept.
#[derive(Debug)]
enum Users {
    /// The users that are visible to the account.
    Read(HashMap<UserId, UserFacts>),
    Unreadable,
    /// Users are not read, because no attribute contains addresses.
    Unwanted,
}

/// The remembered data of a user.
#[derive(Debug)]
struct UserFacts {
    /// The address in the attributes.
    email: Option<Box<str>>,
    status: Option<AccountStatus>,
    /// A digest of what items show of the user.
    digest: u64,
    /// Without an address: the types of the attributes that contain an `@`.
    with_at: TypeSet,
}

/// What items show of a user: the address and the status. `None`: users are not read.
#[derive(Hash)]
pub(crate) struct UserDigest<'a>(Option<(Option<&'a str>, Option<&'static str>)>);

/// The status of a sheet's owner, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnerStatus {
    Known(AccountStatus),
    /// No status: the sheet has no owner, or users are not read.
    Absent,
    /// The owner could not be read.
    Unknown,
}

impl<'a> Owners<'a> {
    /// Creates an empty list of users.
    pub(crate) fn new(addresses: &'a Addresses) -> Self {
        Self {
            addresses,
            users: Users::Read(HashMap::new()),
            types: AttributeTypes::default(),
        }
    }

    /// Creates the state for users that could not be read.
    pub(crate) fn unreadable(addresses: &'a Addresses) -> Self {
        Self {
            addresses,
            users: Users::Unreadable,
            types: AttributeTypes::default(),
        }
    }

    /// Creates the state for users that are not read.
    pub(crate) fn unwanted(addresses: &'a Addresses) -> Self {
        Self {
            addresses,
            users: Users::Unwanted,
            types: AttributeTypes::default(),
        }
    }

    pub(crate) fn add(&mut self, user: User) {
        let email = self.addresses.of_attributes(&user.attributes);
        let with_at = match email {
            Some(_) => TypeSet::default(),
            None => self.types.with_at(&user.attributes),
        };
        let status = status(&user);
        let word = status.map(AccountStatus::word);
        let account = (&user.user_directory, &user.user_id, &user.name);
        let facts = UserFacts {
            digest: short_digest((&email, word, account)),
            email,
            status,
            with_at,
        };
        if let Users::Read(users) = &mut self.users {
            users.insert(user.id, facts);
        }
    }

    /// The status of a sheet's owner, as far as it is known.
    pub(crate) fn status(&self, owner: Option<&Owner<'_>>) -> OwnerStatus {
        let (Some(owner), Users::Read(users)) = (owner, &self.users) else {
            let is_unreadable = owner.is_some() && !self.are_read();
            return match is_unreadable {
                true => OwnerStatus::Unknown,
                false => OwnerStatus::Absent,
            };
        };
        let status = users.get(owner.id.as_str()).and_then(|user| user.status);
        status.map_or(OwnerStatus::Unknown, OwnerStatus::Known)
    }

    /// Returns the attribute types that contain an `@`, for an owner without an address.
    pub(crate) fn types_of_unreached(&self, owner: &Owner<'_>) -> TypeSet {
        let Users::Read(users) = &self.users else {
            return TypeSet::default();
        };
        let types = users.get(owner.id.as_str()).map(|user| user.with_at);
        let types = types.unwrap_or_default();
        if types.is_empty() || self.addresses.of_account(owner).email.is_some() {
            return TypeSet::default();
        }
        types
    }

    /// Returns the attributes that contain an `@` but no address: those that are read for addresses, and the others.
    pub(crate) fn named_types(&self, types: TypeSet) -> (Vec<&str>, Vec<&str>) {
        let names = self.types.names(types).into_iter();
        names.partition(|name| self.addresses.asks_for(name))
    }

    /// A digest of each user who was read. `None` if the list could not be read; empty if users are not read.
    pub(crate) fn digests(&self) -> Option<HashMap<UserId, u64>> {
        match &self.users {
            Users::Read(users) => {
                let digests = users.iter().map(|(id, user)| (id.clone(), user.digest));
                Some(digests.collect())
            }
            Users::Unreadable => None,
            Users::Unwanted => Some(HashMap::new()),
        }
    }

    /// Returns what items show of an owner besides the owner's record. `None` if that is unknown.
    pub(crate) fn digest_of(&self, owner: &Owner<'_>) -> Option<UserDigest<'_>> {
        match &self.users {
            Users::Read(users) => {
                let user = users.get(owner.id.as_str())?;
                let status = user.status.map(AccountStatus::word);
                Some(UserDigest(Some((user.email.as_deref(), status))))
            }
            Users::Unreadable => None,
            Users::Unwanted => Some(UserDigest(None)),
        }
    }

    /// Whether the list of users was read.
    pub(crate) fn are_read(&self) -> bool {
        !matches!(self.users, Users::Unreadable)
    }

    /// Returns what to do if some users are hidden.
    pub(crate) fn hint_for_hidden(&self) -> String {
        self.addresses.hint_for_hidden_users()
    }

    /// Returns the contacts of a sheet: its owner, and if configured the owner of the application. An owner who is not
    /// visible to the account is unknown, not without an address. Then all contacts are unknown, so that a catalog
    /// keeps its contacts. A sheet without an owner in QRS has no contact.
    pub(crate) fn contacts(&self, owner: Option<&Owner<'_>>, of_app: AppOwner<'_>) -> Contacts {
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

    /// Returns the owner as a contact. `None` if attributes that may contain a better address than mapping and template
    /// could not be read.
    fn contact(&self, role: &'static str, owner: &Owner<'_>) -> Option<Contact> {
        let user = match &self.users {
            Users::Read(users) => Some(users.get(owner.id.as_str())?),
            Users::Unreadable => return None,
            Users::Unwanted => None,
        };
        let reached = match user.and_then(|user| user.email.as_deref()) {
            Some(email) => Reached {
                email: Some(email.to_owned()),
                since: 1,
                name: None,
            },
            None => self.addresses.of_account(owner),
        };
        let names = [&owner.name, &owner.user_id];
        let name = names.into_iter().find(|name| !name.is_empty());
        Some(Contact {
            role: role.into(),
            email: reached.email,
            name: reached.name.or_else(|| name.map(ToString::to_string)),
            account: account(owner),
            status: user.and_then(|user| user.status),
            email_since: reached.since,
        })
    }
}

/// Returns the most severe status of a user. Unknown if the record has none of the fields, or if a field that could
/// make the status more severe could not be read.
fn status(user: &User) -> Option<AccountStatus> {
    let fields = [
        (
            "removedExternally",
            user.removed_externally,
            AccountStatus::Removed,
        ),
        ("blacklisted", user.blacklisted, AccountStatus::Blocked),
        ("inactive", user.inactive, AccountStatus::Inactive),
    ];
    if fields.iter().all(|(_, value, _)| value.is_none()) {
        return None;
    }
    for (field, value, status) in fields {
        if user.odd.has(field) {
            return None;
        }
        if value == Some(true) {
            return Some(status);
        }
    }
    Some(AccountStatus::Active)
}

/// Why an app was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// The list of apps does not contain it, because it is not visible to the account.
    Hidden,
    /// The list contains it, but its record could not be read.
    Unreadable,
}

/// Whether the owner of an application is also a contact.
#[derive(Clone, Copy)]
pub(crate) enum AppOwner<'a> {
    /// No.
    Unwanted,
    /// Yes, and this is the owner, if there is one.
    Wanted(Option<&'a Owner<'a>>),
    /// Yes, and the application could not be read.
    Unread(Unread),
}
