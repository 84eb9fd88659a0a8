//! Pages of lists.

use super::BrowseError;

/// Maximum number of entries of a page.
pub const MAX_LIMIT: usize = 1_000;

/// Which page of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Maximum number of entries, from 1 to [`MAX_LIMIT`].
    pub limit: usize,
    /// The cursor of the page before. Not set: the first page.
    pub cursor: Option<String>,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self {
            limit: 50,
            cursor: None,
        }
    }
}

impl PageRequest {
    /// Returns the maximum number of entries.
    ///
    /// # Errors
    /// If it is not from 1 to [`MAX_LIMIT`].
    pub(super) fn checked_limit(&self) -> Result<usize, BrowseError> {
        match self.limit {
            1..=MAX_LIMIT => Ok(self.limit),
            _ => Err(BrowseError::InvalidRequest(format!(
                "the limit must be from 1 to {MAX_LIMIT}"
            ))),
        }
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The entries.
    pub entries: Vec<T>,
    /// The cursor of the next page. Not set: this is the last page.
    pub next: Option<String>,
}

/// How far the index is that searches and lists are answered from. It is filled after scans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IndexState {
    /// It contains everything.
    #[default]
    Current,
    /// It lacks this number of changes. What it finds is correct, but new items may be missing.
    Behind {
        /// Number of changes.
        changes: u64,
    },
    /// It is being created, and lacks items.
    Building {
        /// Number of items and containers that it contains.
        indexed: u64,
        /// Number of items and containers of the store.
        total: u64,
    },
}
