//! Values of a connection file that are refused before any setting is read, and what follows from that.

use catalog_model::settings::SettingProblem;

use super::is_of_store;
use crate::{
    hocon::{LocatedProblem, Object, Severity, SourceDiagnostic},
    odd_texts::{OddTexts, Sources},
    secrets::Secrets,
};

/// The values of a file that are refused before any setting is read.
pub(super) struct Refused {
    pub(super) values: Vec<SourceDiagnostic>,
    pub(super) code: CodeIs,
    /// Whether something could not be decrypted, so that a trust store's password may be another.
    passwords: Passwords,
}

/// Whether the code is the one that is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CodeIs {
    Valid,
    /// It is in quotes that became part of it.
    Refused,
}

/// Whether the file's passwords are those that are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passwords {
    Known,
    Doubtful,
}

impl Refused {
    /// Decrypts the values of a file; finds those that are refused, and what is odd about others.
    pub(super) fn find(
        secrets: &Secrets<'_>,
        root: &mut Object,
        sources: &Sources<'_>,
    ) -> (Self, Vec<LocatedProblem>) {
        let undecrypted = secrets.decrypt_all(root);
        let passwords = match undecrypted.is_empty() {
            true => Passwords::Known,
            false => Passwords::Doubtful,
        };
        let odd = OddTexts::find(root, sources);
        let code = match odd.has_error_at(root.get("code")) {
            true => CodeIs::Refused,
            false => CodeIs::Valid,
        };
        let shown = |found| sources.diagnostic(Severity::Error, found);
        let values = odd.errors.into_iter().map(shown);
        let refused = Self {
            values: values.chain(undecrypted).collect(),
            code,
            passwords,
        };
        (refused, odd.warnings)
    }

    /// The problems to report: not those that follow from a value that was refused.
    pub(super) fn without_consequences(
        &self,
        mut problems: Vec<SettingProblem>,
    ) -> Vec<SettingProblem> {
        let follows = |problem: &SettingProblem| {
            let same = self.values.iter().any(|fault| fault.place == problem.place);
            same || (self.passwords == Passwords::Doubtful && is_of_store(problem))
        };
        problems.retain(|problem| !follows(problem));
        problems
    }
}
