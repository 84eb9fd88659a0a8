//! Files that cannot be used together, because their codes are equal or differ only in case.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use catalog_model::ConnectionCode;

use super::{FileState, Table, TableEntry, entry::ValidSettings};
use crate::{
    connection_file::{ConnectionFile, InvalidFile},
    connections::DIFFERS_IN_CASE,
    home::{Home, shown},
    problem::Problem,
};

/// The codes of the files that a poll has read.
#[derive(Default)]
pub(super) struct Claims {
    /// The number of files with a code, by the identity of the code.
    codes: BTreeMap<String, usize>,
    /// The codes of enabled connections, by the code in lower case.
    enabled: BTreeMap<String, BTreeSet<ConnectionCode>>,
}

impl Claims {
    /// Counts the code of a file. An invalid file keeps its code, so that no other file gets its secrets in the
    /// meantime.
    pub(super) fn add(&mut self, read: &Result<ConnectionFile, InvalidFile>) {
        let code = match read {
            Ok(file) => Some(&file.code),
            Err(invalid) => invalid.code.as_ref(),
        };
        if let Some(code) = code {
            *self.codes.entry(Home::identity(code)).or_default() += 1;
        }
        if let Ok(file) = read
            && file.connection.is_some()
        {
            let similar = self
                .enabled
                .entry(Home::case_folded(&file.code))
                .or_default();
            similar.insert(file.code.clone());
        }
    }
}

impl Table {
    /// Why the file at `path` cannot use its code: another file has it, or was added with it at the same time.
    pub(super) fn clash(
        &self,
        path: &Path,
        file: &ConnectionFile,
        claims: &Claims,
    ) -> Option<InvalidFile> {
        self.clash_of_one_code(path, &file.code, claims)
            .or_else(|| self.clash_in_case(path, file, claims))
    }

    /// Why a file cannot be enabled: its code differs from that of another file only in case.
    fn clash_in_case(
        &self,
        path: &Path,
        file: &ConnectionFile,
        claims: &Claims,
    ) -> Option<InvalidFile> {
        file.connection.as_ref()?;
        let (code, folded) = (&file.code, Home::case_folded(&file.code));
        let is_similar = |valid: &ValidSettings| Home::case_folded(&valid.ready.code) == folded;
        let others = self.entries.values().filter(|entry| entry.file != path);
        let other =
            others.filter_map(|entry| entry.valid.as_ref().filter(|valid| is_similar(valid)));
        let has_it = self.own_identity(path) == Some(Home::identity(code));
        let other = match other.map(|valid| &valid.ready).next() {
            Some(other) => format!("the code `{}` of `{}`", other.code, shown(&other.path)),
            None if claims
                .enabled
                .get(&folded)
                .is_some_and(|codes| codes.len() > 1)
                && !has_it =>
            {
                "that of another file".to_owned()
            }
            None => return None,
        };
        let message = format!(
            "the code `{code}` of `{}` differs from {other} only in case",
            shown(path)
        );
        let problem = Problem::general(message, DIFFERS_IN_CASE.to_owned());
        Some(InvalidFile::general(path, Some(code.clone()), problem))
    }

    /// Why the file at `path` cannot use `code`: another file has it.
    fn clash_of_one_code(
        &self,
        path: &Path,
        code: &ConnectionCode,
        claims: &Claims,
    ) -> Option<InvalidFile> {
        let identity = Home::identity(code);
        let has = |entry: &&TableEntry| {
            let same = entry
                .code
                .as_ref()
                .is_some_and(|code| Home::identity(code) == identity);
            let is_wrong = matches!(entry.state, FileState::Error(_)) && !entry.clashes;
            let keeps_code = entry.valid.is_some()
                || entry.state == FileState::Disabled
                || (is_wrong && self.own_identity(path).as_ref() != Some(&identity));
            same && entry.file != path && keeps_code
        };
        let other = match self.entries.values().find(has) {
            Some(entry) => format!("`{}`", shown(&entry.file)),
            None if claims
                .codes
                .get(&identity)
                .is_some_and(|claims| *claims > 1)
                && self.own_identity(path).as_ref() != Some(&identity) =>
            {
                "another file".to_owned()
            }
            None => return None,
        };
        let message = format!("`{}` has the same code `{code}` as {other}", shown(path));
        let hint = "each connection needs its own code: change the code in one of the two files, or remove one file";
        Some(InvalidFile::general(
            path,
            Some(code.clone()),
            Problem::general(message, hint.to_owned()),
        ))
    }
}
