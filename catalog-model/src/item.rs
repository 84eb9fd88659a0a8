//! Items: what a catalog lists.

use std::sync::Arc;

use crate::{ItemKey, Properties};

/// A report that people look at: for Qlik Sense, a sheet of an application.
#[derive(Clone, Debug, PartialEq)]
pub struct Visualization {
    /// The identification key.
    pub key: ItemKey,
    /// The way that a person would go to it, from the outside in: stream, application, sheet.
    pub label: Vec<String>,
    /// The name as the source has it; may be empty.
    pub name: String,
    /// The source's own description, unless it is empty.
    pub description: Option<String>,
    /// Who answers for it.
    pub contacts: Contacts,
    /// The catalog that it goes into, where a rule of a filter says so.
    pub catalog: Option<Arc<str>>,
    /// Technical data, by the names that the connection declares.
    pub properties: Properties,
}

/// The contacts of an item: known, be it as none at all, or not to be learned this time.
///
/// Unknown is not none: contacts that a catalog already holds stay as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contacts {
    /// The source was asked and said this.
    Known(Vec<Contact>),
    /// The source could not be asked, or did not let the account see.
    Unknown,
}

/// A person who answers for an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// What the person is to the item: `owner`. Nobody has one role twice.
    pub role: &'static str,
    /// The e-mail address; a catalog reaches nobody without one.
    pub email: Option<String>,
    /// The person's name.
    pub name: Option<String>,
    /// What the source calls the person: for Qlik Sense `DIRECTORY\user`.
    pub account: Option<String>,
}
