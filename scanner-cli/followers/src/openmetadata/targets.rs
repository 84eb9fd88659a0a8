//! How entities are created, changed and removed.

use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::Value;

use super::{
    api::{Api, Row},
    change::{Plan, Removal, Work},
    mapping::EntityType,
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
}

/// An entity that is created: its fully qualified name, and the body.
pub(super) struct Create<'a> {
    pub(super) fqn: &'a str,
    pub(super) body: Value,
}

#[async_trait]
impl<'a> Target for Creates<'a> {
    type Entry = Create<'a>;

    fn size(&self, entry: &Create<'a>) -> usize {
        entry.body.to_string().len() + 1
    }

    async fn send(&self, entries: &[Create<'a>], _part: Part) -> Result<Vec<Outcome>, CallError> {
        let bodies: Vec<_> = entries
            .iter()
            .map(|entry| (entry.fqn, &entry.body))
            .collect();
        let rows = match self.api.bulk(self.of, &bodies).await? {
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
                Row::Failed(..) | Row::Missing => self.single(&entry.body).await?,
            });
        }
        Ok(outcomes)
    }
}

impl Creates<'_> {
    async fn single(&self, body: &Value) -> Result<Outcome, CallError> {
        match put(self.api, self.of, body).await {
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
}

/// An entity that is changed.
pub(super) struct Update<'a> {
    pub(super) work: &'a Work,
    /// What is ours after it was changed.
    pub(super) parts: Mutex<Option<Parts>>,
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
            let parts = self.update(entry.work, state.clone()).await?;
            if let Ok(mut slot) = entry.parts.lock() {
                *slot = Some(parts);
            }
            outcomes.push(Outcome::Stored);
        }
        Ok(outcomes)
    }
}

impl Updates<'_> {
    async fn update(&self, work: &Work, mut state: State) -> Result<Parts, CallError> {
        let (api, of) = (self.api, work.wanted.mapped.of);
        if state.is_deleted() {
            self.restore(work, &state).await?;
            if !api.is_dry_run() {
                state = self.read_again(work).await?;
            }
        }
        for _ in 0..MAX_CONFLICTS {
            let patch = work.wanted.patch(&state, self.service, &work.before);
            if !patch.operations.is_empty() {
                let sent = api.patch(of, &work.fqn, &patch.operations, &state).await;
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
            outcomes.push(Outcome::Stored);
        }
        Ok(outcomes)
    }
}

impl Removal {
    /// Whether it is to be removed. Of what was removed before, only what somebody has brought back is.
    async fn is_due(&self, api: &Api) -> Result<bool, CallError> {
        if !self.before.is_doubted {
            return Ok(true);
        }
        let state = api.get(self.of, &self.fqn).await?;
        Ok(state.is_some_and(|state| !state.is_deleted()))
    }
}
