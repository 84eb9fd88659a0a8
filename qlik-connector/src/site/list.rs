//! Reading one list of the site, record by record.

use std::{borrow::Cow, pin::pin, time::Duration};

use catalog_model::{
    Diagnostic, DistinctIds, IdLedger, OBSERVATIONS_AT_ONCE, Progress, ScanSink, SinkError,
};
use qrs_client::{Error, Lend, Record, RecordList, UnreadableRecord};
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

    /// What a scan does while it reads them.
    fn step(self) -> String {
        format!("reading the list of {}", self.list)
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
#[derive(Default)]
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

/// Why the reading of a list ended.
enum Ended {
    /// The list is broken, or not there.
    List(Error),
    Here(AttemptError),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::List(error)
    }
}

impl From<SinkError> for Ended {
    fn from(error: SinkError) -> Self {
        Self::Here(error.into())
    }
}

/// Reads `records` to the end, and lends each of them to `take`.
pub(crate) async fn read_list<T>(
    sink: &mut dyn ScanSink,
    mut records: RecordList<T>,
    rows: Rows,
    mut take: impl FnMut(&mut dyn ScanSink, Record<T::Record<'_>>) -> Result<(), AttemptError> + Send,
) -> Result<ListRead, AttemptError>
where
    T: Lend,
    for<'de> T::Record<'de>: Identified + Bounded,
{
    let mut read = Reading::new(
        rows,
        <T::Record<'static> as Bounded>::MAX_KEPT_BYTES,
        sink.ledger(),
    );
    let ended = read.all(sink, &mut records, &mut take).await;
    let (records, bytes) = (read.size.read, records.bytes_read());
    sink.progress(rows.reading(records, bytes));
    match ended {
        Ok(()) => {}
        Err(Ended::Here(error)) => return Err(error),
        Err(Ended::List(error)) => return Err(AttemptError::Source(rows.step(), error)),
    }
    let list = rows.list;
    for warning in read
        .texts
        .warning(list)
        .into_iter()
        .chain(read.odd.warnings(list))
    {
        sink.warn(warning);
    }
    sink.progress(Progress::Read {
        list,
        records: rows.earlier.0 + records,
    });
    Ok(ListRead {
        records,
        bytes,
        anonymous: read.size.anonymous,
        ids: read.ledger.close()?,
    })
}

/// The state of a list that is being read.
struct Reading {
    rows: Rows,
    size: Size,
    max_kept: usize,
    ledger: Box<dyn IdLedger>,
    texts: LongTexts,
    odd: IgnoredFieldCounts,
}

impl Reading {
    fn new(rows: Rows, max_kept: usize, ledger: Box<dyn IdLedger>) -> Self {
        Self {
            rows,
            size: Size::default(),
            max_kept,
            ledger,
            texts: LongTexts::default(),
            odd: IgnoredFieldCounts::default(),
        }
    }

    async fn all<T>(
        &mut self,
        sink: &mut dyn ScanSink,
        records: &mut RecordList<T>,
        take: &mut (
                 impl FnMut(&mut dyn ScanSink, Record<T::Record<'_>>) -> Result<(), AttemptError> + Send
             ),
    ) -> Result<(), Ended>
    where
        T: Lend,
        for<'de> T::Record<'de>: Identified + Bounded,
    {
        let rows = self.rows;
        loop {
            sink.ready().await?;
            let (read, bytes) = (self.size.read, records.bytes_read());
            let lent = records.lend_arrived(OBSERVATIONS_AT_ONCE, |record| {
                self.one(sink, record, &mut *take).map_err(Ended::Here)
            })?;
            if read == 0 && lent > 0 || read / PROGRESS_STEP != self.size.read / PROGRESS_STEP {
                sink.progress(rows.reading(self.size.read, bytes));
            }
            if lent > 0 {
                continue;
            }
            let waiting = |waited| match read {
                0 => Progress::Waiting {
                    list: rows.list,
                    waited,
                },
                _ => rows.reading(read, bytes),
            };
            let more = match read {
                0 => awaited(sink, waiting, records.await_more()).await?,
                _ => stalled(sink, waiting, records.await_more()).await?,
            };
            if !more {
                return Ok(());
            }
        }
    }

    fn one<R: Identified + Bounded>(
        &mut self,
        sink: &mut dyn ScanSink,
        mut record: Record<R>,
        take: impl FnOnce(&mut dyn ScanSink, Record<R>) -> Result<(), AttemptError>,
    ) -> Result<(), AttemptError> {
        if let Ok(record) = &mut record {
            record.shorten(&mut self.texts);
            self.size.kept += record.kept_bytes();
            self.odd.add(record);
        }
        match identity(&record) {
            Some(id) => self.ledger.add(&id)?,
            None => self.size.anonymous += 1,
        }
        take(sink, record)?;
        self.size.read += 1;
        match self.size.excess(self.rows.expected, self.max_kept) {
            None => Ok(()),
            Some(excess) => Err(AttemptError::TooMuch(self.rows.step(), excess)),
        }
    }
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
