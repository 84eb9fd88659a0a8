//! The deliveries of the service: separately for each follower, after scans and after failures.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use catalog_model::{
    FollowError, FollowerName, counted,
    follower::{ConfiguredFollower, Delivery},
    with_causes,
};
use tracing::{debug, info, warn};

use super::{
    background::{BackgroundTasks, TaskEnd},
    table::reason,
};
use crate::{
    clock::Clock,
    delivery::{
        Deliverer, DeliveryRun, Followers, MAX_RETRY, is_of_others, is_of_store, refusals,
        retry_after,
    },
    home::Home,
    installation::unknown_codes,
    service_state::Tallies,
};

/// Pause after a run that failed because of the store, or because another scanner delivers. It doubles with each further failure of
/// the store. It is shorter than after a failure of the catalog, because all scanners of a group are without their database at
/// the same time.
const STORE_RETRY: Duration = Duration::from_secs(10);

/// The followers, and the time of the next delivery to each.
pub(crate) struct Deliveries {
    deliverer: Deliverer,
    followers: BTreeMap<FollowerName, FollowerSchedule>,
    runs: BackgroundTasks<DeliveryRun>,
    /// The warnings about connections that no file has, so that each is logged once.
    unknown_connections: BTreeSet<String>,
}

/// The time of the next delivery to a follower.
struct FollowerSchedule {
    /// Not set if the follower is no longer configured and its last run has not ended.
    follower: Option<Arc<ConfiguredFollower>>,
    due: Option<Instant>,
    is_running: bool,
    /// Number of failed runs in a row.
    failures: u32,
    /// Number of runs in a row that failed because of the store.
    store_failures: u32,
    /// The last failure, so that it is logged only once.
    failed: Option<String>,
}

impl Deliveries {
    pub(crate) fn new(home: Home, clock: Clock, followers: Followers, now: Instant) -> Self {
        let mut deliveries = Self {
            deliverer: Deliverer::new(home, clock),
            followers: BTreeMap::new(),
            runs: BackgroundTasks::new(),
            unknown_connections: BTreeSet::new(),
        };
        deliveries.configure(followers, now);
        deliveries
    }

    /// Makes deliveries due, because the store may have changes. Followers that failed still wait for their retry.
    pub(crate) fn wake(&mut self, now: Instant) {
        for schedule in self.followers.values_mut() {
            let is_failing = schedule.failures > 0 || schedule.store_failures > 0;
            if !is_failing || schedule.due.is_none() {
                schedule.due = Some(now);
            }
        }
    }

    /// Replaces the followers, or their settings.
    pub(crate) fn replace(&mut self, followers: Followers, now: Instant) {
        for schedule in self.followers.values_mut() {
            schedule.follower = None;
        }
        self.configure(followers, now);
        (self.followers).retain(|_, known| known.follower.is_some() || known.is_running);
    }

    fn configure(&mut self, followers: Followers, now: Instant) {
        for follower in followers {
            let name = follower.follower.name().clone();
            let schedule = self.followers.entry(name).or_insert(FollowerSchedule {
                follower: None,
                due: None,
                is_running: false,
                failures: 0,
                store_failures: 0,
                failed: None,
            });
            schedule.follower = Some(follower);
            // The new settings may have fixed the follower.
            schedule.due = Some(now);
        }
    }

    /// The configured followers.
    pub(super) fn followers(&self) -> impl Iterator<Item = &ConfiguredFollower> {
        let followers = self.followers.values();
        followers.filter_map(|schedule| schedule.follower.as_deref())
    }

    /// The configured followers, shared.
    pub(super) fn shared_followers(&self) -> Followers {
        let followers = self.followers.values();
        let followers = followers.filter_map(|schedule| schedule.follower.clone());
        followers.collect()
    }

    /// Logs connections of followers that no connection file has. `known` are the codes of all files.
    pub(super) fn check_connections(&mut self, known: &[&str]) {
        let unknown = self.followers().flat_map(|one| unknown_codes(one, known));
        let unknown: Vec<_> = unknown.collect();
        for warning in &unknown {
            if !self.unknown_connections.contains(warning.message()) {
                warn!("{}", reason(warning));
            }
        }
        let messages = unknown.iter().map(|warning| warning.message().to_owned());
        self.unknown_connections = messages.collect();
    }

    /// Starts the runs that are due.
    pub(crate) fn begin(&mut self, now: Instant) {
        for schedule in self.followers.values_mut() {
            let is_due = schedule.due.is_some_and(|due| due <= now) && !schedule.is_running;
            let Some(follower) = schedule.follower.as_ref().filter(|_| is_due) else {
                continue;
            };
            schedule.due = None;
            schedule.is_running = true;
            (self.runs).start_blocking(self.deliverer.task(Arc::clone(follower)));
        }
    }

    /// Waits until the next run ends. Waits forever if none is running.
    pub(super) async fn ended(&mut self) -> TaskEnd<DeliveryRun> {
        self.runs.ended().await
    }

    /// Records how a run ended, and schedules the next one of a follower that failed.
    pub(super) fn finished(
        &mut self,
        run: TaskEnd<DeliveryRun>,
        counts: &mut Tallies,
        now: Instant,
    ) {
        let TaskEnd::Finished(run) = run else {
            return;
        };
        let name = run.follower.as_str();
        if !run.outcome.as_ref().is_err_and(is_of_others) {
            counts.add(name, word(&run));
        }
        if let Ok(delivery) = &run.outcome {
            log_delivered(name, delivery);
        }
        for line in run.unmaintained_files() {
            warn!(follower = name, "{line}");
        }
        let Some(schedule) = self.followers.get_mut(&run.follower) else {
            return;
        };
        schedule.is_running = false;
        if schedule.follower.is_none() {
            self.followers.remove(&run.follower);
            return;
        }
        schedule.ended(name, &run.outcome, now);
    }

    /// Stops the runs at points where nothing is lost.
    pub(crate) async fn stop(&mut self, limit: Duration) {
        self.deliverer.stop();
        self.runs.join(limit, drop).await;
    }
}

impl FollowerSchedule {
    /// Records how a run ended, and logs it if it is new.
    fn ended(&mut self, name: &str, outcome: &Result<Delivery, FollowError>, now: Instant) {
        let failure = match outcome {
            Ok(delivery) => refusals(delivery),
            Err(error) if is_of_others(error) => {
                debug!("the follower `{name}` waits: {}", with_causes(error));
                self.due = Some(self.due.unwrap_or(now + STORE_RETRY));
                return;
            }
            Err(error) => Some(with_causes(error)),
        };
        let Some(failure) = failure else {
            if self.failed.take().is_some() {
                info!("the follower `{name}` has received everything again");
            }
            self.failures = 0;
            self.store_failures = 0;
            return;
        };
        let pause = match outcome {
            Err(error) if is_of_store(error) => {
                let pause = STORE_RETRY * 2_u32.pow(self.store_failures.min(10));
                self.store_failures = self.store_failures.saturating_add(1);
                // Scans that ended in the meantime must not shorten the pause.
                self.due = None;
                pause.min(MAX_RETRY)
            }
            _ => {
                self.failures = self.failures.saturating_add(1);
                self.store_failures = 0;
                retry_after(self.failures)
            }
        };
        self.due = Some(self.due.unwrap_or(now + pause));
        if self.failed.as_ref() != Some(&failure) {
            let pause = match pause.as_secs() / 60 {
                0 => counted(pause.as_secs(), "second"),
                minutes => counted(minutes, "minute"),
            };
            warn!("the follower `{name}` failed: {failure}; it is retried in {pause}");
        }
        self.failed = Some(failure);
    }
}

/// The word for how a run ended in metrics.
fn word(run: &DeliveryRun) -> &'static str {
    match run.is_complete() {
        true => "succeeded",
        false => "failed",
    }
}

fn log_delivered(name: &str, delivery: &Delivery) {
    for one in &delivery.delivered {
        info!(connection = %one.connection, "wrote {} to {}", counted(one.items, "item"), one.target);
    }
    for notice in &delivery.notices {
        info!("the follower `{name}`: {notice}");
    }
}

#[cfg(test)]
mod tests;
