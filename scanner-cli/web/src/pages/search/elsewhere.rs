//! What matches a search but is not in its list: containers, and items that are no longer in the catalog.

use catalog_model::ItemState;

use crate::{
    address::Address,
    parts::Link,
    request::PageRequest,
    requests,
    store::browse::{
        BrowseError, BrowseFilter, Browser, EntityScope, SearchHit, SearchPage, SearchRequest,
    },
    texts::counted,
};

/// The states of items that a search does not find unless it asks for them.
const HIDDEN: [ItemState; 2] = [ItemState::Excluded, ItemState::Gone];

/// Numbers of items that match a text and are no longer in the catalog.
pub(super) fn hidden_states(
    browser: &Browser,
    search: &SearchRequest,
) -> Result<Vec<(ItemState, u64)>, BrowseError> {
    if search.text.trim().is_empty() || !search.filter.states.is_empty() {
        return Ok(Vec::new());
    }
    let count = |state| {
        let mut filter = search.filter.clone();
        filter.states = vec![state];
        Ok((state, browser.count(&search.text, &filter)?))
    };
    HIDDEN.into_iter().map(count).collect()
}

pub(super) fn hidden_links(request: &PageRequest, hidden: &[(ItemState, u64)]) -> Vec<Link> {
    let views = request.views();
    let address = Address::new(request.path(), &request.query, &requests::SEARCH);
    let some = hidden.iter().filter(|(_, count)| *count > 0);
    let links = some.map(|(state, count)| {
        let text = match state {
            ItemState::Excluded => views.t.hidden_excluded,
            _ => views.t.hidden_gone,
        };
        let address = address.clone().with("state", state.word());
        Link::new(
            counted(&views.words.say(text), *count),
            address.href(views.links),
        )
    });
    views.on_server(links.collect())
}

/// The containers at the top of the first page of a search: those that the text names, or, if no item was found, those
/// that match.
pub(super) fn containers_of(
    browser: &Browser,
    search: &SearchRequest,
    found: &SearchPage,
) -> Result<Vec<SearchHit>, BrowseError> {
    let named = browser.named_containers(&search.text)?;
    let has_filter = search.filter != BrowseFilter::default();
    if !named.is_empty() || found.total > 0 || has_filter {
        return Ok(named);
    }
    let mut everything = search.clone();
    everything.filter.scope = EntityScope::Everything;
    Ok(browser.search(&everything)?.hits)
}
