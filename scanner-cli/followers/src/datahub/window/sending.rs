//! Sends changes while the next ones are prepared.

use std::sync::Arc;

use catalog_model::{ConnectionCode, FollowError};

use super::{Entry, Writes};
use crate::{
    datahub::{
        api::{Api, Verb},
        change::Change,
        mapping::{EntityType, Run},
    },
    sync::{Background, Outcome, Sender},
};

/// Changes that were sent.
pub(super) struct Sent {
    /// The connection.
    pub(super) code: ConnectionCode,
    pub(super) changes: Vec<Change>,
    /// What became of each: `None` if it is not known.
    pub(super) outcomes: Vec<Option<Outcome>>,
    /// Why nothing more can be sent.
    pub(super) ended: Result<(), FollowError>,
}

/// What is needed to send changes.
struct Way {
    api: Arc<Api>,
    sender: Arc<Sender>,
    run: Arc<Run>,
}

/// Begins to send changes of one type.
pub(super) fn begin(
    code: ConnectionCode,
    changes: Vec<Change>,
    (api, sender, run): (&Arc<Api>, &Arc<Sender>, &Arc<Run>),
) -> Background<Sent> {
    let way = Way {
        api: Arc::clone(api),
        sender: Arc::clone(sender),
        run: Arc::clone(run),
    };
    Background::begin(async move {
        let (outcomes, ended) = way.send(&changes).await;
        Sent {
            code,
            changes,
            outcomes,
            ended,
        }
    })
}

impl Way {
    /// Sends what is replaced, then the patches of what was stored.
    async fn send(&self, changes: &[Change]) -> (Vec<Option<Outcome>>, Result<(), FollowError>) {
        // What needs no request is as good as stored.
        let mut outcomes = vec![Some(Outcome::Stored); changes.len()];
        let of = changes
            .first()
            .map_or(EntityType::Dashboard, |change| change.of);
        for verb in [Verb::Replace, Verb::Patch] {
            let writes = Writes {
                api: &self.api,
                run: &self.run,
                of,
                verb,
            };
            let due = changes.iter().enumerate().filter(|(index, change)| {
                outcomes[*index] == Some(Outcome::Stored)
                    && match verb {
                        Verb::Replace => !change.aspects.is_empty(),
                        Verb::Patch => !change.patches.is_empty(),
                    }
            });
            let (indexes, entries): (Vec<_>, Vec<_>) = due
                .map(|(index, change)| (index, Entry::new(change, verb, &self.run)))
                .unzip();
            let (sent, ended) = self.sender.send(&writes, &entries).await;
            for (index, outcome) in indexes.into_iter().zip(sent) {
                outcomes[index] = outcome;
            }
            if ended.is_err() {
                // The patches of those that were replaced were not sent.
                for (index, change) in changes.iter().enumerate() {
                    if verb == Verb::Replace && !change.patches.is_empty() {
                        outcomes[index] = outcomes[index].take().filter(is_refused);
                    }
                }
                return (outcomes, ended);
            }
        }
        (outcomes, Ok(()))
    }
}

fn is_refused(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused(_))
}
