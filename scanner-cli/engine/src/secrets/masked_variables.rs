//! A connection file without its secrets, for people to look at.

use std::collections::BTreeMap;

use super::MANAGER;
use crate::{
    hocon::{MASK, Variables},
    restrictions::Restrictions,
};

/// Answers for variables of the environment, and with stars for secrets.
pub struct MaskedVariables<'a> {
    /// Variables of the environment.
    pub variables: &'a BTreeMap<String, String>,
    /// Which of them are secrets.
    pub restrictions: &'a Restrictions,
}

impl Variables for MaskedVariables<'_> {
    fn text(&self, path: &[String]) -> Option<String> {
        match path {
            [first, _, ..] if first == MANAGER => Some(MASK.to_owned()),
            [name] => {
                let text = self.variables.get(name)?;
                let is_secret = self.restrictions.variable(name)?.is_limited();
                Some(match is_secret {
                    true => MASK.to_owned(),
                    false => text.clone(),
                })
            }
            _ => None,
        }
    }
}
