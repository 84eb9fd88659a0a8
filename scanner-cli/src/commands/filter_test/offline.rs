//! The trial of a filter on what the store holds. No site is asked.

use std::sync::Arc;

use catalog_model::{
    Contacts, ExcludedItem, InventoryEntry, ItemKey, Observation, Precedence, Properties,
    PropertyDefinition, PropertyValue, ScanError, ScanSink, SinkError, Visualization,
    filter::{Decision, Fate, ItemFilter, RuleCounts, UnknownCause},
};

use super::Trial;
use crate::{
    connections::Ready,
    export_line::label,
    store::{Catalog, CatalogItem, ItemScope, State, StoreError, StoredConnection, StoredValue},
};

/// Items that a filter may keep or leave out: those that are there, and those that one left out.
const HELD: &[State] = &[State::Present, State::Unreadable, State::Excluded];

/// Why a trial ended early.
pub(super) enum Stopped {
    Store(StoreError),
    Scan(ScanError),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<SinkError> for Stopped {
    fn from(error: SinkError) -> Self {
        Self::Scan(error.into())
    }
}

/// Asks the filter of `ready` about each item that the store holds of it.
pub(super) fn read(
    ready: &Ready,
    catalog: &Catalog,
    stored: &StoredConnection,
) -> Result<Trial, Stopped> {
    let connection = ready.connection.as_ref();
    let mut trial = Trial::new()?;
    let filtering = connection.filtering();
    let mut counts = filtering.as_ref().map(|filtering| {
        let filter = filtering.filter();
        (filter, filter.counts())
    });
    let scope = ItemScope {
        connection: Some(stored),
        states: HELD,
    };
    catalog.each_item(scope, |found| {
        let Some(item) = item_of(&found, connection.schema().properties) else {
            return Ok(trial.undecided(&found.key, "its key cannot be read")?);
        };
        match (&filtering, &mut counts) {
            (Some(filtering), Some(counts)) => {
                let decision = filtering.decide(&item);
                judge(&mut trial, counts, item, decision)?;
            }
            _ => trial.observe(stays(item, None))?,
        }
        Ok::<_, Stopped>(())
    })?;
    if let Some((filter, counts)) = counts {
        let rules = filter.rules().iter();
        trial.rules = rules
            .map(|rule| (rule.clone(), counts.of(rule.id)))
            .collect();
    }
    Ok(trial)
}

fn judge(
    trial: &mut Trial,
    (filter, counts): &mut (&ItemFilter, RuleCounts),
    item: Visualization,
    decision: Decision,
) -> Result<(), SinkError> {
    counts.count(&decision);
    match decision.fate {
        Fate::Keep { catalog } => trial.observe(stays(item, catalog)),
        Fate::Leave { rule } => match filter.rule(rule) {
            Some(rule) => trial.observe(Observation::Excluded(ExcludedItem {
                key: item.key,
                label: item.label,
                id: None,
                precedence: item.precedence,
                rule: rule.clone(),
            })),
            None => trial.observe(stays(item, None)),
        },
        Fate::Unknown { rule, cause } => {
            let what = format!("{}  {}", label(&item.label), item.key);
            let rule = filter.called(rule);
            let why = match cause {
                UnknownCause::Criterion(criterion) => {
                    format!("{rule} asks `{criterion}`, which the store does not tell of it")
                }
                UnknownCause::Pattern(pattern) => format!("in {rule}, {pattern}"),
            };
            trial.undecided(&what, &why)
        }
    }
}

fn stays(item: Visualization, catalog: Option<Arc<str>>) -> Observation<InventoryEntry> {
    let Visualization {
        key,
        label,
        precedence,
        ..
    } = item;
    let entry = InventoryEntry {
        key,
        label,
        catalog,
        precedence,
    };
    Observation::Item(entry, None)
}

/// What the store holds as an item again. Nobody's filter asks for contacts.
fn item_of(found: &CatalogItem<'_>, properties: &[PropertyDefinition]) -> Option<Visualization> {
    let key: ItemKey = found.key.parse().ok()?;
    let stored = &found.item;
    let mut values = Properties::with_capacity(stored.properties.len());
    for (name, value) in &stored.properties {
        let known = properties.iter().find(|known| known.name == *name);
        if let Some((known, value)) = known.zip(value_of(value)) {
            values.put(known.name, value);
        }
    }
    Some(Visualization {
        key,
        container: None,
        label: stored.label.iter().map(ToString::to_string).collect(),
        name: stored.name.to_string(),
        description: stored.description.as_ref().map(ToString::to_string),
        contacts: Contacts::Unknown,
        catalog: None,
        precedence: Precedence::default(),
        properties: values,
    })
}

fn value_of(value: &StoredValue<'_>) -> Option<PropertyValue> {
    Some(match value {
        StoredValue::Text(text) => PropertyValue::Text(text.to_string()),
        StoredValue::LongText(text) => PropertyValue::LongText(text.to_string()),
        StoredValue::Number(number) => PropertyValue::Number(*number),
        StoredValue::Url(url) => PropertyValue::Url(url.parse().ok()?),
        StoredValue::Instant(instant) => PropertyValue::Instant(instant.parse().ok()?),
        StoredValue::Tags(tags) => {
            PropertyValue::Tags(tags.iter().map(ToString::to_string).collect())
        }
    })
}
