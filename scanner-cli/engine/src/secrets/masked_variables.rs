//! Masks the secrets of a settings file that is shown to people.

use std::collections::BTreeMap;

use super::MANAGER;
use crate::{
    hocon::{MASK, Variables},
    restrictions::Restrictions,
};

/// Resolves environment variables, and replaces secrets with stars.
pub struct MaskedVariables<'a> {
    /// Variables of the environment.
    pub variables: &'a BTreeMap<String, String>,
    /// Which variables are secret.
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
