//! Which catalogs have an item or container.

use crate::{
    live::{ExplainedCatalog, ExplainedEntry},
    parts::{Badge, Tone},
    store::browse::{EntryDetail, FollowerDelivery, FollowerState, Subject},
    views::Views,
};

/// How the explanation of what is not delivered begins.
const NOT_SENT: &str = "not sent, ";

/// What a catalog has.
pub(super) struct CatalogState {
    pub(super) name: String,
    pub(super) detail: String,
    pub(super) state: Badge,
}

/// What each catalog has: as the running program says it, else as the store has it.
pub(super) fn states(
    views: &Views<'_>,
    detail: &EntryDetail,
    explained: &[ExplainedEntry],
) -> Vec<CatalogState> {
    let explained = explained.iter().find(|known| known.key == detail.entry.key);
    let catalogs = explained.map(|known| known.catalogs.as_slice());
    let stored = |name: &str| {
        let mut followers = detail.followers.iter();
        followers.find(|known| known.name == name)
    };
    match catalogs.unwrap_or_default() {
        [] => detail
            .followers
            .iter()
            .map(|known| of_store(views, known))
            .collect(),
        catalogs => catalogs
            .iter()
            .map(|known| {
                if known.state.starts_with(NOT_SENT) {
                    return not_received(views, detail, known);
                }
                let badge = stored(&known.follower).map(|stored| badge(views, &stored.delivery));
                CatalogState {
                    name: known.follower.clone(),
                    detail: known.state.clone(),
                    state: match (known.is_failing, badge) {
                        (true, _) => Badge::new(Tone::Bad, views.t.follower_failing),
                        (false, badge) => badge.unwrap_or_default(),
                    },
                }
            })
            .collect(),
    }
}

/// A catalog to which it is not delivered.
fn not_received(views: &Views<'_>, detail: &EntryDetail, known: &ExplainedCatalog) -> CatalogState {
    let t = views.t;
    let route = match &detail.entry.subject {
        Subject::Container(container) => {
            let mut routes = views.containers.iter();
            routes.find(|route| route.kind == container.kind.id)
        }
        Subject::Item(_) => None,
    };
    let reason = known.state.trim_start_matches(NOT_SENT);
    let (detail, state) = match route {
        // The reason is the kind of the catalog, which the state says as well.
        Some(route) if !reason.contains('`') => (
            String::new(),
            t.delivery_not_received.replace("{}", route.path),
        ),
        _ => (reason.to_owned(), t.delivery_not_selected.to_owned()),
    };
    CatalogState {
        name: known.follower.clone(),
        detail,
        state: Badge::new(Tone::Plain, state),
    }
}

fn of_store(views: &Views<'_>, known: &FollowerState) -> CatalogState {
    CatalogState {
        name: known.name.clone(),
        detail: match &known.delivery {
            FollowerDelivery::Refused(message) => message.clone(),
            _ => String::new(),
        },
        state: badge(views, &known.delivery),
    }
}

fn badge(views: &Views<'_>, delivery: &FollowerDelivery) -> Badge {
    let t = views.t;
    match delivery {
        FollowerDelivery::Delivered => Badge::new(Tone::Good, t.delivery_done),
        FollowerDelivery::Waiting => Badge::new(Tone::Warning, t.delivery_waiting),
        FollowerDelivery::Refused(_) => Badge::new(Tone::Bad, t.delivery_refused),
        FollowerDelivery::NotSelected => Badge::new(Tone::Plain, t.delivery_not_selected),
    }
}
