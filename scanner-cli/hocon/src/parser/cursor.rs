//! The position of the parser: the next token, and methods that advance.

use std::ops::Range;

use super::{Parser, Place, T};
use crate::source::count;

impl Parser<'_, '_> {
    /// Returns the path of the current setting, including the path of the block into which the file is included.
    pub(super) fn full_path(&self) -> Vec<String> {
        [self.within.path.as_slice(), &self.path].concat()
    }

    /// Whether a value may end here.
    pub(super) fn ends_value(&mut self) -> bool {
        if *self.kind() == T::Space {
            self.advance();
        }
        matches!(
            self.kind(),
            T::Newline | T::Comma | T::CloseBrace | T::CloseBracket | T::End
        )
    }

    pub(super) fn kind(&self) -> &T {
        &self.tokens[self.at].kind
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.tokens[self.at].span.clone()
    }

    pub(super) fn text(&self) -> &str {
        &self.source.text[self.span()]
    }

    pub(super) fn place(&self) -> Place {
        let token = &self.tokens[self.at];
        Place::new(
            self.source.file.clone(),
            count(token.line),
            count(token.column),
        )
    }

    /// Advances to the next token. Does not advance beyond the end.
    pub(super) fn advance(&mut self) {
        self.at = (self.at + 1).min(self.tokens.len() - 1);
    }

    pub(super) fn skip_lines(&mut self) {
        while matches!(self.kind(), T::Space | T::Newline) {
            self.advance();
        }
    }

    /// Skips the separators between two settings or items. Returns whether there was a line break or a comma.
    pub(super) fn separator(&mut self) -> bool {
        let mut separated = false;
        loop {
            match self.kind() {
                T::Space => {}
                T::Newline => separated = true,
                T::Comma => {
                    self.at += 1;
                    return true;
                }
                _ => return separated,
            }
            self.at += 1;
        }
    }
}
