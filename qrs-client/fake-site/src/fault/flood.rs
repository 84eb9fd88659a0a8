//! Responses that are larger than a client should read. They are produced while they are sent.

use super::{Effect, Fault};
use crate::answer::{Answer, Body, Flood};

/// Faults that make the response too large or endless.
impl Fault {
    /// Answers with 200, `start`, and then `part` while the client reads. Each `{n}` in `part` becomes the
    /// number of the repetition, from 0.
    ///
    /// ```
    /// # use qrs_fake_site::Fault;
    /// let list_of_nulls = Fault::endless("[null", ",null").on("/qrs/app/full");
    /// let apps = Fault::endless("[", r#"{"id":"app-{n}"},"#).on("/qrs/app/full");
    /// ```
    pub fn endless(start: impl Into<String>, part: impl Into<String>) -> Self {
        Self::flood(Flood {
            start: start.into(),
            part: part.into(),
            times: None,
            end: String::new(),
        })
    }

    /// Answers with 200, `start`, then `part` the given number of times, then `end`.
    pub fn repeated(
        start: impl Into<String>,
        part: impl Into<String>,
        times: u64,
        end: impl Into<String>,
    ) -> Self {
        Self::flood(Flood {
            start: start.into(),
            part: part.into(),
            times: Some(times),
            end: end.into(),
        })
    }

    /// Compresses the body with gzip while it is sent.
    pub fn gzip() -> Self {
        Self::new(Effect::Gzip)
    }

    fn flood(flood: Flood) -> Self {
        Self::instead(Answer::json(Body::Flood(flood)))
    }
}
