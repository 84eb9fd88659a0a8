//! The content of the store as records for programs: the objects of NDJSON, the rows of CSV.
//!
//! A record has the times and the words of the store as text. How it looks in a table is not decided here.

use serde::Serialize;

mod change;
mod container;
mod fleet;
mod follower;
mod item;
mod owner;
mod scan;

pub use self::{
    change::ChangeRecord,
    container::{ContainerRecord, StreamNames},
    fleet::{FleetConnectionRecord, FleetRecord, FleetScannerRecord},
    follower::{FollowerCondition, FollowerRecord, RefusalRecord},
    item::ItemRecord,
    owner::{AddressFilter, OwnerFilter, OwnerRecord, owners},
    scan::{CountsRecord, ScanRecord},
};

/// A record of a list. As JSON it is an object.
pub trait Record: Serialize {
    /// The fields that a list of these records always has, in their order. Other fields follow by name.
    const FIELDS: &'static [&'static str];
}
