//! The requests of an attempt: lists and counts, at once or one after the other.
//!
//! Lists are read one after the other in any case. A list that is requested earlier waits: what does not fit into a few
//! batches stays in the socket. One request less than allowed may wait in this way, so that there is always room for the
//! list that is being read, for counts, and for tries.

use catalog_model::{Progress, ScanSink};
use qrs_client::{Error, Field, QrsClient, RecordList};
use tokio::task::JoinHandle;

use crate::{
    people::addresses::UserList,
    records::{App, Sheet, User},
    scan::{changes::Plan, source::Source},
    site::{
        counts::{Count, CountedTwice, Counts},
        list::awaited,
    },
};

pub(crate) const APPS: &str = "apps";
pub(crate) const USERS: &str = "users";
pub(crate) const SHEETS: &str = "sheets";

/// What the site counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    Apps,
    Users,
    Sheets,
    /// Sheets and all other objects of apps.
    Objects,
}

/// The lists and counts that were not read yet.
pub(crate) struct Requests<'a> {
    source: &'a Source,
    /// Maximum number of lists that are requested before they are read.
    ahead: usize,
    apps: Option<RecordList<App<'static>>>,
    /// Also `None` if users are not needed.
    users: Option<RecordList<User>>,
    /// Also `None` if only some of the sheets are to be read.
    sheets: Option<RecordList<Sheet<'static>>>,
    counts: Vec<(Counted, CountTask)>,
}

/// A count that was requested. It is aborted when this is dropped.
struct CountTask(JoinHandle<Result<u64, Error>>);

/// A list that can be requested before it is read.
trait Waiting {
    /// Whether it is still to be read.
    fn is_left(&self) -> bool;

    fn start(&mut self);
}

impl Counted {
    fn list(self) -> &'static str {
        match self {
            Self::Apps => APPS,
            Self::Users => USERS,
            Self::Sheets | Self::Objects => SHEETS,
        }
    }

    async fn request(self, client: QrsClient) -> Result<u64, Error> {
        match self {
            Self::Apps => client.app_count(None).await,
            Self::Users => client.user_count(None).await,
            Self::Sheets => {
                let sheets = Field::OBJECT_TYPE.equals("sheet");
                client.app_object_count(Some(&sheets)).await
            }
            Self::Objects => client.app_object_count(None).await,
        }
    }
}

impl<'a> Requests<'a> {
    /// Requests lists and counts at once, if `at_once` is more than 1, but nothing of sheets if only some of them are to be read.
    /// The site must have opened a session.
    pub(crate) fn new(source: &'a Source, at_once: usize, plan: &Plan) -> Self {
        let client = &source.client;
        let reads_users = source.addresses.user_list() == UserList::Wanted;
        let reads_all = matches!(plan, Plan::Everything(_));
        let mut requests = Self {
            source,
            ahead: at_once.saturating_sub(1),
            apps: Some(client.apps(None)),
            users: reads_users.then(|| client.users(None)),
            sheets: reads_all.then(|| sheets_of(client)),
            counts: Vec::new(),
        };
        // Before the counts: if a site refuses some requests because it does not keep sessions, lists matter more.
        requests.start_ahead();
        if requests.ahead > 0 && source.counts == Counts::Verify {
            let users = reads_users.then_some(Counted::Users);
            let sheets = reads_all.then_some(Counted::Sheets);
            let counted = [Some(Counted::Apps), users, sheets];
            let counts = counted.into_iter().flatten().map(|counted| {
                let count = counted.request(client.clone());
                (counted, CountTask(tokio::spawn(count)))
            });
            requests.counts = counts.collect();
        }
        requests
    }

    /// The list of apps, which is to be read now.
    pub(crate) fn apps(&mut self) -> RecordList<App<'static>> {
        let apps = self.apps.take();
        self.reading(apps.unwrap_or_else(|| self.source.client.apps(None)))
    }

    /// The list of users, which is to be read now.
    pub(crate) fn users(&mut self) -> RecordList<User> {
        let users = self.users.take();
        self.reading(users.unwrap_or_else(|| self.source.client.users(None)))
    }

    /// The list of sheets, which is to be read now.
    pub(crate) fn sheets(&mut self) -> RecordList<Sheet<'static>> {
        let sheets = self.sheets.take();
        self.reading(sheets.unwrap_or_else(|| sheets_of(&self.source.client)))
    }

    /// Requests the list that is to be read now, and then others.
    fn reading<T>(&mut self, mut list: RecordList<T>) -> RecordList<T> {
        list.start();
        self.start_ahead();
        list
    }

    fn start_ahead(&mut self) {
        let lists: [&mut dyn Waiting; 3] = [&mut self.apps, &mut self.users, &mut self.sheets];
        let left = lists.into_iter().filter(|list| list.is_left());
        left.take(self.ahead).for_each(|list| list.start());
    }

    /// The count before a list is read, unless comparing with counts is disabled.
    pub(crate) async fn first_count(&mut self, sink: &mut dyn ScanSink, counted: Counted) -> Count {
        let position = self.counts.iter().position(|(known, _)| *known == counted);
        let Some(position) = position else {
            return self.count(sink, counted).await;
        };
        let (_, mut task) = self.counts.swap_remove(position);
        let list = counted.list();
        let counting = |waited| Progress::Counting { list, waited };
        match awaited(sink, counting, &mut task.0).await {
            Ok(count) => count.into(),
            Err(_stopped) => Count::Missing("its task stopped unexpectedly".to_owned()),
        }
    }

    /// Both counts of a list. The second one is requested if the list differs from the first one, or if requests are not sent
    /// at once.
    pub(crate) async fn both_counts(
        &self,
        sink: &mut dyn ScanSink,
        counted: Counted,
        first: Count,
        distinct: Option<u64>,
    ) -> CountedTwice {
        let is_same = distinct.is_some() && first.known() == distinct;
        let second = match is_same && self.ahead > 0 {
            true => Count::NotAsked,
            false => self.count(sink, counted).await,
        };
        CountedTwice { first, second }
    }

    /// Requests a count, unless comparing with counts is disabled.
    pub(crate) async fn count(&self, sink: &mut dyn ScanSink, counted: Counted) -> Count {
        self.source.count(sink, counted).await
    }
}

impl Source {
    /// Requests a count, unless comparing with counts is disabled.
    pub(crate) async fn count(&self, sink: &mut dyn ScanSink, counted: Counted) -> Count {
        match self.counts {
            Counts::Verify => self.request_count(sink, counted).await,
            Counts::Ignore => Count::NotAsked,
        }
    }

    /// Requests a count in any case.
    pub(crate) async fn request_count(&self, sink: &mut dyn ScanSink, counted: Counted) -> Count {
        let list = counted.list();
        let counting = |waited| Progress::Counting { list, waited };
        let count = counted.request(self.client.clone());
        awaited(sink, counting, count).await.into()
    }
}

fn sheets_of(client: &QrsClient) -> RecordList<Sheet<'static>> {
    client.app_objects(Some(&Field::OBJECT_TYPE.equals("sheet")))
}

impl<T> Waiting for Option<RecordList<T>> {
    fn is_left(&self) -> bool {
        self.is_some()
    }

    fn start(&mut self) {
        if let Some(list) = self {
            list.start();
        }
    }
}

impl Drop for CountTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}
