//! Sends what was prepared: what is new, what changed, then custom properties.

use std::sync::Mutex;

use catalog_model::FollowError;

use super::Window;
use crate::{
    openmetadata::{
        api::{MAX_BYTES, MAX_ENTITIES},
        change::{Plan, Work},
        custom_properties::{ExtensionChange, Extensions},
        targets::{Create, Creates, Update, Updates, Written},
    },
    sync::{Limits, Outcome, Sender},
};

/// What became of each entity, and what was written of it if that is known better than before it was sent.
pub(super) type Outcomes = Vec<(Option<Outcome>, Option<Written>)>;

impl Window<'_> {
    /// Creates what the catalog does not have, then changes the rest. With each outcome comes what was written, if that
    /// is known better than before.
    pub(super) async fn send(
        &self,
        works: &[Work],
        service: &str,
    ) -> (Outcomes, Result<(), FollowError>) {
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
        let api = &self.api;
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
        if ended.is_ok() {
            ended = self.send_extensions(works, &mut outcomes).await;
        }
        (outcomes, ended)
    }

    /// Writes the custom properties of what was stored. An entity without them is stored, but not completely.
    async fn send_extensions(
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
        let (api, of) = (&self.api, first.wanted.mapped.of);
        let target = Extensions { api, of, custom };
        let (sent, ended) = self.sender(1).send(&target, &changes).await;
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

    pub(super) fn sender(&self, entries: usize) -> Sender {
        let bytes = MAX_BYTES;
        Sender::new(Limits { entries, bytes }, self.parallel)
    }
}
