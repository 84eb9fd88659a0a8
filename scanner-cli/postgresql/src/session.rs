//! The connection to a database: TCP, TLS, login, and statements with a time limit.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use outbound_http::{Redactor, Step};
use tokio::{
    task::JoinHandle,
    time::{error::Elapsed, timeout},
};
use tokio_postgres::{Client, Row, Statement, types::ToSql};

mod stream;
mod transaction;
mod way;

pub use way::{Way, WayEnd};

use crate::{
    database_url::{HostAddress, WantedServer},
    error::{Failure, Problem},
    settings::Target,
    values::Values,
};

use way::{together, unreachable};

/// A connection after the login.
pub struct Session {
    client: Client,
    /// Sends and receives for the client.
    task: Task,
    limit: Duration,
    redactor: Redactor,
    prepared: Mutex<HashMap<String, Statement>>,
}

/// A task that ends with its session, so that a server that hangs leaves nothing behind.
struct Task(JoinHandle<()>);

impl Task {
    fn new(
        connection: impl Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
    ) -> Self {
        Self(tokio::spawn(async { drop(connection.await) }))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How long a session that is no longer needed may take to say so.
const GOODBYE: Duration = Duration::from_secs(1);

impl Session {
    /// Connects and logs in.
    ///
    /// # Errors
    /// If the server cannot be reached or refuses the login.
    pub async fn open(target: &Target) -> Result<Self, Problem> {
        let mut problems = Vec::new();
        for at in &target.hosts {
            match Self::open_at(target, at).await {
                Ok(session) => return Ok(session),
                Err(problem) => problems.push(problem),
            }
        }
        Err(together(target, problems))
    }

    /// Connects to one of the servers, if it is a wanted one. If there is only one, there is no choice.
    async fn open_at(target: &Target, at: &HostAddress) -> Result<Self, Problem> {
        let session = Self::log_in_at(target, at).await?;
        if target.hosts.len() == 1
            || target.wanted == WantedServer::Any
            || session.can_write().await?
        {
            return Ok(session);
        }
        session.close().await;
        let message = format!(
            "`{}:{}` cannot be written: it is a standby, or read-only",
            at.host, at.port
        );
        let hint = "check which server is the primary one, and name all of them in `url`";
        Err(Problem::new(message, "", Some(hint)))
    }

    /// Whether the server accepts writes.
    async fn can_write(&self) -> Result<bool, Problem> {
        let sql = "SELECT NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off'";
        match self.query_one(sql, &[]).await {
            Ok(row) => Ok(row.get(0)),
            Err(Failure::Database(problem)) => Err(problem),
            Err(Failure::Data(text)) => {
                Err(Problem::new("the database refuses a statement", text, None))
            }
            Err(Failure::Feed(error)) => Err(Problem::new(error.to_string(), "", None)),
        }
    }

    async fn log_in_at(target: &Target, at: &HostAddress) -> Result<Self, Problem> {
        let way = Way::to(target, at).await?;
        match (way.end, way.steps.into_iter().last()) {
            (WayEnd::Login(_, session), _) => *session,
            (WayEnd::NoTls(problem), _) => Err(problem),
            (
                WayEnd::Step,
                Some(Step {
                    seen: Err(error), ..
                }),
            ) => Err(unreachable(target, at, &error)),
            (WayEnd::Step, _) => Err(Problem::new("the database cannot be reached", "", None)),
        }
    }

    /// What a statement returned, if it ended within the time limit.
    fn ended<T>(
        &self,
        outcome: Result<Result<T, tokio_postgres::Error>, Elapsed>,
    ) -> Result<T, Failure> {
        match outcome {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.redacted(error.into())),
            Err(_) => {
                let seconds = self.limit.as_secs_f64();
                let message = format!("the database did not answer within {seconds} s");
                Err(Problem::new(message, "", None).into())
            }
        }
    }

    /// The driver, for what the other methods do not offer. Its statements have no time limit.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Removes the password from a text of the server.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.redactor.redact_line(text)
    }

    /// Runs statements without parameters.
    ///
    /// # Errors
    /// If one fails or takes too long.
    pub async fn batch(&self, sql: &str) -> Result<(), Failure> {
        self.ended(timeout(self.limit, self.client.batch_execute(sql)).await)
    }

    /// Runs a statement, and returns the number of its rows.
    ///
    /// # Errors
    /// If it fails or takes too long.
    pub async fn execute(&self, sql: &str, values: Values<'_>) -> Result<u64, Failure> {
        let statement = self.statement(sql).await?;
        let values = parameters(values);
        self.ended(timeout(self.limit, self.client.execute(&statement, &values)).await)
    }

    /// Runs a statement, and returns its rows.
    ///
    /// # Errors
    /// If it fails or takes too long.
    pub async fn query(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, Failure> {
        let statement = self.statement(sql).await?;
        let values = parameters(values);
        self.ended(timeout(self.limit, self.client.query(&statement, &values)).await)
    }

    /// The one row of a statement that always returns one.
    ///
    /// # Errors
    /// If it fails, takes too long or returns none.
    pub async fn query_one(&self, sql: &str, values: Values<'_>) -> Result<Row, Failure> {
        let rows = self.query(sql, values).await?;
        let none = || Problem::new("the database returned no row", "", None).into();
        rows.into_iter().next().ok_or_else(none)
    }

    async fn statement(&self, sql: &str) -> Result<Statement, Failure> {
        self.ended(timeout(self.limit, self.prepare(sql)).await)
    }

    /// The statement, which the server prepares once in a session. Has no time limit.
    ///
    /// # Errors
    /// If the server refuses the statement, or cannot be reached.
    pub async fn prepare(&self, sql: &str) -> Result<Statement, tokio_postgres::Error> {
        if let Some(known) = self.prepared().get(sql) {
            return Ok(known.clone());
        }
        let statement = self.client.prepare(sql).await?;
        self.prepared().insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn prepared(&self) -> MutexGuard<'_, HashMap<String, Statement>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Maximum time of a statement.
    #[must_use]
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// Ends the session.
    pub async fn close(self) {
        let Self {
            client,
            mut task,
            prepared,
            ..
        } = self;
        // Statements hold the connection.
        drop(prepared);
        drop(client);
        let _ = timeout(GOODBYE, &mut task.0).await;
    }

    fn redacted(&self, failure: Failure) -> Failure {
        let clean = |text: String| self.redactor.redact_line(&text);
        match failure {
            Failure::Data(text) => Failure::Data(clean(text)),
            Failure::Database(problem) => Failure::Database(Problem {
                cause: clean(problem.cause),
                ..problem
            }),
            failure @ Failure::Feed(_) => failure,
        }
    }
}

fn parameters<'a>(values: Values<'a>) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value.parameter()).collect()
}
