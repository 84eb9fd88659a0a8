//! Parameters of lists, as requests to the store. Pages, the API and downloads use the same ones.

use std::str::FromStr;

use catalog_model::{AccountStatus, ChangeKind, ItemState, ScanOutcome, follower::EntityKind};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    errors::ErrorPage,
    query::Query,
    store::browse::{
        BrowseFilter, ChangesRequest, OwnerCondition, OwnerSort, OwnersRequest, PageRequest,
        ScansRequest, SearchRequest, Sort,
    },
};

/// All parameters of a search but the cursor.
pub(crate) const SEARCH: [&str; 9] = [
    "q",
    "connection",
    "container",
    "owner",
    "tag",
    "status",
    "state",
    "sort",
    "days",
];

/// All parameters of a list of changes but `limit` and `cursor`.
pub(crate) const CHANGES: [&str; 6] = ["connection", "kind", "scan", "days", "since", "entity"];
/// The values of `entity` of a list of changes.
pub(crate) const ENTITIES: [(&str, EntityKind); 2] = [
    ("item", EntityKind::Item),
    ("container", EntityKind::Container),
];
/// All parameters of a list of owners but `limit` and `cursor`.
pub(crate) const OWNERS: [&str; 4] = ["q", "connection", "show", "sort"];
/// All parameters of a list of scans but `limit` and `cursor`.
pub(crate) const SCANS: [&str; 2] = ["connection", "outcome"];

/// Maximum length of a search text in characters. Longer texts are cut.
const MAX_TEXT: usize = 200;
/// Maximum number of days of a list of changes.
const MAX_DAYS: u32 = 36_500;
/// Maximum number of values of one parameter.
const MAX_VALUES: usize = 50;

/// A search with a filter.
pub(crate) fn search(query: &Query, default_limit: usize) -> Result<SearchRequest, ErrorPage> {
    let sort = query.get("sort").map(|word| {
        Sort::from_word(word).ok_or_else(|| invalid("sort", word, &Sort::ALL.map(Sort::word)))
    });
    Ok(SearchRequest {
        text: text(query, "q"),
        filter: filter(query)?,
        sort: sort.transpose()?,
        page: page(query, default_limit)?,
        has_highlights: false,
    })
}

/// Which items a list contains.
pub(crate) fn filter(query: &Query) -> Result<BrowseFilter, ErrorPage> {
    let states = values(query, "state")?;
    let states = states.iter().map(|word| {
        let mut all = ItemState::ALL.into_iter();
        let state = all.find(|state| state.word() == word);
        state.ok_or_else(|| invalid("state", word, &ItemState::ALL.map(ItemState::word)))
    });
    Ok(BrowseFilter {
        connections: values(query, "connection")?,
        containers: values(query, "container")?,
        owners: values(query, "owner")?,
        tags: values(query, "tag")?,
        statuses: values(query, "status")?,
        states: states.collect::<Result<_, _>>()?,
        ..BrowseFilter::default()
    })
}

/// A list of changes.
pub(crate) fn changes(query: &Query, default_limit: usize) -> Result<ChangesRequest, ErrorPage> {
    let kinds = values(query, "kind")?;
    let kinds = kinds.iter().map(|word| {
        let kind = CHANGE_KINDS.into_iter().find(|kind| kind.word() == word);
        kind.ok_or_else(|| invalid("kind", word, &CHANGE_KINDS.map(ChangeKind::word)))
    });
    Ok(ChangesRequest {
        connections: values(query, "connection")?,
        kinds: kinds.collect::<Result<_, _>>()?,
        entities: entities(query)?,
        scan: number(query, "scan")?,
        page: page(query, default_limit)?,
        ..ChangesRequest::default()
    })
}

/// Whether a list contains the changes of items only, or of containers only.
fn entities(query: &Query) -> Result<Option<EntityKind>, ErrorPage> {
    let kind = query.get("entity").map(|word| {
        let known = ENTITIES.into_iter().find(|(known, _)| *known == word);
        known
            .map(|(_, kind)| kind)
            .ok_or_else(|| invalid("entity", word, &ENTITIES.map(|(word, _)| word)))
    });
    kind.transpose()
}

/// Limits a list of changes to the last days of the parameter `days`, or to those since the time of `since`. If there are
/// both, the later limit counts.
pub(crate) fn limit_to_days(
    changes: &mut ChangesRequest,
    query: &Query,
    now: Timestamp,
) -> Result<(), ErrorPage> {
    if let Some(days) = number::<u32>(query, "days")? {
        let days = i64::from(days.min(MAX_DAYS));
        changes.since = Some(now.as_millisecond() - days * 86_400_000);
    }
    if let Some(text) = query.get("since") {
        let time = time_of(text).ok_or_else(|| {
            ErrorPage::bad_request(format!(
                "`since` is not a valid time: `{text}`; write `2026-03-01` or `2026-03-01T12:00:00Z`"
            ))
        })?;
        changes.since = changes.since.max(Some(time.as_millisecond()));
    }
    Ok(())
}

/// A time with an offset, or the beginning of a day in UTC.
fn time_of(text: &str) -> Option<Timestamp> {
    let day = || {
        let day = text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?;
        Some(day.timestamp())
    };
    text.parse().ok().or_else(day)
}

/// The kinds of changes that people see.
pub(crate) const CHANGE_KINDS: [ChangeKind; 5] = [
    ChangeKind::Added,
    ChangeKind::Changed,
    ChangeKind::Removed,
    ChangeKind::Returned,
    ChangeKind::Excluded,
];

/// The accounts of owners who can no longer sign in.
pub(crate) const LOST: [AccountStatus; 3] = [
    AccountStatus::Inactive,
    AccountStatus::Blocked,
    AccountStatus::Removed,
];

/// A list of owners.
pub(crate) fn owners(query: &Query, default_limit: usize) -> Result<OwnersRequest, ErrorPage> {
    let condition = match query.get("show") {
        None => OwnerCondition::Any,
        Some("without_address") => OwnerCondition::WithoutAddress,
        Some("lost") => OwnerCondition::Statuses(LOST.to_vec()),
        Some(other) => return Err(invalid("show", other, &["without_address", "lost"])),
    };
    let sort = match query.get("sort") {
        None | Some("items") => OwnerSort::Items,
        Some("name") => OwnerSort::Name,
        Some(other) => return Err(invalid("sort", other, &["items", "name"])),
    };
    Ok(OwnersRequest {
        connections: values(query, "connection")?,
        text: text(query, "q"),
        condition,
        sort,
        page: page(query, default_limit)?,
    })
}

/// A list of scans.
pub(crate) fn scans(query: &Query, default_limit: usize) -> Result<ScansRequest, ErrorPage> {
    let outcomes = values(query, "outcome")?;
    let known = outcomes_of_scans();
    if let Some(unknown) = outcomes.iter().find(|one| !known.contains(&one.as_str())) {
        return Err(invalid("outcome", unknown, &known));
    }
    Ok(ScansRequest {
        connections: values(query, "connection")?,
        outcomes,
        page: page(query, default_limit)?,
    })
}

/// The outcomes that scans can have.
pub(crate) fn outcomes_of_scans() -> Vec<&'static str> {
    ScanOutcome::ALL.map(ScanOutcome::word).to_vec()
}

/// Refuses parameters that have no effect: a misspelt filter would return everything.
pub(crate) fn check_names(query: &Query, names: &[&str]) -> Result<(), ErrorPage> {
    let unknown = query.pairs().find(|(name, _)| !names.contains(name));
    let Some((unknown, _)) = unknown else {
        return Ok(());
    };
    let known = match names {
        [] => "it has none".to_owned(),
        names => format!("they are `{}`", names.join("`, `")),
    };
    Err(ErrorPage::bad_request(format!(
        "`{unknown}` is not a parameter of this address; {known}"
    )))
}

/// Which page of a list.
fn page(query: &Query, default_limit: usize) -> Result<PageRequest, ErrorPage> {
    Ok(PageRequest {
        limit: number(query, "limit")?.unwrap_or(default_limit),
        cursor: query.get("cursor").map(str::to_owned),
    })
}

fn text(query: &Query, name: &str) -> String {
    let text = query.get(name).unwrap_or_default();
    text.chars().take(MAX_TEXT).collect()
}

fn values(query: &Query, name: &str) -> Result<Vec<String>, ErrorPage> {
    let values: Vec<_> = query.all(name).map(str::to_owned).collect();
    if values.len() > MAX_VALUES {
        let problem = format!("`{name}` has more than {MAX_VALUES} values");
        return Err(ErrorPage::bad_request(problem));
    }
    Ok(values)
}

/// The number that is the value of a parameter.
pub(crate) fn number<T: FromStr>(query: &Query, name: &str) -> Result<Option<T>, ErrorPage> {
    let number = query.get(name).map(|text| {
        let problem =
            || ErrorPage::bad_request(format!("`{name}` is not a valid number: `{text}`"));
        text.parse().map_err(|_invalid| problem())
    });
    number.transpose()
}

fn invalid(name: &str, value: &str, valid: &[&str]) -> ErrorPage {
    let valid = valid.join("`, `");
    ErrorPage::bad_request(format!(
        "`{name}` cannot be `{value}`; it is one of `{valid}`"
    ))
}
