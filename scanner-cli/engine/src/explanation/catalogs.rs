//! In which catalogs an item or container is.

use std::sync::Arc;

use catalog_model::{
    ConnectionCode, ItemKey, ItemState,
    follower::{ConfiguredFollower, EntityKind},
};

use crate::{
    delivery::{Followers, is_failing},
    home::shown,
    store::{Catalog, Change, FeedFollower, StoreError},
};

/// An item or container of the store.
pub(super) struct Subject<'a> {
    pub(super) of: EntityKind,
    pub(super) key: &'a str,
    pub(super) connection: &'a str,
    pub(super) state: ItemState,
    pub(super) changes: &'a [Change],
}

/// Whether the catalog of a follower has an item or container as the store has it.
pub struct CatalogState {
    /// The name of the follower.
    pub follower: String,
    /// What the catalog has, in words: `delivered`.
    pub state: &'static str,
    /// The rest of the sentence: where it is, or why the catalog refuses it.
    pub detail: String,
    /// Whether the last delivery failed.
    pub is_failing: bool,
}

/// The state of each catalog.
pub(super) fn states(
    catalog: &Catalog,
    followers: &Followers,
    subject: &Subject<'_>,
) -> Result<Vec<CatalogState>, StoreError> {
    let state = |follower: &Arc<ConfiguredFollower>| {
        let (state, detail) = state(catalog, follower, subject)?;
        Ok(CatalogState {
            follower: follower.follower.name().to_string(),
            state,
            detail,
            is_failing: is_failing(&catalog.cursor(&FeedFollower::new(follower))?),
        })
    };
    followers.iter().map(state).collect()
}

fn state(
    catalog: &Catalog,
    follower: &ConfiguredFollower,
    subject: &Subject<'_>,
) -> Result<(&'static str, String), StoreError> {
    let code = ConnectionCode::new(subject.connection).ok();
    let is_received = |code: &ConnectionCode| follower.scope.includes(code);
    if !code.as_ref().is_some_and(is_received) {
        let state = "not sent, its `connections` excludes the connection";
        return Ok((state, String::new()));
    }
    if !follower.follower.delivers(subject.of) {
        let state = match follower.follower.delivers(EntityKind::Item) {
            true => "not sent, followers of this kind send only sheets",
            false => "not sent, its settings exclude items",
        };
        return Ok((state, String::new()));
    }
    let of = FeedFollower::new(follower);
    let refusals = catalog.refusals(&of.name)?;
    if let Some(refusal) = refusals.iter().find(|one| one.key.as_str() == subject.key) {
        return Ok(("refused", format!(": {}", refusal.message)));
    }
    let last = subject.changes.iter().map(|change| change.seq).max();
    let is_existing = ItemState::EXISTING.contains(&subject.state);
    let state = match catalog.cursor(&of)?.reached {
        None => "nothing delivered yet",
        Some(reached) if last.is_some_and(|last| last > reached) => {
            "its last change is not delivered yet"
        }
        Some(_) if is_existing => {
            let place = place(follower, subject, code.as_ref());
            return Ok(("delivered", place));
        }
        Some(_) => "removed",
    };
    Ok((state, String::new()))
}

/// Where it is: a link for people, the files, or the catalog; and what the catalog identifies it by.
fn place(
    follower: &ConfiguredFollower,
    subject: &Subject<'_>,
    code: Option<&ConnectionCode>,
) -> String {
    let follower = &follower.follower;
    let key = subject.key.parse::<ItemKey>().ok();
    let key = key.as_ref();
    let files = code.map(|code| follower.files_of(code)).unwrap_or_default();
    let files = files.iter().map(|file| follower.redact(shown(file)));
    let files: Vec<_> = files.collect();
    let link = key.and_then(|key| follower.link(subject.of, key));
    let place = match (link, files.is_empty(), follower.target()) {
        (Some(link), ..) => format!(", {link}"),
        (None, false, _) => format!(" to {}", files.join(", ")),
        (None, true, Some(target)) => format!(" to {target}"),
        (None, true, None) => String::new(),
    };
    let identifier = key.and_then(|key| follower.identifier(subject.of, key));
    let identifier = identifier.map(|identifier| format!(", {identifier}"));
    place + &identifier.unwrap_or_default()
}
