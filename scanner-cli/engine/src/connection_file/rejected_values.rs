//! Values of a connection file that are rejected before any setting is read, and the problems that follow from them.

use catalog_model::settings::SettingProblem;

use super::is_of_store;
use crate::{
    hocon::{LocatedProblem, Object, Severity, SourceDiagnostic},
    secrets::Secrets,
    suspicious_texts::{Sources, SuspiciousTexts},
};

/// The values of a file that are rejected before any setting is read.
pub(super) struct RejectedValues {
    pub(super) values: Vec<SourceDiagnostic>,
    pub(super) code: CodeStatus,
    /// Whether a value could not be decrypted, so that the password of a trust store may be wrong.
    passwords: Passwords,
}

/// Whether the code can be used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CodeStatus {
    Valid,
    /// The code includes quotes by mistake.
    Rejected,
}

/// Whether all passwords of the file could be decrypted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passwords {
    Decrypted,
    Uncertain,
}

impl RejectedValues {
    /// Decrypts the values of a file, and finds rejected and suspicious values.
    pub(super) fn find(
        secrets: &Secrets<'_>,
        root: &mut Object,
        sources: &Sources<'_>,
    ) -> (Self, Vec<LocatedProblem>) {
        let undecrypted = secrets.decrypt_all(root);
        let passwords = match undecrypted.is_empty() {
            true => Passwords::Decrypted,
            false => Passwords::Uncertain,
        };
        let suspicious = SuspiciousTexts::find(root, sources);
        let code = match suspicious.has_error_at(root.get("code")) {
            true => CodeStatus::Rejected,
            false => CodeStatus::Valid,
        };
        let shown = |found| sources.diagnostic(Severity::Error, found);
        let values = suspicious.errors.into_iter().map(shown);
        let rejected = Self {
            values: values.chain(undecrypted).collect(),
            code,
            passwords,
        };
        (rejected, suspicious.warnings)
    }

    /// The problems to report, without those that follow from a rejected value.
    pub(super) fn without_consequences(
        &self,
        mut problems: Vec<SettingProblem>,
    ) -> Vec<SettingProblem> {
        let follows = |problem: &SettingProblem| {
            let same = self.values.iter().any(|value| value.place == problem.place);
            same || (self.passwords == Passwords::Uncertain && is_of_store(problem))
        };
        problems.retain(|problem| !follows(problem));
        problems
    }
}
