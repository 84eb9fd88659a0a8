//! The follower that writes files: for each connection `<code>.visualization.ndjson` with the items that are there,
//! sorted by key, rewritten whole and renamed when something changed.

use std::{
    collections::BTreeSet,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use catalog_followers::ndjson::export_name;
use catalog_model::ConnectionCode;

use super::{Delivered, Delivery, FollowError, Follower, Start};
use crate::{
    export_line::ExportLine,
    file_rights::{FOLDER_MODE, FileMode, create_folder_with, replace},
    home::shown,
    json_text::write_json,
    spool::temporary,
    store::StoredConnection,
};

/// Writes a file for each connection.
pub struct Ndjson {
    name: String,
    folder: PathBuf,
    /// Of its files; not set, a new file may be read by its group, and a replaced one keeps its mode.
    mode: Option<FileMode>,
}

impl Ndjson {
    /// A follower that writes to `folder`, which the settings call `path`.
    pub fn new(path: &str, folder: PathBuf, mode: Option<FileMode>) -> Self {
        Self {
            name: format!("ndjson:{path}"),
            folder,
            mode,
        }
    }

    fn write(
        &self,
        path: &Path,
        connection: &StoredConnection,
        delivery: &Delivery<'_>,
    ) -> Result<u64, FollowError> {
        let failed = |error| cannot_write(path, error);
        let folder_mode = self.mode.map_or(FOLDER_MODE, FileMode::of_folder);
        create_folder_with(&self.folder, folder_mode).map_err(failed)?;
        let aside = temporary(&self.folder).map_err(failed)?;
        let mut lines = BufWriter::with_capacity(128 * 1024, aside);
        let mut items = 0;
        delivery.each_item(connection, |found| {
            let line = ExportLine {
                item: &found.item,
                parts: &connection.key_parts,
            };
            write_json(&mut lines, &line)
                .and_then(|()| lines.write_all(b"\n"))
                .map_err(failed)?;
            items += 1;
            Ok(())
        })?;
        let aside = lines
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        // On disk before it takes the old file's name: a power cut must not leave an empty catalog.
        aside.as_file().sync_all().map_err(failed)?;
        replace(aside, path, self.mode).map_err(failed)?;
        Ok(items)
    }
}

impl Follower for Ndjson {
    fn name(&self) -> &str {
        &self.name
    }

    fn files_of(&self, code: &ConnectionCode) -> Vec<PathBuf> {
        vec![self.folder.join(export_name(code))]
    }

    fn take(&mut self, delivery: &Delivery<'_>) -> Result<Vec<Delivered>, FollowError> {
        let mut due = BTreeSet::new();
        delivery.each_change(|change| {
            due.insert(change.connection);
            Ok(())
        })?;
        let mut delivered = Vec::new();
        for connection in delivery.connections() {
            // Whoever imports a file takes what is not in it for gone: so none before the whole is known.
            let (Some(complete), Ok(code)) = (
                connection.complete_from,
                ConnectionCode::new(&connection.code),
            ) else {
                continue;
            };
            let path = self.folder.join(export_name(&code));
            let wanted = match delivery.start() {
                Start::Reset => true,
                // A file that somebody took away is written again.
                Start::After(seq) => {
                    due.contains(&connection.code) || complete > seq || !path.exists()
                }
            };
            if wanted {
                delivered.push(Delivered {
                    connection: connection.code.clone(),
                    items: self.write(&path, connection, delivery)?,
                    target: shown(&path),
                });
            } else if let Some(mode) = self.mode {
                // The setting may be newer than the file.
                mode.apply_to(&path)
                    .map_err(|error| cannot_write(&path, error))?;
            }
        }
        delivery.took_all();
        Ok(delivered)
    }
}

fn cannot_write(path: &Path, error: io::Error) -> FollowError {
    FollowError::Target {
        message: format!("`{}` cannot be written", shown(path)),
        source: error.into(),
    }
}
