//! `conf/application.conf`: the scanner's own settings. The Zeenea scanner uses the same file, so unknown settings are
//! ignored.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use catalog_model::{Place, Settings, settings::UnknownSetting};
use jiff::SignedDuration;

use crate::{
    automation::Automation,
    encryption,
    file_rights::FileMode,
    followers::{Follower, Ndjson},
    hocon::{self, Diagnostic, Found, Node, Object, Severity, Shown, Value},
    home::{Home, shown},
    noted_files::{NotedFiles, Trusted},
    odd_texts::{OddTexts, Sources},
    problem::Problem,
    restrictions::Restrictions,
    settings_files::application_content,
    settings_tree::wrong_setting,
    store::{MaxSize, StoreLimits},
    writable,
};

mod listen;
mod misspelt;

use self::{listen::listen_address, misspelt::misspelt};

/// The scanner's own settings.
pub struct Application {
    /// What receives the changes of the store.
    pub followers: Vec<Box<dyn Follower>>,
    /// How long and how much the store keeps.
    pub store: StoreLimits,
    /// When and how `run` scans.
    pub automation: Automation,
    /// The key for encrypted values.
    pub key_file: PathBuf,
    /// Where `run` tells how it is, if anywhere.
    pub listen: Option<SocketAddr>,
    /// What connection files may use.
    pub restrictions: Arc<Restrictions>,
    /// What is odd in the file, although it stops nothing.
    pub warnings: Vec<Problem>,
}

/// What reading the settings needs besides the file.
pub struct ApplicationReading<'a> {
    /// The home.
    pub home: &'a Home,
    /// Variables of the environment.
    pub variables: &'a BTreeMap<String, String>,
    /// The time of day.
    pub now: jiff::Timestamp,
}

/// How long changes are kept where nothing is set, in days.
const KEEP_CHANGES: u32 = 365;
/// The longest that they can be kept, in days.
const MAX_KEEP_CHANGES: u32 = 36_500;
/// The setting for it.
const KEEP: &str = "store.keep_changes_days";
/// The setting for how long items are kept that are gone.
const KEEP_GONE: &str = "store.keep_gone";
/// The setting for the size that the store may have at most.
const MAX_SIZE: &str = "store.max_size";

impl Application {
    /// Reads the settings of `home`; nothing is set where there is no file.
    ///
    /// # Errors
    /// All that is wrong in the file.
    pub fn read(reading: &ApplicationReading<'_>) -> Result<Self, Vec<Problem>> {
        let content = application_content(reading.home)?;
        Self::of(content.as_deref(), reading, &NotedFiles::of(reading.home))
    }

    /// The settings where there is no file.
    fn unset(home: &Home, variables: &BTreeMap<String, String>) -> Self {
        let (restrictions, _) = Restrictions::of_root(&Object::default(), home, variables);
        Self {
            followers: vec![export(home)],
            store: days(KEEP_CHANGES).into(),
            automation: Automation::default(),
            key_file: home.key(),
            listen: None,
            restrictions: Arc::new(restrictions),
            warnings: Vec::new(),
        }
    }

    /// The settings of a file with this content, or of none; `files` notes what it includes.
    ///
    /// # Errors
    /// All that is wrong in it.
    pub fn of(
        content: Option<&[u8]>,
        reading: &ApplicationReading<'_>,
        files: &NotedFiles,
    ) -> Result<Self, Vec<Problem>> {
        let &ApplicationReading {
            home,
            variables,
            now,
        } = reading;
        let Some(content) = content else {
            return Ok(Self::unset(home, variables));
        };
        let path = &home.settings();
        let document = hocon::read(path, content, variables, &Trusted(files)).map_err(in_file)?;
        let sources = Sources::new(path, content, files);
        let mut odd = OddTexts::find(&document.root, &sources).into_warnings();
        let mut wrong = Vec::new();
        let followers = match document.root.get("followers").cloned() {
            None => vec![export(home)],
            Some(node) => followers(path, home, node, (&mut wrong, &mut odd)),
        };
        let file = path.display().to_string();
        let (restrictions, unclear) = Restrictions::of_root(&document.root, home, variables);
        wrong.extend(unclear);
        let mut settings = Settings::new(file, document.root, Arc::new(home.clone()));
        let keep = keep_changes(&mut settings);
        let keep_gone = keep_gone(&mut settings);
        let max_size = max_size(&mut settings);
        let automation = Automation::of(&mut settings, now);
        let key_file = encryption::key_file(&mut settings, home);
        let listen = listen_address(&mut settings);
        wrong.extend(settings.problems().into_iter().map(wrong_setting));
        odd.extend(misspelt(&mut settings));
        let show =
            |severity, found| Problem::InFile(Diagnostic::in_file(path, content, severity, found));
        if wrong.is_empty() {
            let warnings = settings.warnings().iter().cloned().map(wrong_setting);
            let odd = warnings.chain(odd);
            let odd = odd.map(|found| show(Severity::Warning, found));
            let noticed = document.warnings.into_iter().map(Problem::InFile);
            return Ok(Self {
                followers,
                store: StoreLimits {
                    keep_changes: days(keep),
                    keep_gone,
                    max_size,
                },
                automation,
                key_file,
                listen,
                restrictions: Arc::new(restrictions),
                warnings: (noticed.chain(odd))
                    .chain(writable::of_settings(home))
                    .collect(),
            });
        }
        let errors = wrong.into_iter().map(|found| show(Severity::Error, found));
        let warnings = odd.into_iter().map(|found| show(Severity::Warning, found));
        Err(errors.chain(warnings).collect())
    }
}

fn in_file(diagnostics: Vec<Diagnostic>) -> Vec<Problem> {
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

/// The follower that there is where nothing is set.
fn export(home: &Home) -> Box<dyn Follower> {
    Box::new(Ndjson::new("export", home.path("export"), None))
}

fn followers(
    path: &Path,
    home: &Home,
    list: Node,
    (wrong, warnings): (&mut Vec<Found>, &mut Vec<Found>),
) -> Vec<Box<dyn Follower>> {
    let Value::List(nodes) = list.value else {
        wrong.push(wrong_follower(
            list.place,
            "`followers` must be a list of blocks",
        ));
        return Vec::new();
    };
    let mut followers: Vec<Box<dyn Follower>> = Vec::new();
    for node in nodes {
        let Value::Object(object) = node.value else {
            wrong.push(wrong_follower(
                node.place,
                "a follower must be a block of settings",
            ));
            continue;
        };
        let file = path.display().to_string();
        let mut settings = Settings::new(file, object, Arc::new(home.clone()));
        let kind = settings.choice("kind", &[("ndjson", ())]);
        if kind.is_none() && settings.check().is_ok() {
            let message = "the follower has no `kind`";
            wrong.push(wrong_follower(node.place.clone(), message));
        }
        let target = settings.text("path");
        let mode = file_mode(&mut settings);
        if kind.is_some() && target.is_none() {
            wrong.push(wrong_follower(node.place, "the follower has no `path`"));
        }
        wrong.extend(settings.problems().into_iter().map(wrong_setting));
        wrong.extend(settings.unknown().into_iter().map(unknown));
        if let Some(target) = target {
            let folder = home.path(&target.value);
            if mode.is_some_and(|mode| mode.is_shut_out_by(&folder)) {
                warnings.push(shut_out(target.place, &folder));
            }
            followers.push(Box::new(Ndjson::new(&target.value, folder, mode)));
        }
    }
    if let Some(name) = twice(&followers) {
        wrong.push(wrong_follower(
            list.place,
            &format!("two followers have the name `{name}`"),
        ));
    }
    followers
}

/// The mode that a follower gives its files.
fn file_mode(settings: &mut Settings) -> Option<FileMode> {
    let text = settings.text("mode")?;
    let mode = FileMode::parse(&text.value);
    if mode.is_none() {
        let message = format!(
            "`mode` must be an octal mode that lets the owner read and write the file, not `{}`",
            text.value
        );
        let hint = "write `mode = \"0640\"` for the owner and the group, or `mode = \"0644\"` for all users";
        settings.refuse("mode", message, hint.to_owned());
    }
    mode
}

/// The warning that the folder keeps out whom `mode` lets read its files.
fn shut_out(place: Place, folder: &Path) -> Found {
    Found {
        place,
        message: format!(
            "the folder `{}` denies access to users who may read its files by `mode`",
            shown(folder)
        ),
        hint: Some(format!("allow access: `chmod g+x,o+x {}`", shown(folder))),
        value: Shown::Yes,
    }
}

/// The name that two followers share: they would share a cursor.
fn twice(followers: &[Box<dyn Follower>]) -> Option<String> {
    let mut names: Vec<_> = followers.iter().map(|follower| follower.name()).collect();
    names.sort_unstable();
    let pair = names.windows(2).find(|pair| pair[0] == pair[1])?;
    Some(pair[0].to_owned())
}

fn wrong_follower(place: Place, message: &str) -> Found {
    Found {
        place,
        message: message.to_owned(),
        hint: Some("write `followers = [ { kind = ndjson, path = export } ]`".to_owned()),
        value: Shown::Yes,
    }
}

fn unknown(unknown: UnknownSetting) -> Found {
    Found {
        message: format!("`{}` is not a setting of a follower", unknown.key),
        hint: unknown.near.map(|near| format!("did you mean `{near}`?")),
        place: unknown.place,
        value: Shown::No,
    }
}
