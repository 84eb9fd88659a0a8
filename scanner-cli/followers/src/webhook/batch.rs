//! Batches of events. A batch is noted in the feed before it is sent, because it is unknown what the receiver has stored if no
//! answer comes: then exactly the same batch is sent again.

use catalog_model::{
    ConnectionCode, ItemKey,
    follower::{Acknowledgement, Position},
};
use serde::{Deserialize, Serialize};

use super::{event::Event, snapshot::Place};

/// Maximum number of events of a batch, and of its bytes. A single event may have more.
const MAX_EVENTS: usize = 100;
pub(super) const MAX_BYTES: usize = 256 * 1024;

/// Events of one connection that are sent as one request.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Batch {
    pub(super) events: Vec<Event>,
    pub(super) progress: Progress,
    #[serde(skip)]
    bytes: usize,
}

/// What was delivered once the receiver has a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Progress {
    /// All changes up to this one.
    Change(i64),
    /// Everything up to this place, when everything is sent.
    Place(Place),
    /// The end of the scan with this number.
    Scan(i64),
}

impl Batch {
    pub(super) fn new(event: Event, progress: Progress) -> Self {
        let bytes = event.json.len();
        Self {
            events: vec![event],
            progress,
            bytes,
        }
    }

    /// Whether another event has room.
    pub(super) fn has_room(&self, event: &Event) -> bool {
        self.events.len() < MAX_EVENTS && self.bytes + event.json.len() < MAX_BYTES
    }

    pub(super) fn push(&mut self, event: Event, progress: Progress) {
        self.bytes += event.json.len() + 1;
        self.events.push(event);
        self.progress = progress;
    }

    /// The text that the feed keeps.
    pub(super) fn note(&self) -> String {
        // A structure of texts and numbers can be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Progress {
    /// Acknowledges a batch of this connection. The position stays where it is while everything is sent.
    pub(super) fn acknowledgement(
        &self,
        code: &ConnectionCode,
        is_snapshot: bool,
    ) -> Acknowledgement {
        let acknowledgement = match self {
            Self::Change(position) if !is_snapshot => {
                Acknowledgement::up_to(Position::new(*position))
            }
            Self::Change(_) => Acknowledgement::default(),
            Self::Place(place) => Acknowledgement::default().with_note(PLACE, place.note()),
            Self::Scan(number) => {
                Acknowledgement::default().with_note(scan_key(code), number.to_string())
            }
        };
        acknowledgement.with_note(batch_key(code), None)
    }
}

/// The key of the note with the place up to which everything was sent.
pub(super) const PLACE: &str = "webhook place";

/// The key of the note with what was refused and not reported yet.
pub(super) const REFUSED: &str = "webhook refused";

/// The key of the note with the batch of a connection that is being sent. It begins like the keys of the connection's
/// items, so that it is deleted with them.
pub(super) fn batch_key(code: &ConnectionCode) -> String {
    format!("{}/webhook batch", prefix(code))
}

/// The key of the note with the number of the last scan of a connection whose end was sent.
pub(super) fn scan_key(code: &ConnectionCode) -> String {
    format!("{}/webhook scan", prefix(code))
}

fn prefix(code: &ConnectionCode) -> String {
    ItemKey::new([code.as_str()]).map_or_else(|_| code.to_string(), |key| key.to_string())
}
