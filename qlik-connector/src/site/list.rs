//! Reading one list of the site, record by record.

use std::{borrow::Cow, pin::pin, time::Duration};

use catalog_model::{Diagnostic, DistinctIds, Progress, ScanSink};
use qrs_client::{Error, Record, RecordList, UnreadableRecord};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout};

use crate::{
    records::{
        Identified,
        ignored_fields::IgnoredFieldCounts,
        texts::{Bounded, LongTexts},
    },
    site::attempt_error::AttemptError,
};

/// The name of a list, and the expected number of rows.
#[derive(Clone, Copy)]
pub(crate) struct Rows {
    list: &'static str,
    expected: Option<u64>,
    /// Records and bytes of earlier parts of the list, which were requested on their own.
    earlier: (u64, u64),
}

/// Maximum number of records of a list: this number for each counted record, plus `MAX_UNCOUNTED`. If a gateway drops
/// the filter of a list, it contains all objects instead of only sheets.
const MAX_RECORDS_PER_COUNTED: u64 = 100;
const MAX_UNCOUNTED: u64 = 10_000;

/// Maximum number of records of a list that was not counted.
const MAX_RECORDS: u64 = 2_000_000;

/// Maximum number of records without an id, in a list that has more of them than records with an id.
const MAX_ANONYMOUS: u64 = 10_000;

/// Number of records between two reports of progress.
const PROGRESS_STEP: u64 = 512;

/// Interval at which progress is reported while waiting for a count, a list or the rest of one.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

impl Rows {
    pub(crate) fn new(list: &'static str, expected: Option<u64>) -> Self {
        Self {
            list,
            expected,
            earlier: (0, 0),
        }
    }

    /// The rows of the next part of a list, of which `part` was read.
    pub(crate) fn after(self, part: &ListRead) -> Self {
        let (records, bytes) = self.earlier;
        Self {
            earlier: (records + part.records, bytes + part.bytes),
            ..self
        }
    }

    /// The progress after this many records and bytes.
    fn reading(self, records: u64, bytes: u64) -> Progress {
        let Self {
            list,
            expected,
            earlier,
        } = self;
        Progress::Reading {
            list,
            records: earlier.0 + records,
            expected,
            bytes: earlier.1 + bytes,
        }
    }
}

/// The size of a list so far.
struct Size {
    read: u64,
    anonymous: u64,
    /// Size of what is kept of it, in bytes.
    kept: usize,
}

impl Size {
    /// Returns what exceeds the list of any site, if anything does.
    fn excess(&self, counted: Option<u64>, max_kept: usize) -> Option<String> {
        let Self {
            read,
            anonymous,
            kept,
        } = *self;
        let max = |counted: u64| {
            counted
                .saturating_mul(MAX_RECORDS_PER_COUNTED)
                .saturating_add(MAX_UNCOUNTED)
        };
        if kept > max_kept {
            let limit = max_kept / 1_000_000;
            return Some(format!(
                "its first {read} records take more memory than the {limit} MB that such a list may take"
            ));
        }
        if let Some(counted) = counted.filter(|counted| read > max(*counted)) {
            return Some(format!(
                "it has more than {read} records, but the site counted {counted}"
            ));
        }
        if counted.is_none() && read > MAX_RECORDS {
            return Some(format!("it has more than {MAX_RECORDS} records"));
        }
        (anonymous > MAX_ANONYMOUS && anonymous * 2 > read)
            .then(|| format!("{anonymous} of its first {read} records have no id"))
    }
}

/// A list that was read to its end.
#[derive(Debug)]
pub(crate) struct ListRead {
    /// Number of records, including repeated ones.
    pub(crate) records: u64,
    /// Its size in bytes.
    bytes: u64,
    /// Number of records that have no id.
    anonymous: u64,
    ids: DistinctIds,
}

impl ListRead {
    /// Number of distinct records. A record without an identity counts as distinct.
    pub(crate) fn distinct(&self) -> u64 {
        self.ids.distinct + self.anonymous
    }

    /// Number of records whose id occurred before, and the id of the first of them.
    pub(crate) fn repeated(&self) -> Option<(u64, &str)> {
        let first = self.ids.first_repeated.as_deref()?;
        Some((self.ids.repeated, first))
    }
}

/// Reads `records` to the end, and calls `take` with each of them.
pub(crate) async fn read_list<T: DeserializeOwned + Identified + Bounded + Send + 'static>(
    sink: &mut dyn ScanSink,
    mut records: RecordList<T>,
    rows: Rows,
    mut take: impl FnMut(&mut dyn ScanSink, Record<T>) -> Result<(), AttemptError> + Send,
) -> Result<ListRead, AttemptError> {
    let Rows { list, expected, .. } = rows;
    let (mut read, mut anonymous) = (0, 0);
    let mut ledger = sink.ledger();
    let (mut texts, mut odd) = (LongTexts::default(), IgnoredFieldCounts::default());
    let mut kept = 0;
    loop {
        let next = next(sink, &mut records, rows, read).await;
        if !matches!(next, Ok(Some(_))) || read % PROGRESS_STEP == 0 {
            sink.progress(rows.reading(read, records.bytes_read()));
        }
        let failed = |error| AttemptError::Source(format!("reading the list of {list}"), error);
        let next = next.map_err(failed)?;
        let Some(mut record) = next else {
            for warning in texts.warning(list).into_iter().chain(odd.warnings(list)) {
                sink.warn(warning);
            }
            sink.progress(Progress::Read {
                list,
                records: rows.earlier.0 + read,
            });
            return Ok(ListRead {
                records: read,
                bytes: records.bytes_read(),
                anonymous,
                ids: ledger.close()?,
            });
        };
        if let Ok(record) = &mut record {
            record.shorten(&mut texts);
            kept += record.kept_bytes();
            odd.add(record);
        }
        match identity(&record) {
            Some(id) => ledger.add(&id)?,
            None => anonymous += 1,
        }
        sink.ready().await?;
        take(sink, record)?;
        read += 1;
        let size = Size {
            read,
            anonymous,
            kept,
        };
        let Some(excess) = size.excess(expected, T::MAX_KEPT_BYTES) else {
            continue;
        };
        return Err(AttemptError::TooMuch(
            format!("reading the list of {list}"),
            excess,
        ));
    }
}

/// Reads the next record of a list after `read` records. Reports progress while it waits.
async fn next<T: DeserializeOwned + Send + 'static>(
    sink: &mut dyn ScanSink,
    records: &mut RecordList<T>,
    rows: Rows,
    read: u64,
) -> Result<Option<Record<T>>, Error> {
    let (list, bytes) = (rows.list, records.bytes_read());
    if read == 0 {
        let waiting = |waited| Progress::Waiting { list, waited };
        return awaited(sink, waiting, records.try_next()).await;
    }
    stalled(sink, |_| rows.reading(read, bytes), records.try_next()).await
}

/// Waits for `answer`. Reports progress with the waiting time, at once and then at regular intervals.
pub(crate) async fn awaited<T>(
    sink: &mut dyn ScanSink,
    progress: impl Fn(Duration) -> Progress,
    answer: impl Future<Output = T>,
) -> T {
    sink.progress(progress(Duration::ZERO));
    stalled(sink, progress, answer).await
}

/// Waits for `answer`. If it takes long, reports progress with the waiting time at regular intervals.
async fn stalled<T>(
    sink: &mut dyn ScanSink,
    progress: impl Fn(Duration) -> Progress,
    answer: impl Future<Output = T>,
) -> T {
    let begun = Instant::now();
    let mut answer = pin!(answer);
    loop {
        if let Ok(answer) = timeout(PROGRESS_INTERVAL, &mut answer).await {
            return answer;
        }
        sink.progress(progress(begun.elapsed()));
    }
}

fn identity<T: Identified>(record: &Record<T>) -> Option<Cow<'_, str>> {
    match record {
        Ok(record) => record.identity(),
        Err(record) => record.id.as_deref().map(Cow::from),
    }
}

/// Records that could not be read, of a list other than that of the items.
pub(crate) struct Unreadable {
    list: &'static str,
    count: u64,
    without_id: u64,
    first: Option<String>,
}

impl Unreadable {
    pub(crate) fn new(list: &'static str) -> Self {
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

    /// Counts a record without an id, which cannot be used.
    pub(crate) fn add_anonymous(&mut self) {
        self.count += 1;
        self.without_id += 1;
        self.first
            .get_or_insert_with(|| "one without an `id`".to_owned());
    }

    /// Returns why the result may be incomplete: records whose ids could not be read.
    pub(crate) fn without_id(&self) -> Option<String> {
        (self.without_id > 0).then(|| {
            format!(
                "{} of the {} could not be read, not even their ids",
                self.without_id, self.list
            )
        })
    }

    /// Warns about them, with the consequence.
    pub(crate) fn warn(&self, consequence: &str, sink: &mut dyn ScanSink) {
        if let Some(first) = &self.first {
            sink.warn(Diagnostic::warning(
                format!(
                    "{} of the {} could not be read; {consequence}; first: {first}",
                    self.count, self.list
                ),
                None,
            ));
        }
    }
}

/// Formats the place of a record: `record 17 of the sheets, at byte 22311`.
pub(crate) fn place(list: &str, record: &UnreadableRecord) -> String {
    format!(
        "record {} of the {list}, at byte {}",
        record.index + 1,
        record.offset
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_stops_at_limits_far_above_the_size_of_real_sites() {
        let excess = |read, anonymous, kept, counted| {
            let size = Size {
                read,
                anonymous,
                kept,
            };
            size.excess(counted, 1_000_000)
        };
        assert_eq!(excess(520_000, 100, 1_000_000, Some(520_000)), None);
        assert_eq!(excess(520_000, 0, 0, Some(5_200)), None);
        assert_eq!(excess(10_000, 10_000, 0, Some(0)), None);
        assert_eq!(excess(MAX_RECORDS, 0, 0, None), None);
        for (read, anonymous, kept, counted, shown) in [
            (10, 0, 1_000_001, Some(10), "more memory than the 1 MB"),
            (10_001, 0, 0, Some(0), "but the site counted 0"),
            (MAX_RECORDS + 1, 0, 0, None, "more than 2000000 records"),
            (20_001, 10_001, 0, None, "have no id"),
        ] {
            let excess = excess(read, anonymous, kept, counted).unwrap();
            assert!(excess.contains(shown), "{excess}");
        }
    }
}
