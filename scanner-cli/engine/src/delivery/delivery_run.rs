//! How a delivery to one follower ended.

use catalog_model::{FollowError, FollowerName, follower::Delivery};

/// A delivery to one follower that has ended.
#[derive(Debug)]
pub struct DeliveryRun {
    /// The follower.
    pub follower: FollowerName,
    /// How it ended.
    pub outcome: Result<Delivery, FollowError>,
    /// The paths, for messages, of files of connections that the follower no longer receives. They are listed once: in the first run that succeeds
    /// after a change of its setting `connections`.
    pub unmaintained: Vec<String>,
}

impl DeliveryRun {
    /// Whether everything was delivered.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        (self.outcome.as_ref()).is_ok_and(|delivery| delivery.refused.is_empty())
    }

    /// A line for each [unmaintained](Self::unmaintained) file.
    pub fn unmaintained_files(&self) -> impl Iterator<Item = String> {
        self.unmaintained.iter().map(|path| {
            format!(
                "`{path}` is no longer maintained: the follower's `connections` excludes its connection; delete the file if \
                 you do not need it"
            )
        })
    }
}

/// The items that a catalog has rejected, as one line of text.
#[must_use]
pub fn refusals(delivery: &Delivery) -> Option<String> {
    let first = delivery.refused.first()?;
    let count = catalog_model::counted(delivery.refused.len() as u64, "item");
    Some(format!(
        "{count} refused, first `{}`: {}",
        first.key, first.message
    ))
}
