//! The lists that stewards work from. Each is a filter with a name.

use catalog_model::AccountStatus;

use crate::{
    requests::LOST,
    state::ContainerRoute,
    store::browse::{BrowseFilter, Condition, EntityScope},
    texts::{Texts, capitalized},
};

/// Number of days after which what was not reloaded is stale, unless the request says another one.
pub(crate) const STALE_DAYS: u32 = 90;
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;
/// Milliseconds by which the moment is rounded down, so that counts can be remembered.
const HOUR: i64 = 3_600_000;

/// A list of items or containers that lack something.
#[derive(Clone, Debug)]
pub(crate) struct QualityList {
    /// The word for it in addresses.
    pub(crate) id: &'static str,
    pub(crate) title: String,
    pub(crate) about: String,
    scope: EntityScope,
    condition: Condition,
}

impl QualityList {
    /// The same list, with the words for its items.
    pub(crate) fn with_words(self, say: impl Fn(&str) -> String) -> Self {
        Self {
            title: say(&self.title),
            about: say(&self.about),
            ..self
        }
    }

    /// Adds what the list selects to a filter.
    pub(crate) fn select(&self, filter: &mut BrowseFilter) {
        filter.scope = self.scope.clone();
        filter.conditions.push(self.condition.clone());
    }

    /// The filter of the list.
    pub(crate) fn filter(&self) -> BrowseFilter {
        let mut filter = BrowseFilter::default();
        self.select(&mut filter);
        filter
    }
}

/// What depends on the moment and the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Staleness {
    /// The moment, in milliseconds since 1970.
    pub(crate) now: i64,
    pub(crate) days: u32,
}

/// All lists. `routes` begin with the containers that hold items, and end with those that hold other containers.
pub(crate) fn lists(t: &Texts, routes: &[ContainerRoute], stale: Staleness) -> Vec<QualityList> {
    let of_items = |id, title: &str, about: &str, condition| QualityList {
        id,
        title: title.to_owned(),
        about: about.to_owned(),
        scope: EntityScope::Items,
        condition,
    };
    let mut lists = vec![
        of_items(
            "without-description",
            t.without_description,
            t.without_description_about,
            Condition::WithoutDescription,
        ),
        of_items(
            "without-address",
            t.without_address,
            t.without_address_about,
            Condition::WithoutAddress,
        ),
    ];
    lists.extend(LOST.map(|status| {
        let (id, title) = match status {
            AccountStatus::Inactive => ("owner-inactive", t.owner_inactive),
            AccountStatus::Blocked => ("owner-blocked", t.owner_blocked),
            _ => ("owner-removed", t.owner_removed),
        };
        of_items(
            id,
            title,
            t.lost_owner_about,
            Condition::OwnerStatus(status),
        )
    }));
    if let [inner @ .., outer] = routes
        && !inner.is_empty()
    {
        lists.push(of_items(
            "unpublished",
            t.unpublished,
            &t.unpublished_about.replace("{}", outer.path),
            Condition::OutsideOf(outer.kind.to_owned()),
        ));
    }
    if let Some(route) = routes.first() {
        lists.extend(of_containers(t, route, stale));
    }
    lists
}

fn of_containers(t: &Texts, route: &ContainerRoute, stale: Staleness) -> [QualityList; 2] {
    let of_kind = |id, title: &str, about: &str, condition| QualityList {
        id,
        title: title.replace("{}", &capitalized(route.path)),
        about: about
            .replace("{}", route.path)
            .replace("{days}", &stale.days.to_string()),
        scope: EntityScope::Containers(route.kind.to_owned()),
        condition,
    };
    [
        of_kind(
            "stale",
            &t.stale.replace("{days}", &stale.days.to_string()),
            t.stale_about,
            Condition::DateBefore {
                property: "refreshed".to_owned(),
                before: stale.now - stale.now.rem_euclid(HOUR) - i64::from(stale.days) * DAY,
            },
        ),
        of_kind(
            "duplicates",
            t.duplicates,
            t.duplicates_about,
            Condition::SharesItems,
        ),
    ]
}
