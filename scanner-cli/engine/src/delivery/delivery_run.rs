//! How a delivery to one follower ended.

use catalog_model::{FollowError, FollowerName, follower::Delivery};
use catalog_store::Cursor;

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
    Some(format!("{count}{REFUSED}{}`: {}", first.key, first.message))
}

/// Follows the count of items.
const REFUSED: &str = " refused, first `";

/// Whether an error of a follower is only that its catalog [refuses](refusals) items.
fn is_refusals(error: &str) -> bool {
    let (count, rest) = error.split_once(' ').unwrap_or_default();
    let rest = rest.trim_start_matches("item").trim_start_matches('s');
    count.parse::<u64>().is_ok() && rest.starts_with(REFUSED)
}

/// Whether the last delivery of a follower failed. If its catalog only refuses some items, everything else was
/// delivered.
#[must_use]
pub fn is_failing(cursor: &Cursor) -> bool {
    cursor.failures > 0 && !cursor.error.as_deref().is_some_and(is_refusals)
}

#[cfg(test)]
mod tests {
    use catalog_model::{ItemKey, follower::Refusal};

    use super::*;

    #[test]
    fn refused_items_are_no_failure() {
        let failed = |error: &str| {
            is_failing(&Cursor {
                failures: 1,
                error: Some(error.to_owned()),
                ..Cursor::default()
            })
        };
        assert!(!is_failing(&Cursor::default()));
        assert!(failed("connection refused"));
        for count in 1..3 {
            let mut delivery = Delivery::default();
            for number in 0..count {
                delivery.refused.push(Refusal {
                    key: ItemKey::new(["c", &number.to_string()]).unwrap(),
                    message: "no".to_owned(),
                });
            }
            assert!(!failed(&refusals(&delivery).unwrap()));
        }
    }
}
