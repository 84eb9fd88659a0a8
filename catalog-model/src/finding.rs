//! Results of looking up single items on a source.

use std::sync::Arc;

use crate::{ItemKey, filter::FilterRule};

/// Something that a source has now and that matches a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// An item that a scan sees.
    Item {
        /// Its identification key.
        key: ItemKey,
        /// The path to it in the source's user interface, from the outermost to the innermost part.
        label: Vec<String>,
    },
    /// An item that a filter excludes.
    Excluded {
        /// Its identification key.
        key: ItemKey,
        /// The path to it in the source's user interface, from the outermost to the innermost part.
        label: Vec<String>,
        /// The rule that excludes it.
        rule: Arc<FilterRule>,
        /// Why: the text of the rule, or the comparisons of a long expression that decided.
        because: Vec<String>,
    },
    /// An item. Whether a filter excludes it is unknown.
    Undecided {
        /// Its identification key.
        key: ItemKey,
        /// The path to it in the source's user interface, from the outermost to the innermost part.
        label: Vec<String>,
        /// Why: a pattern that exceeded a limit, or a value that could not be read.
        why: String,
    },
    /// It exists, but it is not an item.
    NotAnItem {
        /// What it is: "not a sheet, but an object of the type `story` named `Q1`".
        what: String,
    },
    /// The source sent records that were not requested. They are not among the findings.
    NotRequested {
        /// What was seen, and what to check.
        what: String,
    },
}
