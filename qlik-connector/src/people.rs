//! The people who own apps and sheets, and their e-mail addresses.

pub(crate) mod account;
pub(crate) mod addresses;
pub(crate) mod attribute_types;
pub(crate) mod mapping;
pub(crate) mod owners;
pub(crate) mod template;
