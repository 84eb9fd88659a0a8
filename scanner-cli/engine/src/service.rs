//! The service: one loop that receives results of polls, ends of scans, ticks and requests, and decides what to do
//! next. Everything that waits for disks or sites runs in separate tasks.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use catalog_model::counted;
use jiff::Timestamp;
use tokio::{
    sync::{mpsc::UnboundedReceiver, watch},
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};
use tracing::{info, warn};

mod background;
mod deliveries;
mod earlier_state;
mod file_notifications;
mod file_watcher;
mod group;
mod heartbeat;
mod hook_runner;
mod listener;
mod poller;
mod publication;
mod readiness;
mod scan_log;
mod scans;
mod service_errors;
mod shared_store;
mod start;
mod state_file;
mod table;

use self::{
    deliveries::Deliveries,
    earlier_state::restore_state,
    file_watcher::PollResult,
    group::Group,
    heartbeat::Heartbeat,
    hook_runner::HookRunner,
    listener::Listener,
    poller::{PollEvent, Poller},
    scan_log::ScanLog,
    service_errors::{ErrorSource, ServiceErrors},
    shared_store::SharedStore,
    state_file::StateFile,
};
pub use self::{
    file_watcher::FileWatcher,
    heartbeat::is_silent,
    hook_runner::HookRun,
    listener::OpenCatalog,
    publication::ServiceView,
    state_file::{ConnectionState, ServiceState, read as read_state},
    table::{Table, Timing, reason, reasons},
};
use crate::{
    application_file::Application,
    automation::Automation,
    clock::Clock,
    delivery::DisabledFollower,
    home::Home,
    scanner_identity::scanner_identity,
    scanning::ScanEnd,
    service_state::{Phase, ServiceCounts, Snapshot, is_ahead},
    stop::{Stop, StopReason},
    store::{StoreError, StoreLimits},
};

/// What a running service is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// To stop.
    Stop,
    /// To poll the files now. Sent on Unix only, by the signal `SIGHUP`.
    PollFiles,
}

/// How a service ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceEnd {
    /// It was asked to stop.
    Stopped,
    /// One of its tasks panicked.
    Crashed,
}

/// Counts the log lines that could not be written.
pub type LostLines = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The service.
pub struct Service {
    home: Home,
    clock: Clock,
    variables: Arc<BTreeMap<String, String>>,
    name: Option<String>,
    automation: Automation,
    limits: StoreLimits,
    phase: Phase,
    poller: Poller,
    table: Table,
    /// The running scans, with the identities of their connections.
    scans: JoinSet<(String, ScanEnd)>,
    scan_log: ScanLog,
    /// Stops the running scans, by the identities of their connections.
    running: BTreeMap<String, Stop>,
    store: SharedStore,
    group: Group,
    deliveries: Deliveries,
    hook_runner: HookRunner,
    state: StateFile,
    heartbeat: Heartbeat,
    started: Timestamp,
    /// The last time that the clock returned.
    last_time: Timestamp,
    errors: ServiceErrors,
    counts: ServiceCounts,
    lost_lines: LostLines,
    /// Publishes the state for the monitoring pages.
    snapshots: watch::Sender<Arc<Snapshot>>,
    /// Publishes the state for the catalog.
    views: watch::Sender<Arc<ServiceView>>,
    /// The followers that the settings disable.
    disabled: Vec<DisabledFollower>,
    listener: Listener,
}

/// Interval at which the clock is read.
const TICK: Duration = Duration::from_secs(1);
/// How long shutdown waits for scans, followers and hooks.
const LAST_WAIT: Duration = Duration::from_secs(3);

impl Service {
    /// Creates a service that is not running yet.
    ///
    /// # Errors
    /// If the store exists and cannot be used.
    pub fn new(
        watcher: FileWatcher,
        application: Application,
        name: Option<String>,
        lost_lines: LostLines,
    ) -> Result<Self, StoreError> {
        let (home, clock) = (watcher.home.clone(), watcher.clock);
        let mut table = Table::default();
        restore_state(&mut table, &home, application.store.clone())?;
        log_warnings(&application);
        let started = clock();
        let own_name = scanner_identity(&home, &watcher.variables);
        let snapshot = Snapshot::beginning(name.clone(), started);
        let (snapshots, published) = watch::channel(Arc::new(snapshot));
        Ok(Self {
            listener: Listener::new(application.http, home.clone(), published),
            snapshots,
            views: watch::Sender::new(Arc::default()),
            disabled: application.disabled_followers,
            variables: watcher.variables.clone(),
            name,
            automation: application.automation,
            limits: application.store,
            table,
            scans: JoinSet::new(),
            scan_log: ScanLog::default(),
            running: BTreeMap::new(),
            store: SharedStore::new(home.clone()),
            group: Group::new(&home, own_name, &watcher.variables),
            deliveries: Deliveries::new(home.clone(), clock, application.followers, Instant::now()),
            hook_runner: HookRunner::new(home.clone(), clock, watcher.variables.clone()),
            state: StateFile::at(home.status()),
            heartbeat: Heartbeat::new(home.status(), clock),
            started,
            last_time: started,
            errors: ServiceErrors::default(),
            counts: ServiceCounts::default(),
            lost_lines,
            phase: Phase::Beginning,
            poller: Poller::new(watcher),
            home,
            clock,
        })
    }

    /// Receives the states that the catalog shows.
    pub fn views(&self) -> watch::Receiver<Arc<ServiceView>> {
        self.views.subscribe()
    }

    /// Sets what opens the catalog, which is shown if the settings say so.
    pub fn show(&mut self, open_catalog: OpenCatalog) {
        self.listener.show(open_catalog);
    }

    /// Runs until a request to stop arrives.
    pub async fn run(mut self, mut requests: UnboundedReceiver<Request>) -> ServiceEnd {
        let version = env!("CARGO_PKG_VERSION");
        match &self.name {
            Some(name) => info!(scanner = name, version, "service started"),
            None => info!(
                version,
                "service started; a file `agent-identifier` can give it a name for monitoring"
            ),
        }
        let mut tick = interval(TICK.min(self.automation.look_interval));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let end = loop {
            self.begin_what_is_due();
            self.publish();
            tokio::select! {
                Some(request) = requests.recv() => match request {
                    Request::Stop => break ServiceEnd::Stopped,
                    Request::PollFiles => {
                        info!("received a request to read the files");
                        self.poller.wake();
                    }
                },
                event = self.poller.event() => match event {
                    PollEvent::Polled(poll) => self.polled(*poll),
                    PollEvent::Notified => {}
                    // The service manager restarts the service.
                    PollEvent::Panicked => break ServiceEnd::Crashed,
                },
                sent = self.group.reported() => self.reported(sent),
                Some(ended) = self.scans.join_next() => self.scan_ended(ended),
                runs = self.hook_runner.ended() => self.hook_runner.record(runs, &mut self.counts.hooks),
                run = self.deliveries.ended() => {
                    (self.deliveries).finished(run, &mut self.counts.followers, Instant::now());
                }
                _ = tick.tick() => {}
            }
        };
        self.stop().await;
        end
    }

    fn begin_what_is_due(&mut self) {
        self.read_clock();
        self.poller.begin(&self.table);
        let poll = self.poller.poll();
        let overdue = poll.and_then(|poll| poll.overdue(Instant::now()));
        self.errors.record(ErrorSource::Poll, overdue);
        let unusable = self.listener.begin();
        self.errors.record(ErrorSource::Address, unusable);
        self.report_to_group();
        self.errors.record(ErrorSource::Group, self.group.error());
        for (_, identity) in self.table.due((self.clock)()) {
            if self.running.len() >= self.automation.parallel {
                break;
            }
            if !self.running.contains_key(&identity) && self.may_scan(&identity) {
                self.begin_scan(identity);
            }
        }
        self.deliveries.begin(Instant::now());
    }

    /// Detects that the clock was set back. The next scans must then be rescheduled, because they may be far in the
    /// future.
    fn read_clock(&mut self) {
        let now = (self.clock)();
        let before = std::mem::replace(&mut self.last_time, now);
        if now >= before {
            return;
        }
        if is_ahead(before, now) {
            warn!("the clock was set back from {before:.0} to {now:.0}; all scans are rescheduled");
        }
        let timing = Timing {
            now,
            automation: &self.automation,
        };
        self.table.clock_went_back(before, timing);
    }

    fn polled(&mut self, poll: PollResult) {
        self.poller.after(&poll, self.automation.look_interval);
        self.listener.wake();
        if let Some(read) = poll.application {
            self.apply_application(read);
        }
        self.errors.record(ErrorSource::Folder, poll.error);
        if !poll.unsettled {
            self.errors.record_nothing_to_scan(poll.nothing_to_scan);
        }
        if let Some(stored) = &poll.stored {
            self.table.keep_stored(stored);
        }
        let now = (self.clock)();
        let timing = Timing {
            now,
            automation: &self.automation,
        };
        let has_changed = !poll.files.is_empty();
        for identity in self.table.apply(poll.files, timing) {
            if let Some(scan) = self.running.get(&identity) {
                scan.ask(StopReason::Asked);
            }
        }
        if has_changed {
            self.group.wake();
        }
        if !poll.unsettled {
            self.settled();
        }
    }

    /// All files have been read, and none is being changed.
    fn settled(&mut self) {
        if let Some(codes) = self.table.codes().filter(|codes| !codes.is_empty()) {
            self.deliveries.check_connections(&codes);
        }
        if self.phase == Phase::Beginning {
            self.phase = Phase::Ready;
            readiness::notify(&self.variables, "READY=1");
            let connections = self.table.all().count() as u64;
            info!("ready: {}", counted(connections, "connection"));
        }
    }

    fn apply_application(&mut self, read: Result<Application, Vec<crate::problem::Problem>>) {
        match read {
            Ok(application) => {
                info!("`conf/application.conf` has changed");
                log_warnings(&application);
                self.automation = application.automation;
                self.limits = application.store;
                (self.deliveries).replace(application.followers, Instant::now());
                let now = (self.clock)();
                let timing = Timing {
                    now,
                    automation: &self.automation,
                };
                self.table.reschedule(timing);
                self.listener.replace(application.http);
                self.disabled = application.disabled_followers;
                self.errors.record(ErrorSource::Settings, None);
            }
            Err(problems) => {
                let wrong = Some(reasons(&problems));
                self.errors.record(ErrorSource::Settings, wrong);
            }
        }
    }

    async fn stop(mut self) {
        readiness::notify(&self.variables, "STOPPING=1");
        self.phase = Phase::Ending;
        self.publish();
        match counted(self.running.len() as u64, "scan") {
            _ if self.running.is_empty() => info!("service stopping"),
            scans => info!("service stopping, {scans} interrupted"),
        }
        self.store.stop_waiting();
        for scan in self.running.values() {
            scan.ask(StopReason::Asked);
        }
        let Self {
            scans,
            deliveries,
            hook_runner,
            ..
        } = &mut self;
        // A scan releases its files and its lock at its next await. A scan that is computing at this moment is
        // abandoned.
        let scans = timeout(LAST_WAIT, async {
            while scans.join_next().await.is_some() {}
        });
        let _ = tokio::join!(
            scans,
            deliveries.stop(LAST_WAIT),
            hook_runner.stop(LAST_WAIT)
        );
        self.group.leave(LAST_WAIT).await;
        self.running.clear();
        self.publish();
        self.listener.stop(LAST_WAIT).await;
    }
}

/// Logs the warnings about `conf/application.conf`.
fn log_warnings(application: &Application) {
    for warning in &application.warnings {
        warn!("{}", reason(warning));
    }
}
