//! Finds out where the store of an installation is: a file in the home, or a database on a server.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use postgresql_store::PostgresqlStore;

use crate::{
    hocon::{LocatedProblem, Severity, SourceDiagnostic, Value},
    installation::Installation,
    operation_error::OperationError,
    problem::Problem,
    scanner_identity::scanner_identity,
    secrets::{SecretBlock, Secrets},
    settings_files::{application_content, application_document},
    store::StoreLocation,
    store_server::{BLOCK, OPTION, StoreServerSettings},
    tracked_files::{TrackedFiles, Trusted},
};

impl Installation {
    /// Finds out where the store is: in the database of `url`, else where `conf/application.conf` says, else in the
    /// home. Nothing is connected. Errors in the syntax of the file are left to those who read all of it.
    ///
    /// # Errors
    /// If the settings of the store on a server are not valid.
    pub fn locate_store(&mut self, url: Option<&str>) -> Result<Vec<Problem>, OperationError> {
        let path = self.home.settings();
        let content = match application_content(&self.home) {
            Ok(content) => content,
            Err(problems) if url.is_some() => return Err(OperationError::configuration(problems)),
            Err(_) => return Ok(Vec::new()),
        };
        if content.is_none() && url.is_none() {
            return Ok(Vec::new());
        }
        let content = content.unwrap_or_default();
        let files = Arc::new(TrackedFiles::new(&self.home));
        let variables = Arc::clone(&self.variables);
        let document = application_document(&path, &content, &variables, &Trusted(&files));
        let mut root = match document {
            Ok(document) => document.root,
            Err(problems) if url.is_some() => {
                let problems = problems.into_iter().map(Problem::InFile);
                return Err(OperationError::configuration(problems.collect()));
            }
            Err(_) => return Ok(Vec::new()),
        };
        let is_set = matches!(root.get(BLOCK).map(|node| &node.value),
            Some(Value::Object(block)) if block.setting("url").is_some());
        if !is_set && url.is_none() {
            return Ok(Vec::new());
        }
        let home = self.home.clone();
        let secrets = Secrets::new_for_followers(&path, &content, &home, &variables, &files);
        let missing = secrets.resolve_scanner(&mut root, &[SecretBlock::Store]);
        let show = |severity, found: LocatedProblem| match &*found.place.file == OPTION {
            true => of_option(found),
            false => SourceDiagnostic::in_file(&path, &content, severity, found).into(),
        };
        let clean = |problem| secrets.redact(problem);
        if !missing.is_empty() {
            let missing = missing.into_iter().map(Problem::InFile).map(clean);
            return Err(OperationError::configuration(missing.collect()));
        }
        let read = StoreServerSettings::read(&root, &secrets, url).map_err(|problems| {
            let problems = problems
                .into_iter()
                .map(|one| clean(show(Severity::Error, one)));
            OperationError::configuration(problems.collect())
        })?;
        let Some(server) = read else {
            return Ok(Vec::new());
        };
        let trust = server
            .target
            .trust_warnings
            .iter()
            .cloned()
            .map(Problem::General);
        let warnings = server
            .warnings
            .into_iter()
            .map(|one| show(Severity::Warning, one));
        let warnings = warnings.chain(trust).map(clean).collect();
        let identity = scanner_identity(&self.home, &self.variables);
        let store = PostgresqlStore::with_lease(server.target, &identity, server.lease);
        self.home.set_store(StoreLocation::Server(Arc::new(store)));
        Ok(warnings)
    }
}

/// The problem of the option `--store`, without its text.
fn of_option(found: LocatedProblem) -> Problem {
    let message = found.message.replace("`url`", "`--store`");
    let hint = found.hint.map(|hint| {
        hint.replace("`url`", "the URL").replace(
            "`password`",
            "`store.password` in `conf/application.conf`, or `PGPASSWORD`",
        )
    });
    Problem::general(message, hint)
}

/// The file of the store.
///
/// # Errors
/// If the store is on a server; `instead` says what to do there.
pub fn store_file(
    location: &StoreLocation,
    command: &str,
    instead: &str,
) -> Result<PathBuf, OperationError> {
    let file = location.file().map(Path::to_path_buf);
    file.ok_or_else(|| {
        let message =
            format!("`{command}` works only with a store in a file; this store is in `{location}`");
        OperationError::configuration(vec![Problem::general(message, instead.to_owned())])
    })
}
