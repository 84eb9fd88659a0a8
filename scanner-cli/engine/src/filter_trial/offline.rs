//! Tests a filter with the items in the store, without connecting to the site.

use std::sync::Arc;

use catalog_model::{
    ExcludedItem, InventoryEntry, Observation, Origin, ScanError, ScanSink, SinkError,
    Visualization,
    filter::{Decision, Evaluation, ItemFilter, RuleCounts, UnknownCause},
};

use super::Trial;
use crate::{
    connections::Ready,
    export_line::label,
    store::{Catalog, ItemScope, ItemState, StoreError, StoredConnection},
};

/// The states of the items that are tested: present, unreadable and excluded items.
const TESTED_STATES: &[ItemState] = &[
    ItemState::Present,
    ItemState::Unreadable,
    ItemState::Excluded,
];

/// Why a trial ended early.
pub(super) enum TrialError {
    Store(StoreError),
    Scan(ScanError),
}

impl From<StoreError> for TrialError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<SinkError> for TrialError {
    fn from(error: SinkError) -> Self {
        Self::Scan(error.into())
    }
}

/// Evaluates the filter of `ready` for each of its items in the store.
pub(super) fn read(
    ready: &Ready,
    catalog: &Catalog,
    stored: &StoredConnection,
) -> Result<Trial, TrialError> {
    let connection = ready.connection.as_ref();
    let mut trial = Trial::new()?;
    let filtering = connection.filtering();
    let mut counts = filtering.as_ref().map(|filtering| {
        let filter = filtering.filter();
        (filter, filter.counts())
    });
    let scope = ItemScope {
        connection: Some(stored),
        states: TESTED_STATES,
    };
    catalog.each_item(scope, |found| {
        let item = found.item;
        match (&filtering, &mut counts) {
            (Some(filtering), Some(counts)) => {
                let evaluation = filtering.decide(&item);
                record_decision(&mut trial, counts, item, evaluation)?;
            }
            _ => trial.observe(kept_item(item, None))?,
        }
        Ok::<_, TrialError>(())
    })?;
    if let Some((filter, counts)) = counts {
        let rules = filter.rules().iter();
        trial.rules = rules
            .map(|rule| (rule.clone(), counts.get(rule.id)))
            .collect();
    }
    Ok(trial)
}

fn record_decision(
    trial: &mut Trial,
    (filter, counts): &mut (&ItemFilter, RuleCounts),
    item: Visualization,
    evaluation: Evaluation,
) -> Result<(), SinkError> {
    counts.count(&evaluation);
    match evaluation.decision {
        Decision::Keep { catalog } => trial.observe(kept_item(item, catalog)),
        Decision::Exclude { rule } => trial.observe(Observation::Excluded(ExcludedItem {
            key: item.key,
            label: item.label,
            id: None,
            precedence: item.precedence,
            rule,
        })),
        Decision::Undecided { rule, cause } => {
            let what = format!("{}  {}", label(&item.label), item.key);
            let rule = filter.called(rule);
            let why = match cause {
                UnknownCause::Criterion(criterion) => {
                    format!(
                        "{rule} uses `{criterion}`, which the store does not have for this item"
                    )
                }
                UnknownCause::Pattern(pattern) => format!("in {rule}, {pattern}"),
            };
            trial.undecided(&what, &why)
        }
    }
}

fn kept_item(item: Visualization, catalog: Option<Arc<str>>) -> Observation<InventoryEntry> {
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
    Observation::Item(entry, Origin::default())
}
