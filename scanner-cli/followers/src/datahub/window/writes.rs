//! Requests that write entities.

use std::borrow::Cow;

use async_trait::async_trait;

use crate::{
    datahub::{
        api::{Api, Verb, Write, openapi_entity},
        change::Change,
        echo::Echo,
        mapping::{Aspects, EntityType, Run},
    },
    remote::CallError,
    sync::{Outcome, Part, Target},
};

/// Writes aspects of entities of one type.
pub(in crate::datahub) struct Writes<'a> {
    pub(in crate::datahub) api: &'a Api,
    pub(in crate::datahub) run: &'a Run,
    pub(in crate::datahub) of: EntityType,
    pub(in crate::datahub) verb: Verb,
}

/// What is written of an entity.
pub(in crate::datahub) struct Entry<'a> {
    urn: &'a str,
    aspects: Cow<'a, Aspects>,
    /// Of a patch: the aspect, the entry, and whether it is added.
    entries: Vec<(&'static str, &'a str, bool)>,
    json: String,
}

impl<'a> Entry<'a> {
    pub(super) fn new(change: &'a Change, verb: Verb, run: &Run) -> Self {
        if verb == Verb::Replace {
            return Self::whole(&change.urn, Cow::Borrowed(&change.aspects), run);
        }
        let mut entry = Self::whole(&change.urn, Cow::Owned(change.patches()), run);
        for patch in &change.patches {
            let aspect = patch.of.aspect();
            let added = patch.added.iter().map(|urn| (aspect, &**urn, true));
            let removed = patch.removed.iter().map(|urn| (aspect, &**urn, false));
            entry.entries.extend(added.chain(removed));
        }
        entry
    }

    /// Aspects that are replaced.
    pub(in crate::datahub) fn whole(urn: &'a str, aspects: Cow<'a, Aspects>, run: &Run) -> Self {
        Self {
            urn,
            json: openapi_entity(urn, &aspects, run),
            aspects,
            entries: Vec::new(),
        }
    }

    /// The first aspect that the server does not have as it was sent.
    fn first_lost(&self, echo: &Echo, verb: Verb) -> Option<&str> {
        match verb {
            Verb::Replace => echo.first_lost(self.urn, &self.aspects),
            Verb::Patch => {
                let mut entries = self.entries.iter();
                let lost = entries.find(|(aspect, entry, is_added)| {
                    echo.has_entry(self.urn, aspect, entry) != *is_added
                });
                lost.map(|(aspect, ..)| *aspect)
            }
        }
    }
}

#[async_trait]
impl<'a> Target for Writes<'a> {
    type Entry = Entry<'a>;

    fn size(&self, entry: &Entry<'a>) -> usize {
        entry.json.len() + 1
    }

    async fn send(&self, entries: &[Entry<'a>], part: Part) -> Result<Vec<Outcome>, CallError> {
        let mut outcomes = vec![Outcome::Stored; entries.len()];
        let all: Vec<_> = entries.iter().collect();
        let lost = self.write(&all, part).await?;
        for index in lost {
            // What the server lost once, it may store when it comes alone.
            let entry = &entries[index];
            if self.write(&[entry], Part::OfRefused).await?.is_empty() {
                continue;
            }
            outcomes[index] = Outcome::Refused(
                "the server answered with success, but has not stored everything".to_owned(),
            );
        }
        Ok(outcomes)
    }
}

impl Writes<'_> {
    /// Writes entries, and returns the indexes of those that the server has not stored although it answered with
    /// success.
    async fn write(&self, entries: &[&Entry<'_>], part: Part) -> Result<Vec<usize>, CallError> {
        let writes: Vec<_> = entries
            .iter()
            .map(|entry| Write {
                urn: entry.urn,
                aspects: &entry.aspects,
                run: self.run,
                json: &entry.json,
            })
            .collect();
        let Some(echo) = self.api.write((self.of, self.verb), &writes, part).await? else {
            return Ok(Vec::new());
        };
        let mut lost: Vec<_> = (0..entries.len())
            .filter(|index| entries[*index].first_lost(&echo, self.verb).is_some())
            .collect();
        if lost.is_empty() {
            return Ok(lost);
        }
        // Not every server answers with everything that it has stored.
        let urns: Vec<_> = lost.iter().map(|index| entries[*index].urn).collect();
        let names = lost.iter().flat_map(|index| entries[*index].aspects.keys());
        let mut names: Vec<_> = names.copied().collect();
        names.sort_unstable();
        names.dedup();
        let read = self.api.read(self.of, &urns, &names).await;
        if let Some(stored) = read.map_err(CallError::Ended)? {
            lost.retain(|index| entries[*index].first_lost(&stored, self.verb).is_some());
        }
        Ok(lost)
    }
}
