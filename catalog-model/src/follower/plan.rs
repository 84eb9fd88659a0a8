//! What a delivery would write, for a dry run.

use std::{fmt, sync::Arc};

/// Receives what a delivery would write to the catalog. Clones are cheap and have one receiver.
#[derive(Clone)]
pub struct Plan(Arc<dyn Fn(Planned) + Send + Sync>);

/// Something that a delivery would write.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Planned {
    /// A request to a server.
    Request {
        /// The method, such as `POST`.
        method: String,
        /// The URL. Never contains a secret.
        url: String,
        /// The headers, without those that every request has, such as `Authorization`.
        headers: Vec<(String, String)>,
        /// The body, if there is one.
        body: Option<String>,
    },
    /// A file that would be written or replaced.
    File {
        /// Its path, for messages.
        path: String,
        /// Number of items in it.
        items: u64,
    },
    /// A statement to a database.
    Statement {
        /// The table, or what else would be written.
        target: String,
        /// The statement.
        text: String,
        /// Number of rows that it would write.
        rows: u64,
    },
}

impl Plan {
    /// Calls `receive` with everything that would be written, in order.
    pub fn new(receive: impl Fn(Planned) + Send + Sync + 'static) -> Self {
        Self(Arc::new(receive))
    }

    /// Adds something that would be written.
    pub fn add(&self, planned: Planned) {
        (self.0)(planned);
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plan")
    }
}
