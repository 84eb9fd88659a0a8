//! The follower that writes ZDF files for Zeenea: `<code>.zeenea` for each connection, with the items that exist, sorted by
//! key.
//!
//! The format has no place for links, dates, tags and containers. They are lines below the description.

use std::{
    io::{self, Write},
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
    json_text::write_json,
};

mod mapping;

/// The kind `zeenea-zdf`.
#[derive(Debug)]
pub struct ZeeneaZdfKind {
    home: PathBuf,
}

/// A JSON object with all items.
#[derive(Debug)]
struct Zdf;

/// The id of the kind.
pub const KIND: &str = "zeenea-zdf";

impl ZeeneaZdfKind {
    /// The kind whose relative paths start at the folder `home`.
    #[must_use]
    pub fn new(home: &Path) -> Self {
        Self {
            home: home.to_path_buf(),
        }
    }
}

impl FollowerKind for ZeeneaZdfKind {
    fn id(&self) -> &str {
        KIND
    }

    fn stages(&self) -> &[&'static str] {
        &[FOLDER]
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
            format: Zdf,
        }))
    }
}

#[async_trait]
impl FileFormat for Zdf {
    fn file_name(&self, code: &ConnectionCode) -> String {
        // Zeenea looks for this ending.
        format!("{}.zeenea", file_name(code.as_str()))
    }

    async fn write(
        &self,
        feed: &dyn Feed,
        connection: &FeedConnection,
        output: &mut (dyn Write + Send),
    ) -> Result<Written, FileError> {
        output.write_all(b"{\"visualizations\":[")?;
        let mut written = Written::default();
        let mut text = Vec::new();
        let mut items = feed.items(&connection.code, ItemState::EXISTING).await?;
        while let Some(batch) = items.next().await? {
            for entry in batch {
                separate(output, written.items)?;
                text.clear();
                write_json(&mut text, &mapping::visualization(&entry.entity))?;
                output.write_all(&text)?;
                written.items += 1;
            }
        }
        output.write_all(b"\n]}\n")?;
        Ok(written)
    }
}

/// Begins the line of an item after so many others.
fn separate(output: &mut (dyn Write + Send), before: u64) -> io::Result<()> {
    output.write_all(if before == 0 { b"\n" } else { b",\n" })
}
