//! The follower for people with a spreadsheet program: `<code>.csv` for each connection, with a row for each item that
//! exists, sorted by key.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use ::csv::WriterBuilder;
use async_trait::async_trait;
use catalog_model::{
    ConnectionCode, Feed, Follower, FollowerKind, FollowerName, ItemState, Settings,
    follower::FeedConnection,
    settings::{DeclarationGroup, Invalid, Located},
};
use file_access::path_text::file_name;
use sha2::{Digest, Sha256};

use crate::{
    declared,
    export_folder::{ExportFolder, FOLDER, FileError, FileFollower, FileFormat, Written},
};

mod columns;

pub use columns::ALL as COLUMNS;

/// The kind `csv`.
#[derive(Debug)]
pub struct CsvKind {
    home: PathBuf,
}

/// A row for each item.
#[derive(Debug)]
struct Rows {
    columns: Vec<&'static str>,
    separator: u8,
    /// Whether a file begins with a byte order mark.
    has_bom: bool,
}

/// The id of the kind.
pub const KIND: &str = "csv";

/// The version of the format.
const VERSION: u32 = 1;

/// The byte order mark in UTF-8, by which spreadsheet programs recognize UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

impl CsvKind {
    /// The kind whose relative paths start at the folder `home`.
    #[must_use]
    pub fn new(home: &Path) -> Self {
        Self {
            home: home.to_path_buf(),
        }
    }
}

impl FollowerKind for CsvKind {
    fn id(&self) -> &str {
        KIND
    }

    fn stages(&self) -> &[&'static str] {
        &[FOLDER]
    }

    fn settings(&self) -> &'static [DeclarationGroup] {
        declared::CSV
    }

    fn open(
        &self,
        name: FollowerName,
        settings: &mut Settings,
    ) -> Result<Box<dyn Follower>, Invalid> {
        let format = Rows {
            columns: columns::read(settings),
            separator: separator(settings),
            has_bom: settings.flag("bom", false),
        };
        let folder = ExportFolder::read(&self.home, settings)?;
        Ok(Box::new(FileFollower {
            name,
            folder,
            format,
        }))
    }
}

/// Reads the setting `separator`.
fn separator(settings: &mut Settings) -> u8 {
    let Some(Located { value, .. }) = settings.text_or_blank("separator") else {
        return b',';
    };
    match value.as_str() {
        "," | ";" | "|" | "\t" => value.as_bytes()[0],
        _ => {
            let message = format!("`separator` must be `,`, `;`, `|` or a tab, not `{value}`");
            let hint = "write `separator = \";\"`, or `separator = \"\\t\"` for a tab".to_owned();
            settings.refuse("separator", message, hint);
            b','
        }
    }
}

#[async_trait]
impl FileFormat for Rows {
    fn file_name(&self, code: &ConnectionCode) -> String {
        format!("{}.csv", file_name(code.as_str()))
    }

    /// Other settings are another format.
    fn revision(&self) -> u32 {
        let Self {
            columns,
            separator,
            has_bom,
        } = self;
        let digest = Sha256::digest(format!("{VERSION} {columns:?} {separator} {has_bom}"));
        u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
    }

    async fn write(
        &self,
        feed: &dyn Feed,
        connection: &FeedConnection,
        output: &mut (dyn Write + Send),
    ) -> Result<Written, FileError> {
        if self.has_bom {
            output.write_all(BYTE_ORDER_MARK)?;
        }
        let mut builder = WriterBuilder::new();
        let mut rows = builder.delimiter(self.separator).from_writer(output);
        let failed = |error: ::csv::Error| FileError::Output(error.into());
        rows.write_record(&self.columns).map_err(failed)?;
        let mut written = Written::default();
        let mut items = feed.items(&connection.code, ItemState::EXISTING).await?;
        while let Some(batch) = items.next().await? {
            written.items += batch.len() as u64;
            for entry in batch {
                let cells = columns::cells(&self.columns, &entry, &connection.key_parts);
                let cells = cells.map_err(|error| FileError::Output(error.into()))?;
                rows.write_record(cells).map_err(failed)?;
            }
        }
        rows.flush()?;
        Ok(written)
    }
}
