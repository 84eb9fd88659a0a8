//! Commands that settings name, such as one that fetches a ticket.

use std::error::Error;

use async_trait::async_trait;
use secrecy::SecretString;

/// Runs commands that settings name. A connector never starts a process itself.
#[async_trait]
pub trait CommandRunner: Send + Sync {
    /// Runs a program with its arguments, without a shell, and returns the first line of its output.
    ///
    /// # Errors
    /// If the program cannot be started, fails, takes too long, or prints nothing. The error may be shown: it contains no
    /// output of the program but what it wrote to standard error, without the line.
    async fn first_line(
        &self,
        command: &[String],
    ) -> Result<SecretString, Box<dyn Error + Send + Sync>>;
}
