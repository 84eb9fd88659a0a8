//! Why an attempt at a scan ended early.

use catalog_model::SinkError;
use qrs_client::Error;

/// What to do about a list that is larger than that of any site.
pub(crate) const TOO_MUCH: &str = "check that `connection.url` is the URL of a Qlik Sense site: no site sends such a list\n\
    check whether a gateway in front of the site changes responses";

/// Why an attempt at a scan ended early.
pub(crate) enum AttemptError {
    /// The site failed: the step, and the error.
    Source(String, Error),
    /// A list that must be read again because it contains a record more than once.
    Repeated {
        /// The name of the list.
        list: &'static str,
        /// The id of the first such record.
        id: String,
    },
    /// Reading only changes met something unexpected, so everything must be read.
    Odd(String),
    /// A list that is larger than that of any site: the step, and what it exceeds.
    TooMuch(String, String),
    /// The sink returned an error.
    Sink(SinkError),
}

impl From<SinkError> for AttemptError {
    fn from(error: SinkError) -> Self {
        Self::Sink(error)
    }
}
