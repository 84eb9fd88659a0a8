//! The settings of the kinds of followers, for the documentation and the JSON Schema.

use catalog_model::settings::{
    Declaration, DeclarationGroup,
    SettingKind::{Boolean, Choice, Integer, Other, Path, Secret, Text, Texts, Url},
};
use outbound_settings::{TIME_LIMITS, TLS_AND_PROXY};

/// The settings of kinds that write files and have no others.
pub(crate) const FILES: &[DeclarationGroup] = &[DeclarationGroup::always(FOLDER)];
/// The settings of `csv`.
pub(crate) const CSV: &[DeclarationGroup] = &[always(FOLDER), always(TABLE)];
/// The settings of `datahub-file`.
pub(crate) const DATAHUB_FILE: &[DeclarationGroup] = &[always(FOLDER), always(DATAHUB_MAPPING)];
/// The settings of `datahub`.
pub(crate) const DATAHUB: &[DeclarationGroup] = &[
    always(DATAHUB_SERVER),
    always(REMOTE),
    always(DATAHUB_MAPPING),
    always(TLS_AND_PROXY),
    always(TIME_LIMITS),
];
/// The settings of `openmetadata`.
pub(crate) const OPENMETADATA: &[DeclarationGroup] = &[
    always(OPENMETADATA_SERVER),
    always(REMOTE),
    always(TLS_AND_PROXY),
    always(TIME_LIMITS),
];
/// The settings of `postgresql`.
pub(crate) const POSTGRESQL: &[DeclarationGroup] =
    &[always(DATABASE), always(TLS_AND_PROXY), always(TIME_LIMITS)];
/// The settings of `webhook`.
pub(crate) const WEBHOOK: &[DeclarationGroup] = &[
    always(RECEIVER),
    always(REMOTE),
    always(TLS_AND_PROXY),
    always(TIME_LIMITS),
];

const fn always(settings: &'static [Declaration]) -> DeclarationGroup {
    DeclarationGroup::always(settings)
}

/// The folder of a kind that writes files.
const FOLDER: &[Declaration] = &[
    Declaration::new(
        "path",
        Path,
        "The folder of the files, relative to the home. Files of other followers may be in the same folder, but two \
         followers of one kind cannot have the same folder. With another path, all files are written to the new \
         folder; those in the former one stay unchanged. A follower of the kind `ndjson` without a `name` is then a \
         new follower.",
    )
    .mandatory(),
    Declaration::new(
        "mode",
        Text,
        "On Unix: the mode of the files as octal digits, such as `\"0644\"`. The owner must be able to read and write \
         them. New folders are readable for everyone who may read the files. A replaced file keeps its mode if it is \
         not set.",
    )
    .default("`0640`"),
];

/// The format of CSV files.
const TABLE: &[Declaration] = &[
    Declaration::new(
        "columns",
        Texts,
        "The columns and their order: `[label, owner, sheet_url]`. Names are written as in `catalog list --columns`: \
         upper and lower case, spaces, `_` and `-` do not matter. A name that is not in the table above, or that \
         occurs twice, is an error.",
    )
    .default("all columns"),
    Declaration::new(
        "separator",
        Other("character"),
        "The character between cells: `,`, `;`, `|`, or a tab (`\"\\t\"`). Excel expects the list separator of the \
         regional settings, which is `;` in many countries.",
    )
    .default("`,`"),
    Declaration::new(
        "bom",
        Boolean,
        "Whether the file begins with a byte order mark. Excel needs it to recognize UTF-8.",
    )
    .default("`false`"),
];

/// The settings of all servers with HTTP.
pub const REMOTE: &[Declaration] = &[
    Declaration::new(
        "http_allowed",
        Boolean,
        "Allows `http://` to another machine, or through a proxy on another machine. What is sent, including the \
         token, can then be read in transit.",
    )
    .default("`false`"),
    Declaration::new(
        "parallel",
        Integer(1, 16),
        "Maximum number of requests at the same time.",
    )
    .default("`4`"),
];

/// The server of DataHub.
const DATAHUB_SERVER: &[Declaration] = &[
    Declaration::new(
        "url",
        Url,
        "URL of the metadata service: `https://host:8080`, or through the frontend `https://host:9002/api/gms`. \
         Redirects are not followed.",
    )
    .mandatory(),
    Declaration::new(
        "token",
        Secret,
        "Access token. It is only sent in the header `Authorization`. No message contains it.",
    ),
];

/// How items are described in DataHub.
const DATAHUB_MAPPING: &[Declaration] = &[
    Declaration::new(
        "owner_id",
        Choice(&["email", "local_part", "login"]),
        "The id of an owner in DataHub. `email`: `ann@example.com`; `local_part`: `ann`, the part before the `@`; \
         `login`: `ann`, the user of the account `EXAMPLE\\ann`.",
    )
    .default("`email`"),
    Declaration::new(
        "tag_prefix",
        Text,
        "The beginning of all tags, such as `qlik:`. Without it, tags of the source and of your company with one name are \
         one tag.",
    ),
];

/// The server of OpenMetadata.
const OPENMETADATA_SERVER: &[Declaration] = &[
    Declaration::new(
        "url",
        Url,
        "URL of the server, with or without `/api`: `https://host:8585/api`. Redirects are not followed.",
    )
    .mandatory(),
    Declaration::new(
        "token",
        Secret,
        "Token of the bot. It is only sent in the header `Authorization`. No message contains it.",
    )
    .mandatory(),
    Declaration::new(
        "custom_properties",
        Boolean,
        "Defines and sends [custom properties](#custom-properties).",
    )
    .default("`false`"),
];

/// The database.
const DATABASE: &[Declaration] = &[
    Declaration::new(
        "url",
        Text,
        "`postgresql://USER@HOST:PORT/DATABASE`. The port is 5432 if it is not set. A password or parameters \
         (`?sslmode=…`) in it are an error, and so are several hosts and the folder of a Unix socket. Special \
         characters of the user and the database are percent-encoded.",
    )
    .mandatory(),
    Declaration::new(
        "password",
        Secret,
        "The password of the role. Without it, the server must accept the login without a password.",
    ),
    Declaration::new(
        "schema",
        Text,
        "The schema.",
    )
    .default("`qlik_catalog`"),
    Declaration::new(
        "tls.disabled",
        Boolean,
        "`true` turns TLS off; the password and all items can then be read in transit. `false` requires TLS on this \
         machine, too.",
    ),
];

/// The receiver of a webhook.
const RECEIVER: &[Declaration] = &[
    Declaration::new(
        "url",
        Url,
        "Where events are posted. Some services put a key into the path or the query, so messages and `config show` \
         show only scheme and host: `https://hooks.example.com/***`. Redirects are not followed: the error contains \
         the `Location`.",
    )
    .mandatory(),
    Declaration::new(
        "token",
        Secret,
        "Sent in the header `Authorization` as a bearer token.",
    ),
    Declaration::new(
        "secret",
        Secret,
        "The key of the signatures. Without it, requests are not signed.",
    ),
    Declaration::new(
        "events",
        Texts,
        "Which events are sent: `item`, `scan`, or both.",
    )
    .default("`[\"item\"]`"),
];
