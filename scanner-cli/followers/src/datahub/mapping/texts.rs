//! Texts of several values.

/// The values of one property as one text.
pub(super) fn joined<'a>(values: impl Iterator<Item = &'a str>) -> String {
    values.collect::<Vec<_>>().join("; ")
}
