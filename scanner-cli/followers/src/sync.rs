//! Deliveries to catalogs that keep entities: what kinds of followers share that send what changed.
//!
//! - [`Due`] says which items and containers of a connection may have changed, and reads them.
//! - [`Note`] is what the follower last sent of an entity, kept as a note of the feed, so that an unchanged one is not
//!   sent again. A hash of the content belongs to the version of the mapping.
//! - [`Sender`] sends entries in batches, several at the same time, and halves a batch that is refused down to the
//!   entry.
//! - [`Background`] sends entries while the delivery reads and maps the next ones.
//! - [`Tally`] counts what was stored and refused, and acknowledges the end of a delivery.
//!
//! A delivery reads what is [due](Due::read), asks the feed for the notes, leaves out what has not changed, sends the
//! rest, and acknowledges the notes of what was stored. Entries of parts that people edit as well are noted before they
//! are sent. So it may end anywhere: the next one sends what is left. The position is acknowledged last.
//!
//! Nothing here knows a catalog's product or sends a request by itself.

mod background;
mod batches;
mod dry_run;
mod due;
mod notes;
mod sender;
mod tally;

pub use background::Background;
pub use batches::Limits;
pub use dry_run::Unacknowledged;
pub use due::Due;
pub use notes::{Content, Note, Parts, acknowledge, hash, notes, notes_about};
pub use sender::{Outcome, Part, Sender, Target};
pub use tally::Tally;
