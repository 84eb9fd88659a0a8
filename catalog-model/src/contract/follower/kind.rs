//! The rules of a kind of followers.

use std::collections::BTreeSet;

use crate::{
    FollowerKind, FollowerName, Settings,
    contract::{Violation, expect},
};

/// Checks a kind with settings that are valid, and have none of those that all kinds share.
///
/// # Errors
/// The first rule that is violated.
pub fn check_kind(
    kind: &dyn FollowerKind,
    settings: impl Fn() -> Settings,
) -> Result<(), Violation> {
    let names: BTreeSet<_> = kind.stages().iter().collect();
    expect(
        !names.is_empty() && names.len() == kind.stages().len(),
        || "a kind has stages, each with its own name".to_owned(),
    )?;
    let [first, second] = [(); 2].map(|()| kind.default_name(&mut settings()));
    expect(first == second, || {
        format!("equal settings have the same name, not {first:?} and {second:?}")
    })?;
    expect(first.starts_with(kind.id()), || {
        format!("the name of a follower without a `name` begins with its kind, not {first:?}")
    })?;
    let name = FollowerName::new(&first)
        .map_err(|error| Violation(format!("{first:?} is a name of a follower: {error}")))?;
    let mut read = settings();
    // As the registry does: the name first, then all settings.
    let _ = kind.default_name(&mut read);
    match kind.open(name.clone(), &mut read) {
        Ok(follower) => expect(*follower.name() == name, || {
            format!(
                "a follower has the name {name:?}, which it was given, not {:?}",
                follower.name()
            )
        }),
        Err(_) => Err(Violation(format!(
            "valid settings open a follower, not {:?}",
            read.problems()
        ))),
    }
}
