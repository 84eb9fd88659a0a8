//! The settings of connection files that connectors do not read.

use catalog_model::settings::{
    Declaration,
    SettingKind::{Boolean, Duration, Text},
};

/// The settings, in the order of the documentation.
pub const SETTINGS: &[Declaration] = &[
    Declaration::new(
        "name",
        Text,
        "The name of the connection in reports.",
    )
    .mandatory(),
    Declaration::new(
        "code",
        Text,
        "The identity of the connection: the first part of the keys of its items, and the name of its files. **Do not \
         change it** once a catalog has items: with another code they are new items. Letters, digits, `-` and `_` \
         are best. Control characters, [invisible characters](#quotes-and-invisible-characters) and names that \
         Windows reserves for devices, such as `con` and `nul`, are refused. Two files must not have the same code, \
         and the codes of enabled connections must differ in more than case.",
    )
    .mandatory(),
    Declaration::new(
        "connector_id",
        Text,
        "`qlik-sense`",
    )
    .mandatory(),
    Declaration::new(
        "enabled",
        Boolean,
        "With `false`, the connection is not scanned, and only `name`, `code`, `connector_id` and `enabled` are \
         validated.",
    )
    .default("`true`"),
    Declaration::new(
        "catalog_code",
        Text,
        "Accepted for compatibility; not used.",
    ),
    Declaration::new(
        "schedule",
        Text,
        "When the [service](service.md#the-schedule) scans the connection, as a [Quartz \
         expression](service.md#expressions): `\"0 0 2 * * ?\"`, `@daily`.",
    )
    .default("that of `conf/application.conf`"),
    Declaration::new(
        "secret_manager.enabled",
        Boolean,
        "With `true`, `${secret_manager.NAME}` is a [secret](secrets.md#the-secret-manager) of the section \
         `secret_manager.key`.",
    )
    .default("`false`"),
    Declaration::new(
        "secret_manager.key",
        Text,
        "The section of the secret manager.",
    )
    .default("that of `conf/application.conf`"),
    Declaration::new(
        "connection.time_limits.scan",
        Duration,
        "Time for a whole scan. A scan that takes longer is stopped and fails. `0` or `none`: no limit.",
    )
    .default("`6 h`"),
];
