//! The texts of the pages, in one place: another language is another `Texts`.
//!
//! A text with a number has a `{}` for it and its forms separated by `|`: first the one for 1, then the one for all others.

/// Defines the texts of a page and their English values.
macro_rules! texts {
    ($($name:ident = $text:literal;)*) => {
        /// The texts of one language.
        pub(crate) struct Texts {
            $(pub(crate) $name: &'static str,)*
        }

        /// The English texts.
        pub(crate) static ENGLISH: Texts = Texts { $($name: $text,)* };
    };
}

texts! {
    // The frame of all pages.
    language = "en";
    brand = "Catalog";
    skip = "Skip to content";
    navigation = "Main navigation";
    search = "Search";
    search_label = "Search the catalog";
    search_placeholder = "Search names, descriptions, owners, tags…";
    sign_out = "Sign out";
    footer = "Read-only view of the catalog. Nothing here changes the source.";
    footer_of_files = "A copy of the catalog, made on {}.";
    feed_title = "Changes";
    api = "API";
    feed = "Atom feed";
    home = "Home";
    everything = "All {items}";
    owners = "Owners";
    changes = "Changes";
    scans = "Scans";
    connections = "Connections";
    followers = "Catalogs that receive the {items}";
    quality = "Quality";
    breadcrumb = "Where this is";

    // Words that occur on several pages.
    number_of_items = "{} {item}|{} {items}";
    number_of_entries = "{} result|{} results";
    pages = "Pages";
    all = "All";
    all_connections = "All connections";
    items = "Items";
    item = "Item";
    connection = "Connection";
    state = "State";
    details = "Details";
    more = "Show more";
    csv = "Download CSV";
    next_page = "Next page";
    first_page = "Back to the first page";
    unknown = "unknown";
    never = "never";
    date_format = "%-d %b %Y";
    day_format = "%A, %-d %B %Y";
    full_format = "%-d %b %Y, %H:%M UTC";
    time_format = "%H:%M UTC";

    // Home.
    numbers = "The catalog in numbers";
    well = "All is well";
    well_text = "Every connection was scanned completely, and every catalog is up to date.";
    well_served = "The last scan of every connection was complete.";
    not_well = "Something needs attention";
    not_well_text = "{} problem is listed below.|{} problems are listed below.";
    needs_a_person = "Needs attention";
    nothing_to_do = "Nothing. No scan has failed, and no quality list has entries.";
    since_yesterday = "Since yesterday";
    all_changes = "All changes";
    nothing_new = "Nothing has changed in the last 24 hours.";
    last_scan = "Last scan";
    next_scan = "Next scan";
    not_planned = "not planned";
    changes_since_yesterday = "changes since yesterday";
    warning = "warning";
    service_problem = "The service reports a problem";
    scan_problem = "The last scan of {} is not complete";
    file_problem = "The file of {} has a problem";
    follower_problem = "The delivery to {} fails";
    follower_refuses = "{} refuses some items";
    empty_store = "The catalog is still empty";
    empty_store_text = "Nothing has been scanned yet. The items appear here after the first scan of a connection.";
    first_scan = "The first scan is running";
    first_scan_text = "The items appear here as soon as it has ended. Reload this page in a few minutes.";
    index_behind = "The search is being updated";
    index_behind_text = "A scan has ended, and its items are being prepared for the search. Until then, the search may miss the newest changes.";
    index_building = "The search is being prepared";
    index_building_text = "{indexed} of {} entries are ready. Until then, the search misses some.";

    // Search.
    filters = "Filters";
    active_filters = "Active filters";
    remove_filter = "Remove this filter";
    remove_all_filters = "Remove all filters";
    sort_by = "Sort by";
    sort_relevance = "relevance";
    sort_name = "name";
    sort_changed = "recently changed";
    sort_first_seen = "recently added";
    found_for = "{} for “{query}”";
    search_start = "Type a word to search";
    search_needs_script = "This search needs a script. The lists above work without it.";
    no_hits = "Nothing found";
    no_hits_text = "Nothing has all of these words. Try fewer words, or the beginning of a word.";
    no_hits_filtered = "Nothing matches these filters together.";
    hidden_excluded = "{} excluded {item} matches|{} excluded {items} match";
    hidden_gone = "{} {item} that is gone matches|{} {items} that are gone match";
    search_without_filters = "Search without filters";
    show_everything = "Show all {items}";
    owner_in_hit = "Owner";
    modified = "Modified";
    facet_connection = "Connection";
    facet_owner = "Owner";
    facet_tag = "Tag";
    facet_status = "Status";
    facet_state = "State";
    no_value = "(none)";

    // States of items, and kinds of changes.
    state_present = "present";
    state_gone = "gone";
    state_excluded = "excluded";
    state_unreadable = "unreadable";
    kind_added = "added";
    kind_changed = "changed";
    kind_removed = "removed";
    kind_returned = "returned";
    kind_excluded = "excluded";
    excluded_by = "Excluded by the filter:";

    // An item, and what contains items.
    description = "Description";
    no_description = "No description.";
    properties = "Properties";
    tags = "Tags";
    owner = "Owner";
    no_owner = "No owner is known.";
    owner_without_address = "no e-mail address";
    dates = "Dates";
    created = "Created";
    published = "Published";
    refreshed = "Reloaded";
    first_seen = "First seen by a scan";
    last_seen = "Last seen by a scan";
    gone_since = "Gone since";
    in_catalogs = "In these catalogs";
    no_catalogs = "No catalog receives the items.";
    key = "Key";
    copy = "Copy";
    copied = "Copied";
    not_copied = "Press Ctrl+C";
    as_json = "As JSON";
    open = "Open in {source}";
    history = "History";
    no_history = "No changes are recorded.";
    at_a_glance = "At a glance";
    why_here = "Why is it here?";
    why_not_here = "Why is it not here?";
    why_present = "The last scan of its connection found it, and no filter excludes it.";
    why_gone = "A complete scan of its connection no longer found it.";
    why_excluded = "A filter of its connection excludes it.";
    why_unreadable = "The source lists it, but the last scan could not read it. What is shown here is older.";
    whole_explanation = "All that is known about this";
    inside = "Contents";
    nothing_inside = "Nothing.";
    show_all_inside = "Search in these {items}";
    container_id = "Id";
    containers_about = "Choose one to see its {items}, owner and history.";
    link = "Link";
    delivery_done = "has it";
    delivery_waiting = "waiting";
    delivery_refused = "refuses it";
    delivery_not_received = "does not receive {}";
    delivery_not_selected = "not selected";
    untitled = "(untitled)";
    name = "Name";
    path = "Path";

    // Owners.
    owners_about = "The owner of each item, with the e-mail address and the state of the account.";
    owners_all = "all";
    owners_without = "without e-mail address";
    owners_inactive = "inactive, blocked or removed";
    owner_status = "Status";
    owners_search = "Name, account or e-mail address";
    no_owners = "No owner matches.";
    sort_by_items = "most items first";
    sort_by_name = "by name";

    // Changes.
    changes_about = "What scans found on the source, the newest first.";
    time = "Time";
    any_time = "Any time";
    last_days = "Last 24 hours|Last {} days";
    subscribe = "Subscribe (Atom)";
    of_type = "Type";
    everything_else = "Everything else";
    no_changes = "No changes";
    no_changes_text = "No change of this kind is recorded. The catalog keeps changes for a limited time.";
    empty_value = "(empty)";

    // Scans.
    scans_about = "Each scan reads the source and records what changed.";
    no_scans = "No scan has run yet.";
    started = "Started";
    duration = "Duration";
    outcome = "Outcome";
    seen = "Seen";
    added = "Added";
    changed = "Changed";
    removed = "Removed";
    excluded = "Excluded";
    reasons = "Reasons";
    outcome_complete = "complete";
    outcome_partial = "partial";
    outcome_failed = "failed";
    outcome_interrupted = "interrupted";
    outcome_running = "running";
    chart_items = "{Items} seen by each scan";
    chart_durations = "Duration of each scan";
    chart_items_text = "From {first} to {last}; the last scan saw {value}.";
    chart_durations_text = "From {first} to {last}; the last scan took {value}.";

    // Connections.
    connections_about = "The sources that are scanned, and the catalogs that receive their {items}.";
    no_service_title = "The service is not running here";
    no_service = "No service is running for this catalog. The page shows what is stored, without schedules and errors of files.";
    no_connections = "No connection is known.";
    no_followers = "No catalog receives the items, or the settings are not known here.";
    connection_ok = "ok";
    connection_error = "error";
    connection_disabled = "disabled";
    connection_removed = "removed";
    connection_scanning = "scanning now";
    connection_new = "not scanned yet";
    file = "File";
    schedule = "Schedule";
    retry = "Retry";
    site_version = "Version of the source";
    last_complete_scan = "Last complete scan";
    show_scans = "Scans";
    follower_up_to_date = "up to date";
    follower_behind = "behind";
    follower_failing = "failing";
    follower_new = "nothing delivered yet";
    follower_disabled = "disabled";
    kind = "Kind";
    target = "Delivers to";
    last_success = "Last complete delivery";
    waiting = "Waiting";
    waiting_changes = "{} change|{} changes";
    sent = "Sent so far, updates included";
    refused = "Refused by the catalog";
    failures = "Failures in a row";

    // Quality.
    quality_about = "Lists to work from. Each has its own address that you can share.";
    quality_done = "done";
    without_description = "{Items} without a description";
    without_description_about = "People who search cannot tell what these are for.";
    without_address = "{Items} whose owner has no e-mail address";
    without_address_about = "Nobody can write to the owner.";
    owner_inactive = "{Items} whose owner is inactive";
    owner_blocked = "{Items} whose owner is blocked";
    owner_removed = "{Items} whose owner was removed";
    lost_owner_about = "The owner can no longer sign in to the source. Someone else should own these.";
    unpublished = "Unpublished {items}";
    unpublished_about = "These are in none of the {}, so few people can see them.";
    stale = "{} not reloaded for {days} days";
    stale_about = "Their data may be out of date.";
    duplicates = "{} that may be copies";
    duplicates_about = "They contain the same {items} as other {}.";
    stale_choice = "List what was";
    stale_after = "not reloaded for {} days";

    // Errors and signing in.
    not_found = "This page does not exist";
    not_found_text = "The address may be mistyped, or what it showed is no longer in the catalog. Try a search for its name.";
    bad_request = "The address is not valid";
    invalid_cursor = "This page of the list no longer exists. Start again at its first page.";
    unreadable = "The catalog cannot be read";
    go_home = "Go to the home page";
    sign_in = "Sign in";
    sign_in_about = "Enter the access token that your administrator gave you.";
    token = "Access token";
    token_wrong = "This token is not valid.";
    too_many_attempts = "Too many attempts failed. Try again in {} second.|Too many attempts failed. Try again in {} seconds.";
}

/// A number with separators of thousands.
pub(crate) fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The form of a text for a count, with the count in it.
pub(crate) fn counted(text: &str, count: u64) -> String {
    let (one, other) = text.split_once('|').unwrap_or((text, text));
    let form = if count == 1 { one } else { other };
    form.replace("{}", &number(count))
}

/// A word with an upper-case first letter, and with spaces instead of underscores.
pub(crate) fn capitalized(word: &str) -> String {
    let word = word.replace('_', " ");
    let mut letters = word.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_separators_of_thousands() {
        for (count, expected) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(number(count), expected);
        }
    }

    #[test]
    fn a_text_has_a_form_for_one_and_one_for_others() {
        assert_eq!(counted(ENGLISH.number_of_entries, 1), "1 result");
        assert_eq!(counted(ENGLISH.number_of_entries, 0), "0 results");
        assert_eq!(counted(ENGLISH.number_of_entries, 1_500), "1,500 results");
    }
}
