//! Reads the setting `followers`: a list of blocks, one for each follower.

use std::sync::Arc;

use catalog_followers::{REMOTE, TIME_LIMITS, TLS_AND_PROXY, ndjson::NdjsonKind};
use catalog_model::{
    FollowerRegistry, Place, Settings,
    follower::{ConfiguredFollower, ConnectionScope},
    settings::{PlaceKind, SettingProblem, UnknownSetting},
};

use url::Url;

use crate::{
    delivery::{DisabledFollower, Followers},
    hocon::{LocatedProblem, MASK, Node, Object, SourceDiagnostic, Value, ValueVisibility},
    home::Home,
    misspelt_setting::name_misspelt,
    secrets::Secrets,
    settings_files::{FOLLOWERS, has_secret},
    settings_tree::wrong_setting,
};

mod conflicts;
#[cfg(test)]
mod tests;

/// The errors and warnings about followers.
#[derive(Default)]
pub(super) struct Findings {
    /// Secrets that cannot be used.
    pub(super) refused: Vec<SourceDiagnostic>,
    pub(super) errors: Vec<LocatedProblem>,
    pub(super) warnings: Vec<LocatedProblem>,
    /// The followers that are not enabled.
    pub(super) disabled: Vec<DisabledFollower>,
}

/// Reads followers and their secrets.
#[derive(Clone, Copy)]
pub(super) struct FollowerReader<'a> {
    pub(super) secrets: &'a Secrets<'a>,
    pub(super) registry: &'a FollowerRegistry,
}

/// An enabled follower, and the place of its block.
struct PlacedFollower {
    place: Place,
    configured: ConfiguredFollower,
}

/// What messages need to know about the block of a follower.
struct BlockOfFollower<'a> {
    /// The name of the follower, if it is enabled and its kind is known.
    name: Option<&'a str>,
    kind: Option<Node>,
    /// The settings that are not shown although their names do not announce a secret.
    hidden: &'a [&'a str],
}

/// Whether a setting is one that every kind with a server has.
fn is_of_servers(key: &str) -> bool {
    let groups = [REMOTE, TLS_AND_PROXY, TIME_LIMITS];
    let mut all = groups.into_iter().flatten();
    all.any(|declared| declared.name == key)
}

/// The default followers.
pub(super) fn unset(home: &Home) -> Followers {
    let ndjson = NdjsonKind::new(&home.path(""));
    vec![Arc::new(ConfiguredFollower {
        follower: Box::new(ndjson.unset()),
        kind: catalog_followers::ndjson::KIND.to_owned(),
        scope: ConnectionScope::All,
    })]
}

impl FollowerReader<'_> {
    /// Reads the followers. In `root`, the secrets of the secret manager are replaced by stars.
    pub(super) fn read(self, root: &Object, findings: &mut Findings) -> Followers {
        let Some(list) = root.get(FOLLOWERS).cloned() else {
            return unset(self.secrets.home);
        };
        let Some(list) = self.with_secrets(list, findings) else {
            return Vec::new();
        };
        let Value::List(nodes) = list.value else {
            let message = "`followers` must be a list of blocks";
            findings.errors.push(error_at(list.place, message));
            return Vec::new();
        };
        let nodes = nodes.into_iter();
        let followers: Vec<_> = nodes
            .filter_map(|node| self.follower(node, findings))
            .collect();
        conflicts::find(&followers, &mut findings.errors);
        // An enabled follower may take the name of a disabled one.
        let is_enabled = |name: &str| {
            let mut enabled = followers.iter().map(|one| one.configured.follower.name());
            enabled.any(|enabled| enabled.as_str() == name)
        };
        findings.disabled.retain(|one| !is_enabled(&one.name));
        findings.refused.extend(self.secrets.excess_of_followers());
        let redacted = |one: PlacedFollower| self.secrets.redact_follower(one.configured);
        (followers.into_iter().map(redacted).map(Arc::new)).collect()
    }

    /// The names of the followers, also of disabled ones, read without their secrets.
    pub(super) fn names(self, root: &Object) -> Vec<String> {
        let Some(list) = root.get(FOLLOWERS) else {
            let default = unset(self.secrets.home).into_iter();
            return default.map(|one| one.follower.name().to_string()).collect();
        };
        let Value::List(nodes) = &list.value else {
            return Vec::new();
        };
        let blocks = nodes.iter().filter_map(|node| match &node.value {
            Value::Object(block) => Some(block),
            _ => None,
        });
        let settings = blocks.map(|block| self.settings(without_secrets(block)));
        settings
            .filter_map(|mut settings| self.registry.name(&mut settings))
            .collect()
    }

    /// Resolves the secrets of the secret manager in the list, if it uses any.
    fn with_secrets(self, list: Node, findings: &mut Findings) -> Option<Node> {
        if !has_secret(&list) {
            return Some(list);
        }
        match self.secrets.read() {
            Ok(document) => document.root.get(FOLLOWERS).cloned(),
            Err(missing) => {
                findings.refused.extend(missing);
                None
            }
        }
    }

    fn follower(self, node: Node, findings: &mut Findings) -> Option<PlacedFollower> {
        let place = node.place;
        let Value::Object(mut block) = node.value else {
            let message = "a follower must be a block of settings";
            findings.errors.push(error_at(place, message));
            return None;
        };
        let secret = self.secrets.check_shown_settings(&block);
        if !secret.is_empty() {
            findings.refused.extend(secret);
            return None;
        }
        findings.disabled.extend(self.disabled(&block));
        let name = self.name(&block);
        let hidden = secret_settings(self.registry, &block);
        let undecrypted = match &name {
            Some(name) => self.secrets.decrypt_follower(&mut block, name),
            None => Vec::new(),
        };
        let follower = BlockOfFollower {
            name: name.as_deref(),
            kind: block.get("kind").cloned(),
            hidden: &hidden,
        };
        let mut settings = self.settings(block).in_block(place.clone());
        let opened = self.open(&mut settings, &follower, &undecrypted, findings);
        let warnings = settings.warnings().iter().cloned();
        let warnings = warnings.map(|one| follower.named(wrong_setting(one)));
        findings.warnings.extend(warnings);
        let is_decrypted = undecrypted.is_empty();
        findings.refused.extend(undecrypted);
        let configured = opened.filter(|_| is_decrypted)?;
        if Some(configured.follower.name().as_str()) != name.as_deref() {
            let message = "the follower has no `name`, and its default name would contain a secret";
            let hint = "add `name = \"…\"` to the follower".to_owned();
            findings.errors.push(LocatedProblem {
                hint: Some(hint),
                ..error_at(place, message)
            });
            return None;
        }
        Some(PlacedFollower { place, configured })
    }

    /// The name of an enabled follower, read without its secrets: encrypted values are bound to the name.
    fn name(self, block: &Object) -> Option<String> {
        let mut settings = self.settings(without_secrets(block));
        let is_enabled = settings.flag("enabled", true);
        self.registry.name(&mut settings).filter(|_| is_enabled)
    }

    /// The follower with this block, if its settings disable it.
    fn disabled(self, block: &Object) -> Option<DisabledFollower> {
        let mut settings = self.settings(without_secrets(block));
        let place = block.get("enabled")?.place.clone();
        let is_disabled = !settings.flag("enabled", true);
        let name = self.registry.name(&mut settings).filter(|_| is_disabled)?;
        let kind = settings.text("kind")?.value.trim().to_owned();
        Some(DisabledFollower { name, kind, place })
    }

    fn settings(self, block: Object) -> Settings {
        self.secrets.settings(self.secrets.path, block)
    }

    /// Opens the follower with these settings, if they are valid and it is enabled. Problems that follow from values
    /// that cannot be decrypted are not reported.
    fn open(
        self,
        settings: &mut Settings,
        follower: &BlockOfFollower<'_>,
        undecrypted: &[SourceDiagnostic],
        findings: &mut Findings,
    ) -> Option<ConfiguredFollower> {
        let opened = self.registry.open(settings);
        let mut problems = settings.problems();
        problems.retain(|one| !follows_from(one, undecrypted));
        name_misspelt(settings, &mut problems);
        // The value of a misspelt setting may be a secret as well, except for `kind`.
        for problem in problems.iter_mut().filter(|one| one.key != "kind") {
            if settings.lacks(&problem.key) || follower.hidden.contains(&&*problem.key) {
                problem.place_kind = PlaceKind::Other;
            }
        }
        // If the kind is unknown or the follower is disabled, its settings were not read.
        let were_read = !matches!(opened, Ok(None)) && problems.iter().all(|one| one.key != "kind");
        let places: Vec<_> = problems.iter().map(|one| one.place.clone()).collect();
        let problems = problems.into_iter().map(wrong_setting);
        let problems = problems.map(|one| follower.named(one));
        findings.errors.extend(problems);
        if were_read {
            let unnamed = settings.unknown().into_iter();
            let unnamed = unnamed.filter(|one| !places.contains(&one.place));
            for unnamed in unnamed {
                match is_of_servers(&unnamed.key) {
                    true => findings.warnings.push(follower.without_effect(unnamed)),
                    false => findings.errors.push(follower.unknown(unnamed)),
                }
            }
        }
        opened.ok().flatten()
    }
}

/// Hides the settings of followers that may contain a secret although their names do not say so.
pub(crate) fn hide_secret_settings(registry: &FollowerRegistry, root: &mut Object) {
    let lists = root.iter_mut().filter(|(key, _)| *key == FOLLOWERS);
    let blocks = lists.flat_map(|(_, list)| match &mut list.value {
        Value::List(blocks) => blocks.as_mut_slice(),
        _ => &mut [],
    });
    for block in blocks {
        let Value::Object(block) = &mut block.value else {
            continue;
        };
        let hidden = secret_settings(registry, block);
        for (_, node) in block.iter_mut().filter(|(key, _)| hidden.contains(key)) {
            if let Value::String(text) = &mut node.value {
                *text = shortened(text);
            }
        }
    }
}

fn secret_settings(registry: &FollowerRegistry, block: &Object) -> Vec<&'static str> {
    let kind = match block.get("kind").map(|kind| &kind.value) {
        Some(Value::String(kind)) => kind.trim(),
        _ => "",
    };
    registry.secret_settings(kind)
}

/// The scheme and host of a URL.
fn shortened(text: &str) -> String {
    match Url::parse(text.trim()) {
        Ok(url) if url.has_host() => format!("{}/{MASK}", url.origin().ascii_serialization()),
        _ => MASK.to_owned(),
    }
}

impl BlockOfFollower<'_> {
    /// The id of the kind.
    fn kind(&self) -> &str {
        match self.kind.as_ref().map(|kind| &kind.value) {
            Some(Value::String(kind)) => kind.trim(),
            _ => "",
        }
    }

    fn unknown(&self, unknown: UnknownSetting) -> LocatedProblem {
        let (key, kind) = (unknown.key, self.kind());
        self.named(LocatedProblem {
            message: format!("`{key}` is not a setting of followers of the kind `{kind}`"),
            hint: unknown.near.map(|near| format!("did you mean `{near}`?")),
            place: unknown.place,
            value: ValueVisibility::Hidden,
        })
    }

    /// A setting that other kinds have.
    fn without_effect(&self, setting: UnknownSetting) -> LocatedProblem {
        let (key, kind) = (setting.key, self.kind());
        self.named(LocatedProblem {
            message: format!("`{key}` has no effect on followers of the kind `{kind}`"),
            hint: None,
            place: setting.place,
            value: ValueVisibility::Hidden,
        })
    }

    /// The problem with the name of the follower.
    fn named(&self, problem: LocatedProblem) -> LocatedProblem {
        match self.name {
            Some(name) => LocatedProblem {
                message: format!("follower `{name}`: {}", problem.message),
                ..problem
            },
            None => problem,
        }
    }
}

/// Whether a problem follows from a value that cannot be decrypted: it has the same place, or it is about a trust
/// store, which cannot be read without its password.
fn follows_from(problem: &SettingProblem, undecrypted: &[SourceDiagnostic]) -> bool {
    let same = undecrypted.iter().any(|error| error.place == problem.place);
    same || (!undecrypted.is_empty() && problem.key.starts_with("tls.truststore."))
}

/// The block with the secrets of the secret manager replaced by stars.
fn without_secrets(block: &Object) -> Object {
    let mut masked = block.clone();
    for (_, node) in masked.iter_mut() {
        mask(node);
    }
    masked
}

fn mask(node: &mut Node) {
    match &mut node.value {
        Value::List(nodes) => nodes.iter_mut().for_each(mask),
        Value::Object(block) => block.iter_mut().for_each(|(_, node)| mask(node)),
        value if node.secret => *value = Value::String(MASK.to_owned()),
        _ => {}
    }
}

fn error_at(place: Place, message: &str) -> LocatedProblem {
    LocatedProblem {
        place,
        message: message.to_owned(),
        hint: Some("write `followers = [ { kind = ndjson, path = export } ]`".to_owned()),
        value: ValueVisibility::Shown,
    }
}
