//! The settings of a store on a server: the block `store` of `conf/application.conf`.

use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

use catalog_model::{Place, Settings};
use postgresql_client::{Target, password_in};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    hocon::{LocatedProblem, Node, Object, Value, ValueVisibility},
    input_file::{self, FileKind},
    secrets::Secrets,
    settings_tree::wrong_setting,
};

/// A store on a server.
pub struct StoreServerSettings {
    /// The database.
    pub target: Target,
    /// Within this time, another scanner takes over what this one does.
    pub lease: Duration,
    /// What is odd about the settings.
    pub warnings: Vec<LocatedProblem>,
}

/// The block.
pub(crate) const BLOCK: &str = "store";
/// The schema if `schema` is not set. That of the follower is another one.
const SCHEMA: &str = "qlik_store";
/// Default of `store.lease`.
const LEASE: Duration = Duration::from_secs(30);
/// Maximum and minimum of `store.lease`.
const LEASES: RangeInclusive<Duration> = Duration::from_secs(3)..=Duration::from_secs(3_600);
/// The file that `--store` is in, for places.
pub(crate) const OPTION: &str = "--store";

impl StoreServerSettings {
    /// Reads the block in `root`, whose secrets have been resolved. `url` replaces that of the file. `None` if neither
    /// names a server.
    ///
    /// # Errors
    /// All errors in the block. None of them contains a secret.
    pub fn read(
        root: &Object,
        secrets: &Secrets<'_>,
        url: Option<&str>,
    ) -> Result<Option<Self>, Vec<LocatedProblem>> {
        let node = root.get(BLOCK);
        let mut block = match node.map(|node| &node.value) {
            Some(Value::Object(block)) => block.clone(),
            _ => Object::default(),
        };
        if let Some(url) = url {
            let place = Place::new(OPTION, 1, 1);
            let value = Node::new(Value::String(url.to_owned()), place.clone());
            let others = block.into_all_settings().filter(|(name, _)| name != "url");
            block = others.collect();
            block.add("url", &place, value);
        }
        if block.setting("url").is_none() {
            return Ok(None);
        }
        let place = node.map_or_else(|| Place::new(OPTION, 1, 1), |node| node.place.clone());
        if block.setting("schema").is_none() {
            let value = Node::new(Value::String(SCHEMA.to_owned()), place.clone());
            block.add("schema", &place, value);
        }
        let mut settings = secrets.settings(secrets.path, block).in_block(place);
        Self::read_block(&mut settings, secrets).map(Some)
    }

    fn read_block(
        settings: &mut Settings,
        secrets: &Secrets<'_>,
    ) -> Result<Self, Vec<LocatedProblem>> {
        let lease = settings.duration_in("lease", LEASES);
        let target = Target::read_several(settings);
        let problems = settings.problems();
        let Ok(mut target) = target else {
            return Err(problems.into_iter().map(wrong_setting).collect());
        };
        let mut warnings: Vec<_> = settings
            .warnings()
            .iter()
            .cloned()
            .map(wrong_setting)
            .collect();
        if target.password.is_none() {
            target.password = password_outside(&target, secrets);
            if let Some(password) = &target.password {
                secrets.hide(password.expose_secret());
            }
        }
        warnings.extend(ignored_time_limits(settings));
        Ok(Self {
            target,
            lease: lease.map_or(LEASE, |lease| lease.value),
            warnings,
        })
    }
}

/// The limits of statements are those of the store.
fn ignored_time_limits(settings: &Settings) -> Vec<LocatedProblem> {
    let names =
        ["first_byte", "silence", "total", "retry"].map(|name| format!("time_limits.{name}"));
    let found = names
        .into_iter()
        .filter_map(|key| Some((settings.place_of(&key)?, key)));
    found
        .map(|(place, key)| LocatedProblem {
            place,
            message: format!("`{key}` has no effect on the store"),
            hint: None,
            value: ValueVisibility::Hidden,
        })
        .collect()
}

/// The password in the environment, or in the file that PostgreSQL's own programs use.
fn password_outside(target: &Target, secrets: &Secrets<'_>) -> Option<SecretString> {
    let variable = |name: &str| secrets.variables.get(name).filter(|text| !text.is_empty());
    if let Some(password) = variable("PGPASSWORD") {
        return Some(password.clone().into());
    }
    let folder = match cfg!(windows) {
        true => {
            variable("APPDATA").map(|folder| PathBuf::from(folder).join("postgresql/pgpass.conf"))
        }
        false => variable("HOME").map(|folder| PathBuf::from(folder).join(".pgpass")),
    };
    let path = variable("PGPASSFILE").map(PathBuf::from).or(folder)?;
    let file = input_file::read_text(&path, FileKind::Small).ok()?;
    password_in(&file, target)
}
