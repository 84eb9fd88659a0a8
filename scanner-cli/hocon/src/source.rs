//! The text of a file, and places in it.

use std::{ops::Range, sync::Arc};

use catalog_model::Place;

/// The name and text of a file, and the parts of it that must not be shown.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) file: Arc<str>,
    pub(super) text: Arc<str>,
    /// The values of secret settings, as byte ranges of the text.
    pub(super) secrets: Vec<Range<usize>>,
    /// In a file that could be read: a range that may be shown, even if its line announces a secret.
    pub(super) open: Option<Range<usize>>,
    /// Whether messages may quote the text.
    pub(super) quotable: bool,
}

impl Source {
    pub(super) fn new(file: Arc<str>, text: &str) -> Self {
        Self {
            file,
            text: text.into(),
            secrets: Vec::new(),
            open: None,
            quotable: true,
        }
    }

    /// Whether the text at a byte offset may be shown.
    pub(super) fn is_open(&self, offset: usize) -> bool {
        self.open
            .as_ref()
            .is_some_and(|open| open.contains(&offset))
    }

    /// Returns the place of a byte offset.
    pub(super) fn place(&self, offset: usize) -> Place {
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        let column = before[line_start..].chars().count() + 1;
        Place::new(self.file.clone(), count(line), count(column))
    }

    /// Returns the line that contains a byte offset, without its line break.
    pub(super) fn line_around(&self, offset: usize) -> Range<usize> {
        let start = self.text[..offset].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[offset..]
            .find('\n')
            .map_or(self.text.len(), |at| offset + at);
        start..start + self.text[start..end].trim_end_matches('\r').len()
    }

    /// Returns the byte offset of a place in this file.
    pub(super) fn offset(&self, place: &Place) -> usize {
        let line_start = match place.line {
            0 | 1 => 0,
            line => self
                .text
                .match_indices('\n')
                .nth(line as usize - 2)
                .map_or(self.text.len(), |(at, _)| at + 1),
        };
        let rest = &self.text[line_start..];
        let columns = place.column.saturating_sub(1) as usize;
        line_start
            + rest
                .char_indices()
                .nth(columns)
                .map_or(rest.len(), |(at, _)| at)
    }
}

/// Converts a line or column number. Numbers above the maximum of `u32` become that maximum.
pub(super) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
