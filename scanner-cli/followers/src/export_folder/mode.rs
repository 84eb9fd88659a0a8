//! The setting `mode`: who may read the files.

use std::path::Path;

use catalog_model::{
    Place, Settings,
    settings::{PlaceKind, SettingProblem},
};
use file_access::{file_rights::FileMode, path_text::shown};

/// The mode of the files.
pub(super) fn mode(settings: &mut Settings) -> Option<FileMode> {
    let text = settings.text("mode")?;
    let mode = FileMode::parse(&text.value);
    if mode.is_none() {
        let message = format!(
            "`mode` must be an octal mode that lets the owner read and write the file, not `{}`",
            text.value
        );
        let hint = "write `mode = \"0640\"` for the owner and the group, or `mode = \"0644\"` for all users";
        settings.refuse("mode", message, hint.to_owned());
    }
    mode
}

/// The warning that the folder is closed to users who may read its files by `mode`.
pub(super) fn shut_out(place: Place, folder: &Path) -> SettingProblem {
    let folder = shown(folder);
    SettingProblem {
        key: "path".to_owned(),
        place,
        message: format!(
            "`mode` lets other users read the files, but they may not enter the folder `{folder}`"
        ),
        hint: Some(format!("allow access: `chmod g+x,o+x {folder}`")),
        place_kind: PlaceKind::Setting,
        within: None,
    }
}
