//! Whether an ended session may be the cause of an error.

/// Whether an ended session may be the cause of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndedSession {
    /// It is not the cause.
    Excluded,
    /// It may be the cause. The account may also lack a right, or the request may be wrong. A request for `/qrs/about`
    /// decides.
    Possible,
    /// It is the usual cause.
    Likely,
}
