//! Publishes the state of the service: in its state file for other processes, and as a snapshot for its own pages.

use std::{sync::Arc, time::Instant};

use jiff::Timestamp;

use super::{ConnectionState, ErrorSource, Service, ServiceState, table::TableEntry};
use crate::{
    delivery::{DisabledFollower, Followers},
    home::Home,
    service_state::{ConnectionSnapshot, FileStatus, Snapshot},
    store::FeedFollower,
};

/// What the service knows and the store does not, for the catalog.
#[derive(Default)]
pub struct ServiceView {
    /// The name of the scanner.
    pub name: Option<String>,
    /// When the service started.
    pub started: Timestamp,
    /// The first error of the service itself.
    pub error: Option<String>,
    /// The connections.
    pub connections: Vec<ConnectionState>,
    /// The schedule of connections without their own.
    pub schedule: Option<String>,
    /// The followers.
    pub followers: Followers,
    /// The followers that the settings disable.
    pub disabled: Vec<DisabledFollower>,
}

impl Service {
    /// Publishes the current state.
    pub(super) fn publish(&mut self) {
        let connections = self.table.all().map(|entry| {
            let identity = entry.code.as_ref().map(Home::identity);
            let identity = identity.unwrap_or_default();
            let state = ConnectionState::from_entry(entry, &self.home);
            // Another scanner of the group scans the others.
            let is_own = self.may_scan(&identity);
            ConnectionState {
                scanning: self.running.contains_key(&identity),
                next_scan: state.next_scan.clone().filter(|_| is_own),
                retry: state.retry.filter(|_| is_own),
                ..state
            }
        });
        let connections: Vec<_> = connections.collect();
        self.counts.log_lines_lost = (self.lost_lines)();
        let entries = self.table.all().zip(&connections);
        self.snapshots.send_replace(Arc::new(Snapshot {
            phase: self.phase,
            ticked: Instant::now(),
            poll: self.poller.poll(),
            name: self.name.clone(),
            started: self.started,
            now: self.last_time,
            errors: self.errors.all().count(),
            connections: entries
                .filter_map(|(entry, state)| {
                    let identity = entry.code.as_ref().map(Home::identity).unwrap_or_default();
                    let next_scan = entry.next_scan().filter(|_| self.may_scan(&identity));
                    connection_snapshot(entry, state, next_scan)
                })
                .collect(),
            followers: self.deliveries.followers().map(FeedFollower::new).collect(),
            counts: self.counts.clone(),
        }));
        self.views.send_replace(Arc::new(ServiceView {
            name: self.name.clone(),
            started: self.started,
            error: self.errors.all().next().cloned(),
            connections: connections.clone(),
            schedule: self.automation.schedule.expression().map(str::to_owned),
            followers: self.deliveries.shared_followers(),
            disabled: self.disabled.clone(),
        }));
        self.state.write(ServiceState {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: format!("{:.3}", self.started),
            error: self.errors.all().next().cloned(),
            overdue: self.errors.get(ErrorSource::Poll).cloned(),
            hooks: self.hook_runner.runs.clone(),
            schedule: self.automation.schedule.expression().map(str::to_owned),
            time_zone: self.automation.zone.iana_name().map(str::to_owned),
            connections,
        });
        self.heartbeat.beat();
    }
}

/// The state of the connection of a file, or `None` if the file was removed.
fn connection_snapshot(
    entry: &TableEntry,
    state: &ConnectionState,
    next_scan: Option<Timestamp>,
) -> Option<ConnectionSnapshot> {
    // If two files have the same code, only the file that was first is labelled with it.
    let code = state.code.clone().filter(|_| !entry.clashes);
    (state.state != FileStatus::Removed).then(|| ConnectionSnapshot {
        label: code.or_else(|| state.file.clone()).unwrap_or_default(),
        state: state.state,
        next_scan,
        scanning: state.scanning,
    })
}
