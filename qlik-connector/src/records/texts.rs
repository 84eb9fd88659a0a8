//! Truncates texts of the site that are longer than any name or description, and counts them, so that later code needs
//! no limits.

use std::{borrow::Cow, mem};

use catalog_model::{Diagnostic, counted};

use crate::records::{App, CustomProperty, Owner, Sheet, SheetApp, Stream, Tag, User};

/// Maximum size of a name, in bytes: of an app, a sheet, a stream, a user, a tag or a value of a custom property.
const MAX_NAME_BYTES: usize = 4 * 1024;

/// Maximum size of a description, in bytes.
const MAX_DESCRIPTION_BYTES: usize = 256 * 1024;

const ELLIPSIS: char = '…';

/// Counts truncated texts.
#[derive(Debug, Default)]
pub(crate) struct LongTexts {
    count: u64,
    first: Option<String>,
}

/// A record whose texts can be truncated, and that may be kept partly for the rest of the scan.
pub(crate) trait Bounded {
    /// Maximum total size, in bytes, of what is kept of all records of a list.
    const MAX_KEPT_BYTES: usize;

    /// Truncates the texts that are too long.
    fn shorten(&mut self, texts: &mut LongTexts);

    /// Returns the approximate size of what is kept of the record, in bytes.
    fn kept_bytes(&self) -> usize;
}

/// Whether a name was truncated, so that its rest is unknown.
pub(crate) fn is_cut(name: &str) -> bool {
    name.len() + 2 * ELLIPSIS.len_utf8() > MAX_NAME_BYTES && name.ends_with(ELLIPSIS)
}

/// Whether a description was truncated.
pub(crate) fn is_cut_description(description: &str) -> bool {
    description.len() + 2 * ELLIPSIS.len_utf8() > MAX_DESCRIPTION_BYTES
        && description.ends_with(ELLIPSIS)
}

impl LongTexts {
    fn name(&mut self, text: &mut Cow<'_, str>, what: &str, id: &str) {
        self.cut(text, MAX_NAME_BYTES, what, id);
    }

    fn description(&mut self, text: &mut Cow<'_, str>, id: &str) {
        self.cut(text, MAX_DESCRIPTION_BYTES, "the description", id);
    }

    fn cut(&mut self, text: &mut Cow<'_, str>, limit: usize, what: &str, id: &str) {
        if text.len() <= limit {
            return;
        }
        self.count += 1;
        let length = text.len();
        self.first
            .get_or_insert_with(|| format!("{what} of `{id}`, {length} bytes"));
        let mut cut = mem::take(text).into_owned();
        cut.truncate(cut.floor_char_boundary(limit - ELLIPSIS.len_utf8()));
        cut.push(ELLIPSIS);
        cut.shrink_to_fit();
        *text = cut.into();
    }

    fn tags(&mut self, tags: &mut [Tag<'_>], id: &str) {
        for tag in tags {
            self.name(&mut tag.name, "a tag", id);
        }
    }

    fn stream(&mut self, stream: Option<&mut Stream<'_>>, id: &str) {
        if let Some(stream) = stream {
            self.name(&mut stream.name, "the name of the stream", id);
        }
    }

    fn owner(&mut self, owner: Option<&mut Owner<'_>>, id: &str) {
        if let Some(owner) = owner {
            self.name(&mut owner.name, "the name of the owner", id);
        }
    }

    fn property(&mut self, property: &mut CustomProperty<'_>, id: &str) {
        self.name(&mut property.value, "the value of a custom property", id);
        if let Some(definition) = &mut property.definition {
            self.name(&mut definition.name, "the name of a custom property", id);
        }
    }

    /// Returns a warning about the truncated texts of a list.
    pub(crate) fn warning(&self, list: &str) -> Option<Diagnostic> {
        let first = self.first.as_ref()?;
        let were = if self.count == 1 { "was" } else { "were" };
        let texts = counted(self.count, "text");
        Some(Diagnostic::warning(
            format!(
                "{texts} of the list of {list} {were} truncated: names may have {MAX_NAME_BYTES} bytes, descriptions \
                 {MAX_DESCRIPTION_BYTES}; first: {first}"
            ),
            None,
        ))
    }
}

impl Bounded for App<'_> {
    /// A site with 23,500 apps uses about 20 MB.
    const MAX_KEPT_BYTES: usize = 128_000_000;

    fn shorten(&mut self, texts: &mut LongTexts) {
        let id = self.id.as_str();
        texts.name(&mut self.name, "the name", id);
        texts.description(&mut self.description, id);
        texts.stream(self.stream.as_mut(), id);
        texts.owner(self.owner.as_mut(), id);
        texts.tags(&mut self.tags, id);
        for property in &mut self.custom_properties {
            texts.property(property, id);
        }
    }

    fn kept_bytes(&self) -> usize {
        let tags = self.tags.iter().map(|tag| 24 + tag.name.len());
        let properties = self.custom_properties.iter().map(|property| {
            let name = property
                .definition
                .as_ref()
                .map_or(0, |known| known.name.len());
            32 + name + property.value.len()
        });
        let stream = self.stream.as_ref().map_or(0, |stream| stream.name.len());
        let texts = 2 * self.id.as_str().len() + self.name.len() + self.description.len() + stream;
        let owner = self.owner.as_ref().map_or(0, |owner| {
            100 + owner.name.len() + owner.user_id.len() + owner.user_directory.len()
        });
        600 + owner + texts + tags.sum::<usize>() + properties.sum::<usize>()
    }
}

impl Bounded for User {
    /// A site with 40,000 users uses about 15 MB.
    const MAX_KEPT_BYTES: usize = 64_000_000;

    /// Does nothing: only the address of a user is kept, and an address that is too long is treated as missing.
    fn shorten(&mut self, _: &mut LongTexts) {}

    fn kept_bytes(&self) -> usize {
        300 + self.id.as_str().len()
    }
}

impl Bounded for Sheet<'_> {
    /// No sheet is remembered.
    const MAX_KEPT_BYTES: usize = usize::MAX;

    fn shorten(&mut self, texts: &mut LongTexts) {
        let id = self.id.as_str();
        texts.name(&mut self.name, "the name", id);
        texts.description(&mut self.description, id);
        texts.name(&mut self.object_type, "the type", id);
        texts.owner(self.owner.as_mut(), id);
        texts.tags(&mut self.tags, id);
        if let Some(SheetApp { name, stream, .. }) = &mut self.app {
            texts.name(name, "the name of the app", id);
            texts.stream(stream.as_mut(), id);
        }
    }

    fn kept_bytes(&self) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_truncated_at_a_character_boundary_and_marked() {
        for letter in ["x", "é", "€", "😀"] {
            let mut texts = LongTexts::default();
            let mut fits = Cow::<str>::Owned(letter.repeat(MAX_NAME_BYTES / letter.len()));
            let whole = fits.clone();
            texts.name(&mut fits, "the name", "a-1");
            assert!(fits == whole && !is_cut(&fits) && texts.warning("apps").is_none());
            let mut long = Cow::<str>::Owned(letter.repeat(MAX_NAME_BYTES) + "x");
            texts.name(&mut long, "the name", "a-1");
            assert!(long.len() <= MAX_NAME_BYTES && is_cut(&long), "{letter}");
            let message = texts.warning("apps").unwrap().message;
            assert!(
                message.starts_with("1 text of the list of apps was truncated"),
                "{message}"
            );
            assert!(message.contains("the name of `a-1`"), "{message}");
        }
        assert!(!is_cut("Sales…"));
    }
}
