//! In which catalogs an item or container is.

use catalog_model::{
    ConnectionCode, ItemKey, ItemState,
    follower::{ConfiguredFollower, EntityKind},
};

use crate::{
    delivery::Followers,
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

/// A line for each follower: whether its catalog has the item or container as the store has it, and where.
pub(super) fn lines(
    catalog: &Catalog,
    followers: &Followers,
    subject: &Subject<'_>,
) -> Result<Vec<(&'static str, String)>, StoreError> {
    let mut lines = Vec::new();
    for follower in followers {
        let name = follower.follower.name();
        lines.push((
            "catalog",
            format!("{name}: {}", line(catalog, follower, subject)?),
        ));
    }
    Ok(lines)
}

fn line(
    catalog: &Catalog,
    follower: &ConfiguredFollower,
    subject: &Subject<'_>,
) -> Result<String, StoreError> {
    let code = ConnectionCode::new(subject.connection).ok();
    if !code
        .as_ref()
        .is_some_and(|code| follower.scope.includes(code))
    {
        return Ok("not sent, its `connections` excludes the connection".to_owned());
    }
    let of = FeedFollower::new(follower);
    let refusals = catalog.refusals(&of.name)?;
    if let Some(refusal) = refusals.iter().find(|one| one.key.as_str() == subject.key) {
        return Ok(format!("refused: {}", refusal.message));
    }
    let last = subject.changes.iter().map(|change| change.seq).max();
    let place = place(follower, subject, code.as_ref());
    let is_existing = ItemState::EXISTING.contains(&subject.state);
    Ok(match catalog.cursor(&of)?.reached {
        None => "nothing delivered yet".to_owned(),
        Some(reached) if last.is_some_and(|last| last > reached) => {
            "its last change is not delivered yet".to_owned()
        }
        Some(_) if is_existing => format!("delivered{place}"),
        Some(_) => "removed".to_owned(),
    })
}

/// Where it is: a link for people, or the files.
fn place(
    follower: &ConfiguredFollower,
    subject: &Subject<'_>,
    code: Option<&ConnectionCode>,
) -> String {
    let follower = &follower.follower;
    let key = subject.key.parse::<ItemKey>().ok();
    if let Some(link) = key.and_then(|key| follower.link(subject.of, &key)) {
        return format!(", {link}");
    }
    let files = code.map(|code| follower.files_of(code)).unwrap_or_default();
    let files = files.iter().map(|file| follower.redact(shown(file)));
    let files: Vec<_> = files.collect();
    match files.is_empty() || subject.of == EntityKind::Container {
        true => String::new(),
        false => format!(" to {}", files.join(", ")),
    }
}
