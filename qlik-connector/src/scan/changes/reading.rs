//! Reads the sheets of the apps in which something may have changed.

use std::collections::BTreeSet;

use catalog_model::{Extent, ItemKey, Observation, ScanSink, UnchangedRest};
use qrs_client::{AppId, Field, Filter};

use crate::{
    items::lower::Surroundings,
    records::Sheet,
    scan::{
        attempt::Attempt,
        changes::{Plan, affected::Affected, memory::Memory, table::SiteSheets},
        requests::{Counted, SHEETS},
        sheets::Sheets,
    },
    site::{
        attempt_error::AttemptError,
        counts::{Count, CountedTwice, Verdict},
        digest::short_digest,
        list::{Rows, read_list},
    },
};

/// Number of apps whose sheets are requested at once, and number of sheets that are requested by their ids at once. The
/// request has less than 4 KB.
const BATCH: usize = 50;

/// Up to this number, sheets are read app by app, whatever their share is.
const FEW_SHEETS: u64 = 1_000;

/// Which sheets an attempt reads.
pub(crate) enum Selected<'a> {
    /// All of them. For a connection that may read only changes, the reason.
    All(Option<String>),
    /// Some of them. The others are as they are remembered.
    Some(&'a Memory, Selection),
}

/// Some of the sheets.
pub(crate) struct Selection {
    /// The number of sheets before.
    before: Count,
    site: SiteSheets,
    affected: Affected,
}

impl Attempt<'_> {
    /// Finds out which sheets to read.
    pub(crate) async fn selected<'p>(
        &self,
        sink: &mut dyn ScanSink,
        plan: &'p Plan,
        version: &str,
        surroundings: &Surroundings<'_>,
    ) -> Result<Selected<'p>, AttemptError> {
        let memory = match plan {
            Plan::Everything(why) => return Ok(Selected::All(why.clone())),
            Plan::Changes(memory) => memory,
        };
        let selection = self.selection(sink, memory, version, surroundings).await?;
        Ok(match selection {
            Ok(selection) => Selected::Some(memory, selection),
            Err(why) => Selected::All(Some(why)),
        })
    }

    /// Finds out which sheets changed. The inner error is why everything must be read.
    async fn selection(
        &self,
        sink: &mut dyn ScanSink,
        memory: &Memory,
        version: &str,
        surroundings: &Surroundings<'_>,
    ) -> Result<Result<Selection, String>, AttemptError> {
        if memory.version != short_digest(version) {
            return Ok(Err("the site's version changed".to_owned()));
        }
        if let Some(reason) = self.hidden.first() {
            return Ok(Err(reason.clone()));
        }
        let (before, site) = match self.read_table(sink).await? {
            Ok(read) => read,
            Err(why) => return Ok(Err(why)),
        };
        let Surroundings { apps, owners, .. } = surroundings;
        let affected = match memory.affected(&site, apps, owners) {
            Ok(affected) => affected,
            Err(why) => return Ok(Err(why)),
        };
        if affected.sheets > FEW_SHEETS && affected.sheets > site.total / 2 {
            return Ok(Err("most sheets may have changed".to_owned()));
        }
        Ok(Ok(Selection {
            before,
            site,
            affected,
        }))
    }

    /// Reads the table of all sheets, and compares it with the number that the site counts, even if counts are not verified:
    /// what a truncated table lacks would be gone. Returns the count as well. The inner error is why everything must be read.
    async fn read_table(
        &self,
        sink: &mut dyn ScanSink,
    ) -> Result<Result<(Count, SiteSheets), String>, AttemptError> {
        let mut counted = CountedTwice {
            first: self.source.request_count(sink, Counted::Sheets).await,
            second: Count::NotAsked,
        };
        let Some(expected) = counted.first.known() else {
            return Ok(Err(match counted.verdict(SHEETS, 0) {
                Verdict::NotCounted(why) => why,
                _ => "the sheets were not counted".to_owned(),
            }));
        };
        let site = match self.source.read_sheet_ids(sink, expected).await? {
            Ok(site) => site,
            Err(why) => return Ok(Err(why)),
        };
        if site.total != expected {
            // A sheet may have been added or removed in the meantime.
            counted.second = self.source.request_count(sink, Counted::Sheets).await;
        }
        Ok(match counted.verdict("ids of sheets", site.total) {
            Verdict::Differs(why) | Verdict::NotCounted(why) => Err(why),
            Verdict::Whole | Verdict::CountedOnce(_) => Ok((counted.first, site)),
        })
    }

    /// Reads the selected sheets. Sends what was not read as unchanged.
    pub(crate) async fn read_selected(
        &self,
        sink: &mut dyn ScanSink,
        sheets: &mut Sheets<'_>,
        memory: &Memory,
        selection: Selection,
    ) -> Result<Extent, AttemptError> {
        let Selection {
            before,
            site,
            affected,
        } = selection;
        let read = self.read_batches(sink, sheets, &site, &affected).await?;
        let after = self.source.request_count(sink, Counted::Sheets).await;
        let unread = site.total - affected.sheets;
        let counted = CountedTwice {
            first: before,
            second: after,
        };
        match counted.verdict(SHEETS, unread + read) {
            Verdict::Whole | Verdict::CountedOnce(_) => {}
            Verdict::Differs(why) | Verdict::NotCounted(why) => return Err(AttemptError::Odd(why)),
        }
        if sheets.others() > 0 || sheets.has_other_apps(&affected.apps) {
            let why = "the site sent records that were not requested";
            return Err(AttemptError::Odd(why.to_owned()));
        }
        let mut excluded = 0;
        for (id, known) in &memory.apps {
            let id = AppId::from(id.as_str());
            if site.by_app.contains_key(&id) && !affected.apps.contains(&id) {
                excluded += known.sheets.excluded;
                sheets.add_unread(id, &known.sheets);
            }
        }
        let code = &self.source.code;
        let apps = affected.apps.iter().chain(&affected.emptied);
        let apps = apps.chain(&affected.without_sheets);
        let read_keys: Result<BTreeSet<_>, _> = apps
            .map(|app| ItemKey::new([code.as_str(), app.as_str()]))
            .collect();
        let Ok(read_keys) = read_keys else {
            return Err(AttemptError::Odd("an app has no id".to_owned()));
        };
        sink.ready().await?;
        sink.observe(Observation::Unchanged(UnchangedRest {
            read: read_keys,
            excluded,
        }))?;
        Ok(Extent::Changes {
            read,
            total: unread + read,
        })
    }

    /// Returns the number of distinct sheets.
    async fn read_batches(
        &self,
        sink: &mut dyn ScanSink,
        sheets: &mut Sheets<'_>,
        site: &SiteSheets,
        affected: &Affected,
    ) -> Result<u64, AttemptError> {
        let apps: Vec<_> = affected.apps.iter().chain(&affected.emptied).collect();
        let of_apps = apps
            .chunks(BATCH)
            .filter_map(|apps| Field::APP_ID.is_in(apps.iter().copied()));
        let homeless = site.homeless.chunks(BATCH);
        let by_id = homeless.filter_map(|ids| Field::ID.is_in(ids));
        let mut rows = Rows::new(SHEETS, Some(affected.sheets));
        let mut distinct = 0;
        for some in of_apps.chain(by_id) {
            let list = self
                .source
                .client
                .app_objects::<Sheet<'_>>(Some(&sheets_only().and(some)));
            let read =
                read_list(sink, list, rows, |sink, record| sheets.take(sink, record)).await?;
            if let Some((_, id)) = read.repeated() {
                let why = format!("the list of sheets contains the record `{id}` more than once");
                return Err(AttemptError::Odd(why));
            }
            distinct += read.distinct();
            rows = rows.after(&read);
        }
        Ok(distinct)
    }
}

pub(crate) fn sheets_only() -> Filter {
    Field::OBJECT_TYPE.equals("sheet")
}
