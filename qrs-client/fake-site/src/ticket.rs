//! Tickets of the fake site: each opens one session, within a minute.

use std::time::{Duration, SystemTime};

use super::session;

/// How long a ticket is valid (Qlik help, Ticket solution).
const LIFETIME: Duration = Duration::from_secs(60);

/// The tickets that were not used yet.
#[derive(Debug, Default)]
pub(super) struct Tickets(Vec<Ticket>);

#[derive(Debug)]
struct Ticket {
    text: String,
    user: String,
    issued: SystemTime,
}

impl Tickets {
    pub(super) fn issue(&mut self, user: &str, now: SystemTime) -> String {
        let text = session::guid();
        self.0.push(Ticket {
            text: text.clone(),
            user: user.to_owned(),
            issued: now,
        });
        text
    }

    /// The user of a ticket, which cannot be used again.
    pub(super) fn redeem(&mut self, text: &str, now: SystemTime) -> Option<String> {
        let place = self.0.iter().position(|ticket| ticket.text == text)?;
        let ticket = self.0.swap_remove(place);
        let age = now.duration_since(ticket.issued).unwrap_or_default();
        (age <= LIFETIME).then_some(ticket.user)
    }
}
