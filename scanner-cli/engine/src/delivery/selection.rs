//! The followers that a command names.

use catalog_model::Place;

use super::Followers;
use crate::{near_code::did_you_mean, operation_error::OperationError};

/// A follower whose settings have `enabled = false`.
#[derive(Clone, Debug)]
pub struct DisabledFollower {
    /// Its name. A secret in it is replaced by stars.
    pub name: String,
    /// The id of its kind.
    pub kind: String,
    /// The place of `enabled`.
    pub place: Place,
}

/// The followers with these names, in the order of the settings, or all followers if no name is given.
///
/// # Errors
/// If no follower has one of the names, or it is disabled.
pub fn select(
    followers: Followers,
    disabled: &[DisabledFollower],
    names: &[String],
) -> Result<Followers, OperationError> {
    let known: Vec<_> = followers
        .iter()
        .map(|one| one.follower.name().as_str())
        .collect();
    let unknown = names.iter().find(|name| !known.contains(&name.as_str()));
    if let Some(unknown) = unknown {
        if let Some(DisabledFollower { name, place, .. }) =
            disabled.iter().find(|one| one.name == *unknown)
        {
            return Err(OperationError::unknown_name(format!(
                "the follower `{name}` is disabled; remove `enabled = false` in `{place}`"
            )));
        }
        let known = known
            .into_iter()
            .chain(disabled.iter().map(|one| one.name.as_str()));
        let known: Vec<_> = known.collect();
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
