//! What becomes of the rows of the list of sheets: items, and a count of all that is none.

use std::sync::Arc;

use catalog_model::{
    Contacts, FilteredItem, Observation, Progress, ScanSink, SourceId, UnreadableRecord,
    Visualization, Warning,
    filter::{Fate, FilterRule, ItemFilter, RuleCounts},
};
use qrs_client::Record;

use crate::{
    apps::AppFacts,
    connection::Stopped,
    criteria::AskedSheet,
    dates::Dates,
    list::place,
    lower::{Lowered, Surroundings, lower},
    records::Sheet,
};

/// Lowers sheets into a sink. Remembers no sheet, only how many there were of what a person should know.
pub(crate) struct Sheets<'a> {
    surroundings: Surroundings<'a>,
    filter: Option<(&'a ItemFilter, RuleCounts)>,
    dates: Dates,
    /// Sheets that could be read, whatever a filter makes of them.
    items: u64,
    /// Records that could not be read.
    unreadable: u64,
    /// Those of them that do not even say who they are.
    without_id: u64,
    /// Rows that the site sent although they are no sheets.
    no_sheets: u64,
    /// Sheets whose owner is not among the users that were read.
    hidden_owners: u64,
    owners_read: bool,
}

/// Why a record without an app's id or a sheet's own cannot become an item.
const NO_KEY: &str = "it does not say its app's id (`app.id`) and its own (`engineObjectId`)";

impl<'a> Sheets<'a> {
    pub(crate) fn new(
        surroundings: Surroundings<'a>,
        dates: Dates,
        filter: Option<&'a ItemFilter>,
    ) -> Self {
        Self {
            owners_read: surroundings.owners.are_read(),
            surroundings,
            filter: filter.map(|filter| (filter, filter.counts())),
            dates,
            items: 0,
            unreadable: 0,
            without_id: 0,
            no_sheets: 0,
            hidden_owners: 0,
        }
    }

    /// Takes one row.
    pub(crate) fn take(
        &mut self,
        sink: &mut dyn ScanSink,
        record: Record<Sheet>,
    ) -> Result<(), Stopped> {
        let sheet = match record {
            Ok(sheet) => sheet,
            Err(record) => {
                let place = place("sheets", &record);
                return self.unreadable(sink, record.id, record.reason, place);
            }
        };
        // QRS compares text without regard to case, so `sheet` asks for `Sheet`, too.
        if !sheet.object_type.is_empty() && !sheet.object_type.eq_ignore_ascii_case("sheet") {
            self.no_sheets += 1;
            return Ok(());
        }
        let id = (!sheet.id.is_empty()).then(|| sheet.id.as_str().to_owned());
        let Ok(Lowered { mut item, app }) = lower(&sheet, &self.surroundings, &mut self.dates)
        else {
            let place = format!("the sheet `{}`", sheet.name);
            return self.unreadable(sink, id, NO_KEY.to_owned(), place);
        };
        self.items += 1;
        if let Some(rule) = filtered(&mut self.filter, &sheet, &mut item, &app)? {
            let filtered = FilteredItem {
                key: item.key,
                label: item.label,
                id: id.map(SourceId),
                rule,
            };
            return Ok(sink.observe(Observation::Filtered(filtered))?);
        }
        self.hidden_owners += u64::from(self.owners_read && item.contacts == Contacts::Unknown);
        Ok(sink.observe(Observation::Item(item, id.map(SourceId)))?)
    }

    fn unreadable(
        &mut self,
        sink: &mut dyn ScanSink,
        id: Option<String>,
        reason: String,
        place: String,
    ) -> Result<(), Stopped> {
        self.unreadable += 1;
        self.without_id += u64::from(id.is_none());
        let id = id.map(SourceId);
        Ok(sink.observe(Observation::Unreadable(UnreadableRecord {
            id,
            reason,
            place,
        }))?)
    }

    /// Tells what a person should know of all sheets, and adds why something may be hidden.
    pub(crate) fn close(&self, sink: &mut dyn ScanSink, hidden: &mut Vec<String>) {
        if self.without_id > 0 {
            hidden.push(format!(
                "{} of the sheets could not be read, not even their ids",
                self.without_id
            ));
        }
        // One bad record hides itself alone; that all are bad is a change of the site's answers, of which nothing follows.
        if self.items == 0 && self.unreadable > self.without_id {
            hidden.push(format!(
                "none of the {} sheets could be read",
                self.unreadable
            ));
        }
        if self.no_sheets > 0 {
            sink.warn(Warning {
                message: format!(
                    "the site sent {} objects that are no sheets, although it was asked for sheets alone; they were left out",
                    self.no_sheets
                ),
                hint: Some("look for a gateway between scanner and site that drops the filter".to_owned()),
            });
        }
        if self.hidden_owners > 0 {
            sink.warn(Warning {
                message: format!(
                    "the contacts of {} sheets are unknown: the account may not see the users who own them{}",
                    self.hidden_owners,
                    self.surroundings.apps.whose_owners_matter()
                ),
                hint: Some(self.surroundings.owners.hint_for_hidden()),
            });
        }
        if let Some((filter, counts)) = &self.filter {
            tell_of_rules(filter, counts, sink);
        }
        if let Some(warning) = self.dates.warning() {
            sink.warn(warning);
        }
    }
}

/// Asks the filter: the rule that leaves the item out, or none, and then the item goes where its rule says.
fn filtered(
    filter: &mut Option<(&ItemFilter, RuleCounts)>,
    sheet: &Sheet,
    item: &mut Visualization,
    app: &AppFacts,
) -> Result<Option<Arc<FilterRule>>, Stopped> {
    let Some((filter, counts)) = filter else {
        return Ok(None);
    };
    let decision = filter.decide(&AskedSheet::of(sheet, item, app));
    let decision = decision.map_err(Stopped::Undecided)?;
    counts.count(&decision);
    match decision.fate {
        Fate::Keep { catalog } => {
            item.catalog = catalog;
            Ok(None)
        }
        Fate::Leave { rule } => Ok(filter.rule(rule).cloned()),
    }
}

/// Tells how often each rule had a say, and warns of one that had none: it may be misspelt.
fn tell_of_rules(filter: &ItemFilter, counts: &RuleCounts, sink: &mut dyn ScanSink) {
    for rule in filter.rules() {
        let count = counts.of(rule.id);
        sink.progress(Progress::Filtered {
            rule: Arc::clone(rule),
            count,
        });
        if count.matched == 0 {
            sink.warn(Warning {
                message: format!("the filter {rule} matches no sheet"),
                hint: Some(
                    "look for a misspelt value: values are compared with their case".to_owned(),
                ),
            });
        }
    }
}
