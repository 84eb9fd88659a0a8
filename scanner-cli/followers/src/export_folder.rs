//! A folder with one file for each connection, written as a whole and replaced atomically when something of its
//! connection changed. Kinds of followers that write files differ in the [`FileFormat`] alone.

use std::{
    collections::BTreeSet,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::Instant,
};

use async_trait::async_trait;
use catalog_model::{
    ConnectionCode, Feed, FollowError, Settings, Stage, Verdict,
    follower::{
        Acknowledgement, ChangeDetail, Delivered, Delivery, EntityKind, FeedConnection, FeedError,
        Plan, Planned, Refusal, Start,
    },
    settings::Invalid,
};
use file_access::{
    file_rights::{FOLDER_MODE, FileMode, create_folder_with, replace},
    path_text::shown,
    temporary_file::{self, Purpose},
};

mod file_follower;
mod mode;
mod not_writable;

pub use file_follower::FileFollower;
use not_writable::{NotWritable, existing};

/// The stage of a check: whether the folder can be written.
pub const FOLDER: &str = "folder";

/// Bytes that are collected before they are written.
const BUFFER: usize = 128 * 1024;

/// What the file of a connection is called, and what it contains.
#[async_trait]
pub trait FileFormat: Send + Sync {
    /// The name of the file in the folder. It depends on the code only.
    fn file_name(&self, code: &ConnectionCode) -> String;

    /// The version of the format. When it changes, all files are written again.
    fn revision(&self) -> u32 {
        1
    }

    /// Whether the file also contains containers, or something of them.
    fn has_containers(&self) -> bool {
        false
    }

    /// Writes the whole file of a connection that was completely scanned.
    ///
    /// # Errors
    /// If the feed cannot be read or the output not be written.
    async fn write(
        &self,
        feed: &dyn Feed,
        connection: &FeedConnection,
        output: &mut (dyn Write + Send),
    ) -> Result<Written, FileError>;
}

/// What was written to a file.
#[derive(Debug, Default)]
pub struct Written {
    /// Number of items that exist.
    pub items: u64,
    /// Items that the format cannot contain.
    pub refused: Vec<Refusal>,
    /// What else people should know; see [`Delivery::notices`].
    pub notices: Vec<String>,
}

/// Why a file was not written.
#[derive(Debug)]
pub enum FileError {
    /// The feed could not be read, or the delivery is to end.
    Feed(FeedError),
    /// The file could not be written.
    Output(io::Error),
}

/// A folder for the files of one follower.
#[derive(Debug)]
pub struct ExportFolder {
    folder: PathBuf,
    /// The mode of the files. If not set, a new file may be read by its group, and a replaced one keeps its mode.
    mode: Option<FileMode>,
    /// The verdict of a check if the folder cannot be written.
    if_not_writable: Verdict,
}

impl ExportFolder {
    /// The folder and the mode that the settings `path` and `mode` name. A relative path starts at `home`.
    ///
    /// # Errors
    /// If a setting is missing or wrong, these ones or others that were read before.
    pub fn read(home: &Path, settings: &mut Settings) -> Result<Self, Invalid> {
        let path = settings.required_text("path");
        let mode = mode::mode(settings);
        settings.check()?;
        let path = settings.checked(path)?;
        let folder = below(home, &path.value);
        if mode.is_some_and(|mode| mode.is_shut_out_by(&folder)) {
            settings.warn(mode::shut_out(path.place, &folder));
        }
        Ok(Self {
            folder,
            mode,
            if_not_writable: Verdict::Failed,
        })
    }

    /// A folder that no settings name. That it cannot be written is only a warning of a check, because `check` is also
    /// used in homes where nothing is to be stored.
    #[must_use]
    pub fn unset(home: &Path, path: &str) -> Self {
        Self {
            folder: below(home, path),
            mode: None,
            if_not_writable: Verdict::Warning,
        }
    }

    /// The path of the file of a connection.
    #[must_use]
    pub fn file(&self, format: &dyn FileFormat, code: &ConnectionCode) -> PathBuf {
        self.folder.join(format.file_name(code))
    }

    /// Whether the folder can be written.
    #[must_use]
    pub fn check(&self) -> Vec<Stage> {
        let begun = Instant::now();
        let stage = match self.try_folder() {
            Ok(found) => Stage::ok(FOLDER, found, begun.elapsed()),
            Err(error) => {
                let NotWritable { reason, hint } = NotWritable::new(&self.folder, &error);
                let seen = format!("`{}` cannot be written: {reason}", shown(&self.folder));
                Stage::ok(FOLDER, seen, begun.elapsed()).but(self.if_not_writable, hint)
            }
        };
        vec![stage]
    }

    /// Writes the files of the connections that changed, and acknowledges.
    ///
    /// # Errors
    /// If the feed cannot be read or a file not be written.
    pub async fn deliver(
        &self,
        feed: &dyn Feed,
        format: &dyn FileFormat,
    ) -> Result<Delivery, FollowError> {
        let changed = changed_connections(feed, format.has_containers()).await?;
        let mut delivery = Delivery::default();
        for connection in feed.connections() {
            let path = self.file(format, &connection.code);
            if is_due(connection, feed, &changed, &path) {
                let written = self.write(&path, connection, feed, format).await?;
                add(&mut delivery, connection, &path, written);
            } else if let Some(mode) = self.mode
                && connection.complete_from.is_some()
            {
                // The setting may be newer than the file.
                mode.apply_to(&path)
                    .map_err(|error| cannot_write(&path, error))?;
            }
        }
        if feed.start() != Start::After(feed.end()) {
            feed.acknowledge(Acknowledgement::up_to(feed.end())).await?;
        }
        Ok(delivery)
    }

    /// Adds the files to `plan` that would be written, and writes nothing.
    ///
    /// # Errors
    /// If the feed cannot be read.
    pub async fn plan(
        &self,
        feed: &dyn Feed,
        format: &dyn FileFormat,
        plan: &Plan,
    ) -> Result<Delivery, FollowError> {
        let changed = changed_connections(feed, format.has_containers()).await?;
        let mut delivery = Delivery::default();
        for connection in feed.connections() {
            let path = self.file(format, &connection.code);
            if !is_due(connection, feed, &changed, &path) {
                continue;
            }
            let written = format.write(feed, connection, &mut io::sink()).await;
            let written = written.map_err(|error| as_follow_error(error, &path))?;
            plan.add(Planned::File {
                path: shown(&path),
                items: written.items,
            });
            add(&mut delivery, connection, &path, written);
        }
        Ok(delivery)
    }

    /// Writes the file of a connection.
    async fn write(
        &self,
        path: &Path,
        connection: &FeedConnection,
        feed: &dyn Feed,
        format: &dyn FileFormat,
    ) -> Result<Written, FollowError> {
        let failed = |error| cannot_write(path, error);
        let not_created = |error| NotWritable::new(&self.folder, &error).for_file(path);
        let folder_mode = self.mode.map_or(FOLDER_MODE, FileMode::of_folder);
        create_folder_with(&self.folder, folder_mode).map_err(not_created)?;
        temporary_file::remove_leftovers(&self.folder);
        let aside = temporary_file::create(&self.folder, Purpose::Export).map_err(not_created)?;
        let mut output = BufWriter::with_capacity(BUFFER, aside);
        let written = format.write(feed, connection, &mut output).await;
        let written = written.map_err(|error| as_follow_error(error, path))?;
        let aside = output
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        // On disk before it replaces the old file: a power cut must not leave an empty catalog.
        aside.as_file().sync_all().map_err(failed)?;
        replace(aside, path, self.mode).map_err(failed)?;
        Ok(written)
    }

    /// Whether the folder can be written. It is not created.
    fn try_folder(&self) -> io::Result<String> {
        let existing = existing(&self.folder);
        drop(temporary_file::create(&existing, Purpose::Export)?);
        Ok(match existing == self.folder {
            true => shown(&self.folder),
            false => format!(
                "`{}` does not exist; the first delivery creates it",
                shown(&self.folder)
            ),
        })
    }
}

fn below(home: &Path, path: &str) -> PathBuf {
    let path = home.join(path);
    path.strip_prefix(".")
        .map(Path::to_path_buf)
        .unwrap_or(path)
}

/// Whether the file of a connection is to be written.
fn is_due(
    connection: &FeedConnection,
    feed: &dyn Feed,
    changed: &BTreeSet<ConnectionCode>,
    path: &Path,
) -> bool {
    // An import treats items that are missing in the file as gone, so no file is written before all items are known.
    let Some(complete) = connection.complete_from else {
        return false;
    };
    match feed.start() {
        Start::Reset => true,
        // A file that somebody removed is written again.
        Start::After(position) => {
            changed.contains(&connection.code) || complete > position || !path.exists()
        }
    }
}

/// Adds what was written to the file of a connection.
fn add(delivery: &mut Delivery, connection: &FeedConnection, path: &Path, written: Written) {
    delivery.delivered.push(Delivered {
        connection: connection.code.clone(),
        items: written.items,
        target: shown(path),
    });
    delivery.refused.extend(written.refused);
    delivery.notices.extend(written.notices);
}

/// The connections whose items, or containers as well, changed.
async fn changed_connections(
    feed: &dyn Feed,
    has_containers: bool,
) -> Result<BTreeSet<ConnectionCode>, FollowError> {
    let mut changed = BTreeSet::new();
    let mut changes = feed.changes(ChangeDetail::Key).await?;
    while let Some(batch) = changes.next().await? {
        let concerned = batch
            .into_iter()
            .filter(|change| has_containers || change.entity_kind == EntityKind::Item);
        changed.extend(concerned.map(|change| change.connection));
    }
    Ok(changed)
}

fn as_follow_error(error: FileError, path: &Path) -> FollowError {
    match error {
        FileError::Feed(error) => FollowError::Feed(error),
        FileError::Output(error) => cannot_write(path, error),
    }
}

fn cannot_write(path: &Path, error: io::Error) -> FollowError {
    FollowError::target(format!("`{}` cannot be written", shown(path)), error)
}

impl From<FeedError> for FileError {
    fn from(error: FeedError) -> Self {
        Self::Feed(error)
    }
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
