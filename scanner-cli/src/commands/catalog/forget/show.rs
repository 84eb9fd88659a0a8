//! The texts of `catalog forget`.

use std::path::PathBuf;

use catalog_model::printable;

use super::count;
use crate::{
    forget::{Forget, Forgotten},
    home::shown,
    problem::Problem,
    store::ConnectionContents,
};

/// The connection and its files, before anything is removed.
pub(super) fn found(found: &Forget, keep_in_catalogs: bool) -> String {
    let mut text = match &found.holding {
        Some(holding) => format!(
            "{} ({}): {}\n",
            found.code,
            printable(&holding.name),
            counts(holding)
        ),
        None => format!("{}: not in the store\n", found.code),
    };
    for file in &found.files {
        text.push_str(&format!("  file       {}\n", found.shown_path(file)));
    }
    if keep_in_catalogs {
        text.push_str("  followers  receive no removals: their catalogs keep the items\n");
    }
    text
}

/// The result.
pub(super) fn forgotten(found: &Forget, followed: &[String], sessions: usize) -> String {
    let mut text = format!("forgot the connection `{}`\n", found.code);
    if found.holding.is_some() {
        text.push_str("  store      data removed, disk space released\n");
    }
    if !followed.is_empty() {
        text.push_str(&format!(
            "  followers  received the removals: {}\n",
            followed.join(", ")
        ));
    }
    if sessions > 0 {
        let sessions = i64::try_from(sessions).unwrap_or(i64::MAX);
        text.push_str(&format!(
            "  sessions   removed: {}\n",
            count(sessions, "file")
        ));
    }
    text
}

fn counts(holding: &ConnectionContents) -> String {
    let &ConnectionContents {
        items,
        gone,
        addresses,
        scans,
        changes,
        ..
    } = holding;
    format!(
        "{} ({gone} of them gone), {}, {}, {}",
        count(items, "item"),
        match addresses {
            1 => "1 e-mail address".to_owned(),
            many => format!("{many} e-mail addresses"),
        },
        count(scans, "scan"),
        count(changes, "change"),
    )
}

/// Problems with files and copies that an administrator must remove.
pub(super) fn problems(found: &Forget, forgotten: &Forgotten) -> Vec<Problem> {
    let Forgotten { failed, copies, .. } = forgotten;
    let mut problems = Vec::new();
    for (file, error) in failed {
        let message = format!("`{file}` cannot be removed: {error}");
        problems.push(Problem::general(message, "remove it manually".to_owned()));
    }
    if !copies.holding.is_empty() {
        problems.push(warning(
            format!(
                "these copies of the store still contain the items of `{}` and their owners: {}",
                found.code,
                names(&copies.holding)
            ),
            "remove them, or restore each one, forget the connection there and create a new backup",
        ));
    }
    if !copies.unread.is_empty() {
        problems.push(warning(
            format!(
                "these copies of the store cannot be read now and may contain the items of `{}`: {}",
                found.code,
                names(&copies.unread)
            ),
            "find them, and remove them if you do not need them",
        ));
    }
    problems
}

fn names(files: &[PathBuf]) -> String {
    let names: Vec<_> = files
        .iter()
        .map(|file| format!("`{}`", shown(file)))
        .collect();
    names.join(", ")
}

fn warning(message: String, hint: &str) -> Problem {
    Problem::warning(message, hint.to_owned())
}
