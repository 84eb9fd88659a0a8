//! The follower that writes files: `<code>.visualization.ndjson` for each connection, with the items that exist, sorted
//! by key. A file is written as a whole and replaced atomically when something of its connection changed.

use std::{
    collections::BTreeSet,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::Instant,
};

use async_trait::async_trait;
use catalog_model::{
    ConnectionCode, Feed, FollowError, Follower, FollowerKind, FollowerName, ItemState, Settings,
    Stage, Verdict,
    follower::{
        Acknowledgement, ChangeDetail, Delivered, Delivery, EntityKind, FeedConnection, Start,
    },
    settings::Invalid,
};
use file_access::{
    file_rights::{FOLDER_MODE, FileMode, create_folder_with, replace},
    path_text::{file_name, shown},
    temporary_file::{self, Purpose},
};

use crate::{export_line::ExportLine, json_text::write_json};

mod settings;

/// The kind `ndjson`.
#[derive(Debug)]
pub struct NdjsonKind {
    home: PathBuf,
}

/// Writes a file for each connection.
#[derive(Debug)]
pub struct Ndjson {
    name: FollowerName,
    folder: PathBuf,
    /// The mode of the files. If not set, a new file may be read by its group, and a replaced one keeps its mode.
    mode: Option<FileMode>,
    /// The verdict of a check if the folder cannot be written. For the follower that no settings name it is a warning,
    /// because `check` is also used in homes where nothing is to be stored.
    if_not_writable: Verdict,
}

/// The id of the kind.
pub const KIND: &str = "ndjson";

/// The stage of a check: whether the folder can be written.
const FOLDER: &str = "folder";

/// Bytes that are collected before they are written.
const BUFFER: usize = 128 * 1024;

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
    pub fn unset(&self) -> Ndjson {
        Ndjson {
            name: FollowerName::new("ndjson:export").expect("a name that is not blank"),
            folder: self.folder("export"),
            mode: None,
            if_not_writable: Verdict::Warning,
        }
    }

    fn folder(&self, path: &str) -> PathBuf {
        let path = self.home.join(path);
        path.strip_prefix(".")
            .map(Path::to_path_buf)
            .unwrap_or(path)
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

    fn open(
        &self,
        name: FollowerName,
        settings: &mut Settings,
    ) -> Result<Box<dyn Follower>, Invalid> {
        let path = settings.required_text("path");
        let mode = settings::mode(settings);
        settings.check()?;
        let path = settings.checked(path)?;
        let folder = self.folder(&path.value);
        if mode.is_some_and(|mode| mode.is_shut_out_by(&folder)) {
            settings.warn(settings::shut_out(path.place, &folder));
        }
        Ok(Box::new(Ndjson {
            name,
            folder,
            mode,
            if_not_writable: Verdict::Failed,
        }))
    }
}

#[async_trait]
impl Follower for Ndjson {
    fn name(&self) -> &FollowerName {
        &self.name
    }

    async fn check(&self) -> Vec<Stage> {
        let begun = Instant::now();
        let stage = match self.try_folder() {
            Ok(found) => Stage::ok(FOLDER, found, begun.elapsed()),
            Err(error) => {
                let folder = shown(&self.folder);
                let seen = format!("`{folder}` cannot be written: {error}");
                let hint = format!("let the account of the scanner create files in `{folder}`");
                Stage::ok(FOLDER, seen, begun.elapsed()).but(self.if_not_writable, hint)
            }
        };
        vec![stage]
    }

    async fn follow(&self, feed: &dyn Feed) -> Result<Delivery, FollowError> {
        let changed = changed_connections(feed).await?;
        let mut delivered = Vec::new();
        for connection in feed.connections() {
            // An import treats items that are missing in the file as gone, so no file is written before all items are
            // known.
            let Some(complete) = connection.complete_from else {
                continue;
            };
            let path = self.folder.join(export_name(&connection.code));
            let is_due = match feed.start() {
                Start::Reset => true,
                // A file that somebody removed is written again.
                Start::After(position) => {
                    changed.contains(&connection.code) || complete > position || !path.exists()
                }
            };
            if is_due {
                delivered.push(Delivered {
                    connection: connection.code.clone(),
                    items: self.write(&path, connection, feed).await?,
                    target: shown(&path),
                });
            } else if let Some(mode) = self.mode {
                // The setting may be newer than the file.
                mode.apply_to(&path)
                    .map_err(|error| cannot_write(&path, error))?;
            }
        }
        if feed.start() != Start::After(feed.end()) {
            feed.acknowledge(Acknowledgement::up_to(feed.end())).await?;
        }
        Ok(Delivery::new(delivered))
    }

    fn files_of(&self, code: &ConnectionCode) -> Vec<PathBuf> {
        vec![self.folder.join(export_name(code))]
    }
}

impl Ndjson {
    /// Writes the file of a connection, and returns the number of its items.
    async fn write(
        &self,
        path: &Path,
        connection: &FeedConnection,
        feed: &dyn Feed,
    ) -> Result<u64, FollowError> {
        let failed = |error| cannot_write(path, error);
        let folder_mode = self.mode.map_or(FOLDER_MODE, FileMode::of_folder);
        create_folder_with(&self.folder, folder_mode).map_err(failed)?;
        temporary_file::remove_leftovers(&self.folder);
        let aside = temporary_file::create(&self.folder, Purpose::Export).map_err(failed)?;
        let mut lines = BufWriter::with_capacity(BUFFER, aside);
        let mut count = 0;
        let mut items = feed.items(&connection.code, ItemState::EXISTING).await?;
        while let Some(batch) = items.next().await? {
            count += batch.len() as u64;
            for entry in batch {
                let line = ExportLine {
                    item: &entry.entity,
                    parts: &connection.key_parts,
                };
                write_json(&mut lines, &line)
                    .and_then(|()| lines.write_all(b"\n"))
                    .map_err(failed)?;
            }
        }
        let aside = lines
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        // On disk before it replaces the old file: a power cut must not leave an empty catalog.
        aside.as_file().sync_all().map_err(failed)?;
        replace(aside, path, self.mode).map_err(failed)?;
        Ok(count)
    }

    /// Whether the folder can be written. It is not created.
    fn try_folder(&self) -> io::Result<String> {
        let existing = (self.folder.ancestors())
            .map(|folder| match folder.as_os_str().is_empty() {
                true => Path::new("."),
                false => folder,
            })
            .find(|folder| folder.exists())
            .unwrap_or(&self.folder);
        drop(temporary_file::create(existing, Purpose::Export)?);
        Ok(match existing == self.folder {
            true => shown(&self.folder),
            false => format!("{}, which the first delivery creates", shown(&self.folder)),
        })
    }
}

/// The name of the file with the items of a connection. The Zeenea scanner looks for this ending.
#[must_use]
pub fn export_name(code: &ConnectionCode) -> String {
    format!("{}.visualization.ndjson", file_name(code.as_str()))
}

/// The connections whose items changed.
async fn changed_connections(feed: &dyn Feed) -> Result<BTreeSet<ConnectionCode>, FollowError> {
    let mut changed = BTreeSet::new();
    let mut changes = feed.changes(ChangeDetail::Key).await?;
    while let Some(batch) = changes.next().await? {
        let items = batch
            .into_iter()
            .filter(|change| change.entity_kind == EntityKind::Item);
        changed.extend(items.map(|change| change.connection));
    }
    Ok(changed)
}

fn cannot_write(path: &Path, error: io::Error) -> FollowError {
    FollowError::target(format!("`{}` cannot be written", shown(path)), error)
}
