//! The settings that all followers have, for the documentation and the JSON Schema.

use crate::settings::{
    Declaration,
    SettingKind::{Boolean, Text, Texts},
};

/// The settings that all followers have.
pub const SETTINGS: &[Declaration] = &[
    Declaration::new(
        "kind",
        Text,
        "The kind of the follower: where it delivers.",
    )
    .mandatory(),
    Declaration::new(
        "name",
        Text,
        "The name under which the store keeps the follower's position. If you change the name, also from the default, \
         it is a new follower and receives all items. Names are unique.",
    )
    .default("the kind; for `ndjson` also the `path`: `ndjson:export`"),
    Declaration::new(
        "enabled",
        Boolean,
        "`false` turns the follower off; its other settings are then not read.",
    )
    .default("`true`"),
    Declaration::new(
        "connections",
        Texts,
        "The codes of the connections whose items the follower receives, such as `[\"qlik-prod\"]`. Codes are \
         case-sensitive. A code that no connection file has causes a warning; an empty list is an error. If the list \
         changes, the follower receives all items again. The follower no longer updates the files of connections that \
         are not in the list: `scan` and `run` name such files once; delete those that you do not need.",
    )
    .default("all connections"),
];
