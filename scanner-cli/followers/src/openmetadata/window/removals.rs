//! Removals that are sent together.

use catalog_model::{FollowError, follower::Acknowledgement};

use super::Window;
use crate::{
    openmetadata::{
        change::Removal, mapping::EntityType, service::ServiceState, targets::Removals,
    },
    sync::{Note, Outcome, acknowledge},
};

impl Window<'_> {
    pub(super) async fn flush_removals(
        &mut self,
        mut removals: Vec<Removal>,
    ) -> Result<(), FollowError> {
        let state = self.service_state().await?;
        let is_there = matches!(state, ServiceState::Present | ServiceState::Deleted);
        let (outcomes, mut ended) = match is_there {
            true => {
                self.note_before_removal(&mut removals).await?;
                let removed = Removals { api: &self.way.api };
                self.way.sender(1).send(&removed, &removals).await
            }
            false => (vec![Some(Outcome::Stored); removals.len()], Ok(())),
        };
        if is_there && outcomes.contains(&Some(Outcome::Stored)) {
            self.tally.accepted();
        }
        let mut removed = Acknowledgement::default();
        for (removal, outcome) in removals.into_iter().zip(outcomes) {
            match outcome {
                Some(Outcome::Stored) => {
                    let after = removal.after().as_ref().map(Note::text);
                    removed = removed.with_note(removal.note_key(), after);
                }
                Some(Outcome::Refused(message)) => {
                    ended = ended.and(self.refused(removal.key, message));
                }
                None => {}
            }
        }
        acknowledge(self.feed, removed).await?;
        ended
    }

    async fn note_before_removal(&self, removals: &mut [Removal]) -> Result<(), FollowError> {
        let mut before = Acknowledgement::default();
        for removal in removals {
            let former = removal.before.clone();
            removal.before.begin_removal();
            if removal.of == EntityType::Dashboard {
                let charts = removal.foreign_charts(&self.way.api).await;
                removal.note_live_charts(
                    charts.map_err(|error| error.ended("a dashboard cannot be read"))?,
                );
            }
            if removal.before != former {
                before = before.with_note(removal.note_key(), removal.before.text());
            }
        }
        Ok(acknowledge(self.feed, before).await?)
    }
}
