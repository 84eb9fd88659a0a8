//! Reading one list of the site, record by record.

use catalog_model::{Progress, ScanSink, Warning};
use qrs_client::{Record, RecordList, UnreadableRecord};
use serde::de::DeserializeOwned;

use crate::connection::Stopped;

/// What a list holds, and how many rows are expected.
#[derive(Clone, Copy)]
pub(crate) struct Rows {
    list: &'static str,
    expected: Option<u64>,
}

/// Between two tellings of progress so many records go by.
const PROGRESS_STEP: u64 = 512;

impl Rows {
    pub(crate) fn of(list: &'static str, expected: Option<u64>) -> Self {
        Self { list, expected }
    }
}

/// Reads `records` to the end, gives each to `take`, and tells how many there were.
pub(crate) async fn read_list<T: DeserializeOwned + Send + 'static>(
    sink: &mut dyn ScanSink,
    mut records: RecordList<T>,
    rows: Rows,
    mut take: impl FnMut(&mut dyn ScanSink, Record<T>) -> Result<(), Stopped> + Send,
) -> Result<u64, Stopped> {
    let Rows { list, expected } = rows;
    let mut read = 0;
    loop {
        let next = records.next().await;
        if !matches!(next, Ok(Some(_))) || read % PROGRESS_STEP == 0 {
            sink.progress(Progress::Reading {
                list,
                records: read,
                expected,
                bytes: records.bytes_read(),
            });
        }
        let failed = |error| Stopped::Source(format!("reading the list of {list}"), error);
        let next = next.map_err(failed)?;
        let Some(record) = next else {
            return Ok(read);
        };
        take(sink, record)?;
        read += 1;
    }
}

/// Records that could not be read and whose items, if they have any, are told of elsewhere.
pub(crate) struct Unreadable {
    list: &'static str,
    count: u64,
    without_id: u64,
    first: Option<String>,
}

impl Unreadable {
    pub(crate) fn of(list: &'static str) -> Self {
        Self {
            list,
            count: 0,
            without_id: 0,
            first: None,
        }
    }

    pub(crate) fn add(&mut self, record: &UnreadableRecord) {
        self.count += 1;
        self.without_id += u64::from(record.id.is_none());
        let list = self.list;
        self.first.get_or_insert_with(|| {
            let id = record.id.as_deref().unwrap_or("unreadable");
            format!("{} (id {id}): {}", place(list, record), record.reason)
        });
    }

    /// Why something may be hidden: records that do not even say who they are.
    pub(crate) fn without_id(&self) -> Option<String> {
        (self.without_id > 0).then(|| {
            format!(
                "{} of the {} could not be read, not even their ids",
                self.without_id, self.list
            )
        })
    }

    /// Tells of them, and of the consequence.
    pub(crate) fn warn(&self, consequence: &str, sink: &mut dyn ScanSink) {
        if let Some(first) = &self.first {
            sink.warn(Warning {
                message: format!(
                    "{} of the {} could not be read; {consequence}; first {first}",
                    self.count, self.list
                ),
                hint: None,
            });
        }
    }
}

/// Where a record stands: `record 17 of the sheets, at byte 22311`.
pub(crate) fn place(list: &str, record: &UnreadableRecord) -> String {
    format!(
        "record {} of the {list}, at byte {}",
        record.index + 1,
        record.offset
    )
}
