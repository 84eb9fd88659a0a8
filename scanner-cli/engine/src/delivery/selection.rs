//! The followers that a command names.

use super::Followers;
use crate::{near_code::did_you_mean, operation_error::OperationError};

/// The followers with these names, in the order of the settings, or all followers if no name is given.
///
/// # Errors
/// If no follower has one of the names.
pub fn select(followers: Followers, names: &[String]) -> Result<Followers, OperationError> {
    let known: Vec<_> = followers
        .iter()
        .map(|one| one.follower.name().as_str())
        .collect();
    let unknown = names.iter().find(|name| !known.contains(&name.as_str()));
    if let Some(unknown) = unknown {
        return Err(OperationError::unknown_name(match known.is_empty() {
            true => format!("there is no follower `{unknown}`; no follower is enabled"),
            false => format!(
                "there is no follower `{unknown}`; {}the followers are: {}",
                did_you_mean(unknown, &known),
                known.join(", ")
            ),
        }));
    }
    let is_named = |name: &str| names.is_empty() || names.iter().any(|named| named == name);
    let selected = followers.into_iter();
    Ok(selected
        .filter(|one| is_named(one.follower.name().as_str()))
        .collect())
}
