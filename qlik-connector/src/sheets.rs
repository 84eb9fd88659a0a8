//! What becomes of the rows of the list of sheets: items, and a count of all that is none.

use catalog_model::{
    Contacts, Observation, ScanSink, SinkError, SourceId, UnreadableRecord, Warning,
};
use qrs_client::Record;

use crate::{
    dates::Dates,
    list::place,
    lower::{Surroundings, lower},
    records::Sheet,
};

/// Lowers sheets into a sink. Remembers no sheet, only how many there were of what a person should know.
pub(crate) struct Sheets<'a> {
    surroundings: Surroundings<'a>,
    dates: Dates,
    /// Sheets that became items.
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
    pub(crate) fn new(surroundings: Surroundings<'a>, dates: Dates) -> Self {
        Self {
            owners_read: surroundings.owners.are_read(),
            surroundings,
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
    ) -> Result<(), SinkError> {
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
        let Ok(item) = lower(&sheet, &self.surroundings, &mut self.dates) else {
            let place = format!("the sheet `{}`", sheet.name);
            return self.unreadable(sink, id, NO_KEY.to_owned(), place);
        };
        self.hidden_owners += u64::from(self.owners_read && item.contacts == Contacts::Unknown);
        self.items += 1;
        sink.observe(Observation::Item(item, id.map(SourceId)))
    }

    fn unreadable(
        &mut self,
        sink: &mut dyn ScanSink,
        id: Option<String>,
        reason: String,
        place: String,
    ) -> Result<(), SinkError> {
        self.unreadable += 1;
        self.without_id += u64::from(id.is_none());
        let id = id.map(SourceId);
        sink.observe(Observation::Unreadable(UnreadableRecord {
            id,
            reason,
            place,
        }))
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
                    "the contacts of {} sheets are unknown: the account may not see the users who own them",
                    self.hidden_owners
                ),
                hint: Some("let the account read `User_*`: docs/qlik-setup.md has the rule".to_owned()),
            });
        }
        if let Some(warning) = self.dates.warning() {
            sink.warn(warning);
        }
    }
}
