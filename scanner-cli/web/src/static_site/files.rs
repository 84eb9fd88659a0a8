//! The names of files. Ids of a source may be too long for a file name, or contain characters that some systems refuse.

use sha2::{Digest, Sha256};

/// Number of hexadecimal digits of a name.
const DIGITS: usize = 20;

/// The file of an item, from its address on a server.
pub(super) fn file_of_item(address: &str) -> String {
    hashed("items", address)
}

/// The file of a container, from its address on a server: `/PATH/CODE/ID`.
pub(super) fn file_of_container(address: &str) -> String {
    let folder = address.trim_start_matches('/').split('/').next();
    hashed(folder.unwrap_or_default(), address)
}

/// The file with the items of an owner.
pub(super) fn file_of_owner(id: &str) -> String {
    hashed("owners", id)
}

/// A file in one of 256 folders, because some programs are slow in folders with very many files.
fn hashed(folder: &str, text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let mut name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    name.truncate(DIGITS);
    let (group, name) = name.split_at(2);
    format!("{folder}/{group}/{name}.html")
}
