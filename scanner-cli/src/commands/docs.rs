//! `docs`: prints the documentation, which is part of the program.

use catalog_model::nearest;

use crate::{exit::Exit, printable::Page, program::Program};

mod section;
#[cfg(test)]
mod tests;

use self::section::{Section, section};

/// A page of the documentation.
struct Topic {
    name: &'static str,
    text: &'static str,
}

/// The pages with these names, which are those of their files in `docs/`.
macro_rules! topics {
    ($($name:literal),* $(,)?) => {
        &[$(Topic { name: $name, text: include_str!(concat!("../../../docs/", $name, ".md")) }),*]
    };
}

/// All pages, those for newcomers first.
const TOPICS: &[Topic] = topics![
    "install",
    "qlik-setup",
    "trust-stores",
    "connection-file",
    "application-conf",
    "commands",
    "service",
    "windows",
    "filters",
    "secrets",
    "incremental",
    "catalog-page",
    "catalogs/zeenea",
    "catalogs/datahub",
    "catalogs/openmetadata",
    "catalogs/postgresql",
    "catalogs/spreadsheet",
    "catalogs/webhook",
    "from-zeenea-scanner",
    "fleet",
    "upgrade",
    "limits",
    "performance",
    "release",
];

pub(crate) fn run(program: &mut Program, topic: Option<&str>) -> Exit {
    let Some(wanted) = topic else {
        return program.print(&list(), Exit::Complete);
    };
    let (name, anchor) = match wanted.split_once('#') {
        Some((name, anchor)) => (name, Some(anchor)),
        None => (wanted, None),
    };
    let Some(topic) = find(name) else {
        let near = nearest(name, TOPICS.iter().map(|topic| topic.name));
        let near = near.map(|near| format!("did you mean `{near}`? "));
        let near = near.unwrap_or_default();
        return program.report_usage(&format!(
            "there is no topic `{name}`; {near}`scanner-cli docs` lists all topics"
        ));
    };
    match anchor.map(|anchor| section(topic.text, anchor)) {
        None => program.print(topic.text, Exit::Complete),
        Some(Section::Found(text)) => program.print(&text, Exit::Complete),
        Some(Section::Unknown { anchors }) => program.report_usage(&format!(
            "`{}` has no section `{}`; its sections are: {}",
            topic.name,
            anchor.unwrap_or_default(),
            anchors.join(", ")
        )),
    }
}

/// The page with this name: also with its folder or extension, or without its folder.
fn find(name: &str) -> Option<&'static Topic> {
    let name = name.strip_prefix("docs/").unwrap_or(name);
    let name = name.strip_suffix(".md").unwrap_or(name);
    let named = |topic: &&Topic| topic.name == name;
    let short = |topic: &&Topic| topic.name.rsplit('/').next() == Some(name);
    let mut topics = TOPICS.iter();
    topics.find(named).or_else(|| TOPICS.iter().find(short))
}

/// The names and titles of all pages.
fn list() -> String {
    let width = TOPICS.iter().map(|topic| topic.name.len()).max();
    let width = width.unwrap_or_default();
    let mut text = Page::default();
    for topic in TOPICS {
        let title = topic.text.lines().find_map(|line| line.strip_prefix("# "));
        writeln!(text, "{:width$}  {}", topic.name, title.unwrap_or_default());
    }
    text.into()
}
