//! One attempt at a scan: reads the lists in order, and checks their counts and ids.

use catalog_model::{
    Completeness, Diagnostic, Extent, Observation, Progress, RepeatedRecord, ScanSink, SourceId,
};
use qrs_client::{Error, Fact};

use crate::{
    items::{apps::Apps, dates::Dates, lower::Surroundings},
    people::{addresses::UserList, owners::Owners},
    scan::{
        changes::{Plan, memory::Memory, reading::Selected},
        requests::{APPS, Counted, Requests, SHEETS, USERS},
        retries::Retries,
        sheets::Sheets,
        source::Source,
    },
    site::{
        attempt_error::{AttemptError, TOO_MUCH},
        counts::{CountedTwice, VERIFY_COUNTS_OFF, Verdict},
        describe::describe,
        failure::advice,
        hint::RULE,
        list::{ListRead, Rows, Unreadable, read_list},
        version,
    },
};

/// One attempt at a scan.
pub(crate) struct Attempt<'a> {
    pub(crate) source: &'a Source,
    pub(crate) retries: &'a Retries,
    /// Why the result may be incomplete.
    pub(crate) hidden: Vec<String>,
}

impl<'a> Attempt<'a> {
    pub(crate) fn new(source: &'a Source, retries: &'a Retries) -> Self {
        Self {
            source,
            retries,
            hidden: Vec::new(),
        }
    }

    pub(crate) async fn run(
        mut self,
        sink: &mut dyn ScanSink,
        plan: &Plan,
    ) -> Result<Completeness, AttemptError> {
        let version = self.connect(sink).await?;
        let began = self.source.client.site_time();
        let began = began.and_then(|time| time.as_unix_millis());
        let mut requests = Requests::new(self.source, self.retries.at_once(), plan);
        let mut dates = Dates::default();
        let apps = self.read_apps(sink, &mut requests, &mut dates).await?;
        let owners = self.read_owners(sink, &mut requests).await?;
        let surroundings = Surroundings {
            code: &self.source.code,
            apps: &apps,
            owners: &owners,
        };
        let filter = self.source.filter.as_ref();
        let selected = self.selected(sink, plan, &version, &surroundings).await?;
        let key = match selected {
            Selected::All(_) => sink.digest_key().await,
            // Few sheets, most of them changed.
            Selected::Some(..) => None,
        };
        let mut sheets = Sheets::new(surroundings, dates, filter).with_digests(key, self.source);
        if self.source.incremental.is_some() {
            sheets = sheets.indexed();
        }
        let (rows, extent) = match selected {
            Selected::Some(memory, selection) => {
                let extent = self
                    .read_selected(sink, &mut sheets, memory, selection)
                    .await?;
                (sheets.len(), Some(extent))
            }
            Selected::All(why) => {
                let rows = self.read_sheets(sink, requests, &mut sheets).await?;
                (rows, why.map(Extent::Everything))
            }
        };
        sheets.close(sink, &mut self.hidden);
        if let (Some(Extent::Changes { .. }), Some(why)) = (&extent, self.hidden.first()) {
            return Err(AttemptError::Odd(why.clone()));
        }
        sheets
            .containers(filter, &self.hidden)
            .deliver(sink)
            .await?;
        if apps.is_empty() || rows == 0 {
            sink.warn(nothing_visible(if rows == 0 { "sheet" } else { "app" }));
        }
        if let Some(index) = sheets.into_index().filter(|_| self.hidden.is_empty()) {
            let memory = Memory::new(self.source, (&version, began), (&apps, &owners), index);
            keep(sink, &memory).await?;
        }
        if let Some(extent) = extent {
            sink.progress(Progress::Extent(extent));
        }
        Ok(Completeness::from_reasons(self.hidden))
    }

    /// Sends a small request first, which opens the session for all others.
    async fn connect(&self, sink: &mut dyn ScanSink) -> Result<String, AttemptError> {
        let about = self.source.client.about().await;
        let about = about.map_err(|error| {
            AttemptError::Source("asking the site for its version".to_owned(), error)
        })?;
        let trusted = self.source.trust.warnings().iter().cloned();
        let weaknesses = self.source.client.weaknesses();
        let weak = weaknesses.iter().map(outbound_settings::weak);
        for warning in trusted
            .chain(weak)
            .chain(version::warning(&about.build_version))
        {
            sink.warn(warning);
        }
        sink.progress(Progress::Connected {
            version: about.build_version.clone(),
        });
        Ok(about.build_version)
    }

    async fn read_apps(
        &mut self,
        sink: &mut dyn ScanSink,
        requests: &mut Requests<'_>,
        dates: &mut Dates,
    ) -> Result<Apps, AttemptError> {
        let source = self.source;
        let mut apps = Apps::new(
            source.code.clone(),
            source.links.clone(),
            source.with_owners,
        );
        let mut unreadable = Unreadable::new(APPS);
        let first = requests.first_count(sink, Counted::Apps).await;
        let rows = Rows::new(APPS, first.known());
        let list = requests.apps();
        let read = read_list(sink, list, rows, |_, record| {
            match record {
                Ok(app) if app.id.is_empty() => unreadable.add_anonymous(),
                Ok(app) => apps.add(app, dates),
                Err(record) => {
                    apps.add_unreadable(record.id.as_deref());
                    unreadable.add(&record);
                }
            }
            Ok(())
        });
        let read = read.await?;
        let distinct = Some(read.distinct());
        let counted = requests.both_counts(sink, Counted::Apps, first, distinct);
        let counted = counted.await;
        self.check_repeated(sink, APPS, &read)?;
        self.check_count(sink, counted.verdict(APPS, read.distinct()), Weight::Items);
        self.hidden.extend(unreadable.without_id());
        unreadable.warn(
            "their sheets are described by what the sheets contain about their app",
            sink,
        );
        Ok(apps)
    }

    /// Reads the users' addresses. If this fails, the scan continues with unknown contacts.
    async fn read_owners(
        &mut self,
        sink: &mut dyn ScanSink,
        requests: &mut Requests<'_>,
    ) -> Result<Owners<'a>, AttemptError> {
        let addresses = &self.source.addresses;
        if addresses.user_list() == UserList::Unwanted {
            return Ok(Owners::unwanted(addresses));
        }
        let mut owners = Owners::new(addresses);
        let mut unreadable = Unreadable::new(USERS);
        let first = requests.first_count(sink, Counted::Users).await;
        let rows = Rows::new(USERS, first.known());
        let list = requests.users();
        let read = read_list(sink, list, rows, |_, record| {
            match record {
                Ok(user) if user.id.is_empty() => unreadable.add_anonymous(),
                // The ignored attributes may contain an address.
                Ok(user) if user.odd.has("attributes") => {}
                Ok(user) => owners.add(user),
                Err(record) => unreadable.add(&record),
            }
            Ok(())
        });
        let read = match read.await {
            Ok(read) => read,
            Err(AttemptError::Source(step, error)) if self.retries.may_restart(&error) => {
                return Err(AttemptError::Source(step, error));
            }
            Err(AttemptError::Source(_, error)) => {
                let hint = self.hint_without_users(&error);
                return Ok(self.without_users(sink, &describe(&error), hint));
            }
            Err(AttemptError::TooMuch(_, excess)) => {
                return Ok(self.without_users(sink, &excess, TOO_MUCH.to_owned()));
            }
            Err(error) => return Err(error),
        };
        let distinct = Some(read.distinct());
        let counted = requests.both_counts(sink, Counted::Users, first, distinct);
        let counted = counted.await;
        self.check_repeated(sink, USERS, &read)?;
        let verdict = counted.verdict(USERS, read.distinct());
        self.check_count(sink, verdict, Weight::Contacts);
        unreadable.warn("the contacts of the sheets that they own are unknown", sink);
        Ok(owners)
    }

    /// Names a missing right as the cause only if the site reports it.
    fn hint_without_users(&self, error: &Error) -> String {
        match error.fact() {
            Fact::Forbidden => self.source.addresses.hint_for_hidden_users(),
            _ => advice(error, &self.source.client),
        }
    }

    fn without_users(&self, sink: &mut dyn ScanSink, why: &str, hint: String) -> Owners<'a> {
        let addresses = &self.source.addresses;
        sink.warn(Diagnostic::warning(
            format!("the users could not be read, so contacts were left unchanged: {why}"),
            hint,
        ));
        Owners::unreadable(addresses)
    }

    async fn read_sheets(
        &mut self,
        sink: &mut dyn ScanSink,
        mut requests: Requests<'_>,
        sheets: &mut Sheets<'_>,
    ) -> Result<u64, AttemptError> {
        let first = requests.first_count(sink, Counted::Sheets).await;
        let rows = Rows::new(SHEETS, first.known());
        let list = requests.sheets();
        let read = read_list(sink, list, rows, |sink, record| sheets.take(sink, record)).await?;
        let others = sheets.others();
        // With other objects, it is not known yet how many records the site should have counted.
        let distinct = (others == 0).then(|| read.distinct());
        let counted = requests.both_counts(sink, Counted::Sheets, first, distinct);
        let counted = counted.await;
        self.check_repeated(sink, SHEETS, &read)?;
        let distinct = counted_sheets(sink, &requests, &counted, &read, others).await;
        self.check_count(sink, counted.verdict(SHEETS, distinct), Weight::Items);
        Ok(read.records)
    }

    /// A list that contains a record twice is not a snapshot of the site, so it is read again. If it still contains a
    /// record twice, the scan is partial.
    fn check_repeated(
        &mut self,
        sink: &mut dyn ScanSink,
        list: &'static str,
        read: &ListRead,
    ) -> Result<(), AttemptError> {
        let Some((left_out, first)) = read.repeated() else {
            return Ok(());
        };
        let id = first.to_owned();
        if self.retries.may_reread(list) {
            return Err(AttemptError::Repeated { list, id });
        }
        let records = if left_out == 1 { "record" } else { "records" };
        self.hidden.push(format!(
            "the site sent {left_out} {records} of the {list} more than once, each time the list was read; first: `{id}`"
        ));
        if list != SHEETS {
            let id = SourceId(id);
            sink.repeated(RepeatedRecord { list, id, left_out });
        }
        Ok(())
    }

    fn check_count(&mut self, sink: &mut dyn ScanSink, verdict: Verdict, weight: Weight) {
        let (message, consequence) = match (verdict, weight) {
            (Verdict::Whole, _) => return,
            (Verdict::Differs(reason), _) => return self.hidden.push(reason),
            (Verdict::NotCounted(why), Weight::Items) => {
                return self.hidden.push(format!(
                    "{why}; if this site cannot count, set {VERIFY_COUNTS_OFF}"
                ));
            }
            (Verdict::NotCounted(why), Weight::Contacts) => {
                (why, "it is not known whether all were read")
            }
            (Verdict::CountedOnce(why), _) => (why, "the other count matches"),
        };
        sink.warn(Diagnostic::warning(
            format!("{message}; {consequence}"),
            format!("{VERIFY_COUNTS_OFF} turns the comparison off"),
        ));
    }
}

/// The number of records to compare with the counts of sheets.
///
/// If the site sent other objects, a gateway dropped the filter of the list. If the filter was also dropped from the counts,
/// they include all objects. Otherwise they include only sheets, and another object must not count as a missing sheet.
async fn counted_sheets(
    sink: &mut dyn ScanSink,
    requests: &Requests<'_>,
    counted: &CountedTwice,
    read: &ListRead,
    others: u64,
) -> u64 {
    if others == 0 {
        return read.distinct();
    }
    let all = requests.count(sink, Counted::Objects).await.known();
    let counts_all = counted
        .range()
        .zip(all)
        .is_some_and(|(range, all)| range.contains(&all));
    if counts_all {
        read.distinct()
    } else {
        read.distinct().saturating_sub(others)
    }
}

/// What depends on a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// Items: if records may be missing, the scan is partial.
    Items,
    /// Only contacts.
    Contacts,
}

/// An empty list often means that the account has no rights: security rules only grant access, and QRS silently omits
/// records that no rule grants.
pub(crate) fn nothing_visible(what: &str) -> Diagnostic {
    Diagnostic::warning(
        format!(
            "no {what} is visible to the account: the site has none, or the account may not read any"
        ),
        format!("if the site has some, {RULE}"),
    )
}

/// Gives the sink the state that the next scan for changes needs.
async fn keep(sink: &mut dyn ScanSink, memory: &Memory) -> Result<(), AttemptError> {
    if let Some(state) = memory.encode() {
        sink.ready().await?;
        sink.observe(Observation::State(state))?;
    }
    Ok(())
}
