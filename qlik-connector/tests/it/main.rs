//! Integration tests: whole scans of a fake site.
#![cfg(test)]

mod completeness;
mod contacts;
mod containers;
mod failures;
mod filters;
mod filters_of_unknown;
mod find;
mod floods;
mod ignored_fields;
mod incremental;
mod logins;
mod owner_status;
mod requests;
mod sample_site;
mod settings;
mod side_by_side;
mod site;
#[cfg(feature = "windows-login")]
mod windows_login;
