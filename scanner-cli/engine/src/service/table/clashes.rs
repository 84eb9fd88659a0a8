//! Files that cannot be used together, since their codes are the same, or differ only in case.

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

/// Which codes the files of one look have.
#[derive(Default)]
pub(super) struct Claims {
    /// How many files have a code, by its identity.
    codes: BTreeMap<String, usize>,
    /// The codes of enabled connections that differ only in case.
    enabled: BTreeMap<String, BTreeSet<ConnectionCode>>,
}

impl Claims {
    /// Counts the code of a file. A file with mistakes keeps its code, so that no other file gets its secrets meanwhile.
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
            let like = self.enabled.entry(Home::folded(&file.code)).or_default();
            like.insert(file.code.clone());
        }
    }
}

impl Table {
    /// Why the file at `path` cannot have its code: another has it, or comes with it at the same time.
    pub(super) fn clash(
        &self,
        path: &Path,
        file: &ConnectionFile,
        claims: &Claims,
    ) -> Option<InvalidFile> {
        self.clash_of_one_code(path, &file.code, claims)
            .or_else(|| self.clash_in_case(path, file, claims))
    }

    /// Why a file cannot be enabled: the code of another one differs only in case.
    fn clash_in_case(
        &self,
        path: &Path,
        file: &ConnectionFile,
        claims: &Claims,
    ) -> Option<InvalidFile> {
        file.connection.as_ref()?;
        let (code, folded) = (&file.code, Home::folded(&file.code));
        let is_like = |good: &ValidSettings| Home::folded(&good.ready.code) == folded;
        let others = self.lines.values().filter(|line| line.file != path);
        let other = others.filter_map(|line| line.good.as_ref().filter(|good| is_like(good)));
        let has_it = self.own(path) == Some(Home::identity(code));
        let other = match other.map(|good| &good.ready).next() {
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

    /// Why the file at `path` cannot have `code`: another file has it.
    fn clash_of_one_code(
        &self,
        path: &Path,
        code: &ConnectionCode,
        claims: &Claims,
    ) -> Option<InvalidFile> {
        let identity = Home::identity(code);
        let has = |line: &&TableEntry| {
            let same = line
                .code
                .as_ref()
                .is_some_and(|code| Home::identity(code) == identity);
            let is_wrong = matches!(line.state, FileState::Error(_)) && !line.clashes;
            let keeps_code = line.good.is_some()
                || line.state == FileState::Disabled
                || (is_wrong && self.own(path).as_ref() != Some(&identity));
            same && line.file != path && keeps_code
        };
        let other = match self.lines.values().find(has) {
            Some(line) => format!("`{}`", shown(&line.file)),
            None if claims
                .codes
                .get(&identity)
                .is_some_and(|claims| *claims > 1)
                && self.own(path).as_ref() != Some(&identity) =>
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
