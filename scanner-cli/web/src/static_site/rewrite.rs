//! Replaces links between pages of a server by relative links between files.

use percent_encoding::percent_decode_str;

use super::files::{file_of_container, file_of_item, file_of_owner};
use crate::query::Query;

/// A page with relative links.
pub(super) struct Rewritten {
    pub(super) html: String,
    /// The cursor of the next page, if the page leads to one.
    pub(super) cursor: Option<String>,
}

/// Replaces all links of a page that begin with `mark`. The page becomes `file`; the first page of its list is `first`, and
/// the next one `next`.
pub(super) fn page(
    html: &str,
    mark: &str,
    (file, first, next): (&str, &str, Option<&str>),
) -> Rewritten {
    let up = "../".repeat(file.matches('/').count());
    let begin = format!("=\"{mark}");
    let mut written = String::with_capacity(html.len());
    let mut cursor = None;
    let mut rest = html;
    while let Some(at) = rest.find(&begin) {
        let (before, link) = rest.split_at(at + 2);
        written.push_str(before);
        let end = link.find('"').unwrap_or(link.len());
        let address = unescaped(&link[mark.len()..end]);
        let (path, query) = address.split_once('?').unwrap_or((&address, ""));
        let query = Query::new(query);
        let target = match query.get("cursor") {
            Some(found) => {
                cursor = Some(found.to_owned());
                next.unwrap_or(first).to_owned()
            }
            None => target(path, &query),
        };
        written.push_str(&up);
        written.push_str(&target);
        rest = &link[end..];
    }
    written.push_str(rest);
    Rewritten {
        html: written,
        cursor,
    }
}

/// The file of an address, relative to the folder of the site.
fn target(path: &str, query: &Query) -> String {
    match path {
        "/" => "index.html".to_owned(),
        "/search" => match (query.get("owner"), query.get("q")) {
            (Some(owner), _) => file_of_owner(owner),
            (None, Some(text)) => {
                let mut parameters = url::form_urlencoded::Serializer::new(String::new());
                parameters.append_pair("q", text);
                format!("search.html?{}", parameters.finish())
            }
            (None, None) => "search.html".to_owned(),
        },
        path if path.starts_with("/assets/") => {
            let name = path.rsplit('/').next().unwrap_or_default();
            format!("assets/{name}")
        }
        path if path.starts_with("/items/") => file_of_item(path),
        path => match path.trim_start_matches('/').split_once('/') {
            Some(("quality", list)) => format!("quality-{list}.html"),
            Some(_) => file_of_container(path),
            None => format!(
                "{}.html",
                percent_decode_str(&path[1..]).decode_utf8_lossy()
            ),
        },
    }
}

/// The text of an attribute.
fn unescaped(attribute: &str) -> String {
    attribute
        .replace("&#38;", "&")
        .replace("&amp;", "&")
        .replace("&#39;", "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_from_one_file_to_another() {
        let html = r#"<a href="/m/">h</a> <a href="/m/items/a/b%2Fc">i</a> <link href="/m/assets/0f/style.css"> <a href="/m/search?q=%22a%22&#38;x=1">t</a> <a href="/m/apps?cursor=77">n</a> <a href="https://example.com/m/">e</a> text ="/n/"#;
        let Rewritten { html, cursor } = page(
            html,
            "/m",
            ("apps/01/x.html", "apps/01/x.html", Some("apps/01/x-2.html")),
        );
        assert_eq!(cursor.as_deref(), Some("77"));
        let item = file_of_item("/items/a/b%2Fc");
        let expected = format!(
            "<a href=\"../../index.html\">h</a> <a href=\"../../{item}\">i</a> <link href=\"../../assets/style.css\"> \
             <a href=\"../../search.html?q=%22a%22\">t</a> <a href=\"../../apps/01/x-2.html\">n</a> \
             <a href=\"https://example.com/m/\">e</a> text =\"/n/"
        );
        assert_eq!(html, expected);
    }
}
