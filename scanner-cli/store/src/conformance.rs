//! What every kind of store does: scenarios that a store on SQLite and stores on servers run.
//!
//! [`conformance_suite`](crate::conformance_suite) makes a test of each. [`Scratch::new`](crate::scratch::Scratch::new) creates
//! the kind of store that the tests have chosen.
#![expect(
    missing_docs,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "the names of scenarios say what they check, and a scenario that fails panics"
)]

use catalog_model::{
    Completeness, ConnectionCode, Contact, Contacts, FieldRevision, ItemKey, Precedence,
    Properties, SourceId, Visualization,
};
use jiff::SignedDuration;

use super::{
    Closed, Closing, ItemScope, ItemState, StoreError, StoreLimits, StoreScan,
    fuse::Removals,
    scratch::{DAY, Scratch, at, close_with, item, see},
};

pub mod changed_values;
pub mod containers;
pub mod duplicate_keys;
pub mod excluded;
pub mod feed;
pub mod gone;
pub(crate) mod library;
pub mod lists;
pub mod paging;
pub mod recognized;
pub mod revisions;
pub mod scans;
pub mod searching;
pub mod unchanged;

impl Scratch {
    pub(crate) async fn begin(&self, day: i64) -> StoreScan {
        self.begin_with(day, &[]).await
    }

    /// Returns changes such as `added a`, in the order of the log.
    pub(crate) fn changes(&self) -> Vec<String> {
        let mut changes = Vec::new();
        let read = self.catalog().each_change(|change| {
            let key = change.key.trim_start_matches("c/");
            let fields = change.fields.join(" ");
            changes.push(format!("{} {key} {fields}", change.kind.word()));
            Ok::<_, StoreError>(())
        });
        read.unwrap();
        changes
            .iter()
            .map(|change| change.trim_end().to_owned())
            .collect()
    }
}

pub(crate) async fn close(scan: StoreScan, day: i64) -> Result<Closed, StoreError> {
    close_with(scan, day, Removals::Accepted).await
}

pub(crate) async fn close_as(
    scan: StoreScan,
    day: i64,
    statement: Result<Completeness, String>,
) -> Result<Closed, StoreError> {
    let closing = Closing {
        statement,
        time: at(day),
        site_version: None,
        bytes: 0,
        removals: Removals::Accepted,
        advice: String::new(),
    };
    scan.close(closing).await.map(|(closed, _)| closed)
}

pub(crate) fn contact(email: &str) -> Contacts {
    Contacts::Known(vec![Contact {
        role: "owner".into(),
        email: Some(email.to_owned()),
        name: None,
        account: None,
        status: None,
        email_since: 1,
    }])
}

/// Makes a test of each scenario, in a module for each group. The argument is a function that makes a new store; without it, the
/// stores are on SQLite.
#[macro_export]
macro_rules! conformance_suite {
    (@groups $make:tt $($group:ident { $($scenario:ident;)* })*) => {
        mod conformance {
            $(mod $group { $(
                #[tokio::test]
                async fn $scenario() {
                    $crate::conformance_suite!(@use $make);
                    $crate::conformance::$group::$scenario().await;
                }
            )* })*
        }
    };
    (@use []) => {};
    (@use [$make:path]) => {
        $crate::scratch::use_stores($make);
    };
    ($($make:path)?) => {
        $crate::conformance_suite! { @groups [$($make)?]
            changed_values {
                a_change_keeps_the_old_and_new_values_of_its_fields;
                long_values_are_cut_and_their_sum_is_limited;
            }
            containers {
                a_container_is_read_as_it_was_written;
                changes_of_containers_are_logged_and_not_counted_as_changes_of_items;
                a_scan_that_is_not_complete_removes_no_container;
                removed_containers_do_not_blow_the_fuse_and_a_blown_fuse_keeps_them;
                hidden_containers_of_a_kind_are_not_gone;
                an_excluded_container_is_excluded_and_an_undecided_one_is_unchanged;
                unknown_fields_keep_their_values;
                gone_containers_are_deleted_after_the_same_time_as_items;
                an_item_gets_its_container_without_a_change_if_it_was_unknown;
            }
            duplicate_keys {
                approved_records_outrank_published_and_private_ones_in_any_order;
                of_equal_standing_the_newer_record_and_then_the_smaller_id_counts;
                a_higher_ranked_excluded_or_undecided_record_hides_the_others;
                a_lower_ranked_excluded_or_undecided_record_changes_nothing;
                an_aborted_attempt_leaves_no_changes;
                a_gone_item_returns_once_in_any_order;
            }
            excluded {
                an_item_that_a_filter_excludes_is_excluded_not_gone_and_can_return;
                a_gone_item_that_exists_again_but_is_excluded_by_a_filter_is_excluded;
                an_excluded_item_that_cannot_be_read_stays_excluded;
                an_excluded_record_does_not_replace_a_kept_record_with_the_same_key;
                an_undecided_item_keeps_its_state;
            }
            feed {
                a_new_follower_receives_all_items_and_then_changes;
                a_feed_has_the_id_of_its_store;
                a_feed_has_the_time_and_the_scans_that_have_ended;
                changes_that_were_not_acknowledged_are_delivered_again;
                a_follower_that_is_too_far_behind_receives_all_items_again;
                a_follower_receives_items_that_a_new_version_describes_in_another_way;
                a_new_scope_or_revision_resets_the_follower;
                a_stopped_delivery_reads_no_further;
                a_success_clears_the_error;
                notes_alone_are_not_a_delivery;
                the_end_of_a_delivery_counts_items_and_keeps_the_first_refusals;
                a_full_feed_has_everything_and_keeps_the_position_until_it_is_acknowledged;
            }
            gone {
                gone_items_are_kept_forever_unless_a_time_is_set;
                an_item_is_gone_for_followers_before_it_is_deleted;
                a_clock_that_is_years_ahead_for_a_scan_deletes_nothing;
            }
            lists {
                an_entry_has_everything_that_is_known;
                what_a_container_holds_is_found_by_the_new_names_of_all_containers_around_it;
                a_process_indexes_items_with_the_names_of_containers_that_another_one_has_indexed;
                owners_are_listed_with_their_items;
                changes_and_scans_are_listed_and_counted;
            }
            paging {
                no_item_is_lost_or_found_twice_while_the_store_changes;
                no_item_is_lost_while_the_columns_of_a_large_index_are_older_than_the_store;
                a_cursor_belongs_to_one_list;
                other_lists_are_read_in_pages_too;
            }
            recognized {
                only_a_complete_scan_marks_what_it_did_not_see_as_gone;
                a_changed_item_is_written_with_its_new_digest;
                a_new_attempt_sees_everything_again;
                an_item_that_needs_a_line_is_observed_and_not_written;
            }
            revisions {
                a_new_property_rewrites_an_item_once_and_is_not_a_change;
                a_new_format_of_labels_is_not_a_change_and_neither_is_a_downgrade;
                an_item_that_the_first_scan_of_a_version_did_not_read_is_rewritten_later;
                a_new_attempt_counts_a_rewritten_item_once;
                an_unknown_property_keeps_its_value_and_its_position;
                a_new_property_that_becomes_known_later_is_not_a_change;
                long_texts_keep_their_positions_beside_unknown_properties;
                addresses_and_statuses_that_a_new_version_adds_are_not_changes_and_others_are;
                contacts_that_the_first_scan_of_a_version_could_not_read_are_not_a_change_later;
                a_new_version_of_a_connector_does_not_affect_items_of_another;
            }
            scans {
                unreadable_items_do_not_hide_the_removal_of_most_others;
                a_scan_that_was_recorded_as_interrupted_removes_nothing;
                different_known_contacts_are_a_change_and_unknown_contacts_are_not;
                a_clock_that_goes_backwards_does_not_change_the_order;
                old_changes_are_deleted_and_items_are_not;
                a_clock_that_is_ahead_for_a_while_deletes_no_changes;
                a_step_of_the_clock_is_accepted_after_a_week;
            }
            searching {
                words_are_found_in_all_texts_and_those_in_names_come_first;
                the_columns_of_a_large_index_are_loaded_while_requests_go_on;
                pasted_keys_and_ids_find_what_they_name_first;
                hits_are_marked_in_their_texts;
                no_text_is_a_syntax_error;
                values_of_a_filter_select_items;
                conditions_select_items_and_containers;
                facets_count_values_and_ignore_their_own_filter;
            }
            unchanged {
                what_was_not_read_is_seen_and_keeps_its_content;
                only_items_below_a_key_that_was_read_can_be_missing;
                an_attempt_that_reads_everything_replaces_one_that_did_not;
                an_excluded_item_whose_record_cannot_be_read_is_not_seen;
            }
        }
    };
}
