//! The follower that writes a file for DataHub's own tools: `<code>.mcps.json` for each connection, a JSON array of
//! *metadata change proposals* that `datahub ingest` reads.
//!
//! The file holds the whole state: what exists, and what is gone or excluded as removed. So nothing is lost if a file
//! is never ingested. It cannot know what people did in the catalog, so tags and owners are patches that add.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use catalog_model::{
    ConnectionCode, Feed, Follower, FollowerKind, FollowerName, ItemState, Settings,
    follower::{FeedConnection, Refusal},
    settings::{DeclarationGroup, Invalid},
};
use file_access::path_text::file_name;

use crate::{
    datahub::{
        mapping::{EntityType, Hierarchy, Mapping, Run, urn},
        settings,
    },
    declared,
    export_folder::{ExportFolder, FOLDER, FileError, FileFollower, FileFormat, Written},
};

mod rows;

use rows::Rows;

/// The kind `datahub-file`.
#[derive(Debug)]
pub struct DatahubFileKind {
    home: PathBuf,
}

/// The rows of a file.
#[derive(Debug)]
struct Proposals {
    mapping: Mapping,
}

/// The id of the kind.
pub const KIND: &str = "datahub-file";

/// The states of what the catalog should not show.
const REMOVED: &[ItemState] = &[ItemState::Excluded, ItemState::Gone];

impl DatahubFileKind {
    /// The kind whose relative paths start at the folder `home`.
    #[must_use]
    pub fn new(home: &Path) -> Self {
        Self {
            home: home.to_path_buf(),
        }
    }
}

impl FollowerKind for DatahubFileKind {
    fn id(&self) -> &str {
        KIND
    }

    fn stages(&self) -> &[&'static str] {
        &[FOLDER]
    }

    fn settings(&self) -> &'static [DeclarationGroup] {
        declared::DATAHUB_FILE
    }

    fn open(
        &self,
        name: FollowerName,
        settings: &mut Settings,
    ) -> Result<Box<dyn Follower>, Invalid> {
        let mapping = settings::mapping(settings);
        let folder = ExportFolder::read(&self.home, settings)?;
        Ok(Box::new(FileFollower {
            name,
            folder,
            format: Proposals { mapping },
        }))
    }
}

#[async_trait]
impl FileFormat for Proposals {
    fn file_name(&self, code: &ConnectionCode) -> String {
        // DataHub skips files with another ending.
        format!("{}.mcps.json", file_name(code.as_str()))
    }

    fn revision(&self) -> u32 {
        self.mapping.revision()
    }

    fn has_containers(&self) -> bool {
        true
    }

    async fn write(
        &self,
        feed: &dyn Feed,
        connection: &FeedConnection,
        output: &mut (dyn Write + Send),
    ) -> Result<Written, FileError> {
        let hierarchy = Hierarchy::load(feed, connection).await?;
        let run = Run::new(connection, feed.now());
        let mut rows = Rows::begin(output, run)?;
        rows.instance(&connection.code)?;
        for depth in hierarchy.depths() {
            self.write_containers(feed, &hierarchy, depth, &mut rows)
                .await?;
        }
        let mut written = self.write_items(feed, &hierarchy, &mut rows).await?;
        write_removed(feed, &hierarchy, &mut rows).await?;
        written.notices = rows.end()?;
        Ok(written)
    }
}

impl Proposals {
    /// Writes the containers that are in so many others.
    async fn write_containers(
        &self,
        feed: &dyn Feed,
        hierarchy: &Hierarchy,
        depth: usize,
        rows: &mut Rows<'_>,
    ) -> Result<(), FileError> {
        let mut containers = feed
            .containers(hierarchy.code(), ItemState::EXISTING)
            .await?;
        while let Some(batch) = containers.next().await? {
            for entry in batch {
                if hierarchy.depth(&entry.entity.key) == depth {
                    rows.entity(&self.mapping.container(&entry.entity, hierarchy))?;
                }
            }
        }
        Ok(())
    }

    async fn write_items(
        &self,
        feed: &dyn Feed,
        hierarchy: &Hierarchy,
        rows: &mut Rows<'_>,
    ) -> Result<Written, FileError> {
        let mut written = Written::default();
        let mut items = feed.items(hierarchy.code(), ItemState::EXISTING).await?;
        while let Some(batch) = items.next().await? {
            for entry in batch {
                match self.mapping.dashboard(&entry.entity, hierarchy) {
                    Ok(mapped) => {
                        rows.entity(&mapped)?;
                        written.items += 1;
                    }
                    Err(error) => written.refused.push(Refusal {
                        key: entry.entity.key,
                        message: error.to_string(),
                    }),
                }
            }
        }
        Ok(written)
    }
}

/// Writes what the catalog should not show: items, then containers, those inside first.
async fn write_removed(
    feed: &dyn Feed,
    hierarchy: &Hierarchy,
    rows: &mut Rows<'_>,
) -> Result<(), FileError> {
    let mut items = feed.items(hierarchy.code(), REMOVED).await?;
    while let Some(batch) = items.next().await? {
        for entry in batch {
            // An item whose urn is not possible was never in the catalog.
            if let Ok(urn) = urn::dashboard(&entry.entity.key) {
                rows.removed(EntityType::Dashboard, &urn)?;
            }
        }
    }
    for key in hierarchy.removed().iter().flatten() {
        rows.removed(EntityType::Container, &urn::container(key))?;
    }
    Ok(())
}
