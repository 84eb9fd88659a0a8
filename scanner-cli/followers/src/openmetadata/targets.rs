//! How entities are created, changed and removed.

use std::{collections::BTreeSet, sync::Mutex};

use async_trait::async_trait;
use serde_json::Value;

use super::{
    api::{Api, BulkEntity, Row},
    change::{Plan, Removal, Work},
    denied_names::DeniedNames,
    mapping::EntityType,
    patch::{Wanted, foreign},
    state::State,
};
use crate::{
    remote::CallError,
    sync::{Outcome, Part, Parts, Target},
};

/// Maximum number of times that an entity is read again because someone else changed it meanwhile.
const MAX_CONFLICTS: usize = 5;

/// Creates entities of one type.
pub(super) struct Creates<'a> {
    pub(super) api: &'a Api,
    pub(super) of: EntityType,
    /// The fully qualified name of the service.
    pub(super) service: &'a str,
}

/// An entity that is created.
pub(super) struct Create<'a> {
    work: &'a Work,
    /// The body.
    json: String,
}

impl<'a> Create<'a> {
    pub(super) fn new(work: &'a Work, service: &str) -> Self {
        Self {
            work,
            json: work.wanted.create_text(service),
        }
    }
}

#[async_trait]
impl<'a> Target for Creates<'a> {
    type Entry = Create<'a>;

    fn size(&self, entry: &Create<'a>) -> usize {
        entry.json.len() + 1
    }

    async fn send(&self, entries: &[Create<'a>], _part: Part) -> Result<Vec<Outcome>, CallError> {
        let entities: Vec<_> = entries
            .iter()
            .map(|entry| BulkEntity {
                fqn: &entry.work.fqn,
                name: &entry.work.wanted.mapped.name,
                json: &entry.json,
            })
            .collect();
        let rows = match self.api.bulk(self.of, &entities).await? {
            Some(rows) => rows,
            None => vec![Row::Missing; entries.len()],
        };
        let mut outcomes = Vec::with_capacity(entries.len());
        for (entry, row) in entries.iter().zip(rows) {
            outcomes.push(match row {
                Row::Stored => Outcome::Stored,
                Row::Failed(status, message)
                    if matches!(status, 400..=499) && !matches!(status, 404 | 408 | 425 | 429) =>
                {
                    Outcome::Refused(format!("{message} (status {status})"))
                }
                // Sent alone, it may be accepted, or the answer says why it is not.
                Row::Failed(..) | Row::Missing => self.single(entry.work).await?,
            });
        }
        Ok(outcomes)
    }
}

impl Creates<'_> {
    async fn single(&self, work: &Work) -> Result<Outcome, CallError> {
        let body = work.wanted.create(self.service);
        match put(self.api, self.of, &body).await {
            Ok(()) => Ok(Outcome::Stored),
            Err(CallError::Refused { status, message }) => {
                Ok(Outcome::Refused(format!("{message} (status {status})")))
            }
            Err(error) => Err(error),
        }
    }
}

/// Writes an entity alone. A dashboard of which charts are missing, because people have deleted them, is written without
/// those.
async fn put(api: &Api, of: EntityType, body: &Value) -> Result<(), CallError> {
    match api.put(of.path(), body).await {
        Ok(_) => return Ok(()),
        Err(CallError::Refused { status: 404, .. }) if of == EntityType::Dashboard => {}
        Err(error) => return Err(error),
    }
    let mut live = Vec::new();
    for chart in body["charts"].as_array().into_iter().flatten() {
        let name = chart.as_str().unwrap_or_default();
        let found = api.get(EntityType::Chart, name).await?;
        if found.is_some_and(|state| !state.is_deleted()) {
            live.push(chart.clone());
        }
    }
    let mut body = body.clone();
    body["charts"] = live.into();
    api.put(of.path(), &body).await.map(drop)
}

/// Changes entities that the catalog has.
pub(super) struct Updates<'a> {
    pub(super) api: &'a Api,
    /// The fully qualified name of the service.
    pub(super) service: &'a str,
    pub(super) names: &'a DeniedNames,
}

/// An entity that is changed.
pub(super) struct Update<'a> {
    pub(super) work: &'a Work,
    /// What was written.
    pub(super) written: Mutex<Option<Written>>,
}

/// What was written of an entity.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// What is ours afterwards.
    pub(super) parts: Parts,
    /// Whether everything was written that should be.
    pub(super) is_complete: bool,
}

#[async_trait]
impl<'a> Target for Updates<'a> {
    type Entry = Update<'a>;

    fn size(&self, _entry: &Update<'a>) -> usize {
        1
    }

    async fn send(&self, entries: &[Update<'a>], _part: Part) -> Result<Vec<Outcome>, CallError> {
        let mut outcomes = Vec::with_capacity(entries.len());
        for entry in entries {
            let Plan::Update(state) = &entry.work.plan else {
                continue;
            };
            let written = self.update(entry.work, state.clone()).await?;
            if let Ok(mut slot) = entry.written.lock() {
                *slot = Some(written);
            }
            outcomes.push(Outcome::Stored);
        }
        Ok(outcomes)
    }
}

impl Updates<'_> {
    /// Changes an entity. If the account may not change its name, everything else is changed.
    async fn update(&self, work: &Work, mut state: State) -> Result<Written, CallError> {
        if state.is_deleted() {
            self.restore(work, &state).await?;
            if !self.api.is_dry_run() {
                state = self.read_again(work).await?;
            }
        }
        if self.delete_again(work, &state).await? {
            state = self.read_again(work).await?;
        }
        let is_renamed = work.wanted.renames(&state);
        let denied = match self.names.is_denied() && is_renamed {
            true => None,
            false => match self.change(work, &work.wanted, state.clone()).await {
                Err(CallError::Denied {
                    status: 403,
                    is_json: true,
                    error,
                }) if is_renamed => Some(error),
                changed => {
                    let is_complete = true;
                    return changed.map(|parts| Written { parts, is_complete });
                }
            },
        };
        let parts = self
            .change(work, &work.wanted.without_name(), state)
            .await?;
        self.names.add(denied.as_ref());
        let is_complete = false;
        Ok(Written { parts, is_complete })
    }

    async fn change(
        &self,
        work: &Work,
        wanted: &Wanted,
        mut state: State,
    ) -> Result<Parts, CallError> {
        let (api, of) = (self.api, wanted.mapped.of);
        for _ in 0..MAX_CONFLICTS {
            let patch = wanted.patch(&state, self.service, &work.before);
            if !patch.operations.is_empty() {
                let sent = api
                    .patch(of, &work.fqn, &patch.operations, state.etag.as_deref())
                    .await;
                if let Err(CallError::Refused { status: 412, .. }) = sent {
                    state = self.read_again(work).await?;
                    continue;
                }
                sent?;
            }
            if let Some(body) = &patch.whole {
                put(api, of, body).await?;
            }
            return Ok(patch.parts);
        }
        Err(CallError::Refused {
            status: 412,
            message: "others change it all the time".to_owned(),
        })
    }

    /// Deletes the charts that came back with their dashboard. Returns whether there were some.
    async fn delete_again(&self, work: &Work, state: &State) -> Result<bool, CallError> {
        let live: BTreeSet<_> = state.charts().into_iter().collect();
        let mut found = false;
        for chart in work
            .deleted_charts()
            .filter(|chart| live.contains(chart.as_str()))
        {
            self.api.delete(EntityType::Chart, chart).await?;
            found = true;
        }
        Ok(found)
    }

    async fn restore(&self, work: &Work, state: &State) -> Result<(), CallError> {
        let (api, of) = (self.api, work.wanted.mapped.of);
        match api.restore(of, state.id()).await {
            Err(CallError::Refused {
                status: 404 | 405, ..
            }) => put(api, of, &work.wanted.create(self.service)).await,
            restored => restored,
        }
    }

    async fn read_again(&self, work: &Work) -> Result<State, CallError> {
        let state = self.api.get(work.wanted.mapped.of, &work.fqn).await?;
        state
            .filter(|state| !state.is_deleted())
            .ok_or_else(|| CallError::Refused {
                status: 404,
                message: "someone else has deleted it meanwhile".to_owned(),
            })
    }
}

/// Removes entities.
pub(super) struct Removals<'a> {
    pub(super) api: &'a Api,
}

#[async_trait]
impl Target for Removals<'_> {
    type Entry = Removal;

    fn size(&self, _entry: &Removal) -> usize {
        1
    }

    async fn send(&self, entries: &[Removal], _part: Part) -> Result<Vec<Outcome>, CallError> {
        let mut outcomes = Vec::with_capacity(entries.len());
        for entry in entries {
            if entry.is_due(self.api).await? {
                self.api.delete(entry.of, &entry.fqn).await?;
            }
            self.bring_back(entry).await?;
            outcomes.push(Outcome::Stored);
        }
        Ok(outcomes)
    }
}

impl Removals<'_> {
    /// Brings back the charts of others that were deleted together with their dashboard.
    async fn bring_back(&self, removal: &Removal) -> Result<(), CallError> {
        for chart in removal.live_charts() {
            let state = self.api.get(EntityType::Chart, chart).await?;
            if let Some(state) = state.filter(State::is_deleted) {
                self.api.restore(EntityType::Chart, state.id()).await?;
            }
        }
        Ok(())
    }
}

impl Removal {
    /// The live charts that people have put into a dashboard that is removed.
    pub(super) async fn foreign_charts(&self, api: &Api) -> Result<Vec<String>, CallError> {
        let state = match api.get(self.of, &self.fqn).await {
            Ok(state) => state.filter(|state| !state.is_deleted()),
            // The answer to the removal says why.
            Err(CallError::Refused { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(state.map_or_else(Vec::new, |state| foreign(&state.charts(), &self.fqn)))
    }

    /// Whether it is to be removed. Of what was removed before, only what somebody has brought back is.
    async fn is_due(&self, api: &Api) -> Result<bool, CallError> {
        if !self.before.is_doubted {
            return Ok(true);
        }
        let state = api.get(self.of, &self.fqn).await?;
        Ok(state.is_some_and(|state| !state.is_deleted()))
    }
}
