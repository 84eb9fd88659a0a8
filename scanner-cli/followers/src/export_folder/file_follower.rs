//! A follower that writes a folder of files and nothing else.

use std::path::PathBuf;

use async_trait::async_trait;
use catalog_model::{
    ConnectionCode, Feed, FollowError, Follower, FollowerName, Stage,
    follower::{Delivery, EntityKind, Example, Plan},
};
use file_access::path_text::shown;

use super::{ExportFolder, FileFormat};

/// Writes a file for each connection in one format.
#[derive(Debug)]
pub struct FileFollower<F> {
    /// Its name.
    pub name: FollowerName,
    /// Where it writes.
    pub folder: ExportFolder,
    /// What it writes.
    pub format: F,
}

#[async_trait]
impl<F: FileFormat> Follower for FileFollower<F> {
    fn name(&self) -> &FollowerName {
        &self.name
    }

    fn revision(&self) -> u32 {
        self.format.revision()
    }

    async fn check(&self, _example: Option<&Example>) -> Vec<Stage> {
        self.folder.check()
    }

    async fn follow(&self, feed: &dyn Feed) -> Result<Delivery, FollowError> {
        self.folder.deliver(feed, &self.format).await
    }

    async fn dry_run(&self, feed: &dyn Feed, plan: &Plan) -> Result<Delivery, FollowError> {
        self.folder.plan(feed, &self.format, plan).await
    }

    fn target(&self) -> Option<String> {
        Some(shown(&self.folder.folder))
    }

    fn delivers(&self, of: EntityKind) -> bool {
        of == EntityKind::Item || self.format.has_containers()
    }

    fn files_of(&self, code: &ConnectionCode) -> Vec<PathBuf> {
        vec![self.folder.file(&self.format, code)]
    }
}
