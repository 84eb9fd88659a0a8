//! Finds followers that cannot be used together: followers with the same name, and followers that write the same files.

use catalog_model::{ConnectionCode, follower::ConfiguredFollower};

use super::{PlacedFollower, error_at};
use crate::hocon::LocatedProblem;

/// Reports each follower that conflicts with one before it.
pub(super) fn find(followers: &[PlacedFollower], findings: &mut Vec<LocatedProblem>) {
    for (index, follower) in followers.iter().enumerate() {
        let mut before = followers[..index].iter();
        let name = follower.configured.follower.name();
        let (message, hint) = if before
            .clone()
            .any(|other| other.configured.follower.name() == name)
        {
            (
                format!("two followers have the name `{name}`"),
                "give each follower a different `name`. The scanner uses it to remember what it has delivered",
            )
        } else if let Some(other) =
            before.find(|other| writes_same_files(&follower.configured, &other.configured))
        {
            let other = other.configured.follower.name();
            (
                format!("the followers `{other}` and `{name}` would write the same files"),
                "give each follower a different `path`, or remove one of them",
            )
        } else {
            continue;
        };
        findings.push(LocatedProblem {
            hint: Some(hint.to_owned()),
            ..error_at(follower.place.clone(), &message)
        });
    }
}

/// Whether two followers would write the same files for a connection.
fn writes_same_files(one: &ConfiguredFollower, other: &ConfiguredFollower) -> bool {
    let Ok(any) = ConnectionCode::new("any") else {
        return false;
    };
    let files = one.follower.files_of(&any);
    let others = other.follower.files_of(&any);
    files.iter().any(|file| others.contains(file))
}
