//! What another kind of store is made of: the observations of scans in the form in which they are compared and written, and
//! what its readers return. For crates that implement [`StoreServer`].

pub use crate::{
    browse::{
        backend::{
            BrowseReader, BrowseStore, EventQuery, FacetText, FollowerPosition, HOUR_MILLIS,
            IndexedEntity, IndexedOwner, LoggedChange, Matching, OrderValue,
        },
        document::{
            COLUMNS, Document, DocumentSource, FacetEntry, FacetKind, Holder, MAX_DEPTH,
            missing_container,
        },
        tokens::Tokenizer,
        words::{Expression, SearchedWords},
    },
    catalog::{CatalogReader, ChangeLimit, ChangeQuery, Each, Found, Snapshots, Which},
    change::NumericCode,
    checkpoint::checkpoint_at,
    containers::stored_kind,
    cursors::{FollowerTables, MAX_REFUSALS},
    fuse::blows,
    hashes::{fingerprint, hash},
    known_records::{
        Claim, DigestRecord, KnownItems, KnownRecords, MAX_KNOWN, NumberedRecord, head,
    },
    location::{Access, StoreServer},
    log_age::{Expiry, MAX_CHECKED_SCANS},
    scan_writer::{BegunScan, ScanWriter},
    sighting::{Difference, RankedRecord, SeenContacts, SeenEntity, Sighting, WithheldRecord},
    stored_item::{StoredItem, precedence},
    texts::{LongText, places, put, references},
};
