//! Reads `conf/application.conf`: the scanner's own settings. The Zeenea scanner uses the same file, so unknown
//! settings are ignored.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use catalog_model::{FollowerRegistry, Settings};
use jiff::SignedDuration;

use crate::{
    automation::Automation,
    delivery::{DisabledFollower, Followers},
    encryption,
    hocon::{LocatedProblem, Object, Severity, SourceDiagnostic},
    home::Home,
    misspelt_setting::name_misspelt,
    problem::Problem,
    restrictions::Restrictions,
    secrets::{SecretBlock, Secrets},
    settings_files::{application_content, application_document},
    settings_tree::wrong_setting,
    store::{MaxSize, StoreLimits},
    store_server::StoreServerSettings,
    suspicious_texts::{Sources, SuspiciousTexts},
    tracked_files::{TrackedFiles, Trusted},
    writable,
};

mod declared;
mod followers;
mod http;
mod listen;
mod misspelt;

pub(crate) use self::followers::hide_secret_settings;
pub use self::{
    declared::{GROUPS, HTTP, SETTINGS, STORE_SERVER, STORE_TLS_AND_PROXY},
    http::HttpSettings,
    listen::socket_address,
};
use self::{
    followers::{Findings, FollowerReader},
    misspelt::misspelt,
};

/// The scanner's own settings.
pub struct Application {
    /// The followers, which receive the changes of the store.
    pub followers: Followers,
    /// The followers that the settings disable.
    pub disabled_followers: Vec<DisabledFollower>,
    /// Limits of the age and the size of the data in the store.
    pub store: StoreLimits,
    /// When and how the service scans.
    pub automation: Automation,
    /// The key for encrypted values.
    pub key_file: PathBuf,
    /// The pages of the service, if they are set.
    pub http: Option<HttpSettings>,
    /// What connection files may use.
    pub restrictions: Arc<Restrictions>,
    /// The warnings about the file.
    pub warnings: Vec<Problem>,
}

/// Where a program shows the catalog that is not the service: at this address, else at that of the settings, else at the
/// default one.
#[derive(Clone, Copy, Debug)]
pub struct ServeAt(pub Option<SocketAddr>);

/// What is needed to read the settings, besides the file.
pub struct ApplicationReading<'a> {
    /// The home.
    pub home: &'a Home,
    /// Variables of the environment.
    pub variables: &'a BTreeMap<String, String>,
    /// The kinds of followers. If `None`, the followers are not read, and their secrets are not needed.
    pub followers: Option<&'a FollowerRegistry>,
    /// Shows the catalog, whatever `http.catalog` says.
    pub serves: Option<ServeAt>,
    /// The current time.
    pub now: jiff::Timestamp,
}

/// Default of `store.keep_changes_days`.
const KEEP_CHANGES: u32 = 365;
/// Maximum of `store.keep_changes_days`.
const MAX_KEEP_CHANGES: u32 = 36_500;
/// The setting for how long changes are kept.
const KEEP: &str = "store.keep_changes_days";
/// The setting for how long removed items are kept.
const KEEP_GONE: &str = "store.keep_gone";
/// The setting for the maximum size of the store.
const MAX_SIZE: &str = "store.max_size";

impl Application {
    /// Reads the settings of `home`. If the file does not exist, all settings have their defaults.
    ///
    /// # Errors
    /// All errors in the file.
    pub fn read(reading: &ApplicationReading<'_>) -> Result<Self, Vec<Problem>> {
        let content = application_content(reading.home)?;
        let files = Arc::new(TrackedFiles::new(reading.home));
        Self::from_content(content.as_deref(), reading, &files)
    }

    /// The names of the followers, read without their secrets. `None` if the file cannot be read.
    pub fn follower_names(reading: &ApplicationReading<'_>) -> Option<Vec<String>> {
        let (home, variables) = (reading.home, reading.variables);
        let files = Arc::new(TrackedFiles::new(home));
        let content = application_content(home).ok()?.unwrap_or_default();
        let path = &home.settings();
        let secrets = Secrets::new_for_followers(path, &content, home, variables, &files);
        let document = application_document(path, &content, variables, &Trusted(&files)).ok()?;
        let reader = FollowerReader {
            secrets: &secrets,
            registry: reading.followers?,
        };
        Some(reader.names(&document.root))
    }

    /// The default settings.
    fn unset(home: &Home, variables: &BTreeMap<String, String>) -> Self {
        let (restrictions, _) = Restrictions::from_root(&Object::default(), home, variables);
        Self {
            followers: followers::unset(home),
            disabled_followers: Vec::new(),
            store: days(KEEP_CHANGES).into(),
            automation: Automation::default(),
            key_file: home.key(),
            http: None,
            restrictions: Arc::new(restrictions),
            warnings: Vec::new(),
        }
    }

    /// Reads the settings of a file with this content, or returns the defaults without content. `files` tracks the
    /// included files and the files of the settings and secrets of followers.
    ///
    /// # Errors
    /// All errors in the file.
    pub fn from_content(
        content: Option<&[u8]>,
        reading: &ApplicationReading<'_>,
        files: &Arc<TrackedFiles>,
    ) -> Result<Self, Vec<Problem>> {
        let (home, variables) = (reading.home, reading.variables);
        let Some(content) = content.or(reading.serves.map(|_| &[][..])) else {
            return Ok(Self::unset(home, variables));
        };
        let path = &home.settings();
        let secrets = Secrets::new_for_followers(path, content, home, variables, files);
        let clean = |problems: Vec<Problem>| {
            let clean = problems.into_iter().map(|one| secrets.redact(one));
            clean.collect::<Vec<_>>()
        };
        match Self::read_with(&secrets, reading) {
            Ok(mut application) => {
                application.warnings.extend(secrets.warnings());
                application.warnings = clean(application.warnings);
                Ok(application)
            }
            Err(problems) => Err(clean(problems)),
        }
    }

    fn read_with(
        secrets: &Secrets<'_>,
        reading: &ApplicationReading<'_>,
    ) -> Result<Self, Vec<Problem>> {
        let (path, content, files) = (secrets.path, secrets.content, secrets.files);
        let (home, variables, now) = (reading.home, reading.variables, reading.now);
        let mut document =
            application_document(path, content, variables, &Trusted(files)).map_err(in_file)?;
        let sources = Sources::new(path, content, files.as_ref());
        let mut findings = Findings {
            warnings: SuspiciousTexts::find(&document.root, &sources).into_warnings(),
            ..Findings::default()
        };
        let followers = reading.followers.map(|registry| {
            FollowerReader { secrets, registry }.read(&document.root, &mut findings)
        });
        let Findings {
            mut refused,
            mut errors,
            mut warnings,
            disabled,
        } = findings;
        let (restrictions, more) = Restrictions::from_root(&document.root, home, variables);
        errors.extend(more);
        // Without followers, secrets are not read: they may have to be encrypted first.
        let reads_secrets = reading.followers.is_some() || reading.serves.is_some();
        if reads_secrets {
            refused.extend(secrets.resolve_scanner(&mut document.root, &SecretBlock::ALL));
        }
        let are_secrets_known = reads_secrets && refused.is_empty();
        if are_secrets_known {
            let server = StoreServerSettings::read(&document.root, secrets, None);
            let read = server.map(|server| server.map(|one| one.warnings).unwrap_or_default());
            read.map_or_else(|all| errors.extend(all), |all| warnings.extend(all));
        }
        let mut settings = secrets.settings(path, document.root);
        settings.declare(GROUPS);
        let store = store_limits(&mut settings);
        let automation = Automation::from_settings(&mut settings, now);
        let key_file = encryption::key_file(&mut settings, home);
        let http = http(&mut settings, are_secrets_known, reading.serves);
        add_problems(&mut settings, http.as_ref(), &mut errors, &mut warnings);
        let show =
            |severity, found| SourceDiagnostic::in_file(path, content, severity, found).into();
        if errors.is_empty() && refused.is_empty() {
            let read = settings.warnings().iter().cloned().map(wrong_setting);
            let warnings = read.chain(warnings).map(|one| show(Severity::Warning, one));
            let syntax_warnings = document.warnings.into_iter().map(Problem::InFile);
            return Ok(Self {
                followers: followers.unwrap_or_default(),
                disabled_followers: disabled,
                store,
                automation,
                key_file,
                http,
                restrictions: Arc::new(restrictions),
                warnings: (syntax_warnings.chain(warnings))
                    .chain(writable::settings_warning(home))
                    .collect(),
            });
        }
        let errors = errors.into_iter().map(|one| show(Severity::Error, one));
        let errors = in_file(refused).into_iter().chain(errors);
        let warnings = warnings.into_iter().map(|one| show(Severity::Warning, one));
        Err(errors.chain(warnings).collect())
    }
}

fn store_limits(settings: &mut Settings) -> StoreLimits {
    StoreLimits {
        keep_changes: days(keep_changes(settings)),
        keep_gone: keep_gone(settings),
        max_size: max_size(settings),
    }
}

/// The pages. Without their secrets, they are not read.
fn http(
    settings: &mut Settings,
    are_secrets_known: bool,
    serves: Option<ServeAt>,
) -> Option<HttpSettings> {
    if are_secrets_known {
        return http::http(settings, serves);
    }
    // Their secrets may not exist yet.
    settings.know_declared();
    None
}

/// Adds what is wrong with the settings that were read, and those that are unknown.
fn add_problems(
    settings: &mut Settings,
    http: Option<&HttpSettings>,
    errors: &mut Vec<LocatedProblem>,
    warnings: &mut Vec<LocatedProblem>,
) {
    let mut problems = settings.problems();
    name_misspelt(settings, &mut problems);
    errors.extend(problems.into_iter().map(wrong_setting));
    if http.is_some_and(|http| http.has_catalog) {
        errors.extend(http::unknown(settings));
    }
    // A problem is reported once: as an error or as a warning.
    let is_new = |one: &LocatedProblem| errors.iter().all(|error| error.place != one.place);
    warnings.extend(misspelt(settings).into_iter().filter(is_new));
}

fn in_file(diagnostics: Vec<SourceDiagnostic>) -> Vec<Problem> {
    diagnostics.into_iter().map(Problem::InFile).collect()
}

fn keep_changes(settings: &mut Settings) -> u32 {
    let Some(text) = settings.text(KEEP) else {
        return KEEP_CHANGES;
    };
    match text.value.trim().parse() {
        Ok(days) if (1..=MAX_KEEP_CHANGES).contains(&days) => days,
        _ => {
            let message = format!(
                "`{KEEP}` must be a number of days from 1 to {MAX_KEEP_CHANGES}, not `{}`",
                text.value
            );
            settings.refuse(
                KEEP,
                message,
                format!("write `{KEEP} = {KEEP_CHANGES}`, the default"),
            );
            KEEP_CHANGES
        }
    }
}

fn keep_gone(settings: &mut Settings) -> Option<SignedDuration> {
    if let Some(text) = settings.text(KEEP_GONE) {
        let text = text.value.trim().to_owned();
        if !text.ends_with(char::is_alphabetic) {
            let message = format!("`{KEEP_GONE}` must be a duration with a unit, not `{text}`");
            let hint = format!("write it like `{KEEP_GONE} = 365d`");
            settings.refuse(KEEP_GONE, message, hint);
            return None;
        }
    }
    let day = Duration::from_secs(24 * 60 * 60);
    let range = Duration::from_millis(1)..=day * MAX_KEEP_CHANGES;
    let kept = settings.duration_in(KEEP_GONE, range)?;
    SignedDuration::try_from(kept.value).ok()
}

fn max_size(settings: &mut Settings) -> Option<MaxSize> {
    let text = settings.text(MAX_SIZE)?;
    let size = MaxSize::parse(&text.value);
    if size.is_none() {
        settings.refuse(
            MAX_SIZE,
            format!(
                "`{MAX_SIZE}` must be a size of at least 1 MB, not `{}`",
                text.value
            ),
            format!("write `{MAX_SIZE} = \"2 GB\"`"),
        );
    }
    size
}

fn days(days: u32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(days) * 24)
}
