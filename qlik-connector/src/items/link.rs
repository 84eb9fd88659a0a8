//! Links to apps, sheets and streams for people.

use catalog_model::Link;
use qrs_client::{AppId, SiteUrl};
use url::Url;

/// The URL of the sheets of an app: `<base>/sense/app/<app id>/sheet`. [`sheet_link`] extends it.
pub(crate) fn sheets_of(base: &SiteUrl, app: &str) -> Link {
    extended(base.as_url(), ["sense", "app", app, "sheet"]).into()
}

/// `<base>/sense/app/<app id>/sheet/<sheet id>/state/analysis`, each id percent-encoded (Qlik help, "App integration":
/// the sheet id of a link is the engine's object id).
pub(crate) fn sheet_link(sheets: &Link, sheet: &str) -> Link {
    sheets.below([sheet, "state", "analysis"])
}

/// The URL of an app: `<base>/sense/app/<app id>`.
pub(crate) fn app_link(base: &SiteUrl, app: &AppId) -> Url {
    extended(base.as_url(), ["sense", "app", app.as_str()])
}

/// The URL of a stream: `<base>/hub/stream/<stream id>`.
pub(crate) fn stream_link(base: &SiteUrl, stream: &str) -> Url {
    extended(base.as_url(), ["hub", "stream", stream])
}

fn extended<const N: usize>(url: &Url, segments: [&str; N]) -> Url {
    let mut url = url.clone();
    // An http URL always has path segments.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_percent_encoded_below_the_base() {
        for (base, sheet, expected) in [
            (
                "https://qlik.example.com",
                "JDWuPK",
                "https://qlik.example.com/sense/app/a%2Fb/sheet/JDWuPK/state/analysis",
            ),
            (
                "https://qlik.example.com:8443/people/",
                "x y?#%é",
                "https://qlik.example.com:8443/people/sense/app/a%2Fb/sheet/x%20y%3F%23%25%C3%A9/state/analysis",
            ),
        ] {
            let base = SiteUrl::parse(base).unwrap();
            let sheets = sheets_of(&base, "a/b");
            let link = sheet_link(&sheets, sheet);
            assert_eq!(link.as_str(), expected);
        }
    }
}
