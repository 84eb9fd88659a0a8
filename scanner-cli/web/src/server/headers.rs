//! The headers that protect pages in a browser.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};

/// Only files of this server, without inline scripts and styles; nothing may embed the pages.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const PROTECTING: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: browsers would then hide the origin of the sign-in form.
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Adds the headers. What a browser keeps is what the page says; without a word, it is asked each time.
pub(super) fn protected(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in PROTECTING {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let unless_set = HeaderValue::from_static("private, no-cache");
    headers.entry(header::CACHE_CONTROL).or_insert(unless_set);
    response
}
