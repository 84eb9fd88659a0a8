//! Batches: how many entries are one request.

use std::ops::Range;

/// How large a request may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of entries.
    pub entries: usize,
    /// Maximum number of bytes of the body. A single entry may have more.
    pub bytes: usize,
}

impl Limits {
    /// Cuts entries of these sizes, in bytes, into batches.
    pub(super) fn batches(self, sizes: &[usize]) -> Vec<Range<usize>> {
        let mut batches = Vec::new();
        let (mut start, mut bytes) = (0, 0);
        for (index, size) in sizes.iter().enumerate() {
            let is_full = index - start >= self.entries || bytes + size > self.bytes;
            if is_full && index > start {
                batches.push(start..index);
                (start, bytes) = (index, 0);
            }
            bytes += size;
        }
        if start < sizes.len() {
            batches.push(start..sizes.len());
        }
        batches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_full_by_number_or_by_bytes() {
        let limits = Limits {
            entries: 3,
            bytes: 10,
        };
        for (sizes, expected) in [
            (&[][..], vec![]),
            (&[1, 1, 1, 1], vec![0..3, 3..4]),
            (&[6, 4, 1], vec![0..2, 2..3]),
            (&[20, 1, 20], vec![0..1, 1..2, 2..3]),
        ] {
            assert_eq!(limits.batches(sizes), expected, "{sizes:?}");
        }
    }
}
