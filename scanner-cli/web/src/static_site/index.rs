//! A segment of the search index: which documents contain a word. Segments have a limited size, so that memory is limited.

use std::collections::BTreeMap;

use super::words::{shard, words};

/// Documents with a word, each once.
#[derive(Default)]
struct Occurrences {
    /// In a name.
    names: Vec<u32>,
    /// Elsewhere.
    others: Vec<u32>,
}

/// The words of some documents.
#[derive(Default)]
pub(super) struct Segment {
    words: BTreeMap<String, Occurrences>,
    count: usize,
}

impl Segment {
    /// Adds a document with its name and its other texts. Numbers ascend.
    pub(super) fn add(&mut self, document: u32, name: &str, others: &[&str]) {
        for word in words(name) {
            self.count += push(&mut self.words.entry(word).or_default().names, document);
        }
        for word in others.iter().flat_map(|text| words(text)) {
            let found = self.words.entry(word).or_default();
            if found.names.last() != Some(&document) {
                self.count += push(&mut found.others, document);
            }
        }
    }

    /// Number of words of documents.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The parts of the segment: their names and contents as JSON.
    pub(super) fn shards(self) -> Vec<(String, String)> {
        let mut shards: Vec<(String, String)> = Vec::new();
        let mut sorted: Vec<_> = self.words.into_iter().collect();
        sorted.sort_by_cached_key(|(word, _)| (shard(word), word.clone()));
        for (word, found) in sorted {
            let name = shard(&word);
            let word = serde_json::Value::String(word);
            let entry = format!("{word}:[{},{}]", gaps(&found.names), gaps(&found.others));
            match shards.last_mut() {
                Some((known, content)) if *known == name => {
                    content.push(',');
                    content.push_str(&entry);
                }
                _ => shards.push((name, entry)),
            }
        }
        let complete = shards.into_iter();
        complete
            .map(|(name, content)| (name, format!("{{{content}}}")))
            .collect()
    }
}

fn push(documents: &mut Vec<u32>, document: u32) -> usize {
    if documents.last() == Some(&document) {
        return 0;
    }
    documents.push(document);
    1
}

/// Ascending numbers as a JSON array of their differences, which are shorter.
fn gaps(documents: &[u32]) -> String {
    let mut last = 0;
    let gaps = documents.iter().map(|document| {
        let gap = document - last;
        last = *document;
        gap.to_string()
    });
    format!("[{}]", gaps.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_says_in_which_documents_a_word_is() {
        let mut segment = Segment::default();
        segment.add(3, "Sales", &["sales of Salt"]);
        segment.add(7, "Other", &["sales"]);
        segment.add(8, "Sales", &[]);
        assert_eq!(segment.len(), 6);
        assert_eq!(
            segment.shards(),
            [
                ("6f-66".to_owned(), r#"{"of":[[],[3]]}"#.to_owned()),
                ("6f-74".to_owned(), r#"{"other":[[7],[]]}"#.to_owned()),
                (
                    "73-61".to_owned(),
                    r#"{"sales":[[3,5],[7]],"salt":[[],[3]]}"#.to_owned()
                ),
            ]
        );
    }
}
