//! Accounts: the user for a header's value, and the user's rights.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::schema::Entity;

type Rule = Arc<dyn Fn(&Value) -> bool + Send + Sync>;

/// An account of the fake site. By default, it may see and change everything.
///
/// Rules of Qlik Sense only grant: what an account may not see is left out of every list and count, silently.
///
/// ```
/// # use qrs_fake_site::{Account, Entity};
/// let account = Account::new(r"ACME\scanner")
///     .sees(Entity::App, |app| app["stream"]["name"] == "Finance")
///     .sees(Entity::Object, |object| object["published"] == true)
///     .forbidden(Entity::User);
/// ```
#[derive(Clone)]
pub struct Account {
    pub(super) header_value: String,
    pub(super) inactive: bool,
    /// Whether it may change what it sees.
    pub(super) may_write: bool,
    access: BTreeMap<Entity, Access>,
}

/// The rights of an account for one kind of record.
#[derive(Clone)]
pub(super) enum Access {
    Everything,
    Only(Rule),
    Forbidden,
}

impl Account {
    /// An account with all rights; `header_value` is the value of the authentication header.
    pub fn new(header_value: &str) -> Self {
        Self {
            header_value: header_value.to_owned(),
            inactive: false,
            may_write: true,
            access: BTreeMap::new(),
        }
    }

    /// Makes the account inactive: every request is answered with 403.
    pub fn inactive(mut self) -> Self {
        self.inactive = true;
        self
    }

    /// Lets the account read only: other requests, except for tables, are answered with 403 `Forbidden`.
    pub fn read_only(mut self) -> Self {
        self.may_write = false;
        self
    }

    /// Removes all rights: lists are empty, counts are 0.
    pub fn without_rights(self) -> Self {
        let nothing = |account: Self, entity| account.sees(entity, |_| false);
        Entity::ALL.into_iter().fold(self, nothing).read_only()
    }

    /// Shows the account only records of one kind that `rule` accepts. The rule gets the full form.
    pub fn sees(
        mut self,
        entity: Entity,
        rule: impl Fn(&Value) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.access.insert(entity, Access::Only(Arc::new(rule)));
        self
    }

    /// Answers every request for one kind of record with 403 `Forbidden`.
    pub fn forbidden(mut self, entity: Entity) -> Self {
        self.access.insert(entity, Access::Forbidden);
        self
    }

    pub(super) fn access(&self, entity: Entity) -> Access {
        let set = self.access.get(&entity);
        set.cloned().unwrap_or(Access::Everything)
    }
}

impl Access {
    /// Whether this record is in the account's lists.
    pub(super) fn shows(&self, record: &Value) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(rule) => rule(record),
            Self::Forbidden => false,
        }
    }
}
