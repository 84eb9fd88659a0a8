//! How long the client waits, and which limit was exceeded.

use std::time::Duration;

/// How long the client waits.
///
/// ```
/// use std::time::Duration;
///
/// use qrs_client::TimeLimits;
///
/// let limits = TimeLimits::default().with_connect(Duration::from_secs(5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimeLimits {
    /// Maximum time to connect, TLS included: 10 s.
    pub connect: Duration,
    /// Maximum time until a response begins, connecting included: 120 s. A site that was idle takes more than 20 s for its
    /// first session.
    pub first_byte: Duration,
    /// The same for lists: 15 min. A site of some thousand sheets begins its list after two minutes
    /// or later (`QMCUtility` #111); Qlik's own monitoring apps wait for 15 min.
    pub first_byte_of_list: Duration,
    /// Maximum time between two parts of a response: 60 s.
    pub silence: Duration,
    /// Maximum time for a whole response, failed tries included: 60 min. Time in which the caller of a list takes no records
    /// for more than five seconds does not count.
    pub list: Duration,
}

/// One of the [`TimeLimits`]; see [`Error::time_limit`](crate::Error::time_limit).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeLimit {
    /// [`TimeLimits::connect`]
    Connect,
    /// [`TimeLimits::first_byte`]
    FirstByte,
    /// [`TimeLimits::first_byte_of_list`]
    FirstByteOfList,
    /// [`TimeLimits::silence`]
    Silence,
    /// [`TimeLimits::list`]
    List,
}

/// What a request reads. Lists of large sites begin late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Value,
    List,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(120),
            first_byte_of_list: Duration::from_secs(15 * 60),
            silence: Duration::from_secs(60),
            list: Duration::from_secs(60 * 60),
        }
    }
}

impl TimeLimits {
    /// Sets the maximum time to connect.
    #[must_use]
    pub fn with_connect(mut self, limit: Duration) -> Self {
        self.connect = limit;
        self
    }

    /// Sets the maximum time until a response begins.
    #[must_use]
    pub fn with_first_byte(mut self, limit: Duration) -> Self {
        self.first_byte = limit;
        self
    }

    /// Sets the maximum time until a list begins.
    #[must_use]
    pub fn with_first_byte_of_list(mut self, limit: Duration) -> Self {
        self.first_byte_of_list = limit;
        self
    }

    /// Sets the maximum time between two parts of a response.
    #[must_use]
    pub fn with_silence(mut self, limit: Duration) -> Self {
        self.silence = limit;
        self
    }

    /// Sets the maximum time for a whole response.
    #[must_use]
    pub fn with_list(mut self, limit: Duration) -> Self {
        self.list = limit;
        self
    }

    /// The limits of a request for this.
    pub(crate) fn of_request(self, wanted: Wanted) -> outbound_http::TimeLimits {
        outbound_http::TimeLimits::default()
            .with_connect(self.connect)
            .with_first_byte(match wanted {
                Wanted::Value => self.first_byte,
                Wanted::List => self.first_byte_of_list,
            })
            .with_silence(self.silence)
            .with_total(self.list)
    }
}

impl TimeLimit {
    /// The limit of a request for a single value that corresponds to a limit of HTTP.
    pub(crate) fn from_http(limit: outbound_http::TimeLimit) -> Self {
        match limit {
            outbound_http::TimeLimit::Connect => Self::Connect,
            outbound_http::TimeLimit::FirstByte => Self::FirstByte,
            outbound_http::TimeLimit::Silence => Self::Silence,
            _ => Self::List,
        }
    }

    /// The same limit for what was requested.
    pub(crate) fn for_request(self, wanted: Wanted) -> Self {
        match (self, wanted) {
            (Self::FirstByte, Wanted::List) => Self::FirstByteOfList,
            (limit, _) => limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_begin_later_than_a_value() {
        let limits = TimeLimits::default();
        let list = limits.of_request(Wanted::List);
        let value = limits.of_request(Wanted::Value);
        assert_eq!(list.first_byte, Duration::from_secs(900));
        assert_eq!(value.first_byte, Duration::from_secs(120));
        let begin = TimeLimit::from_http(outbound_http::TimeLimit::FirstByte);
        assert_eq!(begin.for_request(Wanted::List), TimeLimit::FirstByteOfList);
        assert_eq!(begin.for_request(Wanted::Value), TimeLimit::FirstByte);
    }
}
