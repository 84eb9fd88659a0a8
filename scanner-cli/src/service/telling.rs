//! What the service tells of itself: to other processes by its state file, to its own pages by a snapshot.

use std::{sync::Arc, time::Instant};

use super::{About, ConnectionNow, ConnectionState, Service, Snapshot, State};
use crate::home::Home;

impl Service {
    /// Tells how it is now.
    pub(super) fn tell(&mut self) {
        let connections = self.table.all().map(|line| {
            let identity = line.code.as_ref().map(Home::identity);
            ConnectionState {
                scanning: identity.is_some_and(|identity| self.running.contains_key(&identity)),
                ..ConnectionState::of(line, &self.home)
            }
        });
        let connections: Vec<_> = connections.collect();
        self.counts.log_lines_lost = self.log.lost();
        let lines = self.table.all().zip(&connections);
        self.snapshots.send_replace(Arc::new(Snapshot {
            phase: self.phase,
            ticked: Instant::now(),
            poll: self.watching.poll(),
            name: self.name.clone(),
            started: self.started,
            now: self.seen,
            troubles: self.troubles.all().count(),
            connections: lines
                .filter_map(|(line, state)| ConnectionNow::of(line, state))
                .collect(),
            counts: self.counts.clone(),
        }));
        self.state.write(State {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: format!("{:.3}", self.started),
            error: self.troubles.all().next().cloned(),
            overdue: self.troubles.of(About::Poll).cloned(),
            hooks: self.hooking.runs.clone(),
            schedule: self.automation.schedule.expression().map(str::to_owned),
            time_zone: self.automation.zone.iana_name().map(str::to_owned),
            connections,
        });
        self.heartbeat.beat();
    }
}
