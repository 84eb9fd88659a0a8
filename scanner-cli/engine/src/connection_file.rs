//! Reads one connection file: turns its content into a connection, or into all errors in it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use catalog_model::{
    Connection, ConnectionCode, Connector, ConnectorId, ConnectorRegistry, InvisibleCharacter,
    Settings, nearest,
    settings::{DeclarationGroup, Located, PlaceKind, SettingProblem},
};

use crate::{
    hocon::{self, Severity, SourceDiagnostic},
    home::Home,
    input_file,
    misspelt_setting::name_misspelt,
    problem::Problem,
    restrictions::Restrictions,
    scan_limit::scan_limit,
    schedule::Schedule,
    secrets::{Redactor, Secrets},
    settings_tree::wrong_setting,
    suspicious_texts::Sources,
    tracked_files::TrackedFiles,
};

mod declared;
mod rejected_values;
mod unknown_settings;

pub use self::declared::SETTINGS;
use self::{
    rejected_values::{CodeStatus, RejectedValues},
    unknown_settings::{SettingsReader, unknown_settings, without_named},
};

/// A valid connection file.
pub struct ConnectionFile {
    /// The permanent code, which is part of every key.
    pub code: ConnectionCode,
    /// The name for people.
    pub name: String,
    /// The connector, as the file names it.
    pub connector: String,
    /// The connection, or `None` if the file sets `enabled = false`.
    pub connection: Option<Box<dyn Connection>>,
    /// Its own schedule, if the file sets one.
    pub schedule: Option<Schedule>,
    /// Redacts the secrets of the connection in texts.
    pub secrets: Arc<Redactor>,
    /// The time limit of a scan.
    pub time_limit: Option<Duration>,
    /// The warnings about the file.
    pub warnings: Vec<Problem>,
}

/// A connection file that cannot be used.
pub struct InvalidFile {
    /// The file.
    pub path: PathBuf,
    /// The invalid part.
    pub invalid_part: InvalidPart,
    /// Its code, if it could be read.
    pub code: Option<ConnectionCode>,
    /// All errors and warnings about it.
    pub problems: Vec<Problem>,
}

impl InvalidFile {
    /// A file with an error that has no place in the file.
    pub fn general(path: &Path, code: Option<ConnectionCode>, problem: Problem) -> Self {
        Self {
            path: path.to_path_buf(),
            invalid_part: InvalidPart::File,
            code,
            problems: vec![problem],
        }
    }

    /// A file that is not valid HOCON.
    fn not_hocon(path: &Path, diagnostics: Vec<SourceDiagnostic>) -> Self {
        Self {
            path: path.to_path_buf(),
            invalid_part: InvalidPart::File,
            code: None,
            problems: diagnostics.into_iter().map(Problem::InFile).collect(),
        }
    }
}

/// The invalid part of a connection file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidPart {
    /// The file itself.
    File,
    /// Only the trust store that the file names.
    TrustStore,
}

impl InvalidPart {
    /// `TrustStore` if the rest of the file is valid and all problems are about the trust store.
    fn from_problems(rest_is_valid: bool, problems: &[SettingProblem]) -> Self {
        if rest_is_valid && problems.iter().all(is_of_store) {
            Self::TrustStore
        } else {
            Self::File
        }
    }
}

/// What is needed to read a connection file, besides the file itself.
pub struct Reading<'a> {
    /// The home.
    pub home: &'a Home,
    /// Variables of the environment.
    pub variables: &'a BTreeMap<String, String>,
    /// The connectors.
    pub connectors: &'a ConnectorRegistry,
    /// The current time.
    pub now: jiff::Timestamp,
    /// What the file may use.
    pub restrictions: &'a Arc<Restrictions>,
}

impl Reading<'_> {
    /// Reads the file at `path` with this content.
    ///
    /// # Errors
    /// All that is wrong in the file.
    pub fn read(&self, path: &Path, content: &[u8]) -> Result<ConnectionFile, InvalidFile> {
        self.read_tracking(path, content, &self.files())
    }

    /// Starts to track the files that a connection file depends on.
    pub fn files(&self) -> Arc<TrackedFiles> {
        let restrictions = self.restrictions.clone();
        Arc::new(TrackedFiles::with_restrictions(self.home, restrictions))
    }

    /// The same as [`read`](Self::read), and records in `files` which other files were read.
    ///
    /// # Errors
    /// All that is wrong in the file.
    pub fn read_tracking(
        &self,
        path: &Path,
        content: &[u8],
        files: &Arc<TrackedFiles>,
    ) -> Result<ConnectionFile, InvalidFile> {
        let secrets = Secrets::new(path, content, self.home, self.variables, files);
        let clean = |problems: Vec<Problem>| {
            problems
                .into_iter()
                .map(|one| secrets.redact(one))
                .collect()
        };
        match self.read_with(&secrets) {
            Ok(mut file) => {
                file.warnings.extend(secrets.warnings());
                Ok(ConnectionFile {
                    warnings: clean(file.warnings),
                    connection: file
                        .connection
                        .map(|found| secrets.redact_connection(found)),
                    ..file
                })
            }
            Err(invalid) => Err(InvalidFile {
                problems: clean(invalid.problems),
                ..invalid
            }),
        }
    }

    /// Reads the file. If the connection is disabled, only unknown settings are reported: its other settings have no
    /// effect.
    fn read_with(&self, secrets: &Secrets<'_>) -> Result<ConnectionFile, InvalidFile> {
        let (path, content, files) = (secrets.path, secrets.content, secrets.files);
        let mut document = secrets
            .read()
            .map_err(|diagnostics| InvalidFile::not_hocon(path, diagnostics))?;
        let sources = Sources::new(path, content, files.as_ref());
        let (rejected, suspicious_texts) =
            RejectedValues::find(secrets, &mut document.root, &sources);
        let all_secrets = Arc::new(secrets.all(&document.root));
        if let Some(excess) = secrets.excess(&all_secrets) {
            return Err(InvalidFile::general(path, None, excess.into()));
        }
        let name = path.display().to_string();
        let mut settings = Settings::new(name, document.root, files.clone());
        let opened = self.open(&mut settings);
        let show =
            |severity, found| SourceDiagnostic::in_file(path, content, severity, found).into();
        let [filters, unknown] = unknown_settings(&settings, SettingsReader::from_result(&opened));
        let filters: Vec<Problem> = filters.map(|found| show(Severity::Error, found)).collect();
        let unknown = unknown.map(|found| show(Severity::Warning, found));
        let is_valid = rejected.values.is_empty() && filters.is_empty();
        let suspicious = document.warnings.into_iter().map(Problem::InFile);
        let warnings = settings.warnings().iter().cloned().map(wrong_setting);
        let warnings = suspicious_texts.into_iter().chain(warnings);
        let suspicious = suspicious.chain(warnings.map(|found| show(Severity::Warning, found)));
        let code = match opened {
            Ok(opened) if opened.connection.is_none() => {
                return Ok(ConnectionFile {
                    warnings: unknown.collect(),
                    ..opened
                });
            }
            Ok(opened) if is_valid => {
                return Ok(ConnectionFile {
                    warnings: suspicious.chain(unknown).collect(),
                    secrets: all_secrets,
                    ..opened
                });
            }
            Ok(opened) => Some(opened.code),
            Err(OpenError { code, .. }) => code,
        };
        let code = code.filter(|_| rejected.code == CodeStatus::Valid);
        let mut problems = rejected.without_consequences(settings.problems());
        name_misspelt(&settings, &mut problems);
        let invalid_part = InvalidPart::from_problems(is_valid, &problems);
        let setting_errors = problems.into_iter().map(|one| located(one, &sources));
        let setting_errors = setting_errors.map(|one| show(Severity::Error, wrong_setting(one)));
        let rejected = rejected.values.into_iter().map(Problem::InFile);
        let errors: Vec<Problem> = rejected.chain(filters).chain(setting_errors).collect();
        let unknown = without_named(unknown, &errors);
        Err(InvalidFile {
            path: path.to_path_buf(),
            invalid_part,
            code,
            problems: (errors.into_iter().chain(suspicious).chain(unknown)).collect(),
        })
    }

    /// Reads all settings. Problems are recorded in `settings`.
    fn open(&self, settings: &mut Settings) -> Result<ConnectionFile, OpenError> {
        settings.declare(&[DeclarationGroup::always(SETTINGS)]);
        // Some are read before, and some are ignored.
        settings.know_declared();
        let enabled = settings.flag("enabled", true);
        let name = settings.required_text("name").map(|name| name.value);
        let code = code(settings);
        // The time zone of the schedules is not known here. A margin of a day covers all time zones.
        let yesterday = self.now.checked_sub(jiff::SignedDuration::from_hours(24));
        let since = yesterday.unwrap_or(self.now);
        let schedule =
            Schedule::from_settings(settings, "schedule", since, &jiff::tz::TimeZone::UTC);
        let id = settings.text("connector_id").map(|id| id.value);
        let connector = if enabled {
            self.connector(settings)
        } else {
            None
        };
        let read = if connector.is_some() {
            SettingsReader::Connector
        } else {
            SettingsReader::None
        };
        let time_limit = enabled.then(|| scan_limit(settings)).flatten();
        let connection = connector.and_then(|connector| {
            // Without a code, the connector still reads the settings, so that all problems are reported.
            let stand_in = || ConnectionCode::new("without-code").ok();
            let code = code.clone();
            settings.declare(connector.settings());
            connector.open(code.or_else(stand_in)?, settings).ok()
        });
        match (name, code, settings.check()) {
            (Some(name), Some(code), Ok(())) => Ok(ConnectionFile {
                code,
                name,
                connector: id.unwrap_or_default(),
                connection,
                schedule,
                secrets: Arc::default(),
                time_limit,
                warnings: Vec::new(),
            }),
            (_, code, _) => Err(OpenError { code, read }),
        }
    }

    fn connector(&self, settings: &mut Settings) -> Option<&dyn Connector> {
        let id = settings.required_text("connector_id")?.value;
        let known = ConnectorId::new(&id)
            .ok()
            .and_then(|id| self.connectors.get(&id));
        if known.is_none() {
            let ids: Vec<_> = self.connectors.ids().map(|id| format!("`{id}`")).collect();
            let message = format!("unknown connector `{id}`");
            let names: Vec<_> = self.connectors.ids().map(ToString::to_string).collect();
            let near = nearest(&id, names.iter().map(String::as_str));
            let near = near.map(|near| format!("did you mean `{near}`? "));
            let hint = format!(
                "{}the connectors of this scanner are: {}",
                near.unwrap_or_default(),
                ids.join(", ")
            );
            settings.refuse("connector_id", message, hint);
        }
        known
    }
}

/// A file with invalid settings.
struct OpenError {
    code: Option<ConnectionCode>,
    read: SettingsReader,
}

/// Whether the problem is about the trust store. A wrong password makes a trust store unreadable.
fn is_of_store(problem: &SettingProblem) -> bool {
    problem.key.starts_with("tls.truststore.")
}

fn code(settings: &mut Settings) -> Option<ConnectionCode> {
    let Located { value, place } = settings.required_text("code")?;
    if let Some((offset, found)) = InvisibleCharacter::find(&value) {
        let problem = SettingProblem {
            key: "code".to_owned(),
            place,
            message: format!("`code` has an invisible character: {found}"),
            hint: Some("type the code again, without it".to_owned()),
            place_kind: PlaceKind::Setting,
            within: Some(offset),
        };
        settings.record(problem);
        return None;
    }
    match ConnectionCode::new(&value) {
        Ok(_) if input_file::is_reserved(&value) => {
            let message = format!("`code` is `{value}`, a name that Windows reserves for a device");
            let hint = "choose another code: files are named after the code".to_owned();
            settings.refuse("code", message, hint);
            None
        }
        Ok(code) if !Home::fits_file_name(&code) => {
            let message = "`code` is too long to name a file".to_owned();
            settings.refuse("code", message, "shorten it".to_owned());
            None
        }
        Ok(code) => Some(code),
        Err(error) => {
            let message = format!("`code` is not valid: {error}");
            settings.refuse("code", message, None);
            None
        }
    }
}

/// Moves the problem to its place within the text of the setting, in this file or an included one.
fn located(mut problem: SettingProblem, sources: &Sources<'_>) -> SettingProblem {
    if let Some(within) = problem.within
        && let Some(content) = sources.content_at(&problem.place)
    {
        problem.place = hocon::place_within(&content, &problem.place, within);
    }
    problem
}
