//! The kinds of followers of a scanner, and the settings that all kinds share.

use std::{collections::BTreeSet, fmt};

use super::{Follower, FollowerKind, declared::SETTINGS};
use crate::{
    ConnectionCode, FollowerName, Settings, nearest,
    settings::{DeclarationGroup, Invalid},
};

/// The kinds of followers, by id.
#[derive(Default)]
pub struct FollowerRegistry {
    kinds: Vec<Box<dyn FollowerKind>>,
}

/// A follower with the settings that all kinds share.
pub struct ConfiguredFollower {
    /// The follower.
    pub follower: Box<dyn Follower>,
    /// The id of its kind.
    pub kind: String,
    /// The connections that it receives.
    pub scope: ConnectionScope,
}

/// The connections that a follower receives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ConnectionScope {
    /// All connections, including those that are added later.
    #[default]
    All,
    /// The connections with these codes.
    Only(BTreeSet<ConnectionCode>),
}

impl FollowerRegistry {
    /// Adds a kind; an earlier one with the same id is replaced.
    #[must_use]
    pub fn with(mut self, kind: Box<dyn FollowerKind>) -> Self {
        self.kinds.retain(|known| known.id() != kind.id());
        self.kinds.push(kind);
        self
    }

    /// The kind that settings name `id`.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&dyn FollowerKind> {
        self.kinds
            .iter()
            .find(|kind| kind.id() == id)
            .map(AsRef::as_ref)
    }

    /// The kinds, in the order in which they were added.
    pub fn kinds(&self) -> impl Iterator<Item = &dyn FollowerKind> {
        self.kinds.iter().map(AsRef::as_ref)
    }

    /// The ids of all kinds.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().map(|kind| kind.id())
    }

    /// The settings of a kind that may contain a secret although their names do not say so. Of an unknown kind, those of all
    /// kinds: its name may be misspelt.
    #[must_use]
    pub fn secret_settings(&self, kind: &str) -> Vec<&'static str> {
        let kinds = self.kinds.iter().map(AsRef::as_ref);
        let all = || kinds.flat_map(FollowerKind::secret_settings);
        match self.get(kind) {
            Some(kind) => kind.secret_settings().to_vec(),
            None => all().copied().collect(),
        }
    }

    /// Creates a follower of any kind from its settings. `None` for a follower that is not enabled; the settings of its
    /// kind are then not read.
    ///
    /// # Errors
    /// If a setting is missing or invalid; [`Settings::problems`] then lists every problem.
    pub fn open(&self, settings: &mut Settings) -> Result<Option<ConfiguredFollower>, Invalid> {
        settings.declare(&[DeclarationGroup::always(SETTINGS)]);
        let kind = self.kind(settings);
        if let Some(kind) = kind {
            settings.declare(kind.settings());
        }
        let is_enabled = settings.flag("enabled", true);
        let name = own_name(settings);
        let scope = scope(settings);
        if !is_enabled {
            settings.check()?;
            return Ok(None);
        }
        let kind = settings.checked(kind)?;
        let name = name.unwrap_or_else(|| kind.default_name(settings));
        let name = FollowerName::new(&name).unwrap_or_else(|error| {
            settings.refuse("name", format!("`name` is not valid: {error}"), None);
            // So that the problems of all other settings are found, too.
            FollowerName::unnamed()
        });
        let follower = kind.open(name, settings)?;
        settings.check()?;
        Ok(Some(ConfiguredFollower {
            follower,
            kind: kind.id().to_owned(),
            scope,
        }))
    }

    /// The name that a follower with these settings has; `None` if its kind is unknown. Encrypted values are bound to this
    /// name, so it is needed before they are decrypted.
    pub fn name(&self, settings: &mut Settings) -> Option<String> {
        let kind = self.kind(settings)?;
        Some(own_name(settings).unwrap_or_else(|| kind.default_name(settings)))
    }

    fn kind(&self, settings: &mut Settings) -> Option<&dyn FollowerKind> {
        let id = settings.required_text("kind")?;
        let id = id.value.trim();
        let kind = self.get(id);
        if kind.is_none() {
            let known: Vec<_> = self.ids().map(|id| format!("`{id}`")).collect();
            let hint = match nearest(id, self.ids()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.len() == 1 => format!("the only kind is {}", known.join(", ")),
                None => format!("the kinds are {}", known.join(", ")),
            };
            settings.refuse("kind", format!("`{id}` is not a kind of follower"), hint);
        }
        kind
    }
}

fn own_name(settings: &mut Settings) -> Option<String> {
    let name = settings.text("name")?;
    Some(name.value.trim().to_owned())
}

fn scope(settings: &mut Settings) -> ConnectionScope {
    let is_set = settings.is_set("connections");
    let Some(codes) = settings.texts("connections") else {
        if is_set
            && !settings
                .problems()
                .iter()
                .any(|one| one.key == "connections")
        {
            refuse_empty(settings);
        }
        return ConnectionScope::All;
    };
    if codes.value.is_empty() {
        refuse_empty(settings);
    }
    let mut only = BTreeSet::new();
    for code in codes.value {
        match ConnectionCode::new(&code) {
            Ok(code) => drop(only.insert(code)),
            Err(error) => {
                let message = format!("`connections` contains a code that is not valid: {error}");
                settings.refuse("connections", message, None);
            }
        }
    }
    ConnectionScope::Only(only)
}

fn refuse_empty(settings: &mut Settings) {
    let message = "`connections` is empty";
    let hint = "remove the setting to deliver all connections, or set `enabled = false`";
    settings.refuse("connections", message, hint.to_owned());
}

impl ConnectionScope {
    /// Whether the follower receives this connection.
    #[must_use]
    pub fn includes(&self, code: &ConnectionCode) -> bool {
        match self {
            Self::All => true,
            Self::Only(codes) => codes.contains(code),
        }
    }
}

impl fmt::Debug for ConfiguredFollower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfiguredFollower")
            .field("name", self.follower.name())
            .field("kind", &self.kind)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
