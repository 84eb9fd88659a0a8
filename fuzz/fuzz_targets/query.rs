//! Parameters of the catalog's pages: nothing panics, and links keep their meaning.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| catalog_web::check_query(text));
