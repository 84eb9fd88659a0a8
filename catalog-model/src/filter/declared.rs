//! The settings of filters, for the documentation and the JSON Schema.

use crate::settings::{
    Declaration,
    SettingKind::{Other, Text},
};

/// The settings that decide which items a catalog gets.
pub const FILTERS: &[Declaration] = &[
    Declaration::new(
        "filter",
        Text,
        "Which sheets become items, as a condition: [filters](filters.md).",
    )
    .default("all sheets"),
    Declaration::new(
        "filters",
        Other("list of rules"),
        "Which sheets become items, as [rules of the Zeenea scanner](filters.md).",
    )
    .default("all sheets"),
];
