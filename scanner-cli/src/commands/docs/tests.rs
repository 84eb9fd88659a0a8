use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::*;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// All files with this extension in a folder, without build folders.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_page_is_a_topic_with_a_title() {
    let docs = repository().join("docs");
    let pages = files(&docs, "md").into_iter().map(|path| {
        let name = path.strip_prefix(&docs).unwrap().with_extension("");
        name.to_string_lossy().replace('\\', "/")
    });
    let topics: BTreeSet<_> = TOPICS.iter().map(|topic| topic.name.to_owned()).collect();
    assert_eq!(topics, pages.collect(), "add new pages to `TOPICS`");
    for topic in TOPICS {
        assert!(topic.text.starts_with("# "), "{}", topic.name);
    }
}

/// What follows the name of the macro in a reference.
const REFERENCE: &str = concat!("documentation!", "(\"");

#[test]
fn messages_refer_to_pages_that_the_program_has() {
    let mut references = 0;
    for path in files(repository(), "rs") {
        let file = path.display();
        let text = fs::read_to_string(&path).unwrap();
        for (start, _) in text.match_indices(REFERENCE) {
            let rest = &text[start + REFERENCE.len()..];
            let wanted = &rest[..rest.find('"').unwrap()];
            let (name, anchor) = wanted.split_once('#').unwrap_or((wanted, ""));
            let topic = find(name).unwrap_or_else(|| panic!("{file}: {wanted}"));
            assert_eq!(topic.name, name, "{file}");
            let has_section = matches!(section(topic.text, anchor), Section::Found(_));
            assert!(anchor.is_empty() || has_section, "{file}: {wanted}");
            references += 1;
        }
    }
    assert!(references >= 8, "{references}");
}

#[test]
fn messages_do_not_name_files_that_an_installed_program_lacks() {
    for path in files(repository(), "rs") {
        let is_part = |name: &str| path.components().any(|part| part.as_os_str() == name);
        if is_part("tests") || is_part("xtask") || path.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for line in text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            let names_a_page = line.contains("docs/") && line.contains(".md");
            // The file of an installed package is there.
            let is_installed = line.contains("file:///usr/share/doc/");
            let is_message = names_a_page && !line.contains("include_str!") && !is_installed;
            assert!(!is_message, "{}: {line}", path.display());
        }
    }
}

#[test]
fn topics_are_found_by_their_short_names_and_as_files() {
    for name in ["catalogs/zeenea", "zeenea", "docs/catalogs/zeenea.md"] {
        let found = find(name).map(|topic| topic.name);
        assert_eq!(found, Some("catalogs/zeenea"), "{name}");
    }
    assert!(find("zee").is_none());
}
