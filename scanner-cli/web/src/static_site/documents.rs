//! The search index of a site: what the script of the files loads. Each file calls `catalogData` with its name and a value,
//! because pages that are opened from a folder may load scripts only.

use std::collections::VecDeque;

use catalog_model::{Contacts, PropertyValue};
use serde_json::{Value, json};

use super::index::Segment;
use crate::{
    store::browse::{BrowseEntry, Subject},
    views::{Described, Views},
};

/// Number of documents of a file.
const CHUNK: usize = 500;
/// Maximum number of words of documents in a segment. It takes about 20 bytes of memory for each.
const MAX_SEGMENT: usize = 1_000_000;
/// Maximum number of characters of a description in results.
const MAX_DESCRIPTION: usize = 240;

/// What is written of the search index.
#[derive(Default)]
pub(super) struct Documents {
    count: u32,
    chunk: Vec<Value>,
    chunks: usize,
    segment: Segment,
    /// The names of the parts of each complete segment.
    segments: Vec<Vec<String>>,
    ready: VecDeque<(String, String)>,
}

impl Documents {
    /// Adds an item or container that is shown in a file.
    pub(super) fn add(&mut self, views: &Views<'_>, entry: &BrowseEntry, file: &str) {
        let place: Vec<_> = entry
            .containers
            .iter()
            .map(|held| views.named(&held.name))
            .collect();
        let place = place.join(" / ");
        let name = views.named(entry.name());
        let description = entry.description().unwrap_or_default();
        let owner = entry
            .owner()
            .and_then(|owner| owner.name.clone().or(owner.account.clone()));
        let kind = match &entry.subject {
            Subject::Item(_) => "",
            Subject::Container(container) => container.kind.label,
        };
        let short: String = description.chars().take(MAX_DESCRIPTION).collect();
        self.chunk
            .push(json!([name, place, short, file, owner, kind]));
        let more = other_texts(entry);
        let mut others: Vec<&str> = more.iter().map(String::as_str).collect();
        others.extend([place.as_str(), description]);
        self.segment.add(self.count, &name, &others);
        self.count += 1;
        if self.chunk.len() == CHUNK {
            self.end_chunk();
        }
        if self.segment.len() >= MAX_SEGMENT {
            self.end_segment();
        }
    }

    /// Ends the index.
    pub(super) fn end(&mut self) {
        self.end_chunk();
        self.end_segment();
        let index = json!({ "count": self.count, "chunk": CHUNK, "segments": self.segments });
        self.file("index", &index.to_string());
    }

    /// The next file that is complete.
    pub(super) fn take_file(&mut self) -> Option<(String, String)> {
        self.ready.pop_front()
    }

    fn end_chunk(&mut self) {
        let chunk = Value::Array(std::mem::take(&mut self.chunk));
        self.file(&format!("documents-{}", self.chunks), &chunk.to_string());
        self.chunks += 1;
    }

    fn end_segment(&mut self) {
        let number = self.segments.len();
        let shards = std::mem::take(&mut self.segment).shards();
        let mut names = Vec::with_capacity(shards.len());
        for (name, content) in shards {
            self.file(&format!("words-{number}-{name}"), &content);
            names.push(name);
        }
        self.segments.push(names);
    }

    fn file(&mut self, name: &str, value: &str) {
        let content = format!("catalogData(\"{name}\", {value});\n");
        self.ready.push_back((format!("search/{name}.js"), content));
    }
}

/// What else people may search for: owners, and texts and tags of properties.
fn other_texts(entry: &BrowseEntry) -> Vec<String> {
    let mut texts = Vec::new();
    if let Contacts::Known(contacts) = entry.contacts() {
        for contact in contacts {
            texts.extend(contact.name.clone());
            texts.extend(contact.account.clone());
            texts.extend(contact.email.clone());
        }
    }
    match &entry.subject {
        Subject::Item(item) => {
            for (_, value) in item.properties.iter() {
                match value {
                    PropertyValue::Tags(tags) => texts.extend(tags.iter().cloned()),
                    PropertyValue::Text(text) | PropertyValue::LongText(text) => {
                        texts.push(text.clone());
                    }
                    _ => {}
                }
            }
        }
        Subject::Container(container) => {
            texts.extend(container.tags.iter().cloned());
            let custom = container.custom_properties.iter();
            texts.extend(custom.map(|property| property.value.clone()));
        }
    }
    texts
}
