//! The error of a request.

use crate::StoreError;

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrowseError {
    /// The cursor is damaged, or belongs to another list, filter or order.
    #[error("the cursor is not valid for this list")]
    InvalidCursor,
    /// The request has a value that is not valid. The text says which.
    #[error("{0}")]
    InvalidRequest(String),
    /// The request took longer than the limit of the settings.
    #[error("the request took too long")]
    TimedOut,
    /// The index is too large for a request to load it into memory. A thread does it now.
    #[error("the catalog is being loaded: try again in a few seconds")]
    Loading,
    /// The store does not exist yet: no scan has run.
    #[error("the store does not exist yet")]
    NoStore,
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}
