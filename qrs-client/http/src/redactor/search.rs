//! Searches for one secret in a text, in time that is linear in the length of the text (Knuth, Morris and Pratt).

use std::ops::Range;

use secrecy::{ExposeSecret, SecretString};

use super::spelling::{Unit, View};

/// A search for a secret. Letters match in either case, and a space matches `+`, which stands for it in a query.
pub(super) struct Search<'s> {
    secret: &'s [u8],
    /// For each prefix, the length of the longest shorter prefix that is also its end.
    borders: Vec<usize>,
}

impl<'s> Search<'s> {
    pub(super) fn new(secret: &'s SecretString) -> Self {
        let secret = secret.expose_secret().as_bytes();
        let mut search = Self {
            secret,
            borders: vec![0],
        };
        let mut matched = 0;
        for byte in &secret[1..] {
            matched = search.step(matched, *byte);
            search.borders.push(matched);
        }
        search
    }

    /// Reports each occurrence, as a range of the text, in order; they may overlap.
    pub(super) fn find(&self, view: &View, mut report: impl FnMut(Range<usize>)) {
        self.walk(view.units(), |first, last| report(first.start..last.end));
    }

    /// If the text ends with the beginning of the secret, the position where that begins; otherwise the end of the text.
    pub(super) fn open_at_end(&self, view: &View) -> usize {
        let units = view.units();
        let matched = self.walk(units, |_, _| {});
        let end = units.last().map_or(0, |unit| unit.end);
        let open = units.len() - matched;
        units.get(open).map_or(end, |unit| unit.start)
    }

    /// Returns how many bytes of the secret match at the end of the text.
    fn walk(&self, units: &[Unit], mut report: impl FnMut(Unit, Unit)) -> usize {
        let mut matched = 0;
        for (at, unit) in units.iter().enumerate() {
            matched = self.step(matched, unit.byte);
            if matched == self.secret.len() {
                report(units[at + 1 - matched], *unit);
                matched = self.borders[matched - 1];
            }
        }
        matched
    }

    /// The number of matched bytes after one more byte of text. `matched` is the number before it, less than the secret's length.
    fn step(&self, mut matched: usize, byte: u8) -> usize {
        loop {
            if folded(self.secret[matched]) == folded(byte) {
                return matched + 1;
            }
            if matched == 0 {
                return 0;
            }
            matched = self.borders[matched - 1];
        }
    }
}

fn folded(byte: u8) -> u8 {
    match byte {
        b'+' => b' ',
        other => other.to_ascii_lowercase(),
    }
}
