//! How servers answer when nothing is there before, and everything is accepted.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::sink::Request;

/// A kind of server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Catalog {
    Datahub,
    OpenMetadata,
    Webhook,
}

/// An answer with JSON.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) body: Cow<'a, [u8]>,
}

impl Catalog {
    pub(super) const ALL: [Self; 3] = [Self::Datahub, Self::OpenMetadata, Self::Webhook];

    /// The kind of its follower.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Datahub => "datahub",
            Self::OpenMetadata => "openmetadata",
            Self::Webhook => "webhook",
        }
    }

    /// The number of requests at the same time. A webhook receives one after the other, to keep their order.
    pub(super) const fn parallel(self) -> usize {
        match self {
            Self::Webhook => 1,
            Self::Datahub | Self::OpenMetadata => 4,
        }
    }

    pub(super) fn is_write(self, request: &Request) -> bool {
        request.method != "GET" && !request.target.ends_with("/batchGet")
    }

    pub(super) fn answer(self, request: &Request) -> Answer<'_> {
        match self {
            Self::Datahub => datahub(request),
            Self::OpenMetadata => openmetadata(request),
            Self::Webhook => Answer::json(&json!({})),
        }
    }
}

impl Answer<'_> {
    fn json(json: &Value) -> Self {
        Self {
            status: 200,
            body: Cow::Owned(json.to_string().into_bytes()),
        }
    }

    fn not_found() -> Self {
        Self {
            status: 404,
            ..Self::json(&json!({ "code": 404, "message": "not found" }))
        }
    }
}

fn datahub(request: &Request) -> Answer<'_> {
    match request.target.split(['/', '?']).nth(1) {
        Some("config") => Answer::json(&json!({
            "noCode": "true",
            "versions": { "acryldata/datahub": { "version": "v1.7.0" } },
        })),
        _ if request.target.ends_with("/batchGet") => Answer::json(&json!([])),
        // The server answers with the entities that it has stored.
        _ => Answer {
            status: 200,
            body: Cow::Borrowed(&request.body),
        },
    }
}

fn openmetadata(request: &Request) -> Answer<'_> {
    let path = request.target.trim_start_matches("/api/v1/");
    match path.split(['/', '?']).next() {
        Some("system") => Answer::json(&json!({ "version": "1.9.0" })),
        Some("search") => user(path),
        _ if request.method == "GET" => Answer::not_found(),
        _ if path.contains("/bulk?") => {
            // As many as a request may have: counting them would take time.
            let rows = 50;
            Answer::json(&json!({
                "dryRun": false,
                "status": "success",
                "numberOfRowsProcessed": rows,
                "numberOfRowsPassed": rows,
                "numberOfRowsFailed": 0,
            }))
        }
        _ => Answer::json(&json!({ "id": "0", "name": "stored" })),
    }
}

/// The user with the address that is searched for.
fn user(path: &str) -> Answer<'static> {
    let query = path.split(['=', '&']).nth(1).unwrap_or_default();
    let address = query.split("%22").nth(1).unwrap_or_default();
    let address = address.replace("%40", "@").replace("%2E", ".");
    let found = json!({ "_source": { "id": address, "email": address } });
    Answer::json(&json!({ "hits": { "hits": [found] } }))
}
