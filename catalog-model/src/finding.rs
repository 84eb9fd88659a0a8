//! What a source has for one thing that a person looks up.

use std::sync::Arc;

use crate::{ItemKey, filter::FilterRule};

/// Something that a source has now, and that a person may have asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// An item, which a scan sees.
    Item {
        /// Its identification key.
        key: ItemKey,
        /// The way that a person would go to it, from the outside in.
        label: Vec<String>,
    },
    /// An item that a filter excludes.
    Excluded {
        /// Its identification key.
        key: ItemKey,
        /// The way that a person would go to it, from the outside in.
        label: Vec<String>,
        /// The rule that excludes it.
        rule: Arc<FilterRule>,
        /// Why: the rule as it is written, or the comparisons of a long expression that decided.
        because: Vec<String>,
    },
    /// An item. Whether a filter excludes it is unknown.
    Undecided {
        /// Its identification key.
        key: ItemKey,
        /// The way that a person would go to it, from the outside in.
        label: Vec<String>,
        /// Why: a pattern that gives up, or something that could not be read.
        why: String,
    },
    /// It exists, but it is not an item.
    NotAnItem {
        /// What it is: "not a sheet, but an object of the type `story` named `Q1`".
        what: String,
    },
    /// The source sent other things than it was asked for. They are not among the findings.
    Unasked {
        /// What was seen, and what to look for.
        what: String,
    },
}
