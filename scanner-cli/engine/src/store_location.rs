//! Finds out where the store of an installation is: a file in the home, or a database on a server.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use postgresql_store::PostgresqlStore;

use crate::{
    hocon::{LocatedProblem, Object, Severity, SourceDiagnostic, Value},
    home::shown,
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

/// The address of a store in a file begins with this.
const SQLITE: &str = "sqlite";
/// The address of a store in a database begins with one of these.
const SCHEMES: [&str; 2] = ["postgresql://", "postgres://"];

impl Installation {
    /// Finds out where the store is: in the database of `url`, else where `conf/application.conf` says, else in the
    /// home. Nothing is connected. Errors in the syntax of the file are left to those who read all of it.
    ///
    /// # Errors
    /// If the settings of the store on a server are not valid.
    pub fn locate_store(&mut self, url: Option<&str>) -> Result<Vec<Problem>, OperationError> {
        let (server, warnings) = self.find_server(url, OPTION)?;
        if let Some(server) = server {
            self.home.set_store(server);
        }
        Ok(warnings)
    }

    /// Finds out which store `url` names: a database, or a file as `sqlite:FILE` or, in the home, `sqlite`. The other settings
    /// of the store are those of `conf/application.conf`. Nothing is connected.
    ///
    /// # Errors
    /// If it is not the address of a store, or the settings of the store on a server are not valid.
    pub fn named_store(
        &self,
        url: &str,
        option: &str,
    ) -> Result<(StoreLocation, Vec<Problem>), OperationError> {
        match url.split_once(':') {
            None if url == SQLITE => return Ok((self.home.store_file().into(), Vec::new())),
            Some((SQLITE, file)) => return Ok((self.named_file(file, option)?.into(), Vec::new())),
            _ => {}
        }
        let not_an_address = || {
            let message = format!("`{option}` is not the address of a store");
            let hint =
                format!("write `postgresql://USER@HOST/DATABASE`, `{SQLITE}` or `{SQLITE}:FILE`");
            OperationError::configuration(vec![Problem::general(message, hint)])
        };
        if !SCHEMES.iter().any(|scheme| url.starts_with(scheme)) {
            return Err(not_an_address());
        }
        let (server, warnings) = self.find_server(Some(url), option)?;
        Ok((server.ok_or_else(not_an_address)?, warnings))
    }

    /// The path of the file in `sqlite:FILE`. A mistyped path creates no folders.
    fn named_file(&self, file: &str, option: &str) -> Result<PathBuf, OperationError> {
        let refused = |message: String, hint: String| {
            OperationError::configuration(vec![Problem::general(message, hint)])
        };
        if file.is_empty() {
            let hint = format!("write `{SQLITE}:FILE`, or `{SQLITE}` for the file in the home");
            return Err(refused(format!("`{option} {SQLITE}:` names no file"), hint));
        }
        let path = self.home.path(file);
        // The current folder has no name.
        let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.is_dir();
        if let Some(folder) = path.parent().filter(is_missing) {
            let hint = "create it, or name another file".to_owned();
            return Err(refused(
                format!("the folder `{}` does not exist", shown(folder)),
                hint,
            ));
        }
        if path.exists() && !path.is_file() {
            let hint = "name a file that does not exist yet".to_owned();
            return Err(refused(
                format!("`{}` is not a regular file", shown(&path)),
                hint,
            ));
        }
        Ok(path)
    }

    fn find_server(
        &self,
        url: Option<&str>,
        option: &str,
    ) -> Result<(Option<StoreLocation>, Vec<Problem>), OperationError> {
        let path = self.home.settings();
        let (home, variables) = (self.home.clone(), Arc::clone(&self.variables));
        let files = Arc::new(TrackedFiles::new(&home));
        let content = match application_content(&home) {
            Ok(content) => content.unwrap_or_default(),
            Err(problems) => return unless_asked(url, problems).map(|found| (None, found)),
        };
        let document = application_document(&path, &content, &variables, &Trusted(&files));
        let mut root = match document {
            Ok(document) => document.root,
            Err(problems) => {
                let problems = problems.into_iter().map(Problem::InFile).collect();
                return unless_asked(url, problems).map(|found| (None, found));
            }
        };
        if url.is_none() && !names_server(&root) {
            return Ok((None, Vec::new()));
        }
        let secrets = Secrets::new_for_followers(&path, &content, &home, &variables, &files);
        let show = |severity, found: LocatedProblem| match &*found.place.file == OPTION {
            true => of_option(found, option),
            false => SourceDiagnostic::in_file(&path, &content, severity, found).into(),
        };
        let clean = |problem| secrets.redact(problem);
        let refused = |problems: Vec<Problem>| {
            OperationError::configuration(problems.into_iter().map(clean).collect())
        };
        let missing = secrets.resolve_scanner(&mut root, &[SecretBlock::Store]);
        if !missing.is_empty() {
            return Err(refused(missing.into_iter().map(Problem::InFile).collect()));
        }
        let read = StoreServerSettings::read(&root, &secrets, url).map_err(|problems| {
            let problems = problems.into_iter().map(|one| show(Severity::Error, one));
            refused(problems.collect())
        })?;
        let Some(server) = read else {
            return Ok((None, Vec::new()));
        };
        let warnings = server
            .warnings
            .into_iter()
            .map(|one| show(Severity::Warning, one));
        let trust = server
            .target
            .trust_warnings
            .iter()
            .cloned()
            .map(Problem::General);
        let warnings = warnings.chain(trust).map(clean).collect();
        let identity = scanner_identity(&home, &variables);
        let store = PostgresqlStore::with_lease(server.target, &identity, server.lease);
        Ok((Some(StoreLocation::Server(Arc::new(store))), warnings))
    }
}

/// The errors of a file, if it is needed for a store that the user names.
fn unless_asked(url: Option<&str>, problems: Vec<Problem>) -> Result<Vec<Problem>, OperationError> {
    match url {
        Some(_) => Err(OperationError::configuration(problems)),
        None => Ok(Vec::new()),
    }
}

/// Whether the file names a server.
fn names_server(root: &Object) -> bool {
    let block = root.get(BLOCK).map(|node| &node.value);
    matches!(block, Some(Value::Object(block)) if block.setting("url").is_some())
}

/// The problem of an option with an address, without its text.
fn of_option(found: LocatedProblem, option: &str) -> Problem {
    let message = found.message.replace("`url`", &format!("`{option}`"));
    let hint = found.hint.map(|hint| {
        // A setting has its value in quotes.
        let hint = hint.replace("`url = \"", "`").replace("\"`", "`");
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
