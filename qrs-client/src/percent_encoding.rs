//! Percent-encoding of texts in URLs and headers.

use url::form_urlencoded::byte_serialize;

/// Percent-encodes everything except letters, digits and `*-._`. A space becomes `%20`: not every server decodes `+` as a space.
pub(crate) fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes())
        .map(|piece| if piece == "+" { "%20" } else { piece })
        .collect()
}
