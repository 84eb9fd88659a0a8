//! The boundaries between the crates, as tables.

/// The allowed dependencies between our own crates: `(crate, normal dependencies, dependencies of its tests)`.
pub(super) const ARROWS: [(&str, &[&str], &[&str]); 18] = [
    ("qrs-client", &["outbound-http", "qrs-fake-site"], &[]),
    ("outbound-http", &[], &["qrs-fake-site"]),
    ("qrs-fake-site", &[], &[]),
    ("catalog-model", &[], &[]),
    (
        "outbound-settings",
        &["catalog-model", "outbound-http"],
        &[],
    ),
    (
        "catalog-followers",
        &[
            "catalog-model",
            "file-access",
            "outbound-http",
            "outbound-settings",
            "postgresql-client",
        ],
        &["catalog-model"],
    ),
    (
        "postgresql-client",
        &["catalog-model", "outbound-http", "outbound-settings"],
        &[],
    ),
    (
        "qlik-connector",
        &["catalog-model", "outbound-settings", "qrs-client"],
        // The store is the second reader of what a scan for changes says.
        &["catalog-model", "catalog-store", "qrs-client"],
    ),
    ("catalog-store", &["catalog-model", "file-access"], &[]),
    (
        "postgresql-store",
        &["catalog-model", "catalog-store", "postgresql-client"],
        &["catalog-store", "catalog-web"],
    ),
    (
        "catalog-web",
        &["catalog-followers", "catalog-model", "catalog-store"],
        &["catalog-store"],
    ),
    ("file-access", &["catalog-model"], &[]),
    ("hocon-reader", &["catalog-model"], &[]),
    ("quartz-schedule", &[], &[]),
    ("system-service", &["file-access"], &[]),
    (
        "scan-engine",
        &[
            "catalog-followers",
            "catalog-model",
            "catalog-store",
            "catalog-web",
            "file-access",
            "hocon-reader",
            "outbound-settings",
            "postgresql-client",
            "postgresql-store",
            "quartz-schedule",
        ],
        &["catalog-model", "catalog-store"],
    ),
    (
        "scanner-cli",
        &[
            "catalog-followers",
            "catalog-model",
            "catalog-store",
            "catalog-web",
            "file-access",
            "hocon-reader",
            "qlik-connector",
            // Only with the feature `demo`: someone who has nothing but the program can try it, with `init --demo`. It
            // listens on loopback only, and nothing else of the program uses it.
            "qrs-fake-site",
            "scan-engine",
            "system-service",
        ],
        &["catalog-store", "qrs-client"],
    ),
    ("xtask", &[], &[]),
];

/// Packages that must not be among the direct and indirect dependencies of a crate.
pub(super) const NEVER_BELOW: [(&str, &[&str]); 1] = [(
    "catalog-model",
    &[
        "hyper",
        "reqwest",
        "rusqlite",
        "rustls",
        "serde_json",
        "tokio",
    ],
)];

/// Packages that must not be among the direct dependencies of a crate, because it could then bypass the client. A server,
/// such as that of the monitoring pages, is allowed.
pub(super) const NEVER_DIRECT: [(&str, &[&str]); 10] = [
    ("catalog-followers", &["hyper", "reqwest", "rustls"]),
    ("outbound-settings", &["hyper", "reqwest", "rustls"]),
    ("postgresql-client", &["hyper", "reqwest", "rustls"]),
    ("qrs-client", &["hyper", "reqwest", "rustls"]),
    ("qlik-connector", &["hyper", "reqwest", "rustls"]),
    (
        "scan-engine",
        &[
            "clap",
            "hyper",
            "indicatif",
            "reqwest",
            "rusqlite",
            "rustls",
        ],
    ),
    ("scanner-cli", &["hyper", "reqwest", "rusqlite", "rustls"]),
    ("catalog-store", &["clap", "hyper", "reqwest", "rustls"]),
    (
        "postgresql-store",
        &["clap", "hyper", "reqwest", "rusqlite", "rustls"],
    ),
    ("catalog-web", &["clap", "reqwest", "rusqlite"]),
];

/// Words that must not occur in the sources of a folder.
pub(super) const NEVER_SAID: [(&str, &[&str]); 13] = [
    (
        "qrs-client/http/src",
        &[
            "qlik", "Qlik", "qrs", "QRS", "catalog", "std::env", "std::fs",
        ],
    ),
    (
        "qrs-client/src",
        &[
            "catalog",
            "visualization",
            "std::env",
            "std::fs",
            "connection.url",
        ],
    ),
    (
        "catalog-model/outbound/src",
        &["Qlik", "qlik", "connection.", "std::fs", "std::env"],
    ),
    ("catalog-model/src", &["qlik::", "qrs_client", "std::fs"]),
    (
        "scanner-cli/hocon/src",
        &["std::fs", "std::env", "File::", "Qlik", "connector_id"],
    ),
    (
        "scanner-cli/engine/src",
        &["clap::", "println!", "ExitCode", "stdout()", "stderr()"],
    ),
    (
        "scanner-cli/followers/src",
        &["rusqlite", "Qlik", "println!", "std::env", "clap"],
    ),
    (
        "scanner-cli/files/src",
        &["Qlik", "connections/", "catalog.db"],
    ),
    (
        "scanner-cli/store/src",
        &[
            "Qlik",
            "application_description",
            "application_name",
            "exit code",
            "--no-store",
            "SCANNER_HOME",
            "conf/",
        ],
    ),
    (
        "scanner-cli/web/src",
        &[
            "Qlik",
            "qlik",
            "SELECT ",
            "sheet",
            "application_",
            "std::env",
            "println!",
        ],
    ),
    (
        "scanner-cli/quartz/src",
        &["std::env", "File::", "Timestamp::now", "Settings"],
    ),
    (
        "qlik-connector/src",
        &["reqwest", "hyper", "std::fs", "std::env", "println!"],
    ),
    // The scanner changes nothing on a site: these are the functions of `qrs-client` that could.
    (
        "qlik-connector/src",
        &[
            "Method::",
            ".send(",
            ".create(",
            ".update(",
            ".delete(",
            ".start_task(",
            ".upload_app(",
            ".export_app(",
            ".select(",
        ],
    ),
];

/// The only file that may contain a word that its folder must not: the names that catalogs show of the product.
pub(super) const MAY_SAY: &str = "scanner-cli/followers/src/product.rs";

/// Functions that open and list files, and that block, follow links or read without a limit. The crates in `scanner-cli`
/// use `file-access` instead.
pub(super) const UNCHECKED_FILES: [&str; 8] = [
    "fs::read(",
    "fs::read_to_string(",
    "fs::read_dir(",
    ".read_dir()",
    "File::open(",
    "File::create(",
    "OpenOptions::new()",
    "tempfile::Builder",
];

/// Folders and files in scanner-cli that may use them: `file-access` itself; the store, which makes its files and opens them
/// through SQLite; what people name with `--output` and `--report`, pipes among it, and is only written.
pub(super) const MAY_OPEN_FILES: [&str; 5] = [
    "scanner-cli/files/src",
    "scanner-cli/store/src",
    "scanner-cli/engine/src/destination.rs",
    "scanner-cli/engine/src/report_file.rs",
    "scanner-cli/src/commands/export/folder.rs",
];
