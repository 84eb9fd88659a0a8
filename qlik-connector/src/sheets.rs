//! What becomes of the rows of the list of sheets: items, and a count of all that is none.

use catalog_model::{
    Contacts, FilteredItem, Observation, ScanSink, SourceId, UnreadableRecord, Warning,
    filter::ItemFilter,
};
use qrs_client::Record;

use crate::{
    connection::Stopped,
    criteria::AskedSheet,
    dates::Dates,
    filtering::{Filtering, Ruling},
    list::place,
    lower::{Lowered, Surroundings, lower},
    records::Sheet,
};

/// Lowers sheets into a sink. Remembers no sheet, only how many there were of what a person should know.
pub(crate) struct Sheets<'a> {
    surroundings: Surroundings<'a>,
    filter: Option<Filtering<'a>>,
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
            filter: filter.map(Filtering::of),
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
        if !sheet.is_sheet() {
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
        if let Some(filter) = &mut self.filter {
            let ruling = filter.ask(&AskedSheet::of(&sheet, &item, &app));
            match ruling.map_err(Stopped::Undecided)? {
                Ruling::Stays { catalog } => item.catalog = catalog,
                Ruling::Goes { rule } => {
                    let filtered = FilteredItem {
                        key: item.key,
                        label: item.label,
                        id: id.map(SourceId),
                        rule,
                    };
                    return Ok(sink.observe(Observation::Filtered(filtered))?);
                }
                Ruling::Open { reason } => return self.open(sink, id, reason, &sheet),
            }
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

    /// Tells of a sheet that could be read and of which nobody knows whether it is wanted: whatever a catalog has of it
    /// stays as it is.
    fn open(
        &mut self,
        sink: &mut dyn ScanSink,
        id: Option<String>,
        reason: String,
        sheet: &Sheet,
    ) -> Result<(), Stopped> {
        self.without_id += u64::from(id.is_none());
        Ok(sink.observe(Observation::Unreadable(UnreadableRecord {
            id: id.map(SourceId),
            reason,
            place: format!("the sheet `{}`", sheet.name),
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
        if let Some(filter) = &self.filter {
            filter.close(sink);
        }
        if let Some(warning) = self.dates.warning() {
            sink.warn(warning);
        }
    }
}
