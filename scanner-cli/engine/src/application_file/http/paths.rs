//! The names of the catalog in addresses: its base path, and its hosts.

use catalog_model::Settings;

const BASE_PATH: &str = "http.base_path";
const HOSTS: &str = "http.hosts";

/// First parts of addresses, which a base path cannot begin with: a proxy may remove the base path, or not.
const FIRST_PARTS: [&str; 17] = [
    "api",
    "apps",
    "assets",
    "changes",
    "connections",
    "feed.atom",
    "healthz",
    "items",
    "metrics",
    "owners",
    "quality",
    "readyz",
    "scans",
    "search",
    "sign-in",
    "sign-out",
    "streams",
];

/// Reads the base path: empty, or such as `/catalog`.
pub(super) fn base_path(settings: &mut Settings) -> String {
    let Some(text) = settings.text(BASE_PATH) else {
        return String::new();
    };
    let path = text.value.trim().trim_end_matches('/');
    let is_plain =
        |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.' | '~');
    let is_part = |part: &str| !matches!(part, "" | "." | "..") && part.chars().all(is_plain);
    let parts = path
        .strip_prefix('/')
        .map(|parts| parts.split('/').collect::<Vec<_>>());
    let is_valid = |parts: &Vec<&str>| {
        parts.iter().all(|part| is_part(part))
            && parts
                .first()
                .is_some_and(|first| !FIRST_PARTS.contains(first))
    };
    if path.is_empty() || parts.as_ref().is_some_and(is_valid) {
        return path.to_owned();
    }
    let message = match parts.and_then(|parts| parts.first().copied().map(str::to_owned)) {
        Some(first) if FIRST_PARTS.contains(&first.as_str()) => {
            format!("`{BASE_PATH}` must not begin with `/{first}`, the address of a page")
        }
        _ => format!(
            "`{BASE_PATH}` must be a path of letters, digits, `-`, `_`, `.` and `~` that begins with a slash, not `{}`",
            text.value
        ),
    };
    settings.refuse(
        BASE_PATH,
        message,
        format!("write `{BASE_PATH} = \"/catalog\"`"),
    );
    String::new()
}

/// Reads the accepted names in `Host` headers, in lower case.
pub(super) fn hosts(settings: &mut Settings) -> Vec<String> {
    let texts = settings.texts(HOSTS).map(|texts| texts.value);
    let mut hosts = Vec::new();
    for text in texts.unwrap_or_default() {
        let name = text.strip_suffix('.').unwrap_or(&text).to_ascii_lowercase();
        let is_label = |label: &str| {
            let is_plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
            (1..=63).contains(&label.len()) && label.chars().all(is_plain)
        };
        if name.len() > 253 || !name.split('.').all(is_label) {
            let message = format!(
                "`{HOSTS}` must have names of hosts without scheme, port and wildcards, not `{text}`"
            );
            settings.refuse(
                HOSTS,
                message,
                format!("write `{HOSTS} = [\"catalog.example.com\"]`"),
            );
            return Vec::new();
        }
        hosts.push(name);
    }
    hosts
}
