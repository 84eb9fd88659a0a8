//! The follower that writes files: `<code>.visualization.ndjson` for each connection, with the items that exist, sorted
//! by key. A file is written as a whole and replaced atomically when something of its connection changed.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use catalog_model::{
    ConnectionCode, Feed, Follower, FollowerKind, FollowerName, ItemState, Settings,
    follower::FeedConnection,
    settings::{DeclarationGroup, Invalid},
};
use file_access::path_text::file_name;

use crate::{
    declared,
    export_folder::{ExportFolder, FOLDER, FileError, FileFollower, FileFormat, Written},
    export_line::ExportLine,
    json_text::write_json,
};

/// The kind `ndjson`.
#[derive(Debug)]
pub struct NdjsonKind {
    home: PathBuf,
}

/// A line for each item.
#[derive(Debug)]
pub struct Lines;

/// The id of the kind.
pub const KIND: &str = "ndjson";

impl NdjsonKind {
    /// The kind whose relative paths start at the folder `home`.
    #[must_use]
    pub fn new(home: &Path) -> Self {
        Self {
            home: home.to_path_buf(),
        }
    }

    /// The follower where nothing is set: it writes to the folder `export`.
    #[must_use]
    pub fn unset(&self) -> FileFollower<Lines> {
        FileFollower {
            name: FollowerName::new("ndjson:export").expect("a name that is not blank"),
            folder: ExportFolder::unset(&self.home, "export"),
            format: Lines,
        }
    }
}

impl FollowerKind for NdjsonKind {
    fn id(&self) -> &str {
        KIND
    }

    fn stages(&self) -> &[&'static str] {
        &[FOLDER]
    }

    fn default_name(&self, settings: &mut Settings) -> String {
        let path = settings.text("path").map(|path| path.value);
        format!("{KIND}:{}", path.unwrap_or_default())
    }

    fn settings(&self) -> &'static [DeclarationGroup] {
        declared::FILES
    }

    fn open(
        &self,
        name: FollowerName,
        settings: &mut Settings,
    ) -> Result<Box<dyn Follower>, Invalid> {
        let folder = ExportFolder::read(&self.home, settings)?;
        Ok(Box::new(FileFollower {
            name,
            folder,
            format: Lines,
        }))
    }
}

#[async_trait]
impl FileFormat for Lines {
    fn file_name(&self, code: &ConnectionCode) -> String {
        export_name(code)
    }

    /// 2: parts of labels are never empty.
    fn revision(&self) -> u32 {
        2
    }

    async fn write(
        &self,
        feed: &dyn Feed,
        connection: &FeedConnection,
        output: &mut (dyn Write + Send),
    ) -> Result<Written, FileError> {
        let mut written = Written::default();
        let mut text = Vec::new();
        let mut items = feed.items(&connection.code, ItemState::EXISTING).await?;
        while let Some(batch) = items.next().await? {
            written.items += batch.len() as u64;
            for entry in batch {
                let line = ExportLine {
                    item: &entry.entity,
                    parts: &connection.key_parts,
                };
                text.clear();
                write_json(&mut text, &line)?;
                text.push(b'\n');
                output.write_all(&text)?;
            }
        }
        Ok(written)
    }
}

/// The name of the file with the items of a connection. The Zeenea scanner looks for this ending.
#[must_use]
pub fn export_name(code: &ConnectionCode) -> String {
    format!("{}.visualization.ndjson", file_name(code.as_str()))
}
