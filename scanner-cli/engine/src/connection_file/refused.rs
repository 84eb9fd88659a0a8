//! Values of a connection file that are rejected before any setting is read, and the problems that follow from them.

use catalog_model::settings::SettingProblem;

use super::is_of_store;
use crate::{
    hocon::{LocatedProblem, Object, Severity, SourceDiagnostic},
    odd_texts::{OddTexts, Sources},
    secrets::Secrets,
};

/// The values of a file that are rejected before any setting is read.
pub(super) struct Refused {
    pub(super) values: Vec<SourceDiagnostic>,
    pub(super) code: CodeIs,
    /// Whether a value could not be decrypted, so that the password of a trust store may be wrong.
    passwords: Passwords,
}

/// Whether the code can be used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CodeIs {
    Valid,
    /// The code includes quotes by mistake.
    Refused,
}

/// Whether all passwords of the file could be decrypted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passwords {
    Known,
    Doubtful,
}

impl Refused {
    /// Decrypts the values of a file, and finds rejected and suspicious values.
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

    /// The problems to report, without those that follow from a rejected value.
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
