//! Reads parameters as all pages, downloads and addresses of the API do, for tests with arbitrary ones.

use crate::{address::Address, links::Links, query::Query, requests};

/// Reads the text after a `?`. It must never panic, and addresses that are made from it must be read as the same parameters.
///
/// # Panics
/// If an address is read differently.
pub fn check_query(text: &str) {
    let query = Query::new(text);
    let _ = requests::search(&query, 50);
    let _ = requests::changes(&query, 50);
    let _ = requests::owners(&query, 50);
    let _ = requests::scans(&query, 50);
    let _ = requests::number::<u32>(&query, "days");
    let address = Address::new("/search", &query, &requests::SEARCH);
    let href = address.href(&Links::below("/base"));
    assert!(href.starts_with("/base/search"), "{href}");
    assert!(href.is_ascii() && !href.contains(['"', '<', ' ']), "{href}");
    let written = href.split_once('?').map_or("", |(_, query)| query);
    let again = Address::new("/search", &Query::new(written), &requests::SEARCH);
    assert_eq!(again, address, "{href}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_parameters_are_read(text in ".{0,200}") {
            check_query(&text);
        }

        #[test]
        fn known_parameters_with_any_value_are_read(
            name in "q|connection|state|sort|limit|cursor|kind|show|days|scan|tag",
            value in "\\PC{0,40}",
        ) {
            let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            check_query(&format!("{name}={value}&{name}={encoded}"));
        }
    }
}
