//! Sends what was prepared: what is new, what changed, then custom properties. Meanwhile the next entities are prepared.

use std::sync::{Arc, Mutex};

use catalog_model::FollowError;

use super::Window;
use crate::{
    openmetadata::{
        api::{Api, MAX_BYTES, MAX_ENTITIES},
        change::{Plan, Work},
        custom_properties::{ExtensionChange, Extensions},
        denied_names::DeniedNames,
        targets::{Create, Creates, Update, Updates, Written},
    },
    sync::{Background, Limits, Outcome, Sender},
};

/// What became of each entity, and what was written of it if that is known better than before it was sent.
pub(super) type Outcomes = Vec<(Option<Outcome>, Option<Written>)>;

/// Entities that were sent.
pub(super) struct Sent {
    pub(super) works: Vec<Work>,
    pub(super) outcomes: Outcomes,
    /// Why nothing more can be sent.
    pub(super) ended: Result<(), FollowError>,
}

/// What is needed to send entities.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) api: Arc<Api>,
    pub(super) names: Arc<DeniedNames>,
    pub(super) parallel: usize,
}

impl Way {
    /// Begins to send entities of one type of the service with this fully qualified name.
    pub(super) fn begin(&self, works: Vec<Work>, service: String) -> Background<Sent> {
        let way = self.clone();
        Background::begin(async move {
            let (outcomes, ended) = way.send(&works, &service).await;
            Sent {
                works,
                outcomes,
                ended,
            }
        })
    }

    /// Creates what the catalog does not have, then changes the rest. With each outcome comes what was written, if that
    /// is known better than before.
    async fn send(&self, works: &[Work], service: &str) -> (Outcomes, Result<(), FollowError>) {
        let mut outcomes = vec![(Some(Outcome::Stored), None); works.len()];
        let Some(of) = works.first().map(|work| work.wanted.mapped.of) else {
            return (outcomes, Ok(()));
        };
        let (mut new, mut creates, mut known, mut updates) = (vec![], vec![], vec![], vec![]);
        for (index, work) in works.iter().enumerate() {
            match &work.plan {
                Plan::Nothing => continue,
                Plan::Create => {
                    creates.push(Create::new(work, service));
                    new.push(index);
                }
                Plan::Update(_) => {
                    let written = Mutex::new(None);
                    updates.push(Update { work, written });
                    known.push(index);
                }
            }
            outcomes[index].0 = None;
        }
        let api = &*self.api;
        let sender = self.sender(MAX_ENTITIES);
        let (sent, mut ended) = sender.send(&Creates { api, of, service }, &creates).await;
        for (index, outcome) in new.into_iter().zip(sent) {
            outcomes[index].0 = outcome;
        }
        if ended.is_ok() {
            let names = &self.names;
            let target = Updates {
                api,
                service,
                names,
            };
            let (sent, then) = self.sender(1).send(&target, &updates).await;
            for ((index, outcome), update) in known.into_iter().zip(sent).zip(updates) {
                outcomes[index] = (outcome, update.written.into_inner().unwrap_or_default());
            }
            ended = then;
        }
        (outcomes, ended)
    }

    pub(super) fn sender(&self, entries: usize) -> Sender {
        let bytes = MAX_BYTES;
        Sender::new(Limits { entries, bytes }, self.parallel)
    }
}

impl Window<'_> {
    /// Writes the custom properties of what was stored. An entity without them is stored, but not completely.
    pub(super) async fn send_extensions(
        &self,
        works: &[Work],
        outcomes: &mut Outcomes,
    ) -> Result<(), FollowError> {
        let Some((custom, first)) = self.custom.as_ref().zip(works.first()) else {
            return Ok(());
        };
        let (mut indexes, mut changes) = (Vec::new(), Vec::new());
        for (index, work) in works.iter().enumerate() {
            let is_stored = outcomes[index].0 == Some(Outcome::Stored);
            if is_stored && !work.extension.is_empty() {
                let (fqn, operations) = (&*work.fqn, &*work.extension);
                changes.push(ExtensionChange { fqn, operations });
                indexes.push(index);
            }
        }
        let (api, of) = (&*self.way.api, first.wanted.mapped.of);
        let target = Extensions { api, of, custom };
        let (sent, ended) = self.way.sender(1).send(&target, &changes).await;
        for (index, sent) in indexes.into_iter().zip(sent) {
            let (outcome, written) = &mut outcomes[index];
            match sent {
                Some(Outcome::Stored) => {}
                Some(Outcome::Refused(_)) => {
                    let written = written.get_or_insert_with(|| works[index].written());
                    written.is_complete = false;
                }
                None => *outcome = None,
            }
        }
        ended
    }
}
