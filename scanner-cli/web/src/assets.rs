//! Embedded files. Their addresses contain a hash of their content, so browsers may keep them forever.

use std::sync::LazyLock;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

/// An embedded file.
struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static [u8],
    hash: String,
}

/// Number of hexadecimal digits of the hash in an address.
const HASH_DIGITS: usize = 16;
/// Kept for a year: another content has another address.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    vec![
        asset(
            "style.css",
            "text/css; charset=utf-8",
            include_bytes!("../assets/style.css"),
        ),
        asset(
            "script.js",
            "text/javascript; charset=utf-8",
            include_bytes!("../assets/script.js"),
        ),
        asset(
            "files.js",
            "text/javascript; charset=utf-8",
            include_bytes!("../assets/files.js"),
        ),
        asset(
            "icon.svg",
            "image/svg+xml",
            include_bytes!("../assets/icon.svg"),
        ),
    ]
});

fn asset(name: &'static str, content_type: &'static str, content: &'static [u8]) -> Asset {
    let digest = Sha256::digest(content);
    let mut hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    hash.truncate(HASH_DIGITS);
    Asset {
        name,
        content_type,
        content,
        hash,
    }
}

/// Names and contents of all files.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    ASSETS.iter().map(|asset| (asset.name, asset.content))
}

/// The path of the file with this name.
pub(crate) fn path_of(name: &str) -> Option<String> {
    let asset = ASSETS.iter().find(|asset| asset.name == name)?;
    Some(format!("/assets/{}/{}", asset.hash, asset.name))
}

/// The file with this hash and name. An old hash is not found: its content is gone.
pub(crate) fn response(hash: &str, name: &str) -> Option<Response> {
    let mut assets = ASSETS.iter();
    let asset = assets.find(|asset| asset.name == name && asset.hash == hash)?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(asset.content_type),
        ),
        (header::CACHE_CONTROL, FOREVER),
    ];
    Some((headers, asset.content).into_response())
}
