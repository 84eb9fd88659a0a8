//! The setting `followers`: a list of blocks, each a follower.

use std::{path::Path, sync::Arc};

use catalog_followers::ndjson::NdjsonKind;
use catalog_model::{
    ConnectionCode, FollowerRegistry, Place, Settings,
    follower::{ConfiguredFollower, ConnectionScope},
    settings::{Stands, UnknownSetting},
};

use crate::{
    delivery::Followers,
    hocon::{LocatedProblem, Node, Shown, Value},
    home::Home,
    misspelt_setting::name_misspelt,
    settings_tree::wrong_setting,
};

/// What is wrong with the followers, and what is odd.
pub(super) struct Findings<'a> {
    wrong: &'a mut Vec<LocatedProblem>,
    odd: &'a mut Vec<LocatedProblem>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(
        wrong: &'a mut Vec<LocatedProblem>,
        odd: &'a mut Vec<LocatedProblem>,
    ) -> Self {
        Self { wrong, odd }
    }
}

/// The followers where nothing is set.
pub(super) fn unset(home: &Home) -> Followers {
    let ndjson = NdjsonKind::new(&home.path(""));
    vec![Arc::new(ConfiguredFollower {
        follower: Box::new(ndjson.unset()),
        kind: catalog_followers::ndjson::KIND.to_owned(),
        scope: ConnectionScope::All,
    })]
}

/// The followers of a file at `path`.
pub(super) fn read(path: &Path, home: &Home, list: Node, findings: Findings<'_>) -> Followers {
    let Value::List(nodes) = list.value else {
        let message = "`followers` must be a list of blocks";
        findings.wrong.push(wrong(list.place, message));
        return Vec::new();
    };
    let registry = catalog_followers::registry(&home.path(""));
    let mut followers = Vec::new();
    for node in nodes {
        let place = node.place.clone();
        let Value::Object(object) = node.value else {
            let message = "a follower must be a block of settings";
            findings.wrong.push(wrong(place, message));
            continue;
        };
        let file = path.display().to_string();
        let settings = Settings::new(file, object, Arc::new(home.clone()));
        let mut settings = settings.in_block(place.clone());
        let opened = open(&registry, &mut settings, findings.wrong);
        let warnings = settings.warnings().iter().cloned();
        findings.odd.extend(warnings.map(wrong_setting));
        followers.extend(opened.map(|follower| (place, Arc::new(follower))));
    }
    for (index, (place, follower)) in followers.iter().enumerate() {
        let name = follower.follower.name();
        let mut before = followers[..index].iter();
        if before.any(|(_, other)| other.follower.name() == name) {
            let message = format!("two followers have the name `{name}`");
            let hint =
                "give each follower a different `name`. The scanner uses it to remember what it has delivered".to_owned();
            findings.wrong.push(LocatedProblem {
                hint: Some(hint),
                ..wrong(place.clone(), &message)
            });
        } else if let Some((_, other)) = followers[..index]
            .iter()
            .find(|(_, other)| writes_same_files(follower, other))
        {
            let other = other.follower.name();
            let message =
                format!("the followers `{other}` and `{name}` would write the same files");
            let hint = "give each follower a different `path`, or remove one of them".to_owned();
            findings.wrong.push(LocatedProblem {
                hint: Some(hint),
                ..wrong(place.clone(), &message)
            });
        }
    }
    followers
        .into_iter()
        .map(|(_, follower)| follower)
        .collect()
}

/// The follower with these settings, if they are valid and it is enabled.
fn open(
    registry: &FollowerRegistry,
    settings: &mut Settings,
    wrong: &mut Vec<LocatedProblem>,
) -> Option<ConfiguredFollower> {
    let opened = registry.open(settings);
    let mut problems = settings.problems();
    name_misspelt(settings, &mut problems);
    // What a misspelt name other than that of the kind stands for may be a secret.
    for problem in problems.iter_mut().filter(|one| one.key != "kind") {
        if settings.lacks(&problem.key) {
            problem.stands = Stands::Other;
        }
    }
    // The settings of a follower of an unknown kind, or that is not enabled, were not read.
    let were_read = !matches!(opened, Ok(None)) && problems.iter().all(|one| one.key != "kind");
    let places: Vec<_> = problems.iter().map(|one| one.place.clone()).collect();
    wrong.extend(problems.into_iter().map(wrong_setting));
    if were_read {
        let unnamed = settings.unknown().into_iter();
        let unnamed = unnamed.filter(|one| !places.contains(&one.place));
        wrong.extend(unnamed.map(unknown));
    }
    opened.ok().flatten()
}

/// Whether two followers would write the same files for a connection.
fn writes_same_files(one: &ConfiguredFollower, other: &ConfiguredFollower) -> bool {
    let Ok(any) = ConnectionCode::new("any") else {
        return false;
    };
    let files = one.follower.files_of(&any);
    let others = other.follower.files_of(&any);
    files.iter().any(|file| others.contains(file))
}

fn wrong(place: Place, message: &str) -> LocatedProblem {
    LocatedProblem {
        place,
        message: message.to_owned(),
        hint: Some("write `followers = [ { kind = ndjson, path = export } ]`".to_owned()),
        value: Shown::Yes,
    }
}

fn unknown(unknown: UnknownSetting) -> LocatedProblem {
    LocatedProblem {
        message: format!("`{}` is not a setting of this follower", unknown.key),
        hint: unknown.near.map(|near| format!("did you mean `{near}`?")),
        place: unknown.place,
        value: Shown::No,
    }
}
