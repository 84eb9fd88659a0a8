//! Compares the tables of settings in the documentation with the declarations of the settings.
//!
//! A line such as `<!-- settings: connection -->` comes before each table. `UPDATE_DOCS=1 cargo test -p scanner-cli --lib
//! tables` rewrites the tables.

use std::{fs, path::Path};

use catalog_followers::{REMOTE, TIME_LIMITS, TLS_AND_PROXY};
use catalog_model::{
    Connector, FollowerKind,
    follower::SETTINGS as SHARED,
    settings::{Declaration, DeclarationGroup, Need},
};
use qlik_connector::QlikSense;
use scan_engine::{application_file, connection_file};

/// The files with tables, relative to `docs/`.
const FILES: [&str; 10] = [
    "fleet.md",
    "connection-file.md",
    "application-conf.md",
    "catalog-page.md",
    "catalogs/datahub.md",
    "catalogs/openmetadata.md",
    "catalogs/postgresql.md",
    "catalogs/spreadsheet.md",
    "catalogs/webhook.md",
    "catalogs/zeenea.md",
];

/// The settings of the way to a server, in one row.
const OUTBOUND: &str = "| `tls.*`, `proxy.*`, `time_limits.*` | | | As in [connection files](../connection-file.md). |";

/// The table with this name.
fn table(name: &str) -> Vec<String> {
    let qlik = QlikSense::default();
    let groups = qlik.settings().iter();
    match name {
        "connection" => {
            let always = groups.filter(|group| group.alternative_for.is_none());
            let settings = always.flat_map(|group| group.settings);
            with_head(rows(connection_file::SETTINGS.iter().chain(settings)))
        }
        "connection.auth" => {
            let ways = groups.filter(|group| group.alternative_for == Some("connection.auth"));
            with_head(ways.flat_map(way).collect())
        }
        "application" => with_head(rows(application_file::SETTINGS)),
        "application store" => with_head(rows(
            (application_file::STORE_SERVER.iter()).chain(application_file::STORE_TLS_AND_PROXY),
        )),
        "application http" => with_head(rows(application_file::HTTP)),
        "follower" => with_head(rows(SHARED)),
        kinds => of_kinds(&kinds.split(' ').collect::<Vec<_>>()),
    }
}

/// A way to log in: its heading and its settings.
fn way(group: &DeclarationGroup) -> Vec<String> {
    let mut all = vec![format!("| **{}** | | | {} |", group.title, group.about).replace("  ", " ")];
    all.extend(rows(group.settings));
    all
}

/// The settings of kinds of followers. Settings of one of several kinds name it.
fn of_kinds(names: &[&str]) -> Vec<String> {
    let registry = catalog_followers::registry(Path::new(""));
    let kind = |name: &str| -> &dyn FollowerKind {
        registry
            .get(name)
            .unwrap_or_else(|| panic!("no kind {name}"))
    };
    let has = |name: &str, one: &Declaration| {
        let mut all = kind(name)
            .settings()
            .iter()
            .flat_map(|group| group.settings);
        all.any(|other| other == one)
    };
    let mut shown: Vec<String> = Vec::new();
    for group in names.iter().flat_map(|name| kind(name).settings()) {
        let is_outbound = [TLS_AND_PROXY, TIME_LIMITS].contains(&group.settings);
        let settings = match is_outbound {
            true => vec![OUTBOUND.to_owned()],
            false => rows(group.settings),
        };
        let of = match group.settings.first() {
            Some(first) if !names.iter().all(|name| has(name, first)) => {
                let of = names.iter().filter(|name| has(name, first));
                let of: Vec<_> = of.map(|name| format!("`{name}`")).collect();
                format!(" {}:", of.join(", "))
            }
            _ => String::new(),
        };
        for row in settings {
            // The text is the last cell.
            let row = match (of.is_empty(), row.rfind(" | ")) {
                (false, Some(at)) => format!("{} |{of}{}", &row[..at], &row[at + 2..]),
                _ => row,
            };
            if !shown.contains(&row) {
                shown.push(row);
            }
        }
    }
    with_head(shown)
}

fn with_head(rows: Vec<String>) -> Vec<String> {
    let head = ["| setting | type | default | |", "|---|---|---|---|"];
    head.into_iter().map(str::to_owned).chain(rows).collect()
}

fn rows<'a>(settings: impl IntoIterator<Item = &'a Declaration>) -> Vec<String> {
    settings.into_iter().map(row).collect()
}

fn row(setting: &Declaration) -> String {
    let default = match setting.need {
        Need::Mandatory => "mandatory",
        Need::Optional => setting.default,
    };
    let kind = setting.kind.type_name();
    let cells = [
        &format!("`{}`", setting.name),
        &kind,
        default,
        setting.about,
    ];
    let cells = cells.map(|cell| match cell.is_empty() {
        true => String::new(),
        false => format!("{} ", cell.replace('|', r"\|")),
    });
    format!("| {}| {}| {}| {}|", cells[0], cells[1], cells[2], cells[3])
}

/// The document with its tables replaced.
fn updated(text: &str) -> String {
    let mut lines = Vec::new();
    let mut skips = false;
    for line in text.lines() {
        skips = skips && line.starts_with('|');
        if skips {
            continue;
        }
        lines.push(line.to_owned());
        let name = line.strip_prefix("<!-- settings: ");
        if let Some(name) = name.and_then(|rest| rest.strip_suffix(" -->")) {
            lines.extend(table(name));
            skips = true;
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_tables_of_the_documentation_are_the_declared_settings() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let mut all = String::new();
    for file in FILES {
        let path = docs.join(file);
        let text = fs::read_to_string(&path).unwrap();
        let updated = updated(&text);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &updated).unwrap();
        } else {
            assert_eq!(text, updated, "{file}: run with UPDATE_DOCS=1");
        }
        assert!(updated.contains("<!-- settings: "), "{file}");
        all.push_str(&updated);
    }
    // Nothing that is declared is missing.
    let registry = catalog_followers::registry(Path::new(""));
    let of_kinds = registry.kinds().flat_map(FollowerKind::settings);
    let qlik = QlikSense::default();
    let groups = qlik
        .settings()
        .iter()
        .chain(application_file::GROUPS)
        .chain(of_kinds);
    let groups = groups.filter(|group| *group.settings != *TIME_LIMITS);
    let declared = groups.flat_map(|group| group.settings);
    for setting in declared
        .chain(connection_file::SETTINGS)
        .chain(SHARED)
        .chain(REMOTE)
    {
        assert!(
            all.contains(&row(setting)[..setting.name.len() + 4]),
            "{}",
            setting.name
        );
    }
}
