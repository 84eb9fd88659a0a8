//! Any bytes as a list of sheets, in pieces that end at NUL bytes: the same records as when the list comes whole, and
//! no more memory than one record takes.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let pieces: Vec<_> = bytes.split(|byte| *byte == 0).collect();
    qrs_client::check_pieces(&pieces);
});
