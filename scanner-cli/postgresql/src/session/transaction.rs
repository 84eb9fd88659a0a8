//! Transactions in a schema.

use super::{Failure, Session};
use crate::names::quoted;

impl Session {
    /// Begins a transaction in the schema. Neither the scanner nor the server waits longer than the time limit, so that a
    /// scanner that was killed leaves no locks.
    ///
    /// # Errors
    /// If the database cannot be used.
    pub async fn begin(&self, schema: &str) -> Result<(), Failure> {
        self.begin_with("BEGIN", schema).await
    }

    /// Begins a transaction that cannot write.
    ///
    /// # Errors
    /// If the database cannot be used.
    pub async fn begin_to_read(&self, schema: &str) -> Result<(), Failure> {
        self.begin_with("BEGIN READ ONLY", schema).await
    }

    async fn begin_with(&self, begin: &str, schema: &str) -> Result<(), Failure> {
        let (schema, limit) = (
            quoted(schema),
            self.limit().as_millis().min(i32::MAX as u128),
        );
        let begin = format!(
            "{begin}; SET LOCAL search_path = {schema}; SET LOCAL statement_timeout = {limit}; \
             SET LOCAL lock_timeout = {limit}; SET LOCAL idle_in_transaction_session_timeout = {limit}"
        );
        self.batch(&begin).await
    }

    /// Ends the transaction.
    ///
    /// # Errors
    /// If the database cannot be used, or the transaction cannot be committed.
    pub async fn commit(&self) -> Result<(), Failure> {
        self.batch("COMMIT").await
    }

    /// Undoes the transaction.
    ///
    /// # Errors
    /// If the database cannot be used.
    pub async fn roll_back(&self) -> Result<(), Failure> {
        self.batch("ROLLBACK").await
    }
}
