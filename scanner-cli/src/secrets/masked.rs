//! A connection file without its secrets, for people to look at.

use std::collections::BTreeMap;

use super::MANAGER;
use crate::hocon::{MASK, Variables};

/// Answers for variables of the environment, and with stars for secrets.
pub(crate) struct Masked<'a>(pub(crate) &'a BTreeMap<String, String>);

impl Variables for Masked<'_> {
    fn text(&self, path: &[String]) -> Option<String> {
        match path {
            [first, _, ..] if first == MANAGER => Some(MASK.to_owned()),
            _ => self.0.text(path),
        }
    }
}
